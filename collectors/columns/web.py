"""Web servers' logs by columns: access lines, or access events as JSON objects, whichever a piece begins with."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

import pyarrow as pa

from collectors.columns.access import AccessColumns
from collectors.columns.objects import Entries, ObjectColumns
from collectors.columns.pieces import Piece
from collectors.columns.seam import Columns, Cut
from collectors.source import Options
from collectors.web.complete import complete
from collectors.web.jsonlog import REQUESTED, meaning_of, read_entries
from engine.errors import MalformedRecordError
from engine.events import Fields

_BRACE: Final = ord("{")
_REQUEST: Final = frozenset({"request", "method", "target", "query", "version"})
_ALONE: Final = frozenset({"time", "status", "referrer", "agent", "request_id", "media"})
_COMPLETED: Final = frozenset({"ends", "request", "status"})  # the groups of fields that `complete` looks at
_NUMBERS: Final = {
    "body_bytes": "http.response.body.bytes",
    "bytes_out": "http.response.bytes",
    "bytes_in": "http.request.bytes",
}


class WebColumns:
    """A column parser of the access logs of `module` (`apache` or `nginx`)."""

    def __init__(self, module: str, options: Options) -> None:
        self._lines = AccessColumns(module, options)
        self._objects = ObjectColumns(_JsonForm(module, options))

    def cut(self, piece: Piece) -> Cut:
        """See `ColumnParser`."""
        if len(piece.starts) and piece.buffer[piece.starts[0]] == _BRACE:
            return self._objects.cut(piece)
        return self._lines.cut(piece)

    def columns(self, parts: Mapping[str, pa.ChunkedArray], rows: int, shape: Hashable) -> Columns:
        """See `ColumnParser`."""
        return (self._lines if shape is None else self._objects).columns(parts, rows, shape)


class _JsonForm:
    """The form of access events as objects (see `collectors.web.jsonlog`)."""

    needed: frozenset[str] = frozenset({"time", "request"})
    always: frozenset[str] = frozenset({"ends"})

    def __init__(self, module: str, options: Options) -> None:
        self._options = options
        self._dataset: Fields = {"event.dataset": f"{module}.access", "event.module": module}
        self.base = complete(dict(self._dataset))

    def group(self, name: str) -> str:
        """See `ObjectForm`: names of one meaning are together, and meanings of which one's reading looks at another."""
        meaning = meaning_of(name)
        if meaning is None:
            return f"name {name}"
        if meaning in _REQUEST:
            return "request"
        if meaning in {"seconds", "micros"}:
            return "duration"
        return meaning if meaning in _ALONE or meaning in _NUMBERS else "ends"

    def whole_number(self, name: str) -> str | None:
        """See `ObjectForm`."""
        return _NUMBERS.get(meaning_of(name) or "")

    def is_stamp(self, name: str) -> bool:
        """See `ObjectForm`."""
        return meaning_of(name) == "time"

    def is_client(self, name: str) -> bool:
        """See `ObjectForm`."""
        return meaning_of(name) == "client"

    def takes(self, name: str, kind: type) -> bool:
        """See `ObjectForm`: what has no meaning is kept as it is, in fields of text."""
        return kind is str or meaning_of(name) is not None

    def read(self, group: str, entries: Entries) -> Fields | None:
        """See `ObjectForm`. An object without a time, or with nothing of a request but its status, is read whole."""
        fields = dict(self._dataset)
        try:
            known = read_entries(entries, fields, self._options.zone)
        except MalformedRecordError:
            return None
        if (group == "time" and not known) or (group == "request" and not known & REQUESTED):
            return None
        if group == "ends" and self._options.host is not None:
            fields.setdefault("host.name", self._options.host)
        if group in _COMPLETED:
            complete(fields)
        return {name: value for name, value in fields.items() if self.base.get(name) != value}
