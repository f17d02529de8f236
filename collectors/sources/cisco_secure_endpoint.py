"""Cisco Secure Endpoint (AMP for Endpoints): what it detects, quarantines and hunts on computers.

Format: Cisco, "Secure Endpoint API v1: events", one JSON object an event, or with the answer's `version`, `metadata`
and the event under `data`, as connectors store it. Field names: Elastic's `cisco.secure_endpoint.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, objects, put_text, split_account, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_SEVERITIES: Final = {"low": 1, "medium": 2, "high": 3, "critical": 4}
_MALWARE: Final = ("malware", "quarantine", "threat detected", "exploit", "ransomware", "executed malware", "rootkit")
_HOSTS: Final = ("scan", "update", "install", "uninstall", "reboot", "isolation", "policy", "product", "definition")
_ATTACK: Final = (("tactic", "tactics"), ("technique", "techniques"))
_FAILURE: Final = ("failed", "failure")


def _event(document: Mapping[str, Json]) -> Mapping[str, Json]:
    return inner(document, "data") or document


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event."""
    event = _event(document)
    fields["observer.vendor"], fields["observer.product"] = "Cisco", "Secure Endpoint"
    for name, key in (("@timestamp", "date"), ("event.start", "start_date"), ("event.end", "end_date")):
        if (moment := to_instant(event.get(key), options.zone)) is not None:
            fields[name] = moment
    action = text(event.get("event_type"))
    put_text("event.action", action, fields)
    put_text("event.id", event.get("id"), fields)
    put_text("event.code", event.get("event_type_id"), fields)
    severity = _SEVERITIES.get(text(event.get("severity")).lower())
    if severity is not None:
        fields["event.kind"], fields["event.severity"] = "alert", severity
    _read_computer(inner(event, "computer"), fields)
    _read_file(inner(event, "file"), fields)
    _read_network(inner(event, "network_info"), fields)
    _read_attack(event, fields)
    _classify(action.lower(), event, fields)
    put_text("event.reason", _reason(event), fields)
    spread("cisco.secure_endpoint.", dict(event), fields)


def _reason(event: Mapping[str, Json]) -> Json:
    hunt, told, scan = inner(event, "threat_hunting"), inner(event, "cloud_ioc"), inner(event, "error")
    return (
        hunt.get("incident_title") or told.get("short_description") or event.get("detection") or scan.get("description")
    )


def _classify(action: str, event: Mapping[str, Json], fields: Fields) -> None:
    if any(word in action for word in _MALWARE) or "detection" in event:
        fields["event.category"] = ("file", "malware") if "file" in event else ("malware",)
    elif "file" in event:
        fields["event.category"] = ("file",)
    elif "network_info" in event:
        fields["event.category"] = ("network",)
    elif any(word in action for word in _HOSTS):
        fields["event.category"] = ("host",)
    if any(word in action for word in _FAILURE):
        fields["event.outcome"] = "failure"


def _read_computer(computer: Document, fields: Fields) -> None:
    for name in ("host.name", "host.hostname"):
        put_text(name, computer.get("hostname"), fields)
    put_text("host.id", computer.get("connector_guid"), fields)
    own = list(objects(computer.get("network_addresses")))
    if addresses := [found for each in own if known_ip(found := text(each.get("ip")))]:
        fields["host.ip"] = addresses
    if macs := [found.upper().replace(":", "-") for each in own if (found := text(each.get("mac")))]:
        fields["host.mac"] = macs
    name, domain = split_account(text(computer.get("user")))
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)


def _read_file(file: Document, fields: Fields) -> None:
    """Read a file, and the process that made it or ran it."""
    put_text("file.name", file.get("file_name"), fields)
    put_text("file.path", file.get("file_path"), fields)
    parent = inner(file, "parent")
    for name in ("md5", "sha1", "sha256"):
        put_text(f"file.hash.{name}", inner(file, "identity").get(name), fields)
        put_text(f"process.hash.{name}", inner(parent, "identity").get(name), fields)
    put_text("process.name", parent.get("file_name"), fields)
    if (pid := number(parent.get("process_id"))) is not None:
        fields["process.pid"] = pid


def _read_network(network: Document, fields: Fields) -> None:
    put_end(fields, "source", network.get("local_ip"), network.get("local_port"))
    put_end(fields, "destination", network.get("remote_ip"), network.get("remote_port"))
    fields.update(transport_fields(text(inner(network, "nfm").get("protocol"))))
    put_text("network.direction", _direction(text(inner(network, "nfm").get("direction")).lower()), fields)
    if url := text(network.get("dirty_url")):
        fields["url.original"] = url
        read_target(url, fields)
    put_text("process.hash.sha256", inner(network, "parent", "identity").get("sha256"), fields)


def _direction(word: str) -> str:
    return "outbound" if word.startswith("outgoing") else "inbound" if word.startswith("incoming") else ""


def _read_attack(event: Mapping[str, Json], fields: Fields) -> None:
    holders = (inner(event, "threat_hunting"), event)
    for kind, key in _ATTACK:
        every = next((found for holder in holders if (found := list(objects(holder.get(key))))), [])
        for name, part in (("id", "external_id"), ("name", "name")):
            if values := [value for each in every if (value := text(each.get(part)) or text(each.get("mitre_name")))]:
                fields[f"threat.{kind}.{name}"] = values
        if links := [link for each in every if (link := text(each.get("mitre_url")))]:
            fields[f"threat.{kind}.reference"] = links


def _owns(document: Mapping[str, Json]) -> bool:
    event = _event(document)
    return {"event_type", "event_type_id", "connector_guid"} <= event.keys() and "date" in event


SOURCE: Final = JsonSource(
    name="cisco_secure_endpoint",
    aliases=("cisco_amp", "amp_for_endpoints"),
    title="Cisco Secure Endpoint (AMP): detections, quarantine, hunting",
    dataset="cisco_secure_endpoint.event",
    owns=_owns,
    marks=((b'"event_type_id"', b'"connector_guid"', b'"event_type"'),),
    read=read,
    finish=finish,
)
