"""Apereo CAS: the audit log in one line (`|`), in many lines (WHO, WHAT, ACTION), as JSON, and the server's own log.

Format: CAS documentation, "File-based Audits" (Inspektr): who, what, when, action, application, client and server
address; in one line older versions write `when|application|what|action|who|client|server`, newer ones the order of
`auditable-fields`. The value says which field it is: actions are words in capitals, addresses are addresses.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from collectors.cloud.values import put_source, put_text, text
from collectors.json_fields import Json, load, to_instant
from collectors.network.device import DeviceSource
from collectors.network.folding import folded_lines
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

# `2021-10-11 09:01:35,116 INFO [org.apereo.inspektr.audit.support.Slf4jLoggingAuditTrailManager] - `
_LINE: Final = re.compile(
    r"""(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,9}(?:Z|[+-]\d\d:?\d\d)?)\ {1,4}
    (?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\ {1,4}\[(?P<logger>[\w.$\-]{1,256})\]\ (?:\[[^\]]{0,256}\]\ )?-\ ?
    (?P<message>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LOGGERS: Final = ("org.apereo.", "org.jasig.", "com.github.inspektr", "o.a.", "org.springframework.webflow")
_AUDITORS: Final = ("inspektr", "AuditTrailManager")
_WHEN: Final = re.compile(
    r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) ([ \d]?\d) (\d\d):(\d\d):(\d\d) ([A-Z][A-Za-z+\-:\d]{0,9}) (\d{4})", re.ASCII
)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,24}(?:\[[\w/+\-]{1,64}\])?", re.ASCII)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES: Final = {  # hours; only those that mean one thing
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "JST": 9,
    "AEST": 10,
}
_ACTION: Final = re.compile(r"[A-Z][A-Z0-9]{1,40}(?:_[A-Z0-9]{1,40}){1,10}", re.ASCII)
_NAMES: Final = (
    r"(WHO|WHAT|ACTION|APPLICATION|WHEN|CLIENT[ _]IP(?:[ _]ADDRESS)?|SERVER[ _]IP(?:[ _]ADDRESS)?"
    r"|USER[-_]AGENT|GEO[ _]LOCATION|HEADERS)"
)
_PAIR: Final = re.compile(rf"^[ \t]*{_NAMES}:[ \t]?(.*)$", re.MULTILINE)
_PAIR_LINE: Final = re.compile(rf"[ \t]*{_NAMES}:")
_KEYS: Final = {
    "who": "who",
    "principal": "who",
    "what": "what",
    "resourceoperatedupon": "what",
    "action": "action",
    "actionperformed": "action",
    "application": "application",
    "applicationcode": "application",
    "when": "when",
    "whenactionwasperformed": "when",
    "clientip": "client",
    "clientipaddress": "client",
    "serverip": "server",
    "serveripaddress": "server",
    "useragent": "agent",
}
_USERNAME: Final = re.compile(r"(?:username|principal|id)[=:] ?\[?([^\s,\])}]{1,256})", re.ASCII | re.IGNORECASE)
_SERVICE: Final = re.compile(r"(https?://[^\s,\]})|]{1,2048})", re.ASCII)
_TICKET: Final = re.compile(r"\b((?:ST|TGT|PT|PGT|PGTIOU|OC|AT|RT)-[\w*.\-]{4,256})", re.ASCII)
_NOBODY: Final = frozenset({"audit:unknown", "unknown", "none", "null", "anonymous"})


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {"event.kind": "event", "event.module": "cas", "event.dataset": "cas.audit"}
    if options.host:
        fields["host.name"] = options.host
    body = line.strip()
    match = _LINE.match(body)
    if match is None and not body.startswith("{"):
        header = parse_header(body, options)
        if header.kind in {"rfc3164", "rfc5424", "iso"} and header.program:
            fields.update(syslog_fields(header))
            put_text("host.name", header.host, fields)
            if header.timestamp is not None:
                fields["@timestamp"] = header.timestamp
            body = header.message
            match = _LINE.match(body)
    if match is not None:
        _read_head(match, fields, options)
        body = _bare(match["message"])
    values = _values(body)
    if values is not None:
        _read_audit(values, fields, options)
    elif match is not None:
        _read_plain(match, fields)
    else:
        raise MalformedRecordError("no record of CAS' audit log, and no line of its server log")
    return fields


def _bare(message: str) -> str:
    """Return a message without the angle brackets that older logging patterns put around it."""
    text = message.strip()
    return text[1:-1].strip() if text.startswith("<") and text.endswith(">") else text.removeprefix("<")


def _read_head(match: re.Match[str], fields: Fields, options: Options) -> None:
    moment = to_instant(match["stamp"], options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["log.level"], fields["log.logger"] = match["level"], match["logger"]


def _values(body: str) -> dict[str, str] | None:
    """Return an audit record's values by their plain names, in whichever form it is written; None where it is none."""
    if body.startswith("{"):
        return _json_values(body)
    if "\n" in body or body.startswith(("WHO:", "Audit trail record")):
        found = {_KEYS.get(_plain(name), ""): value.strip() for name, value in _PAIR.findall(body[:100_000])}
        found.pop("", None)
        return found if "action" in found else None
    parts = [part.strip() for part in body[:100_000].split("|")]
    return _ordered(parts) if len(parts) >= 5 else None


def _json_values(body: str) -> dict[str, str] | None:
    try:
        document: Json = load(body.encode("utf-8", "surrogateescape"))
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    inner = document.get("clientInfo")
    if isinstance(inner, dict):
        document = {**inner, **document}
    found = {_KEYS[_plain(name)]: text(value) for name, value in document.items() if _plain(name) in _KEYS}
    return found if found.get("action") else None


def _plain(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "").replace("-", "")


def _ordered(parts: list[str]) -> dict[str, str] | None:
    """Tell the values of one line by what they look like, around the action: both orders of CAS' versions."""
    place = next((i for i, part in enumerate(parts) if _ACTION.fullmatch(part)), None)
    if place is None:
        return None
    values = {"action": parts[place]}
    addresses = [part for part in parts[place + 1 :] if is_ip(part.strip("[]"))]
    for name, address in zip(("client", "server"), addresses, strict=False):
        values[name] = address.strip("[]")
    stamp = next((part for part in parts if _WHEN.fullmatch(part) or _ISO.fullmatch(part)), None)
    if stamp is not None:
        values["when"] = stamp
    used = {stamp, *addresses, parts[place]}
    before = [part for part in parts[:place] if part not in used]
    after = [part for part in parts[place + 1 :] if part not in used and part]
    if stamp is not None and parts.index(stamp) == 0:  # when|application|what|action|who|client|server
        values["application"] = before[0] if before else ""
        values["what"] = "|".join(before[1:])
        values["who"] = after[0] if after else ""
    else:  # who|what|action|application|when|client|server
        values["who"] = before[0] if before else ""
        values["what"] = "|".join(before[1:])
        values["application"] = after[0] if after else ""
    return values


def _read_audit(values: dict[str, str], fields: Fields, options: Options) -> None:
    stamp, zoned = _when(values.get("when", ""), options)
    if stamp is not None and (zoned or "@timestamp" not in fields):
        fields["@timestamp"] = stamp  # the logger's own stamp names no zone; this one does
    action = values["action"]
    what = values.get("what", "")
    fields["event.action"] = action
    _read_who(values.get("who", ""), what, fields)
    put_source(values.get("client", ""), fields)
    server = values.get("server", "")
    if is_ip(server):
        fields["destination.ip"] = server
    elif server:
        put_text("destination.domain", server, fields)
    put_text("service.name", values.get("application"), fields)
    put_text("user_agent.original", values.get("agent"), fields)
    if what:
        fields["cas.what"] = what
        if service := _SERVICE.search(what[:20_000]):
            fields["url.full"] = service[1]
        if ticket := _TICKET.search(what[:20_000]):
            fields["cas.ticket"] = ticket[1]
    _read_meaning(action, fields)


def _read_who(who: str, what: str, fields: Fields) -> None:
    name = who.strip()
    if found := _USERNAME.search(name):
        name = found[1]
    if not name or name.lower() in _NOBODY or name.startswith("org."):
        found = _USERNAME.search(what[:20_000])
        name = found[1] if found else ""
    put_text("user.name", name.strip("[]"), fields)


def _read_meaning(action: str, fields: Fields) -> None:
    failed = any(word in action for word in ("FAILED", "NOT_CREATED", "DENIED", "ERROR", "THROTTLED", "REJECTED"))
    success = not failed and any(
        word in action for word in ("SUCCESS", "CREATED", "VALIDATED", "TRIGGERED", "DESTROYED")
    )
    fields["event.outcome"] = "failure" if failed else "success" if success else "unknown"
    if "DESTROYED" in action or "LOGOUT" in action:
        fields["event.category"], fields["event.type"] = ("authentication", "session"), ("end",)
    elif action.startswith("AUTHENTICATION") or "TICKET_GRANTING" in action or "THROTTLED" in action:
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
    elif "TICKET" in action or "TOKEN" in action or "ACCESS" in action:
        kind = "denied" if failed else "allowed"
        fields["event.category"], fields["event.type"] = ("authentication",), ("access", kind)
    elif any(word in action for word in ("SAVE", "UPDATE", "DELETE", "CHANGE", "RESET")):
        kind = "deletion" if "DELETE" in action else "change"
        fields["event.category"], fields["event.type"] = ("iam", "configuration"), (kind,)
    else:
        fields["event.category"], fields["event.type"] = ("authentication",), ("info",)


def _read_plain(match: re.Match[str], fields: Fields) -> None:
    message, _, trace = match["message"].partition("\n")
    fields["event.dataset"] = "cas.log"
    fields["message"] = message
    put_text("error.stack_trace", trace, fields)
    trouble = match["level"] in {"ERROR", "FATAL"}
    fields["event.category"], fields["event.type"] = (), ("error",) if trouble else ("info",)
    if trouble:
        fields["error.message"] = message


def _when(stamp: str, options: Options) -> tuple[datetime | None, bool]:
    """Read `Mon Oct 11 09:01:35 CEST 2021`, or ISO 8601; tell whether it names a zone that is known."""
    match = _WHEN.fullmatch(stamp)
    if match is None:
        moment = to_instant(stamp.partition("[")[0], options.zone)
        return moment, moment is not None and (stamp.endswith("Z") or "+" in stamp)
    month, day, hour, minute, second, zone, year = match.groups()
    if month not in _MONTHS:
        return None, False
    offset = _ZONES.get(zone)
    where = options.zone if offset is None else timezone(timedelta(hours=offset))
    written = f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{hour}:{minute}:{second}"
    return to_instant(written, where), offset is not None


def _own(line: str) -> bool:
    match = _LINE.match(line)
    if match is not None:
        return match["logger"].startswith(_LOGGERS) and (
            any(word in match["logger"] for word in _AUDITORS) or ".cas" in match["logger"]
        )
    if line.startswith("{"):
        keys = ('"who"', '"what"', '"action"')
        return all(key in line[:8000] for key in keys) and ('"application"' in line or '"clientIp' in line)
    if _PAIR_LINE.match(line) or line.startswith("Audit trail record"):
        return True
    return "|CAS|" in line and _values(line.strip()) is not None


_CONTINUED: Final = re.compile(
    rb"[=\s>]|[A-Z][A-Z _\-]{1,30}:|at |Caused by: |[\w.$]{1,200}(?:Exception|Error)\b", re.ASCII
)


def _continues(before: bytes, line: bytes) -> bool:
    """Tell the further lines of a record: those of its block, its closing rule, and stack traces."""
    if line.startswith(b"Audit trail record"):
        return False
    if line.startswith(b"WHO:") and b"\nWHO:" in before:  # the next record, without anything in front
        return False
    if line.startswith(b"=") and not line.strip(b"=\r"):
        return before.count(b"\n==") < 2
    return _CONTINUED.match(line) is not None


SOURCE: Final = DeviceSource(
    name="cas",
    aliases=("apereo_cas", "cas.audit"),
    title="Apereo CAS (audit log, server log)",
    own=_own,
    read=_read,
    weight=95,
    framer=lambda stream: folded_lines(stream, _continues),
)
