"""Roundcube webmail: who logged in, who was refused, from its own log files.

Format: Roundcube's `userlogins.log` and `errors.log`: `[05-Mar-2024 09:12:44 +0000]: <SESSION> Failed login for NAME
from ADDRESS in session SESSION (error: 0)`. The name is what somebody typed: the address stands behind the last `from`.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.ends import put_end
from collectors.cloud.values import put_text, split_account
from collectors.network.times import instant_of
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE: Final = re.compile(
    r"\[(?P<stamp>\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?)\]: "
    r"(?:<(?P<session>[\w\-]{1,40})> )?(?P<text>\S.*)",
    re.ASCII | re.DOTALL,
)
_LOG_IN: Final = re.compile(
    r"(?P<what>Successful|Failed) login for (?P<user>.{0,320}?)(?: \(ID: (?P<id>\d{1,12})\))? "
    r"from (?P<from>[0-9A-Fa-f.:]{2,45})(?P<proxied>\([^()\n]{1,256}\))? in session \S{1,64}"
    r"(?: \(error: -?\d{1,6}\))?\s*",
    re.DOTALL,
)
_FORWARDED: Final = re.compile(r"X-(?:Real-IP|Forwarded-For): (?P<ip>[0-9A-Fa-f.:]{2,45})", re.ASCII)
_ERRORS: Final = ("PHP Error", "IMAP Error", "SMTP Error", "DB Error", "LDAP Error", "SIEVE Error")


def _own(line: str) -> bool:
    found = _LINE.match(line)
    return found is not None and (_LOG_IN.fullmatch(found["text"]) is not None or found["text"].startswith(_ERRORS))


def _read(line: str, options: Options) -> Fields:
    found = _LINE.match(line)
    if found is None:
        raise MalformedRecordError("no line of Roundcube: [stamp]: <session> text")
    text = found["text"].strip()
    fields: Fields = {
        "event.dataset": "roundcube.log",
        "event.module": "roundcube",
        "event.kind": "event",
        "event.category": ["email"],
        "event.type": ["error"] if text.startswith(_ERRORS) else ["info"],
        "message": text,
    }
    stamp = re.sub(r"\.\d+", "", found["stamp"]).replace("-", " ", 2)
    if (moment := instant_of(stamp, options.zone)) is not None:
        fields["@timestamp"] = moment
    if options.host:
        fields["host.name"] = options.host
    put_text("roundcube.session", found["session"], fields)
    entered = _LOG_IN.fullmatch(text)
    if entered is None:
        return fields
    ok = entered["what"] == "Successful"
    fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
    fields["event.outcome"] = "success" if ok else "failure"
    fields["event.action"] = "login"
    forwarded = _FORWARDED.search(entered["proxied"] or "")
    put_end(fields, "source", entered["from"])
    if forwarded is not None:  # the page's own server stands between
        fields["source.nat.ip"] = entered["from"]
        put_end(fields, "source", forwarded["ip"])
    name, domain = split_account(entered["user"].strip())
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)
    put_text("user.email", entered["user"].strip() if domain and "@" in entered["user"] else None, fields)
    put_text("user.id", entered["id"], fields)
    return fields


SOURCE = LineSource(
    name="roundcube",
    aliases=("roundcube_userlogins",),
    title="Roundcube webmail",
    datasets=("roundcube.log",),
    own=_own,
    read=_read,
)
