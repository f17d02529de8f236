"""Zimbra: log-ins and refusals at the mail server, and what administrators do, from its audit and mailbox logs.

Format: Zimbra, "Log files" (`audit.log`, `mailbox.log`): `2024-03-05 09:12:44,123 WARN  [THREAD]
[name=ana@gov.example;oip=192.0.2.7;ua=...;] security - cmd=Auth; account=...; protocol=soap; error=...;`. Stamps are
local. `oip` is where the client is, `ip` who handed it on. What a client calls itself (`ua`) may hold other keys: of
these the first counts.
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
    r"""(?P<stamp>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d,\d{3})\ (?P<level>[A-Z]{4,5})\ {1,2}
    \[(?P<thread>[^\]\n]{0,512})\]\ \ ?\[(?P<about>[^\]\n]{0,2048})\]\ (?P<logger>[A-Za-z]{1,32})\ -\ (?P<text>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_PAIR: Final = re.compile(r"(?P<key>[A-Za-z]{2,24})=(?P<value>[^;]{0,1024});")
_COMMAND: Final = re.compile(r"cmd=(?P<command>[A-Za-z]{2,48});", re.ASCII)
_FAILED: Final = re.compile(
    r"\berror=(?P<reason>.{1,1024}?);?$|authentication failed|invalid password|account lockout",
    re.IGNORECASE | re.DOTALL,
)
_LOG_INS: Final = frozenset({"Auth", "AdminAuth", "PreAuth", "Login"})
_VERBS: Final = (("Create", "creation"), ("Add", "creation"), ("Delete", "deletion"), ("Remove", "deletion"))
_OF_ACCOUNTS: Final = ("Account", "Password", "DistributionList", "Right", "Grant")


def _own(line: str) -> bool:
    found = _LINE.match(line)
    return found is not None and ("=" in found["about"] or found["about"] == "" or found["logger"] in _LOGGERS)


_LOGGERS: Final = frozenset(
    {"security", "account", "mailbox", "soap", "imap", "pop", "zimlet", "smtp", "misc", "extensions", "mailop"}
)


def _read(line: str, options: Options) -> Fields:
    found = _LINE.match(line)
    if found is None:
        raise MalformedRecordError("no line of Zimbra: a stamp, a level, [thread], [context], logger - text")
    text = found["text"].strip()
    fields: Fields = {
        "event.dataset": "zimbra.audit" if found["logger"] == "security" else "zimbra.mailbox",
        "event.module": "zimbra",
        "event.kind": "event",
        "event.category": ["email"],
        "event.type": ["error"] if found["level"] in {"ERROR", "FATAL"} else ["info"],
        "log.level": found["level"].lower(),
        "log.logger": found["logger"],
        "process.thread.name": found["thread"],
        "message": text,
    }
    if (moment := instant_of(found["stamp"].replace(",", "."), options.zone)) is not None:
        fields["@timestamp"] = moment
    if options.host:
        fields["host.name"] = options.host
    about = _pairs(f"{found['about']};")
    put_end(fields, "source", about.get("oip") or about.get("ip"))
    put_text("user_agent.original", about.get("ua"), fields)
    said = _pairs(f"{text};")
    account = said.get("account") or about.get("name") or about.get("aname") or ""
    name, domain = split_account(account)
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)
    put_text("user.email", account if "@" in account else None, fields)
    put_text("network.protocol", said.get("protocol"), fields)
    if found["logger"] == "security":
        _meaning(text, said, about, fields)
    for prefix, pairs in (("zimbra.context.", about), ("zimbra.", said)):
        for key, value in pairs.items():
            fields.setdefault(f"{prefix}{key}", value)
    return fields


def _pairs(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for each in _PAIR.finditer(text[:16384]):
        values.setdefault(each["key"], each["value"].strip())
    return {key: value for key, value in values.items() if value}


def _meaning(text: str, said: dict[str, str], about: dict[str, str], fields: Fields) -> None:
    """Tell a log-in and its refusal from what an administrator changes."""
    command = _COMMAND.match(text)
    if command is None:
        return
    name = command["command"]
    failed = _FAILED.search(text)
    fields["event.action"] = name
    fields["event.outcome"] = "failure" if failed is not None else "success"
    if failed is not None:
        put_text("event.reason", failed["reason"], fields)
    if name in _LOG_INS:
        fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
        return
    change = next((kind for verb, kind in _VERBS if name.startswith(verb)), "change")
    fields["event.category"] = ["iam" if any(word in name for word in _OF_ACCOUNTS) else "configuration"]
    fields["event.type"] = [change]
    if (target := said.get("name") or said.get("account")) and "name" in about:
        fields["user.target.name"] = target
        who, domain = split_account(about["name"])
        fields["user.name"] = who
        if domain:
            fields["user.domain"] = domain


SOURCE = LineSource(
    name="zimbra",
    aliases=("zimbra_audit", "zimbra_mailbox"),
    title="Zimbra: audit and mailbox logs",
    datasets=("zimbra.",),
    own=_own,
    read=_read,
    weight=96,
)
