"""A page of documents as a block of the store: columns are built from the parsed JSON when somebody asks for them.

Rows of the same names are handled together, and a field that nobody asks for costs nothing. Rows hold an event's fields
as JSON has them; those of documents with odd values (see `engine.store.elastic.documents`) are restored first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.ecs_types import ARRAY, DATE, Kind, kind_of
from engine.events import Event, Value
from engine.store.columns import (
    ENVELOPE,
    GIVEN,
    INSTANT,
    KINDS,
    MANY,
    MISTYPED,
    ORIGINAL,
    SEQUENCE,
    TEXT,
    array_of,
    can_be_column,
    columns_of,
    fit_as_they_are,
    table_of,
    type_of,
)
from engine.store.elastic.documents import OWN, event_of, is_awkward
from engine.store.protocol import RowBlock
from engine.store.scan import folded

Rows = NDArray[np.int64]
_NATIVE: Mapping[Kind, type] = {"text": str, "long": int, "float": float, "boolean": bool, "date": datetime}
_UNLIKE = OWN | DATE  # what does not stand in a document as in its event
_BESIDE = frozenset({*ENVELOPE, KINDS}) - {ORIGINAL}  # asked for where a rule names a field of the store's own


class _Part(NamedTuple):
    """The values of a field in some rows; `is_raw` says that they are as JSON has them, instants as text."""

    rows: Rows
    values: tuple[Any, ...]
    is_raw: bool


class PageBlock(RowBlock):
    """Events in memory; see `engine.store.protocol.Block`. `now` stands for the instant of storing in columns."""

    def __init__(self, documents: Sequence[Mapping[str, Any]], sequences: Rows, settled: int, now: datetime) -> None:
        self._documents = documents
        self._now = now
        self.rows = len(documents)
        self.sequences = sequences
        self.first_sequence, self.last_sequence = int(sequences.min()), int(sequences.max())
        self.settled = settled
        self.selected: NDArray[np.bool_] | None = None
        self._spreads: dict[tuple[int, ...], tuple[NDArray[np.int32], NDArray[np.bool_]]] = {}

    @cached_property
    def _fields(self) -> list[Mapping[str, Any]]:
        """The fields of each row; the names of the store's own columns among them mean nothing."""
        return [event_of(dict(row)).fields if is_awkward(row) else row for row in self._documents]

    def known(self, rows: Sequence[int], asked: Collection[str]) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Yield the fields and the raw text of these events; instants that nobody asks for stay text."""
        unlike = _UNLIKE.intersection(asked)
        fields, documents = self._fields, self._documents
        for row in rows:
            found, document = fields[row], documents[row]
            if unlike and found is document and not found.keys().isdisjoint(unlike):
                found = event_of(dict(document)).fields
            yield found, document[ORIGINAL]

    @cached_property
    def _places(self) -> dict[str, list[_Part]]:
        """Where each field has values: rows, and the value of each."""
        fields = self._fields
        restored = [row for row in range(self.rows) if fields[row] is not self._documents[row]]
        places: defaultdict[str, list[_Part]] = defaultdict(list)
        for is_raw in (True, False):
            among = np.setdiff1d(np.arange(self.rows), restored).tolist() if is_raw else restored
            for names, rows in _shapes(fields, among).items():
                columns = zip(*(fields[row].values() for row in rows), strict=True)
                held = np.array(rows)
                for name, values in zip(names, columns, strict=True):
                    places[name].append(_Part(held, values, is_raw))
        return places

    @cached_property
    def names(self) -> Sequence[str]:
        """The fields that any of the events has."""
        return sorted(self._places.keys() - OWN | ENVELOPE.keys())

    @cached_property
    def table(self) -> pa.Table:
        """All columns, as the embedded store would keep them."""
        return table_of(list(self.events(np.arange(self.rows))), self._now)

    def read(self, names: Collection[str]) -> pa.Table:
        """Return these columns for all rows, with their companions; names that no row has are left out."""
        arrays: dict[str, pa.Array] = {}
        slow: set[str] = set()
        for name in names:
            if name in _BESIDE or name.startswith(GIVEN):
                arrays |= self._beside(name)
            elif name in self._places and name not in OWN and can_be_column(name):
                found = self._typed(name)
                if found is None:
                    slow.add(name)
                else:
                    arrays[name] = found
        if ORIGINAL in names:
            arrays[ORIGINAL] = pa.array(self._originals(), pa.string())
        if slow:
            arrays |= columns_of([self._some(row, slow) for row in range(self.rows)])
        if SEQUENCE in names:
            arrays[SEQUENCE] = pa.array(self.sequences)
        return folded(pa.table(arrays))

    def _typed(self, name: str) -> pa.Array | None:
        """Return the column of a field whose values all have its own type, else None."""
        parts = self._places[name]
        filled = (
            _instants(name, parts)
            if name in DATE
            else _filled(name, [*chain.from_iterable(part.values for part in parts)])
        )
        if filled is None or (len(parts) == 1 and len(filled) == self.rows):
            return filled
        places, missing = self._spread([part.rows for part in parts])
        if filled.type == TEXT:
            codes = pa.array(filled.indices.to_numpy()[places], mask=missing)
            return pa.DictionaryArray.from_arrays(codes, filled.dictionary)
        return filled.take(pa.array(places, mask=missing))

    def _spread(self, parts: Sequence[Rows]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return for each row the place of its value, and which rows have none; many fields stand in the same rows."""
        key = tuple(map(id, parts))
        found = self._spreads.get(key)
        if found is None:
            places, missing = np.zeros(self.rows, dtype=np.int32), np.ones(self.rows, dtype=bool)
            rows = np.concatenate(parts)
            places[rows] = np.arange(len(rows), dtype=np.int32)
            missing[rows] = False
            found = self._spreads[key] = (places, missing)
        return found

    def _some(self, row: int, names: Collection[str]) -> dict[str, Value]:
        fields = self._fields[row]
        found = {name: fields[name] for name in names if name in fields}
        if fields is self._documents[row]:  # as JSON has it
            for name in DATE.intersection(found):
                if isinstance(found[name], str):
                    found[name] = datetime.fromisoformat(found[name])
        return found

    def _beside(self, name: str) -> dict[str, pa.Array]:
        """Return a column of the store's own, or of a field with such a name."""
        there = set(self.table.column_names)
        return {each: self.table.column(each) for each in (name, name + MANY, MISTYPED + name) if each in there}

    def _originals(self) -> list[str]:
        return [document[ORIGINAL] for document in self._documents]

    def ids(self, rows: Rows) -> list[str]:
        """Return the ids of the events in these rows."""
        return [self._documents[row]["event.id"] for row in rows.tolist()]

    def events(self, rows: Rows, names: Collection[str] | None = None) -> Iterator[Event]:  # noqa: ARG002 - all are here
        """Yield the events in these rows, whole."""
        for row in rows.tolist():
            yield event_of(dict(self._documents[row]))

    def recall(self, key: str) -> bytes | None:  # noqa: ARG002 - see `Block`
        """Return nothing: what was worked out from a page is not kept."""
        return None

    def keep(self, key: str, content: bytes) -> None:
        """Forget it."""

    def apart(self) -> Sequence[PageBlock]:
        """Return none: a page is of one piece."""
        return ()


class EventPage(PageBlock):
    """A page of events that are made already: those of other people's documents."""

    def __init__(self, events: Sequence[Event], sequences: Rows, settled: int, now: datetime) -> None:
        super().__init__([{}] * len(events), sequences, settled, now)  # their fields are not as JSON has them
        self._events = events

    @cached_property
    def _fields(self) -> list[Mapping[str, Any]]:
        return [event.fields for event in self._events]

    def _originals(self) -> list[str]:
        return [event.original for event in self._events]

    def known(self, rows: Sequence[int], asked: Collection[str]) -> Iterator[tuple[Mapping[str, Any], str]]:  # noqa: ARG002 - all is exact
        """Yield the fields and the raw text of these events."""
        for row in rows:
            yield self._events[row].fields, self._events[row].original

    def ids(self, rows: Rows) -> list[str]:
        """Return the ids of the events in these rows."""
        return [self._events[row].id for row in rows.tolist()]

    def events(self, rows: Rows, names: Collection[str] | None = None) -> Iterator[Event]:  # noqa: ARG002 - all are here
        """Yield the events in these rows, whole."""
        for row in rows.tolist():
            yield self._events[row]


def _shapes(fields: Sequence[Mapping[str, Any]], rows: Iterable[int]) -> dict[tuple[str, ...], list[int]]:
    """Return those of the rows that have the same names in the same order."""
    shapes: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for row in rows:
        shapes[tuple(fields[row])].append(row)
    return shapes


def _filled(name: str, values: Sequence[Any]) -> pa.Array | None:
    """Return values that are all of the field's own type, and fit it, as an array, else None."""
    if set(map(type, values)) != {list if name in ARRAY else _NATIVE[kind_of(name)]}:
        return None
    if name in ARRAY and not set(map(type, chain.from_iterable(values))) <= {str}:
        return None
    if name not in ARRAY and not fit_as_they_are(kind_of(name), values):
        return None
    return array_of(values, type_of(name))


def _instants(name: str, parts: Sequence[_Part]) -> pa.Array | None:
    """Return values that are all instants in UTC as an array, else None."""
    arrays = [_parsed(part.values) if part.is_raw else _filled(name, part.values) for part in parts]
    return None if any(each is None for each in arrays) else pa.concat_arrays(arrays)


def _parsed(values: Sequence[Any]) -> pa.Array | None:
    """Return instants as documents hold them: of raw rows, text in a date is one."""
    if set(map(type, values)) != {str}:
        return None
    texts = pa.array(values, pa.string())
    if not pc.all(pc.ends_with(texts, "Z")).as_py():
        return None
    try:
        return texts.cast(INSTANT)
    except pa.ArrowInvalid:
        return None
