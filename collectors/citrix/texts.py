"""What the texts of Citrix ADC's audit messages say: ends, times, requests, what the application firewall met.

Texts: "Citrix ADC Log Message Reference", modules SSLVPN, TCP, UDP, APPFW, EVENT and UI.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import tzinfo

from collectors.network.protocols import transport_fields
from collectors.network.times import instant_of
from collectors.network.values import put, put_port
from collectors.web.address import endpoint
from engine.events import Fields

_IP = r"[0-9A-Fa-f:.]{2,45}"
# `198.51.100.7 12-PPE0 session profile https://host/path text <blocked>`
_FIREWALL = re.compile(
    rf"""(?P<ip>{_IP})\s(?P<transaction>\d{{1,20}}-PPE\d{{1,3}})\s(?P<session>\S{{1,256}})\s(?P<profile>\S{{1,256}})
    \s(?P<url>[a-z]{{3,8}}://\S{{1,8192}})\s(?P<reason>.{{1,4096}}?)(?:\s<(?P<action>[^<>]{{1,64}})>)?$""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
# `www.example.org User anna : Group(s) g : Vserver 192.0.2.80:443 - stamp : GET /path - -`
_REQUEST = re.compile(r"(?: :| GMT) (?P<method>[A-Z]{3,10}) (?P<path>/\S{0,8191})(?: |$)")
_REQUEST_HOST = re.compile(r"SessionId: ?\d{1,20} ?- (?P<host>[\w.\-]{1,253}) User ")
_VSERVER = re.compile(rf"\bVserver (?P<ip>{_IP}):(?P<port>\d{{1,5}})(?= |$)")
_BOUND = re.compile(rf"_(?P<ip>{_IP}):(?P<port>\d{{1,5}})_?\(", re.ASCII)
# `netScalerLoginFailure (nsUserName = "anna", nsClientIPAddr = 192.0.2.7, ...)`
_TRAP_LOGIN = re.compile(r"netScalerLoginFailure \(.{0,512}?[uU]serName = \"(?P<user>[^\"]{1,256})\"")
_TRAP_CLIENT = re.compile(rf"nsClientIPAddr = \"?(?P<ip>{_IP})")
# `session_guid x - client_ip 192.0.2.7 - user_name "anna"`: keys of sessions of published desktops
_DESKTOP = re.compile(
    r"(?:^|- )(?:nsica_session_)?(?P<key>[a-z][a-z_]{1,40}) (?P<value>\"[^\"]{0,512}\"|[^\s\"-]\S{0,511})"
)
_DESKTOP_KEYS = {
    "client_ip": "source.ip",
    "client_port": "source.port",
    "client_hostname": "source.domain",
    "server_ip": "destination.ip",
    "server_port": "destination.port",
    "server_name": "destination.domain",
    "user_name": "user.name",
    "username": "user.name",
    "domain_name": "user.domain",
}
_DURATION = re.compile(r"(?P<hours>\d{1,6}):(?P<minutes>\d\d):(?P<seconds>\d\d)", re.ASCII)
_TRANSPORTS = {"TCP": "tcp", "UDP": "udp", "TCPCONNSTAT": "tcp", "UDPFLOWSTAT": "udp", "ICMP": "icmp"}
_OUTCOMES = {"success": "success", "error": "failure", "failed": "failure"}


def add_texts(about: tuple[str, str], text: str, values: Mapping[str, str], fields: Fields, zone: tzinfo) -> None:
    """Complete the fields of an audit message by its module and event (`about`), its text and its keys."""
    module, event = about
    fields.setdefault("event.action", event.lower())
    transport = _TRANSPORTS.get(module) or _TRANSPORTS.get(event)
    if transport is not None:
        fields.update(transport_fields(transport))
    for name, read in _MODULES:
        if name in about:
            read(text, fields, zone)
    _ends(text, values, fields)
    _times(values, fields, zone)
    verb = values.get("Command", "").partition(" ")[0]
    if verb in {"login", "logout"}:  # an administrator's, at the command line or the management interface
        fields["event.category"], fields["event.type"] = ["authentication"], ["start" if verb == "login" else "end"]
    status = values.get("Status", "").lower().partition(":")[0]  # `ERROR: Invalid username or password`
    if (outcome := _OUTCOMES.get(status)) is not None:
        fields["event.outcome"] = outcome


def _ends(text: str, values: Mapping[str, str], fields: Fields) -> None:
    """Set who came and which virtual server was asked: the client is the source as well, where no other is named."""
    if isinstance(client := fields.get("client.ip"), str):
        fields.setdefault("source.ip", client)
    server = _VSERVER.search(text)
    address = values.get("VserverServiceIP", "") if server is None else server["ip"]
    port = values.get("VserverServicePort", "") if server is None else server["port"]
    if (ip := endpoint(address).ip) is None or "Destination" in values or "destination.ip" in fields:
        return
    fields["destination.ip"] = ip
    put_port(fields, "destination.port", port)


def _times(values: Mapping[str, str], fields: Fields, zone: tzinfo) -> None:
    found = _DURATION.fullmatch(values.get("Duration", ""))
    if found is not None:
        seconds = int(found["hours"]) * 3600 + int(found["minutes"]) * 60 + int(found["seconds"])
        fields["event.duration"] = seconds * 1_000_000_000
    for key, name in (("Start_time", "event.start"), ("End_time", "event.end")):
        if (moment := instant_of(values.get(key, "").replace(":", " ", 1), zone)) is not None:
            fields[name] = moment


def _firewall(text: str, fields: Fields, zone: tzinfo) -> None:
    found = _FIREWALL.match(text)
    if found is None:
        return
    put(fields, "source.ip", found["ip"], zone)
    fields["rule.name"], fields["event.reason"] = found["profile"], found["reason"]
    fields["citrix.adc.transaction"], fields["url.original"] = found["transaction"], found["url"]
    fields["event.kind"], fields["event.category"] = "alert", ["network", "intrusion_detection"]
    if action := found["action"]:
        fields["event.action"] = action
        fields["event.type"] = ["denied" if action == "blocked" else "allowed"]


def _request(text: str, fields: Fields, zone: tzinfo) -> None:
    host, request = _REQUEST_HOST.search(text), _REQUEST.search(text)
    if host is not None:
        put(fields, "url.domain", host["host"], zone)
    if request is not None:
        fields["http.request.method"], fields["url.original"] = request["method"], request["path"]


def _monitor(text: str, fields: Fields, zone: tzinfo) -> None:
    """Read which server a monitor is bound to: `Monitor MonServiceBinding_192.0.2.8:443_(tcp-default)(web)`."""
    found = _BOUND.search(text)
    if found is not None:
        put(fields, "destination.ip", found["ip"], zone)
        put_port(fields, "destination.port", found["port"])
    fields["event.type"] = ["info"]


def _trap(text: str, fields: Fields, zone: tzinfo) -> None:
    """Read the trap that was sent; one tells of a log-in at the device that failed."""
    if (found := _TRAP_LOGIN.match(text)) is not None:
        put(fields, "user.name", found["user"], zone)
        if (client := _TRAP_CLIENT.search(text)) is not None:
            put(fields, "source.ip", client["ip"], zone)
        fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
        fields["event.outcome"] = "failure"


def _desktop(text: str, fields: Fields, zone: tzinfo) -> None:
    """Read whose session at a published desktop a message of the module ICA is about."""
    for found in _DESKTOP.finditer(text):
        if (name := _DESKTOP_KEYS.get(found["key"])) is not None and name not in fields:
            put(fields, name, found["value"].strip('"'), zone)


_MODULES: tuple[tuple[str, Callable[[str, Fields, tzinfo], None]], ...] = (
    ("APPFW", _firewall),
    ("HTTPREQUEST", _request),
    ("ICA", _desktop),
    ("EVENT", _monitor),
    ("TRAP_SENT", _trap),
)
