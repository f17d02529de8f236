"""Nextcloud and ownCloud: log-ins, refusals, files and what administrators do, from its log as JSON.

Format: Nextcloud administration manual, "Logging configuration" (`nextcloud.log`) and the `admin_audit` app
(`audit.log`), one JSON object a record: `reqId`, `level` (0 to 4), `time`, `remoteAddr`, `user`, `app`, `message`.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource, has
from collectors.cloud.values import number, put_text, text
from collectors.json_fields import to_instant
from collectors.network.finish import finish
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_LEVELS: Final = {0: "debug", 1: "info", 2: "warning", 3: "error", 4: "fatal"}
_FAILED: Final = re.compile(  # the name is what somebody typed: the address stands behind the last of these words
    r"Login failed: '?(?P<user>.{1,255}?)'? \(Remote IP: '?(?P<ip>[0-9A-Fa-f.:]{2,45})'?\)(?!.*\(Remote IP: )",
    re.DOTALL,
)
_LOGGED_IN: Final = re.compile(r'Login (?P<what>attempt|successful): "(?P<user>[^"\n]{1,255})"')
_ABOUT: Final = re.compile(r'(?:File|User|Group) [^:\n]{3,80}: "(?P<thing>[^"\n]{1,4096})"')
_ACTIONS: Final = (  # how the message of an audit begins, in small letters: categories, type
    ("login attempt", ("authentication",), "start"),
    ("login successful", ("authentication",), "start"),
    ("logout occurred", ("authentication",), "end"),
    ("file accessed", ("file",), "access"),
    ("file with id", ("file",), "access"),
    ("file written", ("file",), "change"),
    ("file created", ("file",), "creation"),
    ("file copied", ("file",), "creation"),
    ("file renamed", ("file",), "change"),
    ("file updated", ("file",), "change"),
    ("file deleted", ("file",), "deletion"),
    ("preview accessed", ("file",), "access"),
    ("the file", ("file",), "change"),
    ("the folder", ("file",), "change"),
    ("user created", ("iam",), "creation"),
    ("user deleted", ("iam",), "deletion"),
    ("user enabled", ("iam",), "change"),
    ("user disabled", ("iam",), "change"),
    ("password of user", ("iam",), "change"),
    ("user ", ("iam",), "change"),
    ("group ", ("iam",), "change"),
    ("app ", ("configuration",), "change"),
    ("console command", ("configuration",), "change"),
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of either log."""
    if (moment := to_instant(document.get("time"), options.zone)) is not None:
        fields["@timestamp"] = moment
    fields["log.level"] = _LEVELS.get(number(document.get("level")) or 0, "info")
    message, user = text(document.get("message")), text(document.get("user"))
    put_end(fields, "source", document.get("remoteAddr"))
    put_text("message", message, fields)
    put_text("http.request.method", document.get("method"), fields)
    put_text("http.request.id", document.get("reqId"), fields)
    put_text("user_agent.original", document.get("userAgent"), fields)
    put_text("log.logger", document.get("app"), fields)
    if url := text(document.get("url")):
        read_target(url, fields)
    fields["event.category"], fields["event.type"] = (), ("info",)
    failed, entered = _FAILED.match(message), _LOGGED_IN.match(message)
    small = message.lower()
    if failed is not None:
        user = failed["user"]
        if "source.ip" not in fields:
            put_end(fields, "source", failed["ip"])
        _put_log_in("failure", fields)
    elif entered is not None:
        user = entered["user"]
        _put_log_in("success" if entered["what"] == "successful" else "unknown", fields)
    elif "bruteforce attempt" in small or small.startswith("two-factor challenge failed"):
        _put_log_in("failure", fields)
    elif (known := next((each for each in _ACTIONS if small.startswith(each[0])), None)) is not None:
        fields["event.action"] = known[0].strip().replace(" ", "-")
        fields["event.category"], fields["event.type"] = known[1], (known[2],)
        if known[1] == ("file",) and (about := _ABOUT.match(message)) is not None:
            fields["file.path"] = about["thing"]
            fields["file.name"] = about["thing"].rpartition("/")[2]
    put_text("user.name", user if user != "--" else None, fields)
    spread("nextcloud.", document, fields, snaked=True)


def _put_log_in(outcome: str, fields: Fields) -> None:
    fields["event.action"], fields["event.outcome"] = "login", outcome
    fields["event.category"], fields["event.type"] = ("authentication",), ("start",)


SOURCE: Final = JsonSource(
    name="nextcloud",
    aliases=("owncloud",),
    title="Nextcloud and ownCloud: log and audit log",
    dataset="nextcloud.log",
    owns=has("reqId", "remoteAddr", "level", "app", "message"),
    marks=((b'"reqId"', b'"remoteAddr"', b'"app"'),),
    read=read,
    finish=finish,
)
