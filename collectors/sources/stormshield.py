"""Stormshield Network Security: connections, filter, alarms, plugins, log-ins, VPN and the firewall's own load.

Format: "Description of audit logs" of SNS 4 (WELF: `id=firewall time="..." fw="..." tz=+0100 ... logtype="filter"`);
the logs `l_connection`, `l_filter`, `l_alarm`, `l_plugin`, `l_web`, `l_auth`, `l_server`, `l_system`, `l_vpn`,
`l_xvpn`, `l_pvm`, `l_sandboxing`, `l_smtp`, `l_ftp`, `l_monitor`, `l_count`. Names: Sekoia's intake `stormshield`.
"""

from __future__ import annotations

import re

from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.keyvalue import firsts_and_doubts, pairs
from collectors.network.times import instant_of, zone_named
from collectors.network.values import Table, keep, put, put_all
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_START = re.compile(r'(?:^|(?<=[\s>\ufeff]))(?:id=firewall time=|time="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d" fw=)')
_OWN = re.compile(r'\bfw="?[^"\s]{1,128}"? tz=[+-]\d{4} startime=|\blogtype="?[a-z]{2,16}"?\s*$')
_TABLE: Table = {
    "src": ("source.address",),
    "srcport": ("source.port",),
    "srcmac": ("source.mac",),
    "dst": ("destination.address",),
    "dstport": ("destination.port",),
    "dstmac": ("destination.mac",),
    "modsrc": ("source.nat.ip",),
    "modsrcport": ("source.nat.port",),
    "origdst": ("destination.nat.ip",),
    "origdstport": ("destination.nat.port",),
    "ipproto": ("network.transport",),
    "proto": ("network.protocol",),
    "user": ("user.name",),
    "domain": ("user.domain",),
    "ruleid": ("rule.id",),
    "rulename": ("rule.name",),
    "slotlevel": ("rule.category",),
    "srcif": ("observer.ingress.interface.name",),
    "srcifname": ("observer.ingress.interface.alias",),
    "dstif": ("observer.egress.interface.name",),
    "dstifname": ("observer.egress.interface.alias",),
    "fw": ("observer.hostname", "observer.serial_number"),
    "msg": ("message", "event.reason"),
    "virus": ("threat.software.name",),
    "filename": ("file.name",),
    "hash": ("file.hash.sha256",),
    "mailfrom": ("email.from.address",),
    "mailto": ("email.to.address",),
    "rcpt": ("email.to.address",),
    "subject": ("email.subject",),
}
_WEB = frozenset(("http", "https", "web"))
_TYPES = {  # of a log: category and type of ECS
    "connection": ("network", "connection"), "filter": ("network", "connection"), "filterstat": ("network", "info"),
    "count": ("network", "info"), "vpn": ("network", "connection"), "alarm": ("intrusion_detection", "info"),
    "plugin": ("network", "info"), "web": ("web", "access"), "auth": ("authentication", "start"),
    "xvpn": ("authentication", "info"), "server": ("configuration", "change"), "system": ("host", "info"),
    "monitor": ("host", "info"), "pvm": ("vulnerability", "info"), "sandboxing": ("malware", "info"),
    "smtp": ("email", "info"), "pop3": ("email", "info"), "ftp": ("file", "info"), "ssl": ("network", "connection"),
    "date": ("configuration", "info"), "routerstat": ("network", "info"),
}  # fmt: skip
_PASSED, _REFUSED = (
    frozenset(("pass", "accept", "allow", "ok", "success")),
    frozenset(("block", "drop", "deny", "reset")),
)
_FAILED = re.compile(
    r"fail|bad password|denied|refused|reject|unknown user|error|not allowed|invalid|locked", re.IGNORECASE
)
_LOGGED = re.compile(r"logged (?:in|out)|log(?:in|out|on)\b|authenticat|connected|password", re.IGNORECASE)
_ENDED = re.compile(r"logged out|logout|log off|disconnect|tunnel (?:removed|deleted|closed)", re.IGNORECASE)
_SECONDS = re.compile(r"(?P<seconds>\d{1,9})(?:\.(?P<part>\d{1,9}))?")


def _own(line: str) -> bool:
    head = line[:8192]
    return _START.search(head[:512]) is not None and _OWN.search(head) is not None


def _read(line: str, options: Options) -> Fields:
    start = _START.search(line, 0, 1024)
    if start is None:
        raise MalformedRecordError("no record of Stormshield: neither id=firewall nor time= with fw=")
    values, doubtful = firsts_and_doubts(pairs(line[start.start() :]))
    values = {key: text for key, text in values.items() if key not in doubtful}
    if not ({"fw", "logtype", "tz"} & values.keys()):
        raise MalformedRecordError("no record of Stormshield: neither fw= nor logtype= stands behind id=firewall")
    kind = values.get("logtype", "")
    fields: Fields = {
        "event.dataset": "stormshield.log",
        "event.module": "stormshield",
        "event.kind": "alert" if kind in {"alarm", "sandboxing"} else "event",
        "observer.vendor": "Stormshield",
        "observer.product": "Stormshield Network Security",
        "observer.type": "firewall",
    }
    zone = zone_named(values.get("tz", "")) or options.zone
    for key, name in (("time", "@timestamp"), ("startime", "event.start")):
        if (moment := instant_of(values.get(key, ""), zone)) is not None:
            fields[name] = moment
    _take(values, fields, options)
    category, type_ = _TYPES.get(kind, ("network", "info"))
    fields["event.category"], fields["event.type"] = [category], [type_]
    _outcome(kind, values, fields)
    if kind == "plugin" and values.get("proto", "").lower() in _WEB:
        fields["event.category"] = ["web"]
    if fields["event.category"] == ["web"] or values.get("proto", "").lower() == "http":
        _web(values, fields, options)
    prefix_fields(prefix_header(line, start.start(), options), fields, options)
    keep(fields, "stormshield.", values.items())
    return fields


def _take(values: dict[str, str], fields: Fields, options: Options) -> None:
    told = {key: text for key, text in values.items() if not (key == "proto" and text == "unknown")}
    put_all(fields, told, _TABLE, options.zone)
    for key, side in (("sent", "source"), ("rcvd", "destination")):
        if (count := values.get(key, "")).isdecimal() and len(count) < 19:
            fields[f"{side}.bytes"] = int(count)
    if (lasted := _SECONDS.fullmatch(values.get("duration", ""))) is not None:
        fields["event.duration"] = int(lasted["seconds"]) * 10**9 + int((lasted["part"] or "0").ljust(9, "0"))
    remote = values.get("remotenet", "").partition("/")[0]
    if is_ip(remote):
        fields["client.ip"] = remote
    if (priority := values.get("pri", "")).isdecimal() and len(priority) < 3:
        fields["event.severity"] = int(priority)
    if values.get("ipv") in {"4", "6"}:
        fields["network.type"] = f"ipv{values['ipv']}"


def _outcome(kind: str, values: dict[str, str], fields: Fields) -> None:
    """Tell what the firewall did with the traffic, and how a log-in ended."""
    action, said = values.get("action", "").lower(), values.get("msg", "")
    if action in _PASSED | _REFUSED:
        fields["event.action"] = action
        fields["event.outcome"] = "success" if action in _PASSED else "failure"
        if fields["event.type"] == ["connection"]:
            fields["event.type"] = ["connection", "allowed" if action in _PASSED else "denied"]
    if kind in {"auth", "xvpn"} or (kind in {"server", "system"} and values.get("user") and _LOGGED.search(said)):
        _log_in(said, values, fields)


def _log_in(said: str, values: dict[str, str], fields: Fields) -> None:
    fields["event.category"] = ["authentication"]
    refused = _FAILED.search(said) is not None or values.get("error", "0") not in {"0", ""}
    if _ENDED.search(said):
        fields["event.type"] = ["end"]
    elif refused or _LOGGED.search(said):
        fields["event.type"] = ["start"]
    if refused or _LOGGED.search(said):
        fields["event.outcome"] = "failure" if refused else "success"


def _web(values: dict[str, str], fields: Fields, options: Options) -> None:
    """Read the request that a plugin saw."""
    for key, name in (
        ("op", "http.request.method"),
        ("result", "http.response.status_code"),
        ("dstname", "url.domain"),
    ):
        put(fields, name, values.get(key, ""), options.zone)
    argument = values.get("arg", "")
    if argument.startswith("/"):
        fields["url.path"] = argument.partition("?")[0]
        if query := argument.partition("?")[2]:
            fields["url.query"] = query
    elif argument:
        put(fields, "url.original", argument, options.zone)
    put(fields, "rule.category", values.get("cat_site", ""), options.zone)


SOURCE = LineSource(
    name="stormshield",
    aliases=("sns", "stormshield_network_security", "stormshield.log"),
    title="Stormshield Network Security: connections, alarms, plugins, log-ins, VPN",
    datasets=("stormshield.log",),
    own=_own,
    read=_read,
    weight=98,
)
