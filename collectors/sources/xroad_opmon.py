"""X-Road operational monitoring records: JSON lines, the monitoring service's `records` list, CSV of its database.

Format: X-Road "Operational Monitoring Protocol" (PR-OPMON), annex B. One exchange makes two records, one at the
client's security server and one at the producer's; both stay events and share `xroad.conversation_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final

from collectors.cloud.documents import first_document, is_owned, read_document
from collectors.cloud.flatten import spread
from collectors.files import rewound
from collectors.framing import decode
from collectors.json_fields import Json
from collectors.json_framing import json_objects
from collectors.network.folding import folded_lines
from collectors.source import Options, Record
from collectors.xroad.conversation import Conversations
from collectors.xroad.fields import FIELDS, complete, read_record
from collectors.xroad.rows import Rows, header_of, open_quote, plain_name
from engine.events import Fields

_PEEK = 4096
_STAMPS = frozenset({"monitoringDataTs", "requestInTs", "requestOutTs", "responseInTs", "responseOutTs"})
_NAMES: Final[Mapping[str, str]] = {plain_name(name): name for name in FIELDS}
_KNOWN: Final = frozenset(FIELDS)
_LEAST = 2  # of the protocol's fields that a record has


def _owns(document: Mapping[str, Json]) -> bool:
    """Tell a record, also one of which the monitoring service was asked for a few fields only."""
    if "requestInTs" in document and "securityServerType" in document:
        return True
    return len(document.keys() & _KNOWN) >= _LEAST or _exchange(document) is not None


def _own_for_sure(document: Mapping[str, Json]) -> bool:
    keys = document.keys()
    return (bool(keys & _STAMPS) and len(keys & _KNOWN) > _LEAST) or _exchange(document) is not None


def _exchange(document: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the half to read of a document that X-Road Metrics joined: the client's, else the producer's."""
    if "client" not in document or "producer" not in document:
        return None
    for side in ("client", "producer"):
        half = document[side]
        if isinstance(half, dict) and half.keys() & _STAMPS:
            return half
    return None


class OpmonParser:
    """Reads the records of one stream; a line of names makes the lines after it CSV."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._conversations = Conversations()
        self._rows = Rows(_NAMES, _are_columns)

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields; None for a blank line and for a line of column names."""
        raw = record.raw.strip()
        if not raw:
            return None
        values = read_document(raw, _owns) if raw.startswith(b"{") else self._row(decode(record.raw))
        if values is None:
            return None
        values = _exchange(values) or values
        fields: Fields = {
            "event.kind": "event",
            "event.module": "xroad",
            "event.dataset": "xroad.opmon",
        }
        read_record(values, fields)
        if not _KNOWN.issuperset(values):
            spread("xroad.", values, fields, snaked=True, skip=_KNOWN)
        conversation = self._conversations.id_of(fields)
        if conversation is not None:
            fields["xroad.conversation_id"] = conversation
        if self._options.host:
            fields["host.name"] = self._options.host
        return fields

    def _row(self, line: str) -> dict[str, Json] | None:
        return None if self._rows.header(line) else self._rows.cells(line)

    def complete(self, fields: Fields) -> Fields:
        """Add `related.*` and the network's type."""
        return complete(fields)


def _are_columns(names: Sequence[str]) -> bool:
    return sum(name in _KNOWN for name in names) > _LEAST and not _STAMPS.isdisjoint(names)


class XRoadOpmon:
    """X-Road's operational monitoring."""

    name = "xroad_opmon"
    aliases: tuple[str, ...] = ("xroad", "opmon", "xroad.opmon")
    title = "X-Road operational monitoring records (JSON, CSV)"
    datasets: tuple[str, ...] = ("xroad.opmon",)

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the fields of the first record, or by the names in a CSV header."""
        named = 2 * ("opmon" in filename.lower() or "xroad" in filename.lower())
        document = first_document(head)
        if document is not None:
            return 96 + named if is_owned(document, _own_for_sure) else 0
        first = decode(head.removeprefix(b"\xef\xbb\xbf").lstrip()[:_PEEK]).partition("\n")[0]
        return 96 + named if header_of(first.rstrip("\r"), _NAMES, _are_columns) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects, or into rows of CSV."""
        head = stream.read(_PEEK)
        stream = rewound(stream, head)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return json_objects(stream)
        return folded_lines(stream, open_quote)

    def open(self, options: Options) -> OpmonParser:
        """Return a parser for one stream."""
        return OpmonParser(options)


SOURCE: Final = XRoadOpmon()
