"""Shibboleth Identity Provider: audit log (SAML), F-TICKS records, and the process log's log-ins.

Format: Shibboleth documentation, "AuditLoggingConfiguration": fields between `|`. Version 2 and 3 begin with the stamp
(`%T|%b|%I|%SP|%P|%IDP|%bb|%III|%u|%ac|%attr|%n|%i|`), version 4 and 5 with the client's address
(`%a|%ST|%T|%u|%SP|%i|%ac|%t|%attr|%n|%f|%SSO|%XX|%XA|%b|%bb|%e|%S|%SS|%s|%UA`). "FTICKSLoggingConfiguration":
`F-TICKS/federation/1.0#TS=...#RP=...#RESULT=OK#`. Process log: logback, `stamp - address - LEVEL [logger:line] - text`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from collectors.cloud.values import put_source, put_text
from collectors.json_fields import to_instant
from collectors.network.device import DeviceSource
from collectors.network.folding import folded_lines
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_OLD: Final = (
    *("stamp", "binding.inbound", "request_id", "relying_party", "profile", "identity_provider", "binding.outbound"),
    *("response_id", "user", "authn_context", "attributes", "name_id", "assertion_id"),
)
_NEW: Final = (
    *("address", "start", "stamp", "user", "relying_party", "assertion_id", "authn_context", "authn_instant"),
    *("attributes", "name_id", "name_id_format", "sso", "signed_inbound", "encryption", "binding.inbound"),
    *("binding.outbound", "event", "status", "sub_status", "session_id", "user_agent"),
)
_BINDING: Final = re.compile(r"urn:oasis:names:tc:SAML:[12]\.\d:(?:bindings|profiles):|urn:mace:shibboleth:", re.ASCII)
_OLD_LINE: Final = re.compile(r"(?P<stamp>\d{8}T\d{6}Z|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)\|", re.ASCII)
_NEW_LINE: Final = re.compile(
    r"(?P<address>[0-9A-Fa-f.:]{2,45}|-?)\|(?P<start>\d{4}-\d\d-\d\dT[^|]{8,24}|)\|(?P<stamp>\d{4}-\d\d-\d\dT[^|]{8,24})\|",
    re.ASCII,
)
_BASIC: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_FTICKS: Final = re.compile(r"F-TICKS/(?P<federation>[^/#]{1,128})/(?P<version>[\d.]{1,16})#(?P<pairs>.*)", re.DOTALL)
# `2026-02-03 04:05:06,789 - 203.0.113.4 - INFO [net.shibboleth.idp.authn...:166] - Profile Action ...: text`
_PROCESS: Final = re.compile(
    r"""(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,9}(?:Z|[+-]\d\d:?\d\d)?)[ ]-[ ]
    (?:(?P<address>[0-9A-Fa-f.:]{2,45})?\ -\ )?(?P<level>TRACE|DEBUG|INFO|WARN|ERROR)\ {1,4}
    \[(?P<logger>[\w.$\-]{1,256})(?::(?P<line>\d{1,7}))?\]\ -\ (?P<message>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LOGIN: Final = re.compile(
    r"(?:Credential validation|Login|Authentication|Bind) (?:by|for|attempt for) '(?P<user>[^']{1,256})' "
    r"(?P<how>succeeded|failed)"
    r"|(?:User|Principal) '(?P<other>[^']{1,256})' (?P<was>authenticated|rejected|locked)",
    re.IGNORECASE,
)
_AUDIT_LOGGER: Final = "Shibboleth-Audit"
_TRUE: Final = {"true": True, "false": False}


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {"event.kind": "event", "event.module": "shibboleth", "event.dataset": "shibboleth.audit"}
    text = line.strip()
    if options.host:
        fields["host.name"] = options.host
    if _read_any(text, fields, options):
        return fields
    header = parse_header(text, options)
    if header.kind != "bare":
        fields.update(syslog_fields(header))
        if header.timestamp is not None:
            fields["@timestamp"] = header.timestamp
        put_text("host.name", header.host, fields)
        if _read_any(header.message, fields, options):
            return fields
    raise MalformedRecordError("no line of Shibboleth's audit log, of F-TICKS or of the process log")


def _read_any(text: str, fields: Fields, options: Options) -> bool:
    """Read a line in whichever of the forms it has; tell whether it had one."""
    if process := _PROCESS.match(text):
        message = process["message"]
        if process["logger"].startswith(_AUDIT_LOGGER) and _read_audit(message, fields):
            return True
        _read_process(process, fields, options)
        return True
    if ticks := _FTICKS.search(text[:8192]):
        _read_ticks(ticks, fields)
        return True
    return _read_audit(text, fields)


def _read_audit(text: str, fields: Fields) -> bool:
    if _OLD_LINE.match(text):
        values = dict(zip(_OLD, text.split("|"), strict=False))
    elif _NEW_LINE.match(text):
        values = dict(zip(_NEW, text.split("|", len(_NEW) - 1), strict=False))
    else:
        return False
    _read_values({name: value.strip() for name, value in values.items() if value.strip() not in {"", "-"}}, fields)
    return True


def _read_values(values: dict[str, str], fields: Fields) -> None:
    moment = _instant(values.get("stamp", ""))
    if moment is not None:
        fields["@timestamp"] = moment
    start = _instant(values.get("start", ""))
    if start is not None:
        fields["event.start"] = start
    put_source(values.get("address", ""), fields)
    for name, field in (
        ("user", "user.name"),
        ("relying_party", "service.name"),
        ("user_agent", "user_agent.original"),
        ("session_id", "shibboleth.session_id"),
        ("name_id", "shibboleth.name_id"),
    ):
        put_text(field, values.get(name), fields)
    shown = ("identity_provider", "request_id", "response_id", "assertion_id", "authn_context", "profile")
    for name in (*shown, "name_id_format", "status", "sub_status", "event", "binding.inbound", "binding.outbound"):
        put_text(f"shibboleth.{name}", values.get(name), fields)
    if attributes := [part for part in values.get("attributes", "").split(",") if part]:
        fields["shibboleth.attributes"] = attributes
    if (sso := _TRUE.get(values.get("sso", ""))) is not None:
        fields["shibboleth.sso"] = sso
    fields["network.protocol"] = "saml"
    _read_meaning(values, fields)


def _read_meaning(values: dict[str, str], fields: Fields) -> None:
    profile = values.get("profile", values.get("event", "")).lower()
    logout = "logout" in profile or "slo" in profile
    status = values.get("status")
    succeeded = status is not None and status.rpartition(":")[2] == "Success"
    failed = status is not None and not succeeded
    event = values.get("event", "")
    fields["event.category"] = ("authentication", "session") if logout else ("authentication",)
    fields["event.type"] = ("end",) if logout else ("start",)
    fields["event.action"] = "logout" if logout else "assertion-issued" if values.get("assertion_id") else "sso-request"
    issued = succeeded or (status is None and bool(values.get("user") or values.get("assertion_id")))
    bad_event = bool(event) and event not in {"proceed", "success"}
    fields["event.outcome"] = "failure" if failed or bad_event else "success" if issued else "unknown"
    reason = values.get("sub_status") or (status if failed else "") or (event if bad_event else "")
    if reason and fields["event.outcome"] == "failure":
        fields["event.reason"] = reason.rpartition(":")[2] or reason


def _instant(stamp: str) -> datetime | None:
    if match := _BASIC.fullmatch(stamp):
        year, month, day, hour, minute, second = match.groups()
        stamp = f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
    return to_instant(stamp)


def _read_ticks(match: re.Match[str], fields: Fields) -> None:
    pairs = dict(part.split("=", 1) for part in match["pairs"].split("#") if "=" in part)
    stamp = to_instant(int(pairs["TS"])) if pairs.get("TS", "").isdigit() and len(pairs["TS"]) < 16 else None
    if stamp is not None:
        fields["@timestamp"] = stamp
    fields["event.dataset"] = "shibboleth.fticks"
    fields["shibboleth.federation"] = match["federation"]
    for name, field in (
        ("RP", "service.name"),
        ("AP", "shibboleth.identity_provider"),
        ("PN", "user.hash"),
        ("AM", "shibboleth.authn_context"),
        ("RESULT", "shibboleth.status"),
    ):
        put_text(field, pairs.get(name), fields)
    fields["network.protocol"] = "saml"
    fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
    fields["event.action"] = "assertion-issued"
    fields["event.outcome"] = "success" if pairs.get("RESULT") == "OK" else "failure"


def _read_process(match: re.Match[str], fields: Fields, options: Options) -> None:
    moment = to_instant(match["stamp"], options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["event.dataset"] = "shibboleth.process"
    fields["log.level"], fields["log.logger"] = match["level"], match["logger"]
    if match["line"]:
        fields["log.origin.file.line"] = int(match["line"])
    message, _, trace = match["message"].partition("\n")
    fields["message"] = message
    put_text("error.stack_trace", trace, fields)
    put_source(match["address"] or "", fields)
    login = _LOGIN.search(message[:4000])
    if login is not None:
        fields["user.name"] = login["user"] or login["other"]
        word = (login["how"] or login["was"]).lower()
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
        fields["event.action"] = "login"
        fields["event.outcome"] = "success" if word in {"succeeded", "authenticated"} else "failure"
        return
    trouble = match["level"] == "ERROR" or bool(trace)
    fields["event.category"], fields["event.type"] = (), ("error",) if trouble else ("info",)
    if trouble:
        fields["error.message"] = message


def _own(line: str) -> bool:
    found = _PROCESS.search(line[:400])
    if found is not None:
        return found["logger"].startswith(
            (_AUDIT_LOGGER, "net.shibboleth.", "Shibboleth-", "edu.internet2.middleware.")
        )
    if "|" in line:
        start = line if _OLD_LINE.match(line) or _NEW_LINE.match(line) else parse_header(line, Options()).message
        if _OLD_LINE.match(start):
            return start.count("|") >= len(_OLD) - 1 and _BINDING.search(start) is not None
        return _NEW_LINE.match(start) is not None and start.count("|") >= len(_NEW) - 5
    return _FTICKS.search(line[:2000]) is not None


_BEGINS: Final = re.compile(rb"\S{2,45}\||\d{4}-\d\d-\d\d|\d{8}T\d{6}|[A-Z][a-z]{2} [ \d]\d |<\d{1,3}>|F-TICKS/")


def _continues(before: bytes, line: bytes) -> bool:  # noqa: ARG001 - the line alone decides
    return _BEGINS.match(line) is None


SOURCE: Final = DeviceSource(
    name="shibboleth",
    aliases=("shibboleth_idp", "saml_idp", "shibboleth.audit"),
    title="Shibboleth Identity Provider (SAML audit log, F-TICKS, process log)",
    own=_own,
    read=_read,
    weight=95,
    framer=lambda stream: folded_lines(stream, _continues),
)
