"""Cisco Meraki by syslog: flows and verdicts, URLs, intrusion alerts, files that were looked at, device events.

Format: Cisco Meraki documentation, "Syslog event types and log samples": `1 EPOCH DEVICE TYPE key=value ...`, behind a
priority or a relay's header. Field names: Elastic's `cisco_meraki`. Ends are read in front of a request or a message:
what stands behind is what somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.ends import put_end
from collectors.cloud.values import put_text
from collectors.json_fields import to_instant
from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of
from collectors.network.verdicts import verdict_of_word
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from collectors.web.address import endpoint
from collectors.web.request import read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_Values = Mapping[str, str]

_FIREWALLS = (
    "flows|ip_flow_start|ip_flow_end|firewall|vpn_firewall|cellular_firewall|bridge_anyconnect_client_vpn_firewall"
)
_RECORD = re.compile(
    rf"""(?P<epoch>\d{{10}})(?P<fraction>\.\w{{1,9}})?\ (?P<device>[^\s=]{{1,64}})
    \ (?P<kind>{_FIREWALLS}|urls|ids-alerts|security_event|airmarshal_events|events)\ (?P<text>\S.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_PATTERN = re.compile(r"(?:pattern: (?P<word>allow|deny|[01])\b|\b(?P<first>allow|deny)\b(?= (?:src|all)\b))", re.ASCII)
_REQUEST = re.compile(r" request: (?P<method>[A-Z]{3,16}|UNKNOWN) (?P<url>\S{1,8192})", re.ASCII)
_MESSAGE = re.compile(r" message: (?P<text>.{1,2048})", re.DOTALL)
_CLIENT_VPN = re.compile(
    r"client_vpn_(?P<what>connect|disconnect) user id '(?P<user>[^']{1,256})'(?: local ip (?P<local>\S{1,45}))?"
    r"(?: connected from (?P<remote>\S{1,45}))?",
    re.ASCII,
)
_LEASE = re.compile(
    r"dhcp lease of ip (?P<ip>\S{1,45}) from server mac (?P<server>\S{12,17}) for client mac (?P<mac>\S{12,17})"
)
_EVENT_TYPES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str | None]]] = {
    "association": (("network",), ("connection", "start"), "success"),
    "disassociation": (("network",), ("connection", "end"), None),
    "wpa_auth": (("authentication", "network"), ("start",), "success"),
    "wpa_deauth": (("authentication", "network"), ("end",), None),
    "8021x_auth": (("authentication", "network"), ("start",), "success"),
    "8021x_deauth": (("authentication", "network"), ("end",), None),
    "8021x_eap_success": (("authentication", "network"), ("start",), "success"),
    "8021x_eap_failure": (("authentication", "network"), ("start",), "failure"),
    "splash_auth": (("authentication", "network"), ("start",), "success"),
    "device_packet_flood": (("network", "intrusion_detection"), ("info",), None),
    "rogue_ssid_detected": (("network", "intrusion_detection"), ("info",), None),
    "ssid_spoofing_detected": (("network", "intrusion_detection"), ("info",), None),
    "vpn_connectivity_change": (("network",), ("change", "connection"), None),
    "content_filtering_block": (("network", "web"), ("access", "denied"), "failure"),
}
_LINKS = frozenset((*_FIREWALLS.split("|"), "urls", "ids-alerts", "security_event"))  # records that have two ends
_WRITTEN = (" request: ", " message: ", " pattern: ")  # what stands behind is of the client, or says nothing more
_NAMED = (*_WRITTEN, " identity=", " ssid=", " url=", " user id ", " hostname ")  # texts that a client chooses
_PAIR = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_]{0,40})=\ ?(?:'(?P<quoted>[^']*)'|(?P<word>[^\s']\S*|))", re.ASCII)
_ALERTS = frozenset({"device_packet_flood", "rogue_ssid_detected", "ssid_spoofing_detected"})
_TEXTS = (
    ("identity", "user.name"),
    ("agent", "user_agent.original"),
    ("ssid", "network.name"),
    ("signature", "rule.id"),
    ("sha256", "file.hash.sha256"),
    ("disposition", "event.reason"),
)


def _own(line: str) -> bool:
    return _RECORD.search(line, 0, 300) is not None


def _read(line: str, options: Options) -> Fields:
    found = _RECORD.search(line, 0, len(line))
    if found is None or found.start() > 256:
        raise MalformedRecordError("no Meraki record: an epoch, the device's name and a type of event are missing")
    fields: Fields = {"event.dataset": "cisco_meraki.log", "event.module": "cisco_meraki", "event.kind": "event"}
    fields["observer.vendor"], fields["observer.product"] = "Cisco", "Meraki"
    fields["observer.hostname"] = found["device"]
    header = parse_header(line[: found.start()].rstrip() + " x", options) if found.start() else None
    if header is not None:
        fields.update(syslog_fields(header))
    fraction = found["fraction"] or ""
    if (moment := to_instant(found["epoch"] + fraction) or to_instant(found["epoch"])) is not None:
        fields["@timestamp"] = moment
    if options.host:
        fields["host.name"] = options.host
    kind, text = found["kind"], found["text"]
    fields["cisco_meraki.event_type"] = kind
    values = _values(_before(text, _WRITTEN))
    _read_ends(kind, values if kind in _LINKS else _values(_before(text, _NAMED)), fields)
    for key, name in _TEXTS:
        put_text(name, values.get(key), fields)
    for key, value in values.items():
        fields[f"cisco_meraki.{key}"] = value
    _READERS.get(kind, _read_flow)(text, values, fields)
    return fields


def _before(text: str, marks: tuple[str, ...]) -> str:
    """Return what stands before the first of the marks."""
    return text[: min((place for mark in marks if (place := text.find(mark)) >= 0), default=len(text))]


def _values(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in _PAIR.finditer(text):
        found.setdefault(pair["key"], pair["quoted"] if pair["quoted"] is not None else pair["word"])
    return found


def _read_ends(kind: str, values: _Values, fields: Fields) -> None:
    for key, side, port in (("src", "source", "sport"), ("dst", "destination", "dport")) if kind in _LINKS else ():
        end = endpoint(values.get(key, ""))
        at = values.get(port)
        put_end(fields, side, end.ip, at if at is not None else end.port)
    if mac := mac_of(values.get("mac", "") or values.get("client_mac", "")):
        fields["source.mac"] = mac
    if mac := mac_of(values.get("dhost", "")):
        fields["destination.mac"] = mac
    fields.update(transport_fields(values.get("protocol", "").partition("/")[0]))
    put_end(fields, "client", values.get("client_ip"))
    put_text("network.direction", {"ingress": "inbound", "egress": "outbound"}.get(values.get("direction", "")), fields)
    for key, side in (("translated_src_ip", "source"), ("translated_dst_ip", "destination")):
        put_end(fields, f"{side}.nat", values.get(key), values.get("translated_port"))


def _read_flow(text: str, values: _Values, fields: Fields) -> None:  # noqa: ARG001 - as all readers
    found = _PATTERN.search(text)
    word = (found["word"] or found["first"]) if found else ""
    verdict = verdict_of_word({"1": "allow", "0": "deny"}.get(word, word))
    fields["event.category"], fields["event.type"] = ["network"], ["connection", *([verdict] if verdict else [])]
    kind = str(fields["cisco_meraki.event_type"])
    if kind in {"ip_flow_start", "ip_flow_end"}:
        fields["event.type"] = ["connection", kind.rpartition("_")[2]]
    put_text("event.action", word if word not in {"0", "1"} else verdict, fields)
    if verdict is not None:
        fields["event.outcome"] = "success" if verdict == "allowed" else "failure"


def _read_urls(text: str, values: _Values, fields: Fields) -> None:  # noqa: ARG001 - as all readers
    fields["event.category"], fields["event.type"] = ["network", "web"], ["access"]
    found = _REQUEST.search(text)
    if found is None:
        return
    if found["method"] != "UNKNOWN":
        fields["http.request.method"] = found["method"]
    read_target(found["url"], fields)


def _read_alert(text: str, values: _Values, fields: Fields) -> None:
    """Read an intrusion alert, or a file that the malware filter looked at."""
    message = _MESSAGE.search(text)
    put_text("message", message["text"] if message else None, fields)
    priority = values.get("priority", "")
    if priority.isascii() and priority.isdecimal() and len(priority) < 4:
        fields["event.severity"] = int(priority)
    verdict = verdict_of_word(values.get("action", "") or values.get("decision", ""))
    put_text("event.action", values.get("action") or values.get("decision") or text.partition(" ")[0], fields)
    is_file = "sha256" in values or "file_scanned" in text.partition(" ")[0]
    if is_file:
        is_clean = values.get("disposition", "").lower() in {"clean", "unknown", ""}
        fields["event.category"] = ["network", "file"] if is_clean else ["network", "malware"]
        if not is_clean:
            fields["event.kind"] = "alert"
        if url := values.get("url"):
            read_target(url, fields)
        put_text("file.name", values.get("name"), fields)
    else:
        fields["event.kind"], fields["event.category"] = "alert", ["network", "intrusion_detection"]
        put_text("rule.name", message["text"] if message else values.get("signature"), fields)
    fields["event.type"] = ["info", *([verdict] if verdict else [])]


def _read_event(text: str, values: _Values, fields: Fields) -> None:
    kind = values.get("type", "") or text.partition(" ")[0].strip("'\"")
    kind = kind if kind in _EVENT_TYPES or "type" in values else kind.lower()
    put_text("event.action", kind, fields)
    categories, types, outcome = _EVENT_TYPES.get(kind, (("network",), ("info",), None))
    fields["event.category"], fields["event.type"] = list(categories), list(types)
    if outcome is not None:
        fields["event.outcome"] = outcome
    if kind in _ALERTS:
        fields["event.kind"] = "alert"
    vpn, lease = _CLIENT_VPN.match(text), _LEASE.match(text)
    if vpn is not None:
        fields["event.category"] = ["authentication", "network"]
        fields["event.type"] = ["start" if vpn["what"] == "connect" else "end"]
        fields["event.action"], fields["user.name"] = f"client_vpn_{vpn['what']}", vpn["user"]
        fields["event.outcome"] = "success"
        put_end(fields, "source", vpn["remote"])
        put_end(fields, "client", vpn["local"])
    elif lease is not None:
        fields["event.action"], fields["network.protocol"] = "dhcp lease", "dhcp"
        put_end(fields, "client", lease["ip"])
        if mac := mac_of(lease["mac"]):
            fields["client.mac"] = mac
    if kind == "content_filtering_block" and (url := values.get("url")):
        read_target(url, fields)


_READERS: Final[Mapping[str, Callable[[str, _Values, Fields], None]]] = {
    "urls": _read_urls,
    "ids-alerts": _read_alert,
    "security_event": _read_alert,
    "airmarshal_events": _read_event,
    "events": _read_event,
}


SOURCE = LineSource(
    name="cisco_meraki",
    aliases=("meraki", "cisco_meraki.log"),
    title="Cisco Meraki: flows, URLs, intrusion alerts and device events by syslog",
    datasets=("cisco_meraki.log",),
    own=_own,
    read=_read,
    weight=95,
)
