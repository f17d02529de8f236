"""AWS VPC flow logs as text: the default record, AWS' documented longer ones, and any whose first line names them.

Format: Amazon VPC user guide, "Flow log records" (versions 2 to 8): words with blanks between, `-` for nothing. Files
in S3 begin with a line of the fields' names; without one the number of words tells the record. Field names: Elastic's
`aws.vpcflow`; the instant is the end of the flow, when the record was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.ends import put_count, put_end, put_span, verdict_of
from collectors.cloud.values import put_text
from collectors.framing import decode, lines
from collectors.json_fields import to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.source import Options, Parser, Record, Source
from engine.errors import MalformedRecordError
from engine.events import Fields

_CERTAIN = 95
_LOOKED_AT = 20
_ENDS = "srcaddr dstaddr srcport dstport"
_PACKETS = "pkt-srcaddr pkt-dstaddr"
_ORDER = (  # every field, as the guide lists them by version; a record may end after any of the later ones
    f"version account-id interface-id {_ENDS} protocol packets bytes start end action log-status"
    f" vpc-id subnet-id instance-id tcp-flags type {_PACKETS} region az-id sublocation-type sublocation-id"
    " pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-arn ecs-cluster-name"
    " ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id ecs-service-name"
    " ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status"
).split()
_SHORTEST = 14  # words of a default record
_EXAMPLES: Final = (  # the guide's examples of longer records, and Elastic's
    tuple(
        f"version interface-id account-id vpc-id subnet-id instance-id {_ENDS} protocol tcp-flags type {_PACKETS}"
        " action log-status".split()
    ),
    tuple(
        f"version vpc-id subnet-id instance-id interface-id account-id type {_ENDS} {_PACKETS} protocol bytes"
        " packets start end action tcp-flags log-status".split()
    ),
    tuple(
        f"version {_ENDS} protocol start end type packets bytes account-id vpc-id subnet-id instance-id"
        f" interface-id region az-id sublocation-type sublocation-id action tcp-flags {_PACKETS}"
        " pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path log-status".split()
    ),
)
_KNOWN = frozenset(_ORDER)
_HEADER_FIELDS = frozenset({"srcaddr", "dstaddr"})
_NAME = re.compile(r"[a-z][a-z0-9\-]{1,40}", re.ASCII)
_SHAPES: Final[Mapping[str, re.Pattern[str]]] = {  # what tells a flow's words from any others
    "interface-id": re.compile(r"eni-[0-9a-f]{8,17}|-", re.ASCII),
    "account-id": re.compile(r"\d{4,12}|unknown|-", re.ASCII),
    "log-status": re.compile(r"OK|NODATA|SKIPDATA|-", re.ASCII),
    "action": re.compile(r"ACCEPT|REJECT|-", re.ASCII),
    "version": re.compile(r"\d{1,2}|-", re.ASCII),
    "start": re.compile(r"\d{9,11}|-", re.ASCII),
}
_TEXTS = (
    ("account-id", "cloud.account.id"),
    ("instance-id", "cloud.instance.id"),
    ("region", "cloud.region"),
    ("az-id", "cloud.availability_zone"),
    ("interface-id", "observer.ingress.interface.name"),
    ("reject-reason", "event.reason"),
)
_DIRECTIONS = {"ingress": "inbound", "egress": "outbound"}


def _names_of(line: str) -> tuple[str, ...] | None:
    """Return the names of a line that names the fields; None where it is a record."""
    words = tuple(line.replace("_", "-").split())
    if not words or not all(_NAME.fullmatch(word) for word in words):
        return None
    return words if _KNOWN.issuperset(words) or set(words) >= _HEADER_FIELDS else None


def _layouts(words: int) -> list[tuple[str, ...]]:
    """Return the layouts that a record of so many words may have."""
    listed = [tuple(_ORDER[:words])] if _SHORTEST <= words <= len(_ORDER) else []
    return listed + [names for names in _EXAMPLES if len(names) == words]


def _flow_of(line: str, names: tuple[str, ...] | None) -> dict[str, str] | None:
    """Return a record's words by their names, where the line is one."""
    words = line.split(" ")
    for layout in [names] if names is not None else _layouts(len(words)):
        if len(layout) != len(words):
            continue
        flow = dict(zip(layout, words, strict=True))
        if all(shape.fullmatch(flow[name]) for name, shape in _SHAPES.items() if name in flow):
            return flow
    return None


class _FlowParser:
    """Reads one record a line; remembers the names that the file's first line gave."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._names: tuple[str, ...] | None = None

    def parse(self, record: Record) -> Fields | None:
        """Return the flow's fields; see `Parser`."""
        line = decode(record.raw).strip()
        if not line:
            return None
        names = _names_of(line)
        if names is not None:
            self._names = names
            return None
        flow = _flow_of(line, self._names)
        if flow is None:
            raise MalformedRecordError("no flow log record: the number of its words or their form fits no layout")
        return self._read(flow)

    def _read(self, flow: Mapping[str, str]) -> Fields:
        said = {name: word for name, word in flow.items() if word != "-"}
        fields: Fields = {"event.module": "aws", "event.dataset": "aws.vpcflow", "event.kind": "event"}
        fields["event.category"], fields["cloud.provider"] = ["network"], "aws"
        verdict = verdict_of(said.get("action"))
        fields["event.type"] = ["connection", *([verdict] if verdict else [])]
        if verdict is not None:
            fields["event.outcome"] = "success" if verdict == "allowed" else "failure"
        put_end(fields, "source", said.get("srcaddr"), said.get("srcport"))
        put_end(fields, "destination", said.get("dstaddr"), said.get("dstport"))
        _read_translated(said, fields)
        fields.update(transport_fields(said.get("protocol", "")))
        put_count(fields, "source.bytes", said.get("bytes"))
        put_count(fields, "source.packets", said.get("packets"))
        put_span(fields, said.get("start"), said.get("end"))
        moment = to_instant(said.get("end")) or to_instant(said.get("start"))
        if moment is not None:
            fields["@timestamp"] = moment
        for name, field in _TEXTS:
            put_text(field, said.get(name), fields)
        put_text("network.direction", _DIRECTIONS.get(said.get("flow-direction", "")), fields)
        if self._options.host:
            fields["host.name"] = self._options.host
        for name, word in said.items():
            fields[f"aws.vpcflow.{name.replace('-', '_')}"] = word
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)


def _read_translated(said: Mapping[str, str], fields: Fields) -> None:
    """Read the packet's own ends where a gateway stands between them and the interface's."""
    for side, name, own in (("source", "pkt-srcaddr", "srcaddr"), ("destination", "pkt-dstaddr", "dstaddr")):
        if said.get(name) != said.get(own):
            put_end(fields, f"{side}.nat", said.get(name))


class _FlowSource:
    """AWS VPC flow logs; see the module's docstring."""

    name = "aws_vpcflow"
    aliases: tuple[str, ...] = ("vpcflow", "aws.vpcflow")
    title = "AWS VPC flow logs (text)"
    datasets = ("aws.vpcflow",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the names of the first line, or by the words of most lines. See `Source`."""
        found = [line for line in decode(head[:8192]).splitlines()[: _LOOKED_AT + 1] if line.strip()]
        if len(found) > 1:
            found = found[:_LOOKED_AT] if len(found) > _LOOKED_AT else found[:-1] if len(head) >= 8192 else found
        names = _names_of(found[0]) if found else None
        if names is not None:
            if not _HEADER_FIELDS.issubset(names):
                return 0
            found = found[1:]
            if not found:
                return _CERTAIN
        known = sum(_flow_of(line.strip(), names) is not None for line in found)
        return _CERTAIN * known // len(found) if found and known * 2 >= len(found) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _FlowParser(options)


SOURCE: Final[Source] = _FlowSource()
