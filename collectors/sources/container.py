"""Lines wrapped by a container runtime or a shipper: Docker's JSON files, CRI's text, Filebeat's, Fluent Bit's.

Formats: see `collectors.wrappers`. What a program in a container says is read by the source that knows its lines; what
none knows is kept as `message`. A long line that the runtime cut into parts (`P`, or without a line's end) is joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import orjson

from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.host.wrapped import Wrapped
from collectors.json_fields import to_instant
from collectors.registry import find
from collectors.source import Completed, Options, Parser, Record
from collectors.wrappers import CRI, is_docker, line_in
from engine.errors import MalformedRecordError
from engine.events import Fields

_KUBERNETES, _DOCKER = "kubernetes.container_logs", "docker.container_logs"
_CERTAIN, _LIKELY = 97, 60


class ContainerParser:
    """Reads one line a record, in whatever wrapper it stands."""

    def __init__(self, options: Options, own: str) -> None:
        self._options = options
        self._wrapped = Wrapped(options, own)
        self._json: Parser = find("json").open(options)

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of the line within, and what its wrapper says beside."""
        if not record.raw.strip():
            return None
        if CRI.match(record.raw):
            return self._cri(record)
        documents = [_document(part) for part in record.raw.split(b"\n") if part.strip()]
        first = documents[0]
        if is_docker(first):
            line = "".join(str(each.get("log") or "") for each in documents).rstrip("\r\n")
            return self._read(line, {"stream": str(first["stream"])}, first["time"], _DOCKER, record)
        line, about = line_in(first)
        fields = self._wrapped.read(_name(about), line.encode(), record) if line else None
        if fields is None:  # the shipper's document itself is all that is known
            found = self._json.parse(record)
            return None if found is None else Completed(self._json.complete(found))
        return _told(fields, about, first.get("@timestamp"), self._options)

    def _cri(self, record: Record) -> Fields:
        parts, stream, stamp = [], "", ""
        for part in record.raw.split(b"\n"):
            found = CRI.match(part)
            if found is None:
                parts.append(b"\n" + part)
                continue
            stream, stamp = stream or found["stream"].decode(), stamp or found["stamp"].decode()
            parts.append(part[found.end() :])
        return self._read(decode(b"".join(parts)).rstrip("\r\n"), {"stream": stream}, stamp, _KUBERNETES, record)

    def _read(self, line: str, about: Fields, stamp: object, dataset: str, record: Record) -> Fields:
        fields = self._wrapped.read(about["stream"], line.encode("utf-8", "surrogatepass"), record)
        if fields is None:
            fields = Completed({
                "event.dataset": dataset,
                "event.module": dataset.partition(".")[0],
                "event.kind": "event",
                "event.category": (),
                "event.type": (),
                "message": line,
            })  # fmt: skip
        return _told(fields, about, stamp, self._options)

    def complete(self, fields: Fields) -> Fields:
        """Return the fields as they are: who read the line has completed them."""
        return fields


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedRecordError(f"neither a line of a container nor JSON ({error})") from error
    if not isinstance(document, dict):
        raise MalformedRecordError("JSON, but no object")
    return document


def _name(about: Fields) -> tuple[str, str, str]:
    return str(about.get("host.name")), str(about.get("log.file.path")), str(about.get("container.id"))


def _told(fields: Fields, about: Fields, stamp: object, options: Options) -> Fields:
    """Add what the wrapper says: where the line stood, and when, where the line itself does not."""
    for name, value in about.items():
        if name.startswith(("log.", "agent.")) or name not in fields:
            fields[name] = value
    if "@timestamp" not in fields and (moment := to_instant(stamp, options.zone)) is not None:
        fields["@timestamp"] = moment
    if options.host:
        fields.setdefault("host.name", options.host)
    return fields


class _Parts:
    """Tells where records begin: a line begins one unless the line before is a part that the same stream goes on."""

    def __init__(self) -> None:
        self._open = b""  # the stream whose line was cut

    def begins(self, line: bytes) -> bool:
        found = CRI.match(line)
        if found is not None:
            stream, is_cut = found["stream"], found["tag"] == b"P"
        elif line.startswith(b'{"log":"'):
            stream = b"stderr" if b'","stream":"stderr"' in line else b"stdout"
            is_cut = b'\\n","stream"' not in line and b'\\r","stream"' not in line
        else:
            self._open = b""
            return True
        begins = stream != self._open
        self._open = stream if is_cut else b""
        return begins


class Container:
    """Lines in wrappers."""

    name = "container"
    aliases: tuple[str, ...] = ("docker", "cri", "containerd", "kubernetes_container_logs", "filebeat", "shipped")
    title = "Lines of containers (Docker, Kubernetes' CRI) and of shippers (Filebeat, Fluent Bit): any program's"
    datasets: tuple[str, ...] = (_KUBERNETES, _DOCKER)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the wrapper of the first line."""
        first = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
        if CRI.match(first):
            return _CERTAIN
        if not first.startswith(b"{"):
            return 0
        try:
            document = orjson.loads(first)
        except orjson.JSONDecodeError:
            return _CERTAIN - 2 if first.startswith(b'{"log":"') and b'"stream":"std' in head else 0
        if not isinstance(document, dict):
            return 0
        return _CERTAIN if is_docker(document) else _LIKELY if line_in(document)[0] else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines, and join the parts of one."""
        return grouped_lines(stream, _Parts().begins)

    def open(self, options: Options) -> ContainerParser:
        """Return a parser for one stream."""
        return ContainerParser(options, self.name)


SOURCE: Final = Container()
