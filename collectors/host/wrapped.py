"""Lines of many programs, each in the wrapper of a container runtime or a shipper, read by the sources that know them.

Each stream (a container's standard output, a shipper's file) is recognised by its own lines. Programs write banners
before they log, and one line may be of no known form: what no source reads is kept as it is, with its instant.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from collectors.registry import recognise
from collectors.source import Completed, Options, Parser, Record
from engine.errors import MalformedRecordError
from engine.events import Fields

_MOST: Final = 1024  # streams remembered
_TRIES: Final = 20  # lines in a row that are looked at when nobody knows a stream; then ever fewer
_SURE: Final = 4096  # bytes of a line by which it is recognised


@dataclass(slots=True)
class _Stream:
    """Who reads a stream, and how many lines nobody could read since."""

    parser: Parser | None = None
    unread: int = 0


class Wrapped:
    """Reads the lines of any number of streams, in their order. `own` is the source that asks: it reads none itself."""

    def __init__(self, options: Options, own: str) -> None:
        self._options = options
        self._own = own
        self._streams: OrderedDict[Hashable, _Stream] = OrderedDict()

    def read(self, stream: Hashable, line: bytes, record: Record) -> Fields | None:
        """Return the completed fields of a line; None where no source reads it."""
        reader = self._stream(stream)
        inner = Record(offset=record.offset, number=record.number, raw=line)
        fields = _parsed(reader.parser, inner)
        if fields is None and self._is_tried(reader):
            source = recognise(line[:_SURE] + b"\n", "")
            if source is not None and source.name != self._own:
                parser = source.open(self._options)
                fields = _parsed(parser, inner)
                if fields is not None:
                    reader.parser = parser
        reader.unread = 0 if fields is not None else reader.unread + 1
        return fields

    def _stream(self, name: Hashable) -> _Stream:
        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = _Stream()
            if len(self._streams) > _MOST:
                self._streams.popitem(last=False)
        else:
            self._streams.move_to_end(name)
        return found

    def _is_tried(self, reader: _Stream) -> bool:
        """Tell whether to look who knows a line: all sources are asked, which takes a thousand times longer."""
        count = reader.unread
        return count < _TRIES or count & (count - 1) == 0


def _parsed(parser: Parser | None, record: Record) -> Fields | None:
    if parser is None:
        return None
    try:
        fields = parser.parse(record)
    except MalformedRecordError:
        return None
    if fields is None:
        return None
    return fields if isinstance(fields, Completed) else Completed(parser.complete(fields))
