"""ESET PROTECT: detections, firewall, HIPS, filtered sites, blocked files, audits and Inspect's alerts, as JSON.

Format: "ESET PROTECT: events exported to JSON format" (one object, behind a syslog header or alone, stamps in UTC; some
versions write `occured`), and the heartbeats of the exporter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import DocumentParser, JsonSource
from collectors.cloud.values import first, number, put_text, split_account, text
from collectors.framing import decode
from collectors.json_fields import Json
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.network.times import instant_of
from collectors.network.values import put_port
from collectors.source import Options, Record
from collectors.syslog import Header, parse_header
from collectors.web.address import is_ip
from engine.events import Fields

_P: Final = "eset_protect."
_TYPES: Final = frozenset(
    (
        "Threat_Event",
        "FirewallAggregated_Event",
        "HipsAggregated_Event",
        "Audit_Event",
        "FilteredWebsites_Event",
        "EnterpriseInspectorAlert_Event",
        "ESET Inspect Alert",
        "BlockedFiles_Event",
    )
)
_CATEGORIES: Final = {
    "Threat_Event": "malware",
    "FirewallAggregated_Event": "network",
    "HipsAggregated_Event": "intrusion_detection",
    "FilteredWebsites_Event": "web",
    "BlockedFiles_Event": "file",
}
_ALERTS: Final = frozenset(("Threat_Event", "EnterpriseInspectorAlert_Event", "ESET Inspect Alert"))
_AUDITED: Final = {  # what an audit's `domain` is about: the category of ECS
    "Update modules": "package",
    "Native user": "authentication",
    "Domain user": "authentication",
    "Single-sign-on token": "authentication",
    "ESET INSPECT": "host",
    "Policy": "configuration",
    "Server settings": "configuration",
    "Permission set": "iam",
    "Mapped domain security group": "iam",
}
_ENDS: Final = (("source", ("source",)), ("destination", ("destination", "target")))
_RUNS: Final = re.compile(r"\b(?:run|launch|start|execut)", re.IGNORECASE)
_NAMED: Final = re.compile(r" user '(?P<name>[^\n]{1,255}?)'\.?(?:$|, )")
_LONGEST_HEARTBEAT: Final = 512  # bytes, with its header
_HASHES: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_HEX: Final = re.compile(r"[0-9A-Fa-f]+", re.ASCII)


def _owns(document: Mapping[str, Json]) -> bool:
    return document.get("event_type") in _TYPES and bool(
        {"source_uuid", "hostname", "occured", "occurred"} & document.keys()
    )


def read(document: Document, fields: Fields, _: Options) -> None:
    """Read one exported event."""
    kind = text(document.get("event_type"))
    if moment := instant_of(first(document, ("occurred", "occured")), UTC):
        fields["@timestamp"] = moment
    fields["observer.vendor"], fields["observer.product"] = "ESET", "ESET Protect"
    fields["observer.type"] = "sensor"
    _host(document, fields)
    action = first(document, ("action", "action_taken"))
    put_text("event.action", action, fields)
    put_text("event.reason", first(document, ("operation", "detail", "event", "cause", "circumstances")), fields)
    put_text("event.reference", document.get("eiconsolelink"), fields)
    put_text("rule.name", first(document, ("rulename", "rule_name")), fields)
    put_text("rule.id", document.get("rule_id"), fields)
    put_text("log.level", text(document.get("severity")).lower(), fields)
    account, domain = split_account(first(document, ("user", "username")))
    put_text("user.name", account, fields)
    put_text("user.domain", domain, fields)
    fields["event.kind"] = "alert" if kind in _ALERTS else "event"
    fields["event.category"] = [_CATEGORIES.get(kind, "intrusion_detection")]
    fields["event.type"] = [{"blocked": "denied", "allowed": "allowed"}.get(action.lower(), "info")]
    if kind == "Audit_Event":
        _audit(document, fields)
    _connection(document, fields)
    _objects(kind, document, fields)
    spread(_P, document, fields, skip=frozenset(("event_type",)))


def _host(document: Document, fields: Fields) -> None:
    for key, name in (
        ("hostname", "host.name"),
        ("source_uuid", "host.id"),
        ("os_name", "host.os.full"),
        ("group_name", "host.domain"),
    ):
        put_text(name, document.get(key), fields)
    if addresses := [found for key in ("ipv4", "ipv6") if is_ip(found := text(document.get(key)))]:
        fields["host.ip"] = addresses


def _audit(document: Document, fields: Fields) -> None:
    """Read what somebody did in the console; a log-in that names no user says in its text whose it was."""
    domain, action = text(document.get("domain")), text(document.get("action"))
    fields["event.category"], fields["event.type"] = [_AUDITED.get(domain, "host")], ["info"]
    if result := {"success": "success", "failure": "failure"}.get(text(document.get("result")).lower()):
        fields["event.outcome"] = result
    if domain == "Update modules" and action == "Update":
        fields["event.type"] = ["change"]
    elif fields["event.category"] == ["authentication"]:
        fields["event.type"] = ["end"] if action.lower().startswith("log out") or action == "Logout" else ["info"]
        if "user.name" not in fields and action.lower().startswith("login"):
            named = _NAMED.search(text(document.get("detail")))
            put_text("user.name", named["name"] if named else "", fields)


def _connection(document: Document, fields: Fields) -> None:
    for side, names in _ENDS:
        for name in names:
            address = text(document.get(f"{name}_address"))
            if f"{side}.ip" not in fields and is_ip(address):
                fields[f"{side}.ip"] = address
                put_port(fields, f"{side}.port", text(document.get(f"{name}_port")))
    if protocol := text(document.get("protocol")):
        fields.update(transport_fields(protocol))
        fields["network.protocol"] = protocol.lower()
    if (inbound := document.get("inbound")) is not None and "protocol" in document:
        fields["network.direction"] = "inbound" if inbound is True else "outbound"


def _objects(kind: str, document: Document, fields: Fields) -> None:
    """Set the process, the file and the address of a site that the event is about."""
    program = first(document, ("processname", "process_name"))
    target, application = text(document.get("target")), text(document.get("application"))
    if kind == "HipsAggregated_Event":
        runs = _RUNS.search(text(document.get("operation"))) is not None
        program = target if runs else application
        _process("process.parent", application if runs else "", fields)
    _process("process", program, fields)
    uri = text(document.get("object_uri"))
    if uri.startswith(("http://", "https://")):
        fields["url.original"] = uri
    elif text(document.get("object_type")) == "File" or kind == "BlockedFiles_Event":
        put_text("file.path", uri.removeprefix("file:///") or first(document, ("objecturi", "filename")), fields)
    digest = text(document.get("hash"))
    if (name := _HASHES.get(len(digest))) and _HEX.fullmatch(digest):
        whose = "file" if kind in {"Threat_Event", "BlockedFiles_Event"} else "process"
        fields[f"{whose}.hash.{name}"] = digest.lower()
    if (count := number(document.get("aggregate_count"))) is not None:
        fields[f"{_P}aggregate_count"] = count


def _process(name: str, path: str, fields: Fields) -> None:
    if path:
        fields[f"{name}.executable"] = path
        fields[f"{name}.name"] = path.replace("\\", "/").rpartition("/")[2] or path


class _EsetParser(DocumentParser):
    """Reads exported events, and the line by which the exporter says that it lives."""

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of an event or of a heartbeat. See `DocumentParser`."""
        if len(record.raw) < _LONGEST_HEARTBEAT and record.raw.rstrip().endswith(b"HEARTBEAT"):
            return _heartbeat(parse_header(decode(record.raw), self._options), self._start.copy())
        return DocumentParser.parse(self, record)


def _heartbeat(header: Header, fields: Fields) -> Fields:
    fields["event.action"], fields["event.category"], fields["event.type"] = "heartbeat", ["host"], ["info"]
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    if header.host:
        fields["host.name"] = header.host
    return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class _EsetSource(JsonSource):
    """A `JsonSource` whose log also holds heartbeats."""

    def open(self, options: Options) -> _EsetParser:
        """Return a parser for one log."""
        return _EsetParser(self, options)


SOURCE: Final = _EsetSource(
    name="eset",
    aliases=("eset_protect", "eset_protect.log"),
    title="ESET PROTECT: detections, firewall, HIPS, audits, Inspect",
    dataset="eset_protect.log",
    owns=_owns,
    marks=((b'"event_type"', b'"source_uuid"', b'"occur'),),
    read=read,
    finish=finish,
)
