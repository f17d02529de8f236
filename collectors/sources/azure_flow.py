"""Azure network flow logs: of network security groups (versions 1 and 2) and of virtual networks (version 4).

Format: Microsoft Learn, "Flow logging for network security groups" and "Virtual network flow logs": one object holds
the flows of a minute under rules and interfaces, each as words with commas between. Every flow becomes a record of its
own, at its object's place, with what stands around it as compact JSON. Shippers that have taken them apart put one
flow under `flow.0`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO, Final

import orjson

from collectors.cloud.documents import Document, first_document, read_document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.values import inner, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.json_framing import json_objects
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of
from collectors.source import Options, Parser, Record, Source
from engine.errors import MalformedRecordError
from engine.events import Fields

_CERTAIN = 97
_CUT_OFF = 92
_TUPLE = "flow.0"
_AROUND = ("time", "macAddress", "operationName", "resourceId", "targetResourceID", "flowLogResourceID")
_PROTOCOLS = {"T": "tcp", "U": "udp"}
_DIRECTIONS = {"I": "inbound", "O": "outbound"}
_STATES = {"B": "start", "C": "info", "E": "end", "D": "denied"}
_SHORTEST = 8  # words of a flow of version 1


def _owns(document: Mapping[str, Json]) -> bool:
    if isinstance(document.get(_TUPLE), str):
        return True
    return any(True for _ in _flows(document))


def _flows(document: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """Yield the rule, the interface and the words of every flow of an object."""
    records = document.get("flowRecords")
    top = records if isinstance(records, dict) else inner(document, "properties")
    for group in objects(top.get("flows")):
        for part in objects(group.get("flows") or group.get("flowGroups")):
            rule = text(group.get("rule")) or text(part.get("rule"))
            words = part.get("flowTuples")
            for flow in words if isinstance(words, list) else ():
                if isinstance(flow, str):
                    yield rule, text(part.get("mac")), flow


class _FlowParser:
    """Reads one flow a record."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the flow's fields; see `Parser`."""
        if not record.raw.strip():
            return None
        document = read_document(record.raw, lambda found: isinstance(found.get(_TUPLE), str))
        fields: Fields = {"event.module": "azure", "event.dataset": "azure.flow_logs", "event.kind": "event"}
        fields["event.category"], fields["cloud.provider"] = ["network"], "azure"
        _read_flow(text(document.get(_TUPLE)).split(","), document, fields)
        put_text("rule.name", document.get("rule"), fields)
        put_text("event.code", document.get("operationName"), fields)
        put_text("azure.resource.id", document.get("resourceId"), fields)
        put_text("azure.flow.acl_id", document.get("aclID"), fields)
        if mac := mac_of(text(document.get("mac")) or text(document.get("macAddress"))):
            fields["observer.mac"] = [mac]
        if self._options.host:
            fields["host.name"] = self._options.host
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)


def _read_flow(words: list[str], document: Document, fields: Fields) -> None:
    """Read `stamp,source,destination,port,port,protocol,direction,...`.

    Versions 1 and 2 go on with the decision and the state, version 4 with state and encryption; then come counts.
    """
    if len(words) < _SHORTEST:
        raise MalformedRecordError("no flow: fewer words between commas than any version has")
    stamp, source, destination, source_port, destination_port, protocol, direction, *rest = words
    moment = to_instant(stamp) or to_instant(document.get("time"))
    if moment is not None:
        fields["@timestamp"] = moment
    put_end(fields, "source", source, source_port)
    put_end(fields, "destination", destination, destination_port)
    fields.update(transport_fields(_PROTOCOLS.get(protocol, protocol)))
    put_text("network.direction", _DIRECTIONS.get(direction, ""), fields)
    by_rule = protocol in _PROTOCOLS  # letters until version 2
    if by_rule:
        verdict = "denied" if rest[0] == "D" else "allowed"
        state = _STATES.get(rest[1], "") if len(rest) > 1 else ""
    else:
        verdict = "denied" if rest[0] == "D" else "allowed"
        state = _STATES.get(rest[0], "")
        put_text("azure.flow.encryption", rest[1] if len(rest) > 1 else "", fields)
    kinds = ("connection", state, verdict)
    fields["event.type"] = list(dict.fromkeys(kind for kind in kinds if kind))
    fields["event.outcome"] = "failure" if verdict == "denied" else "success"
    names = ("source.packets", "source.bytes", "destination.packets", "destination.bytes")
    for name, word in zip(names, rest[2:], strict=False):
        put_count(fields, name, word)


class _FlowSource:
    """Azure's flow logs; see the module's docstring."""

    name = "azure_flow"
    aliases: tuple[str, ...] = ("azure_nsg_flow", "azure_vnet_flow")
    title = "Azure network flow logs (network security groups, virtual networks)"
    datasets = ("azure.flow_logs",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the first object, or by its names where it is longer than what recognition sees. See `Source`."""
        document = first_document(head)
        if document is not None:
            return _CERTAIN if _owns(document) or self._is_carried(document) else 0
        if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return 0
        return _CUT_OFF if b'"flowTuples"' in head else 0

    def _is_carried(self, document: Document) -> bool:
        try:
            read_document(orjson.dumps(document), _owns)
        except (MalformedRecordError, TypeError):
            return False
        return True

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects, and each object into its flows."""
        for record in json_objects(stream):
            for raw in _taken_apart(record):
                yield replace(record, raw=raw)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _FlowParser(options)


def _taken_apart(record: Record) -> Iterator[bytes]:
    """Yield the flows of an object as objects of their own, numbered; what has none stays as it is."""
    found: Document = {}
    if record.problem is None and b'"flowTuples"' in record.raw:
        try:
            found = read_document(record.raw, _owns)
        except MalformedRecordError:
            found = {}
    around = {name: found[name] for name in _AROUND if isinstance(found.get(name), str)}
    count = 0
    for rule, mac, flow in _flows(found):
        count += 1
        yield orjson.dumps({**around, "rule": rule, "mac": mac, "flow": count, _TUPLE: flow})
    if not count:
        yield record.raw


SOURCE: Final[Source] = _FlowSource()
