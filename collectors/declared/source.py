"""A user-written source among kulla's own: recognised by how many lines its patterns read, cut, parsed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import BinaryIO, Final

from collectors.cloud.documents import first_document
from collectors.declared.cutting import records
from collectors.declared.model import Declaration
from collectors.declared.parser import HEADER_VALUES, DeclaredParser
from collectors.declared.values import at_path
from collectors.json_framing import json_objects
from collectors.source import Options, Record
from engine.errors import MalformedRecordError
from engine.events import Fields

_LOOKED_AT: Final = 60  # records of the head
_HEAD: Final = 64 * 1024
_SURE: Final = 97  # every record of the head is read
_UNSURE: Final = 12  # its patterns read anything: kulla's own sources come first
_REFERENCE: Final = datetime(2000, 1, 1, tzinfo=UTC)  # recognition asks only whether stamps can be read
# What no log of an e-service says: a source that reads these as well reads anything
_ANYTHING: Final = (
    b"Dear sir, this is a letter and no log.",
    b"zzz",
    b"One two three four five six seven eight nine ten",
    b'198.51.100.7 - - [03/Mar/2024:14:05:06 +0100] "GET /x?y=1 HTTP/1.1" 200 5 "-" "agent"',
    b"Mar  3 14:05:06 srv01 sshd[311]: Failed password for invalid user eva from 203.0.113.4 port 50112 ssh2",
    b"<86>1 2024-03-03T14:05:06.5+01:00 srv01 sudo 3 - - eva : TTY=pts/0 ; COMMAND=/bin/sh",
    b"2024-03-03 14:05:06,123 INFO [main] a.b.C - something happened",
)


class DeclaredSource:
    """A `Source` made of a YAML file."""

    def __init__(self, declared: Declaration) -> None:
        self.declared = declared
        self.name = declared.name
        self.aliases = declared.aliases
        self.title = declared.title
        self.datasets = (declared.dataset,)
        self.personal = declared.personal  # for `collectors.personal.personal_fields`
        self._reads_anything: bool | None = None

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Return the share of records that it reads, as a score. See `Source`."""
        if not self.declared.recognised or not head.strip(b"\x00 \t\r\n"):
            return 0
        if self.declared.telling:
            return self._recognise_told(head[:_HEAD])
        if self.declared.cut.framing == "json" and not self.declared.cut.syslog:
            return self._recognise_json(head)
        read, seen = self._share(head[:_HEAD])
        if not read or read * 2 < seen:
            return 0
        by_patterns = self.declared.cut.framing in {"lines", "multiline"}
        telling = not self.reads_anything if by_patterns else self._names_fit(head[:_HEAD])
        return max(1, round((_SURE if telling else _UNSURE) * read / seen))

    @property
    def reads_anything(self) -> bool:
        """Tell whether its patterns read what has nothing to do with it, so that reading proves nothing."""
        if self._reads_anything is None:
            self._reads_anything = sum(self._reads(raw) for raw in _ANYTHING) > 0
        return self._reads_anything

    def _names_fit(self, head: bytes) -> bool:
        """Tell whether the values that the file names are there: any line may be CSV or have a `key=value`."""
        named = {path for rule in self.declared.fields for path in rule.sources[:1]}
        if self.declared.stamp is not None:
            named.update(self.declared.stamp.sources)
        named -= HEADER_VALUES
        parser = self.open(Options(reference=_REFERENCE))
        for record in islice(records(self.declared.cut, io.BytesIO(head)), 3):
            there = parser.names(record)
            found = sum(name in there or name.partition(".")[0] in there for name in named)
            if found >= 2 and found * 2 >= len(named):
                return True
        return False

    def _recognise_json(self, head: bytes) -> int:
        document = first_document(head)
        if document is None:
            return 0
        wanted = {path for rule in self.declared.fields if rule.name in self.declared.required for path in rule.sources}
        named = {path for rule in self.declared.fields for path in rule.sources[:1]}
        there = sum(at_path(document, path) is not None for path in named)
        if not self._reads(_first_raw(head)) or there < 2 or there * 3 < len(named):
            return 0
        return _SURE if wanted and there * 2 >= len(named) else 60

    def _share(self, head: bytes) -> tuple[int, int]:
        """Return how many of the head's records are read, and how many there are."""
        parser = self.open(Options(reference=_REFERENCE))
        read = seen = 0
        for record in self._records(head):
            try:
                read += parser.parse(record) is not None
                seen += 1
            except MalformedRecordError:
                seen += 1
        return read, seen

    def _recognise_told(self, head: bytes) -> int:
        """Weigh by the file's own conditions: of every four records one meets them, and most are read."""
        found = self._records(head)
        parser = self.open(Options(reference=_REFERENCE))
        told = sum(parser.tells(record, self.declared.telling) for record in found)
        if not told or told * 4 < len(found):
            return 0
        read, seen = self._share(head)
        return round(_SURE * read / seen) if read * 2 >= seen else 0

    def _records(self, head: bytes) -> list[Record]:
        found = [record for record in records(self.declared.cut, io.BytesIO(head)) if record.problem is None]
        if len(found) > 1 and len(head) >= 4096:
            found = found[:-1]  # the last may be cut
        return found[:_LOOKED_AT]

    def _reads(self, raw: bytes) -> bool:
        try:
            fields: Fields | None = self.open(Options(reference=_REFERENCE)).parse(Record(offset=0, number=1, raw=raw))
        except MalformedRecordError:
            return False
        return fields is not None

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records, as the file says."""
        return records(self.declared.cut, stream)

    def open(self, options: Options) -> DeclaredParser:
        """Return a parser for one stream."""
        return DeclaredParser(self.declared, options)


def _first_raw(head: bytes) -> bytes:
    return next((record.raw for record in json_objects(io.BytesIO(head)) if record.problem is None), b"")
