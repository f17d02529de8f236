"""What every EVE record may carry: its instant, both ends, the flow, the alert, and what kind of event it is.

Format: "EVE JSON Format", Suricata 4 to 8 user guide. Names and kinds: Elastic's `suricata.eve`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.values import inner, number, text
from collectors.json_fields import Json, to_instant
from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of
from collectors.sensors.addresses import known_ip
from engine.events import Fields

Eve = dict[str, Json]

# event_type: protocol, or nothing where the record's own `app_proto` says it
_PROTOCOLS: Final[Mapping[str, str]] = {
    **{name: name for name in (
        "dns", "mdns", "ftp", "http", "mqtt", "smb", "smtp", "ssh", "tftp", "tls", "rdp", "rfb", "dhcp", "snmp", "sip",
        "nfs", "dnp3", "modbus", "enip", "telnet", "pgsql", "ldap", "quic", "websocket", "dcerpc", "rpc", "arp", "doh2",
    )},
    "ftp_data": "ftp", "http2": "http", "krb5": "kerberos", "ike": "ike", "ikev2": "ike",
    "bittorrent_dht": "bittorrent",
}  # fmt: skip
_NO_PROTOCOL = frozenset(("failed", "template", "template-rust", "unknown", ""))
_APPLICATIONS = {"krb5": "kerberos", "ftp-data": "ftp", "http2": "http", "http1": "http", "ikev2": "ike"}
_ENDS = (("src_ip", "src_port", "source"), ("dest_ip", "dest_port", "destination"))
_COUNTS = (
    ("bytes_toserver", "source.bytes"),
    ("pkts_toserver", "source.packets"),
    ("bytes_toclient", "destination.bytes"),
    ("pkts_toclient", "destination.packets"),
)


def read_base(eve: Eve, kind: str, fields: Fields) -> None:
    """Read what stands around a protocol's own part; `kind` is the record's `event_type`."""
    for name in ("timestamp", "@timestamp"):
        if (moment := to_instant(eve.get(name))) is not None:
            fields["@timestamp"] = moment
            break
    for ip, port, side in _ENDS:
        _end(eve, ip, port, side, fields)
    if proto := text(eve.get("proto")):
        fields.update(transport_fields(proto))
    if device := text(eve.get("in_iface")):
        fields["observer.ingress.interface.name"] = device
    if community := text(eve.get("community_id")):
        fields["network.community_id"] = community
    _link(eve, fields)
    _classify(eve, kind, fields)
    if (flow := inner(eve, "flow")) or (flow := inner(eve, "netflow")):
        _flow(flow, fields, whole="netflow" not in eve or "flow" in eve)
    if alert := inner(eve, "alert"):
        _alert(alert, fields)


def _end(eve: Eve, ip: str, port: str, side: str, fields: Fields) -> None:
    address = eve.get(ip)
    if isinstance(address, str) and known_ip(address):
        fields[f"{side}.ip"] = address
    found = number(eve.get(port))
    if found is not None and 0 <= found < 65536:
        fields[f"{side}.port"] = found


def _link(eve: Eve, fields: Fields) -> None:
    ether = inner(eve, "ether")
    for key, side in (("src_mac", "source"), ("dest_mac", "destination")):
        if mac := mac_of(text(ether.get(key))):
            fields[f"{side}.mac"] = mac
    vlan = eve.get("vlan")
    first = vlan[0] if isinstance(vlan, list) and vlan else vlan
    if not isinstance(first, list | dict) and (tag := text(first)):
        fields["network.vlan.id"] = tag
    icmp = number(eve.get("icmp_type"))
    if icmp is not None:
        fields.setdefault("network.transport", "icmp")


def _classify(eve: Eve, kind: str, fields: Fields) -> None:
    categories, types = ["network"], ["info"]
    fields["event.kind"] = "event"
    if kind in {"flow", "netflow"}:
        types = ["connection"]
        state = text(inner(eve, "flow").get("state"))
        types += ["start"] if state == "new" else ["end"] if state == "closed" else []
    elif kind == "alert":
        fields["event.kind"], categories, types = "alert", ["network", "intrusion_detection"], []
    elif kind in {"http", "http2"}:
        categories, types = ["network", "web"], ["connection", "access", "protocol"]
    elif kind in _PROTOCOLS:
        types = ["connection", "protocol"]
    elif kind == "drop":
        types = ["denied", "connection"]
    elif kind == "fileinfo":
        types = ["info"] if "http" not in eve else ["connection", "access", "protocol"]
    elif kind == "anomaly":
        types = ["connection", "error"]
    elif kind == "stats":
        fields["event.kind"] = "metric"
    elif "src_ip" in eve and "dest_ip" in eve:
        types = ["connection"]
    fields["event.category"], fields["event.type"] = categories, types
    _protocol(eve, kind, fields)


def _protocol(eve: Eve, kind: str, fields: Fields) -> None:
    said = text(eve.get("app_proto")).lower()
    found = _APPLICATIONS.get(said, said) if said not in _NO_PROTOCOL else _PROTOCOLS.get(kind, "")
    if not found and kind == "fileinfo":
        found = next((name for name in ("http", "smtp", "smb", "nfs", "ftp_data") if name in eve), "")
    if found:
        fields["network.protocol"] = _PROTOCOLS.get(found, found)


def _flow(flow: Eve, fields: Fields, *, whole: bool) -> None:
    if whole:
        for key, name in _COUNTS:
            if (found := number(flow.get(key))) is not None:
                fields[name] = found
    else:  # one direction of a flow
        for key, name in (("bytes", "source.bytes"), ("pkts", "source.packets")):
            if (found := number(flow.get(key))) is not None:
                fields[name] = found
    start, end = to_instant(flow.get("start")), to_instant(flow.get("end"))
    if start is not None:
        fields["event.start"] = start
    if end is not None:
        fields["event.end"] = end
    if start is not None and end is not None and end >= start:
        gap = end - start
        fields["event.duration"] = ((gap.days * 86400 + gap.seconds) * 1_000_000 + gap.microseconds) * 1000
    if reason := text(flow.get("reason")):
        fields["event.reason"] = reason


def _alert(alert: Eve, fields: Fields) -> None:
    for key, name in (
        ("category", "rule.category"),
        ("signature", "rule.name"),
        ("signature_id", "rule.id"),
        ("rev", "rule.version"),
    ):
        if found := text(alert.get(key)):
            fields[name] = found
    if (severity := number(alert.get("severity"))) is not None:
        fields["event.severity"] = severity
    action = text(alert.get("action")).lower()
    if action:
        there = fields.get("event.type")
        verdict = "denied" if action == "blocked" else action
        types = [str(item) for item in there] if isinstance(there, list) else []
        fields["event.type"] = types if verdict in types else [*types, verdict]
    _threat(inner(alert, "metadata"), fields)


def _threat(metadata: Eve, fields: Fields) -> None:
    for key, name in (
        ("mitre_tactic_id", "threat.tactic.id"),
        ("mitre_tactic_name", "threat.tactic.name"),
        ("mitre_technique_id", "threat.technique.id"),
        ("mitre_technique_name", "threat.technique.name"),
        ("cve", "vulnerability.id"),
    ):
        value = metadata.get(key)
        found = [text(item) for item in value if not isinstance(item, list | dict)] if isinstance(value, list) else []
        if found := [item for item in found if item]:
            fields[name] = found if name != "vulnerability.id" else [_cve(item) for item in found]


def _cve(found: str) -> str:
    bare = found.replace("_", "-").upper()
    return bare if bare.startswith("CVE-") else f"CVE-{bare}"
