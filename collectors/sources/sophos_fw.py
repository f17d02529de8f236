"""Sophos Firewall (SFOS, XG, XGS; Cyberoam) and Sophos UTM: traffic, web, mail, detections, log-ins, changes.

Formats: "Sophos Firewall syslog guide" (`device="SFW" date=... log_type="Firewall" ...`; from version 18 also
`timestamp="..." device_model="XGS136" ...`), and UTM's `2024:03:05-09:12:44 gate ulogd[4711]: id="2002" severity="info"
sys="SecureNet" sub="packetfilter" name="Packet accepted" ...`. Names: Elastic's integration `sophos`.
"""

from __future__ import annotations

import re

from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.keyvalue import firsts_and_doubts, pairs
from collectors.network.times import instant_of, zone_named
from collectors.network.values import Table, keep, put, put_all
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_SFOS = re.compile(
    r'(?:^|(?<=[\s>]))(?:device="SFW"|device_name="|timestamp="\d{4}-|date=\d{4}-\d\d-\d\d time=)', re.ASCII
)
_SFOS_OWN = re.compile(r'\bdevice="SFW"|\blog_type="[A-Z].{0,512}\blog_component=|\bdevice_model="', re.DOTALL)
_UTM = re.compile(r'(?:^|(?<=[\s>]))id="?\w{3,16}"? (?:severity="?[\w\-]{2,16}"? sys=|srcip="[0-9A-Fa-f.:]{2,45}" )')
_HOURS = re.compile(r"[+-]\d{1,2}", re.ASCII)
_UTM_STAMP = re.compile(
    r"(?P<year>\d{4}):(?P<month>\d{1,2}):(?P<day>\d{1,2})-(?P<clock>\d\d:\d\d:\d\d) (?P<host>\S{1,255})"
    r" (?P<program>[\w\-./]{1,64})(?:\[(?P<pid>\d{1,10})\])?: ",
    re.ASCII,
)
_TABLE: Table = {
    "src_ip": ("source.ip",),
    "sourceip": ("source.ip",),
    "dst_ip": ("destination.ip",),
    "destinationip": ("destination.ip",),
    "localip": ("destination.ip",),
    "src_port": ("source.port",),
    "dst_port": ("destination.port",),
    "src_mac": ("source.mac",),
    "dst_mac": ("destination.mac",),
    "sent_bytes": ("source.bytes",),
    "bytesrcv": ("source.bytes",),
    "recv_bytes": ("destination.bytes",),
    "bytessent": ("destination.bytes",),
    "sent_pkts": ("source.packets",),
    "recv_pkts": ("destination.packets",),
    "tran_src_ip": ("source.nat.ip",),
    "tran_src_port": ("source.nat.port",),
    "tran_dst_ip": ("destination.nat.ip",),
    "tran_dst_port": ("destination.nat.port",),
    "protocol": ("network.transport",),
    "user_name": ("user.name",),
    "login_user": ("user.name",),
    "src_domainname": ("source.domain",),
    "dst_domainname": ("destination.domain",),
    "domain": ("url.domain",),
    "server": ("url.domain",),
    "url": ("url.original",),
    "querystring": ("url.query",),
    "user_agent": ("user_agent.original",),
    "useragent": ("user_agent.original",),
    "status_code": ("http.response.status_code",),
    "httpresponsecode": ("http.response.status_code",),
    "httpstatus": ("http.response.status_code",),
    "method": ("http.request.method",),
    "referer": ("http.request.referrer",),
    "from_email_address": ("email.from.address", "source.user.email"),
    "to_email_address": ("email.to.address", "destination.user.email"),
    "sender": ("email.from.address",),
    "recepient": ("email.to.address",),
    "email_subject": ("email.subject",),
    "subject": ("email.subject",),
    "signature_id": ("rule.id",),
    "fw_rule_id": ("rule.id",),
    "signature_msg": ("rule.name",),
    "fw_rule_name": ("rule.name",),
    "threatname": ("rule.name",),
    "virus": ("rule.name",),
    "classification": ("rule.category",),
    "filename": ("file.name",),
    "filesize": ("file.size",),
    "sha1sum": ("file.hash.sha1",),
    "execution_path": ("process.executable",),
    "in_interface": ("observer.ingress.interface.name",),
    "out_interface": ("observer.egress.interface.name",),
    "srczone": ("observer.ingress.zone",),
    "dstzone": ("observer.egress.zone",),
    "device_name": ("observer.name",),
    "device_id": ("observer.serial_number",),
    "device_serial_id": ("observer.serial_number",),
    "log_id": ("event.code",),
    "priority": ("log.level",),
    "severity": ("log.level",),
    "message": ("message", "event.reason"),
    "reason": ("event.reason",),
    "quarantine_reason": ("event.reason",),
    "eventid": ("event.id",),
}
_UTM_TABLE: Table = {
    "srcip": ("source.ip",),
    "dstip": ("destination.ip",),
    "localip": ("destination.ip",),
    "srcport": ("source.port",),
    "dstport": ("destination.port",),
    "port": ("destination.port",),
    "srcmac": ("source.mac",),
    "dstmac": ("destination.mac",),
    "proto": ("network.transport",),
    "user": ("user.name",),
    "server": ("destination.domain",),
    "url": ("url.original",),
    "method": ("http.request.method",),
    "statuscode": ("http.response.status_code",),
    "ua": ("user_agent.original",),
    "referer": ("http.request.referrer",),
    "name": ("event.action", "message"),
    "reason": ("event.reason",),
    "fwrule": ("rule.id",),
    "sid": ("rule.id",),
    "class": ("rule.category",),
    "initf": ("observer.ingress.interface.name",),
    "outitf": ("observer.egress.interface.name",),
    "from": ("email.from.address",),
    "to": ("email.to.address",),
    "subject": ("email.subject",),
    "severity": ("log.level",),
    "id": ("event.code",),
}
_LOG_TYPES = {
    "Content Filtering": "web", "WAF": "web", "IDP": "intrusion_detection", "ATP": "malware", "Anti-Virus": "malware",
    "Sandbox": "malware", "Sandstorm": "malware", "Anti-Spam": "email",
}  # fmt: skip
_SUBS = {"http": "web", "reverseproxy": "web", "ips": "intrusion_detection", "smtp": "email", "pop3": "email"}
_REFUSED = re.compile(r"den(?:y|ied)|drop|block|reject|virus|spam|quarantin|refus|\bfail", re.IGNORECASE)
_PASSED = re.compile(r"allow|accept|\bpass|detect|clean", re.IGNORECASE)
_LOG_IN = re.compile(r"authenticat|\blog(?:ged)? ?-?(?:in|on|out|off)\b", re.IGNORECASE)
_LOG_OUT = re.compile(r"\blog(?:ged)? ?-?(?:out|off)\b", re.IGNORECASE)
_FAILED = re.compile(r"fail|wrong|denied|invalid|unsuccessful|not allowed", re.IGNORECASE)
_SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "information", "debug")


def _own(line: str) -> bool:
    head = line[:4096]
    return _SFOS_OWN.search(head) is not None or (
        _UTM.search(head) is not None and (" sub=" in head or ' localip="' in head)
    )


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {
        "event.module": "sophos",
        "event.kind": "event",
        "observer.vendor": "Sophos",
        "observer.type": "firewall",
    }
    stamp, utm, sfos = _UTM_STAMP.search(line, 0, 512), _UTM.search(line, 0, 1024), _SFOS.search(line, 0, 1024)
    if sfos is not None and _SFOS_OWN.search(line[:4096]):
        fields["event.dataset"], fields["observer.product"] = "sophos.xg", "XG"
        values, doubtful = firsts_and_doubts(pairs(line[sfos.start() :]))
        _sfos(_sure(values, doubtful), fields, options)
        keep(fields, "sophos.xg.", values.items())
        prefix_fields(prefix_header(line, sfos.start(), options), fields, options)
    elif utm is not None or stamp is not None:
        fields["event.dataset"], fields["observer.product"] = "sophos.utm", "UTM"
        start = utm.start() if utm is not None else stamp.end() if stamp is not None else 0
        values, doubtful = firsts_and_doubts(pairs(line[start:]) if utm is not None else iter(()))
        fields["message"] = line[start:].strip()
        _utm(_sure(values, doubtful), fields, options)
        keep(fields, "sophos.utm.", values.items())
        _utm_header(line, start, stamp, fields, options)
    else:
        raise MalformedRecordError("no record of Sophos: neither device=SFW nor log_type=, nor UTM's id, severity, sys")
    return fields


def _sure(values: dict[str, str], doubtful: frozenset[str]) -> dict[str, str]:
    """Leave out what the record says twice; nothing stands for none."""
    return {key: text for key, text in values.items() if key not in doubtful and text.strip() not in {"", "-"}}


def _sfos(values: dict[str, str], fields: Fields, options: Options) -> None:
    named = values.get("timezone", "")
    if _HOURS.fullmatch(named):
        named = f"{named[0]}{named[1:].zfill(2)}00"
    zone = zone_named(named) or options.zone
    text = values.get("timestamp") or f"{values.get('date', '')} {values.get('time', '')}"
    if (moment := instant_of(text, zone)) is not None:
        fields["@timestamp"] = moment
    put_all(fields, values, _TABLE, zone)
    kind, part, subtype = (values.get(f"log_{name}", "") for name in ("type", "component", "subtype"))
    put(fields, "event.action", subtype or values.get("status", ""), zone)
    level = values.get("priority", values.get("severity", "")).lower()
    if level in _SEVERITIES:
        fields["event.severity"] = _SEVERITIES.index(level)
    said = f"{subtype} {values.get('status', '')}"
    if kind == "Event" and _LOG_IN.search(f"{part} {subtype} {values.get('message', '')}"):
        _log_in(f"{values.get('status', '')} {values.get('message', '')}", fields)
        return
    extra = _LOG_TYPES.get(kind)
    fields["event.category"] = ["network", *([extra] if extra else [])]
    if kind in {"IDP", "ATP"} or subtype == "Virus":
        fields["event.kind"] = "alert"
    fields["event.type"] = _verdict(said)
    fields["event.outcome"] = "success"  # of the firewall, which did what it had to
    if kind == "WAF":
        put(fields, "http.version", values.get("ws_protocol", "").removeprefix("HTTP/"), zone)
        refused = values.get("httpstatus", "")[:1] in {"4", "5"} or "reason" in values
        fields["event.type"] = ["access", *(["denied"] if refused else [])]
        fields["event.outcome"] = "failure" if refused else "success"
    if kind in {"Event", "SD-WAN"}:
        del fields["event.outcome"]
        fields["event.type"] = ["info"]
        if part in {"GUI", "CLI", "API", "Central Management"}:
            fields["event.category"], fields["event.type"] = ["configuration"], ["change"]


def _verdict(said: str) -> list[str]:
    if _REFUSED.search(said):
        return ["connection", "denied"]
    return ["connection", "allowed"] if _PASSED.search(said) else ["info"]


def _log_in(said: str, fields: Fields) -> None:
    fields["event.category"] = ["authentication"]
    fields["event.type"] = ["end" if _LOG_OUT.search(said) else "start"]
    fields["event.outcome"] = "failure" if _FAILED.search(said) else "success"


def _utm(values: dict[str, str], fields: Fields, options: Options) -> None:
    """Read a record of UTM by its subsystem."""
    sub, action = values.get("sub", ""), values.get("action", "")
    table = {key: names for key, names in _UTM_TABLE.items() if key != "class" or sub == "ips"}
    fields.pop("message" if "name" in values else "", None)
    put_all(fields, values, table, options.zone)
    if query := values.get("query", "").removeprefix("?"):
        fields["url.query"] = query
    if (size := values.get("size", "")).isdecimal() and len(size) < 16 and sub in {"", "http", "reverseproxy"}:
        fields["http.response.bytes"] = int(size)
    fields["event.category"], fields["event.type"] = ["network"], ["info"]
    if sub == "auth" or _LOG_IN.search(values.get("name", "")):
        _log_in(values.get("name", ""), fields)
        return
    if extra := _SUBS.get(sub):
        fields["event.category"] = ["network", extra]
    if sub == "ips":
        fields["event.kind"] = "alert"
    if values.get("sys") == "System" and ("object" in values or sub == "confd"):
        fields["event.category"], fields["event.type"] = ["configuration"], ["change"]
    elif action:
        fields["event.type"] = _verdict(action)


def _utm_header(line: str, start: int, stamp: re.Match[str] | None, fields: Fields, options: Options) -> None:
    if stamp is None or stamp.end() > start:
        prefix_fields(prefix_header(line, start, options), fields, options)
        return
    text = f"{stamp['year']}-{stamp['month'].zfill(2)}-{stamp['day'].zfill(2)} {stamp['clock']}"
    if (moment := instant_of(text, options.zone)) is not None:
        fields["@timestamp"] = moment
    fields["host.name"], fields["log.syslog.appname"] = stamp["host"], stamp["program"]
    if stamp["pid"]:
        fields["log.syslog.procid"] = stamp["pid"]


SOURCE = LineSource(
    name="sophos_fw",
    aliases=("sophos", "sophos_xg", "sophos.xg", "sophos_utm", "sophos.utm", "cyberoam"),
    title="Sophos Firewall (SFOS, XG) and Sophos UTM",
    datasets=("sophos.xg", "sophos.utm"),
    own=_own,
    read=_read,
    weight=98,
)
