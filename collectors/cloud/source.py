"""One vendor's JSON as a log source: recognised by its fields, cut into objects, read by one function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from collectors.cloud.documents import Document, Owns, first_document, is_owned, read_document
from collectors.cloud.values import relate
from collectors.json_fields import Json
from collectors.json_framing import json_objects
from collectors.source import Options, Record
from engine.events import Fields

Read: TypeAlias = "Callable[[Document, Fields, Options], None]"

_CERTAIN = 96  # a whole record with the fields that only this source has
_CUT_OFF = 90  # the names of these fields in a record that is longer than what recognition sees
_NAMED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSource:
    """A `Source` of JSON documents.

    `owns` tells a document of this source from any other by its fields. `marks` are groups of byte strings; the record
    is this source's when all of one group stand in the head and the record is too long to be read there whole.
    `read` fills the fields of one document; `event.dataset` and the like are there already.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    dataset: str
    owns: Owns
    marks: tuple[tuple[bytes, ...], ...]
    read: Read
    finish: Callable[[Fields], Fields] = relate

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the fields of the first record. See `Source`."""
        document = first_document(head)
        named = _NAMED * (self.name.partition("_")[0] in filename.lower())
        if document is not None:
            return _CERTAIN + named if is_owned(document, self.owns) else 0
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith((b"{", b"[")):
            return 0
        return _CUT_OFF + named if any(all(mark in head for mark in group) for group in self.marks) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects."""
        return json_objects(stream)

    def open(self, options: Options) -> DocumentParser:
        """Return a parser for one log."""
        return DocumentParser(self, options)


class DocumentParser:
    """Reads one document a record."""

    def __init__(self, source: JsonSource, options: Options) -> None:
        self._source, self._options = source, options
        self._start: Fields = {
            "event.kind": "event",
            "event.module": source.dataset.partition(".")[0],
            "event.dataset": source.dataset,
        }

    def parse(self, record: Record) -> Fields | None:
        """Return the document's fields; None for a blank record. Raise where it is no document of this source."""
        if not record.raw.strip():
            return None
        document = read_document(record.raw, self._source.owns)
        fields = self._start.copy()
        self._source.read(document, fields, self._options)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        return self._source.finish(fields)


def has(*names: str) -> Owns:
    """Return a test that a document has all these fields."""
    wanted = frozenset(names)

    def owns(document: Mapping[str, Json]) -> bool:
        return wanted <= document.keys()

    return owns
