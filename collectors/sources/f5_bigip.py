"""F5 BIG-IP: LTM, APM, ASM, AFM and PSM messages, iRule logs, access logs of the management interface.

Formats: F5's "BIG-IP Error Messages" (`01490500:5: /Common/policy:Common:session: text`), "External Monitoring of
BIG-IP: Event Messages and Attack Types" (CEF of ASM, AFM, PSM; `key="value"`), iRules' `log`, telemetry
streaming's JSON.
"""

from __future__ import annotations

import re

from collectors.auth.dispatch import read_message
from collectors.f5.messages import ITEM, message_fields
from collectors.f5.security import cef_security, security_fields
from collectors.json_fields import flatten, load_object
from collectors.network.cef import find_cef, read_cef
from collectors.network.device import DeviceSource
from collectors.network.keyvalue import firsts, pairs
from collectors.source import Options
from collectors.syslog import Header, parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields, texts

_LEVELLED = re.compile(
    r"(?P<level>emerg|alert|crit|err|error|warning|warn|notice|info|debug|low|medium|high)\s(?=[\w.\-/()]{1,64}\[\d)",
    re.ASCII,
)
_TAG = re.compile(r"(?P<program>[\w.\-/()]{1,64})\[(?P<pid>\d{1,10})\]:\s?", re.ASCII)
_LEGACY = re.compile(r"(?:[A-Z][a-z]{2,8} )?(?P<stamp>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) (?P<host>\S{1,255}) ", re.ASCII)
_CEF_F5 = re.compile(r"CEF:\s?\d\|F5\|")
_ASM_KEYS = re.compile(
    r'"?(?:support_id|violation_rating|policy_name|acl_policy_name|bigip_mgmt_ip|telemetryEventCategory)"?\s?[=:]'
)


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {
        "event.dataset": "f5_bigip.log",
        "event.module": "f5_bigip",
        "observer.vendor": "F5",
        "observer.product": "BIG-IP",
    }
    start = find_cef(line)
    cef = read_cef(line[start:]) if start is not None else None
    if cef is not None:
        return fields | cef_security(cef, options)
    if line.lstrip()[:1] == "{":
        return fields | security_fields(_json(line), options)
    if len(_ASM_KEYS.findall(line)) >= 2:
        return fields | security_fields(firsts(pairs(line)), options)
    text = _header(line, fields, options)
    found = message_fields(text, options)
    if not found and "process.name" in fields:  # a daemon's words without a number
        found = _daemon(text, fields)
    if not found:
        raise MalformedRecordError("no message of a BIG-IP: no message number, no iRule, no violation")
    fields |= found
    return fields


def _daemon(text: str, fields: Fields) -> Fields:
    """Read what a daemon of the system below says, as log-ins by sshd and PAM."""
    found: Fields = {"message": text, "event.reason": text, "process.name": fields["process.name"]}
    program, pid = str(fields["process.name"]), fields.get("process.pid")
    header = Header(kind="rfc3164", message=text, program=program, pid=pid if isinstance(pid, int) else None)
    if pid is not None:
        found["process.pid"] = pid
    if not read_message(header, found):
        found |= {"event.category": ["host"], "event.type": ["info"]}
    return found


def _json(line: str) -> dict[str, str]:
    document = load_object(line.encode("utf-8", "backslashreplace"))
    flat, _ = flatten(document)
    return {key: ", ".join(texts(value)) for key, value in flat.items()}


def _header(line: str, fields: Fields, options: Options) -> str:
    """Take off the header; BIG-IP writes the level between the host and the program."""
    legacy = _LEGACY.match(line)
    if legacy is not None:
        header = parse_header(f"{legacy['stamp'].replace('/', '-')} {legacy['host']} x", options)
        rest = line[legacy.end() :].strip()
        rest = rest.partition(" ")[2] if not _LEVELLED.match(rest) and not _TAG.match(rest) else rest
    else:
        header = parse_header(line, options)
        rest = header.message if header.timestamp is not None else line.strip()
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
        if header.program is not None:
            fields["process.name"] = header.program
        if header.pid is not None:
            fields["process.pid"] = header.pid
    host = header.host if header.timestamp is not None else None
    if host or options.host:
        fields["host.name"] = fields["observer.hostname"] = host or options.host or ""
    fields.update(syslog_fields(header))
    level = _LEVELLED.match(rest)
    if level is not None:
        fields["log.level"] = level["level"]
        rest = rest[level.end() :]
    tag = _TAG.match(rest)
    if tag is not None:
        fields["process.name"], fields["process.pid"] = tag["program"], int(tag["pid"])
        rest = rest[tag.end() :]
    return rest.strip()


def _own(line: str) -> bool:
    if _CEF_F5.search(line, 0, 512) or len(_ASM_KEYS.findall(line)) >= 2:
        return True
    return ITEM.search(line, 0, 1024) is not None


SOURCE = DeviceSource(
    name="f5_bigip",
    aliases=("f5", "bigip", "f5_bigip.log", "big-ip"),
    title="F5 BIG-IP (LTM, APM, ASM, AFM, iRules)",
    own=_own,
    read=_read,
    weight=98,
)
