"""Cisco Secure Email Gateway (ESA, IronPort): the consolidated event log, one CEF message for each mail.

Format: "User Guide for AsyncOS for Cisco Secure Email Gateway", chapter "Logging", consolidated event logs: what
`ESAAttachmentDetails` and `ESAURLDetails` hold are Python's dictionaries, names from outside among them; read here by
their brackets alone. Some versions write keys under CEF's full names (`sourceAddress`, `startTime`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.network.cef import find_cef, read_cef
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.times import instant_of
from collectors.network.tls import put_tls
from collectors.network.values import Table, keep, put, put_all
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_OWN = re.compile(r"CEF:\s?\d\|Cisco\|[^|]{0,128}\|[^|]{0,64}\|ESA_")
_TOKEN = re.compile(r"""'((?:[^'\\]|\\.)*+)'|"((?:[^"\\]|\\.)*+)"|([{}\[\]:])""", re.DOTALL)
_BYTES = re.compile(r"(?:\\x[0-9a-f]{2})++")
_TABLE: Table = {
    "sourceAddress": ("source.ip",),
    "deviceAddress": ("server.ip", "observer.ip"),
    "deviceExternalId": ("host.id",),
    "sourceHostName": ("host.name", "host.hostname"),
    "deviceInboundInterface": ("observer.ingress.interface.name",),
    "deviceOutboundInterface": ("observer.egress.interface.name",),
    "ESAMID": ("email.local_id",),
    "ESAReplyTo": ("email.reply_to.address",),
    "ESAStatus": ("event.reason",),
}
_ADDRESSES = (("sourceUserName", "email.from.address"), ("destinationUserName", "email.to.address"))
_DIRECTIONS = {"0": "inbound", "1": "outbound"}
_REFUSED = ("drop", "bounce", "quarantine", "abort", "reject", "delay")
_FOUND = frozenset(("MALICIOUS", "VIRAL", "POSITIVE", "VIOLATION", "HIGHRISK"))
_VERDICTS = ("ESAAMPVerdict", "ESAAVVerdict", "ESAASVerdict", "ESADLPVerdict", "ESAOFVerdict")
_MALWARE = ("ESAAMPVerdict", "ESAAVVerdict")
_MOST = 256  # attachments or addresses of a mail


def _own(line: str) -> bool:
    return _OWN.search(line, 0, 600) is not None


def _read(line: str, options: Options) -> Fields:
    start = find_cef(line)
    cef = read_cef(line[start:]) if start is not None else None
    if start is None or cef is None or not cef.event_class.startswith("ESA"):
        raise MalformedRecordError("no event of Cisco's email gateway: no CEF of the class ESA_...")
    values = cef.full()
    fields: Fields = {
        "event.dataset": "cisco_esa.log",
        "event.module": "cisco_esa",
        "event.kind": "event",
        "event.category": ["email"],
        "event.type": ["info"],
        "event.code": cef.event_class,
        "observer.vendor": cef.vendor,
        "observer.product": "Secure Email Gateway",
        "observer.type": cef.product,
        "observer.version": cef.version,
    }
    put(fields, "event.severity", cef.severity, options.zone)
    _times(values, fields, options)
    put_all(fields, values, _TABLE, options.zone)
    _mail(values, cef.labelled.get("ExternalMsgID", ""), fields)
    put(fields, "rule.name", cef.labelled.get("MailPolicy", ""), options.zone)
    if direction := _DIRECTIONS.get(values.get("deviceDirection", "")):
        fields["network.direction"] = direction
    _attachments(values.get("ESAAttachmentDetails", ""), fields)
    if urls := [name for name, _, _ in _details(values.get("ESAURLDetails", ""))]:
        fields["cisco_esa.urls"] = list(dict.fromkeys(urls))
    _tls(values, fields)
    _verdict(values, fields)
    keep(fields, "cisco_esa.", values.items())
    keep(fields, "cisco_esa.labelled.", cef.labelled.items())
    prefix_fields(prefix_header(line, start, options), fields, options)
    return fields


def _times(values: dict[str, str], fields: Fields, options: Options) -> None:
    for name, keys in (("event.start", ("startTime", "start")), ("event.end", ("endTime", "end"))):
        text = next((values[key] for key in keys if key in values), "")
        moment = instant_of(" ".join(text.split()), options.zone)
        if moment is not None:
            fields[name] = moment
            fields.setdefault("@timestamp", moment)


def _mail(values: dict[str, str], identifier: str, fields: Fields) -> None:
    for key, name in _ADDRESSES:
        parts = values.get(key, "")[:16384].replace(",", ";").split(";")[:_MOST]
        if addresses := [bare for part in parts if (bare := part.strip().strip("<>"))]:
            fields[name] = addresses
    if bare := _unquoted(identifier).strip("<>"):
        fields["email.message_id"] = bare
    if subject := _unquoted(values.get("message", "")):
        fields["email.subject"] = subject


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text


def _details(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, key and text of a dictionary of dictionaries; a name without texts once, with empty ones.

    Names are from outside: only brackets that stand outside of quotes count.
    """
    depth, name, key, last, told = 0, "", "", "", False
    for found in _TOKEN.finditer(text[:65536]):
        mark = found[3]
        if mark is None:
            last = _BYTES.sub(_written, found[1] if found[1] is not None else found[2])
            if depth > 1 and key:
                yield name, key, last
                told = True
        elif mark == ":":
            if depth == 1:
                name, key, told = last, "", False
            elif depth > 1:
                key = last
        elif mark in "{[":
            depth += mark == "{"
        elif mark == "}":
            depth -= 1
            if depth == 1 and not told:
                yield name, "", ""
                told = True
            key = ""


def _written(found: re.Match[str]) -> str:
    """Return the letters that Python wrote as the bytes of UTF-8."""
    return bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", "replace")


def _attachments(text: str, fields: Fields) -> None:
    names: dict[str, None] = {}
    hashes: dict[str, None] = {}
    for name, key, value in _details(text):
        names[name] = None
        if key == "fileHash" and len(value) == 64:
            hashes[value.lower()] = None
    if names:
        fields["email.attachments.file.name"] = list(names)[:_MOST]
    if hashes:
        fields["email.attachments.file.hash.sha256"] = list(hashes)[:_MOST]


def _tls(values: dict[str, str], fields: Fields) -> None:
    """Set the session in which the mail went on, else the one in which it came."""
    for way in ("Out", "In"):
        status = values.get(f"ESATLS{way}ConnStatus", "")
        if not status or "tls.established" in fields:
            continue
        fields["tls.established"] = status == "Success"
        put_tls(values.get(f"ESATLS{way}Protocol", ""), fields)
        if cipher := values.get(f"ESATLS{way}Cipher", ""):
            fields["tls.cipher"] = cipher
    if offered := values.get("ESATLSInCipher", ""):
        fields["tls.client.supported_ciphers"] = [offered]


def _verdict(values: dict[str, str], fields: Fields) -> None:
    action = values.get("deviceAction", "").lower()
    if action:
        fields["event.action"] = action
        refused = any(word in action for word in _REFUSED)
        fields["event.type"] = ["info", "denied" if refused else "allowed"]
    found = [key for key in _VERDICTS if values.get(key, "").upper() in _FOUND]
    if found:
        fields["event.kind"] = "alert"
        if any(key in _MALWARE for key in found):
            fields["event.category"] = ["email", "malware"]


SOURCE = LineSource(
    name="cisco_esa",
    aliases=("cisco_secure_email_gateway", "ironport", "cisco_esa.log"),
    title="Cisco Secure Email Gateway (ESA): consolidated events",
    datasets=("cisco_esa.log",),
    own=_own,
    read=_read,
    weight=99,
)
