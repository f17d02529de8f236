"""Cisco Identity Services Engine: log-ins, accounting, device administration, audits and alarms over syslog.

Format: "Cisco ISE Syslogs": `CISE_<category> <id> <segments> <segment> <stamp> <zone> <sequence> <code> <severity>
<class>: <text>, Key=Value, ...`, commas in values escaped. What is too long goes on in a next segment, which has keys
alone and becomes an event of its own. Alarms are `WARN: text : Key=Value; ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.times import instant_of, zone_named
from collectors.network.values import Table, mac_of, put, put_all
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_MESSAGE = re.compile(
    r"""(?:(?P<category>CISE_\w{3,64})\ )?(?P<id>\d{10})\ (?P<total>\d{1,3})\ (?P<segment>\d{1,3})\ {1,2}
    (?:(?P<stamp>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d{3})\ (?P<zone>[+-]\d\d:\d\d)\ \d{10}
    \ (?P<code>\d{3,6})\ (?P<level>[A-Z]{3,8})\ {1,2}(?P<class>[^:,=]{1,64}):\ (?P<text>[^,=]{1,512})
    ,?\ ?)?(?P<rest>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ALARM = re.compile(
    r"(?P<level>INFO|WARN|WARNING|CRITICAL|ERROR|ALERT): (?P<text>[^:;=]{3,256}?) ?: ?(?P<rest>[A-Z][\w ]{1,40} ?=.*)",
    re.ASCII | re.DOTALL,
)
_ALARM_KEY = re.compile(r"\b(?:Server|Admin|NAD Address|NAS IP Address|Network [Dd]evice IP|Object Type) ?=")
_PART = re.compile(r"(?:[^,\\]|\\.)++", re.DOTALL)
_ESCAPED = re.compile(r"\\([,;\\{}])")
_STARTS = re.compile(r"(?:^|[>\s])(?:CISE_\w{3,64} )?\d{10} \d{1,3} \d{1,3} ", re.ASCII)
_SAME_CODES = {"5200": "success", "5201": "success", "5202": "success", "5203": "success", "5400": "failure"}
_MOST_PARTS = 512  # keys of a message; longer ones are cut into segments by ISE
_AGENT = "http-tlv=User-Agent="
_NAME = re.compile(r"[^a-z0-9]{1,64}")

_TABLE: Table = {
    "UserName": ("user.name",),
    "User-Name": ("user.name",),
    "AdminName": ("user.name",),
    "Admin": ("user.name",),
    "User": ("user.name",),
    "AdminIPAddress": ("source.ip",),
    "Calling-Station-ID": ("source.ip", "source.mac"),
    "Remote-Address": ("source.ip",),
    "Device IP Address": ("source.ip",),
    "NAS-IP-Address": ("source.ip",),
    "NAD Address": ("source.ip",),
    "NAS IP Address": ("source.ip",),
    "Network device IP": ("source.ip",),
    "Network Device IP": ("source.ip",),
    "EndPointMACAddress": ("source.mac",),
    "NAS Identifier": ("source.mac",),
    "Called-Station-ID": ("destination.ip", "destination.mac"),
    "DestinationIPAddress": ("destination.ip",),
    "DestinationPort": ("destination.port",),
    "PeerAddress": ("destination.mac", "destination.ip"),
    "Protocol": ("network.protocol",),
    "IdentityPolicyMatchedRule": ("rule.name",),
    "ISEPolicySetName": ("rule.ruleset",),
    "dc-device-name": ("device.model.name",),
    "Subject Alternative Name - DNS": ("device.id",),
    "Issuer - Common Name": ("tls.client.x509.issuer.common_name",),
    "TLSCipher": ("tls.cipher",),
    "Server": ("observer.hostname",),
    "FailureReason": ("event.reason",),
}
_AUTHENTICATION = ("AuthenticationMethod", "AuthenticationStatus", "Authen-Type", "Authen-Method")
_LOG_INS = ("Passed-Authentication", "Failed-Attempt", "Administrator-Login", "Guest")


def _own(line: str) -> bool:
    found = _STARTS.search(line, 0, 512)
    if found is not None and _MESSAGE.match(line, found.start() + (found[0][0] in "> ")):
        return "CISE_" in found[0] or "=" in line
    alarm = _ALARM.search(line[:2048])
    return alarm is not None and alarm.start() < 256 and _ALARM_KEY.search(line, 0, 2048) is not None


def _read(line: str, options: Options) -> Fields:
    line = line.strip().removesuffix("#015")
    fields: Fields = {
        "event.dataset": "cisco_ise.log",
        "event.module": "cisco_ise",
        "event.kind": "event",
        "observer.vendor": "Cisco",
        "observer.product": "Cisco ISE",
    }
    mark = _STARTS.search(line, 0, 512)
    start = mark.start() + (mark[0][0] in "> \t") if mark is not None else -1
    message = _MESSAGE.match(line, start) if mark is not None else None
    if message is not None:
        _message(message, fields, options)
    elif (alarm := _ALARM.search(line, 0, 8192)) is not None and alarm.start() < 256:
        start = alarm.start()
        _alarm(alarm, fields, options)
    else:
        raise MalformedRecordError("no message of Cisco ISE: neither CISE_..., nor its numbers, nor an alarm")
    prefix_fields(prefix_header(line, start, options), fields, options)
    return fields


def _message(found: re.Match[str], fields: Fields, options: Options) -> None:
    for name, part in (("type", "category"), ("message_id", "id"), ("segment", "segment"), ("class", "class")):
        if found[part]:
            fields[f"cisco_ise.{name}"] = found[part]
    if found["code"]:
        zone = zone_named(found["zone"]) or options.zone
        if (moment := instant_of(found["stamp"], zone)) is not None:
            fields["@timestamp"] = moment
        fields["event.code"], fields["log.level"] = found["code"], found["level"].lower()
        fields["event.reason"] = fields["message"] = found["text"].strip()
    values = _values(_parts(found["rest"]))
    _take(values, fields, options)
    _meaning(found, values, fields)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield keys and values; a piece without `=` goes on with the value before it."""
    key, value = "", ""
    for found in list(_PART.finditer(text[:65536]))[:_MOST_PARTS]:
        piece = found[0].strip()
        name, mark, rest = piece.partition("=")
        if mark and name.strip():
            if key:
                yield key, value
            key, value = name.strip(), rest.strip()
        elif key and piece:
            value = f"{value}, {piece}"
    if key:
        yield key, value


def _values(parts: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Return every key's values in order; what `cisco-av-pair` and `Response` hold stands under its own keys behind."""
    values: dict[str, list[str]] = {}
    inner: list[tuple[str, str]] = []
    for key, raw in parts:
        value = _ESCAPED.sub(r"\1", raw)
        values.setdefault(key, []).append(value)
        if key == "cisco-av-pair":
            if value.startswith(_AGENT):
                inner.append(("http-user-agent", value.removeprefix(_AGENT)))
            name, mark, rest = value.partition("=")
            inner += [(name, rest)] if mark else []
        elif key == "Response" and value.startswith("{"):
            for piece in value.strip("{} ").split(";")[:64]:
                name, mark, rest = piece.strip().partition("=")
                inner += [(name, rest)] if mark and name in {"UserName", "User-Name", "RadiusPacketType"} else []
    for key, value in inner:
        values.setdefault(key, []).append(value)
    return values


def _take(values: dict[str, list[str]], fields: Fields, options: Options) -> None:
    """Set the fields of ECS, and keep every key under a name of `cisco_ise.`."""
    firsts = {key: next((text for text in found if text), "") for key, found in values.items()}
    for key in ("Called-Station-ID", "NAS Identifier"):  # `00-00-5E-00-53-01:name of the network`
        if mac_of(station := firsts.get(key, "")[:17]):
            firsts[key] = station
    put_all(fields, firsts, _TABLE, options.zone)
    for key in ("UserName", "User-Name"):  # a machine that logs in by its own address
        if mac := mac_of(firsts.get(key, "")):
            fields.setdefault("source.mac", mac)
    if (name := firsts.get("PeerName", "").removeprefix("CN=")) and not is_ip(name):
        put(fields, "destination.domain", name, options.zone)
    if agent := firsts.get("http-user-agent"):
        fields["user_agent.original"] = agent
    if version := firsts.get("TLSVersion", "").removeprefix("TLSv"):
        fields["tls.version"], fields["tls.version_protocol"] = version, "tls"
    if is_ip(framed := firsts.get("Framed-IP-Address", "")):
        fields["cisco_ise.device_ip"] = framed
    for key, found in values.items():
        name = _NAME.sub("_", key.lower()).strip("_")
        if name and name != "step" and (kept := [text for text in found if text]):
            fields.setdefault(f"cisco_ise.{name[:64]}", kept[0] if len(kept) == 1 else kept)


def _meaning(found: re.Match[str], values: dict[str, list[str]], fields: Fields) -> None:
    """Tell what a message is about: a log-in where it says so, with its outcome; else traffic, accounting, an audit."""
    kind, name, text = found["class"] or "", found["category"] or "", (found["text"] or "").lower()
    fields["event.type"], fields["event.category"] = ["info"], ["network"]
    if "Response" in values:
        fields.setdefault("event.reason", values["Response"][0])
    if "EapChainingResult" in values:
        fields.setdefault("event.reason", values["EapChainingResult"][0])
    network = kind.startswith(("Passed-Authentication", "Failed-Attempt"))
    if kind.startswith(_LOG_INS) or any(key in values for key in _AUTHENTICATION):
        fields["event.category"] = ["authentication", "network"] if network else ["authentication"]
    elif kind.startswith(("Configuration", "Administrator")) or "Configuration_Changes" in name:
        fields["event.category"], fields["event.type"] = ["configuration"], ["change"]
    if fields["event.category"] != ["network"]:
        _outcome(found["code"] or "", text, values, fields)


def _outcome(code: str, text: str, values: dict[str, list[str]], fields: Fields) -> None:
    status = values.get("AuthenticationStatus", [""])[0]
    if code in _SAME_CODES:
        fields["event.outcome"] = _SAME_CODES[code]
    elif status:
        fields["event.outcome"] = "success" if status == "AuthenticationPassed" else "failure"
    elif any(word in text for word in ("failed", "failure", "rejected", "denied", "dropped", "locked", "invalid")):
        fields["event.outcome"] = "failure"
    elif any(word in text for word in ("succeeded", "successful", "logged", "passed")):
        fields["event.outcome"] = "success"


def _alarm(found: re.Match[str], fields: Fields, options: Options) -> None:
    text = found["text"].strip()
    fields["log.level"], fields["event.reason"] = found["level"].lower(), text
    fields["message"] = found[0].strip()
    parts = (piece.partition("=") for piece in found["rest"].split(";")[:64])
    values: dict[str, list[str]] = {}
    for key, mark, value in parts:
        if mark and key.strip():
            values.setdefault(key.strip(), []).append(value.strip())
    _take(values, fields, options)
    fields["event.category"], fields["event.type"] = ["network"], ["info"]
    if text.startswith("Configuration"):
        fields["event.category"], fields["event.type"] = ["configuration"], ["change"]


SOURCE = LineSource(
    name="cisco_ise",
    aliases=("ise", "cisco_ise.log"),
    title="Cisco Identity Services Engine (ISE)",
    datasets=("cisco_ise.log",),
    own=_own,
    read=_read,
    weight=98,
)
