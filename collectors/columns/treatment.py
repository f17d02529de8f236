"""Enrichment and privacy by columns: looked up once for each distinct value; what has to be changed is read whole.

What comes out is what the treatment of whole events would have made of them. Rules of privacy change an event in many
places at once, so events that they touch are read again, whole, and treated as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.columns.building import Reading, Sheet, merged, placed, reading_of
from collectors.columns.pieces import Bytes, Places
from collectors.columns.seam import Mask
from collectors.privacy.redaction import MARK
from collectors.privacy.rules import Policy
from engine.batches import TEXT, EventBatch
from engine.events import Event

if TYPE_CHECKING:  # what reads user agents takes long to load, and not everybody wants it
    from collectors.enrichment.enricher import Asked, Enricher

Whole: TypeAlias = Callable[[Sequence[Event]], Sequence[Event]]
EventsOf: TypeAlias = Callable[[EventBatch, Mask], Sequence[Event]]
_READINGS = 16_384  # that are remembered
_LONGEST = 400  # characters of the values of those
_MARK = MARK.encode()  # the texts are ASCII here


@dataclass(frozen=True, slots=True, kw_only=True)
class Untreated:
    """Events as columns, as they were read: `events_of` returns those in some rows, whole."""

    batch: EventBatch
    events_of: EventsOf


class Treatment:
    """Enriches batches, and treats them as `private` treats events: it returns as many, and the same where it can."""

    def __init__(self, private: Whole, policy: Policy, enricher: Enricher | None = None) -> None:
        self._private = private
        self._policy = policy
        self._enricher = enricher
        self._asked = [_Known(item) for item in enricher.asked] if enricher is not None else []
        self._marks = _Marks()

    def treated(self, batch: EventBatch, events_of: EventsOf) -> EventBatch:
        """Return the batch as it may be stored. `events_of` returns the events in some rows, whole and untreated.

        Raise what `private` raises.
        """
        rich, refused = self._enriched(batch)
        touched = refused | self._touched(rich)
        if not touched.any() and not batch.events:
            return rich
        found = self._rich(events_of(batch, touched))
        kept = self._private([*found, *self._rich(batch.events)])
        rows = np.flatnonzero(touched).tolist()
        apart = {row: new for row, old, new in zip(rows, found, kept, strict=False) if refused[row] or new is not old}
        left = np.ones(batch.rows, dtype=np.bool_)
        left[list(apart)] = False
        return rich.kept(left, [*apart.values(), *kept[len(found) :]])

    def _rich(self, events: Sequence[Event]) -> Sequence[Event]:
        return [self._enricher.enriched(event) for event in events] if self._enricher is not None else events

    def _enriched(self, batch: EventBatch) -> tuple[EventBatch, Mask]:
        """Return the batch with what its values say, and the rows for which columns cannot tell it."""
        touched = np.zeros(batch.rows, dtype=np.bool_)
        values = dict(batch.values)
        for known in self._asked:
            if known.field in batch.lists:
                touched |= _valid(batch.lists[known.field])
            column = batch.values.get(known.field)
            if column is not None and column.type == TEXT:
                touched |= _put_facts(values, batch, known, column)
        return replace(batch, values=values), touched

    def _touched(self, batch: EventBatch) -> Mask:
        """Tell which events may have something that a rule is about."""
        touched = np.zeros(batch.rows, dtype=np.bool_)
        if self._policy.anywhere:
            touched |= self._marks.found(batch.originals)
        datasets = _datasets(batch)
        for module, dataset in datasets:
            rows = (
                None
                if len(datasets) == 1
                else _are(batch, "event.module", module) & _are(batch, "event.dataset", dataset)
            )
            for rule in self._policy.of(module, dataset):
                for columns in (batch.values, batch.lists):
                    if rule.field in columns:
                        there = _valid(columns[rule.field])
                        touched |= there if rows is None else there & rows
        return touched


class _Marks:
    """Looks for texts that may have an e-ID code in them, in memory that is used again."""

    def __init__(self) -> None:
        self._letters = np.empty(0, dtype=np.uint8)
        self._first = self._second = np.empty(0, dtype=np.bool_)

    def found(self, texts: pa.ChunkedArray) -> Mask:
        """Tell which of the texts, which are ASCII, have the mark in letters of either case."""
        return np.concatenate([np.zeros(0, dtype=np.bool_), *(self._found_in(chunk) for chunk in texts.chunks)])

    def _found_in(self, texts: pa.Array) -> Mask:
        buffer, starts, ends = placed(texts)
        places = self._places(buffer)
        if not len(places):
            return np.zeros(len(texts), dtype=np.bool_)
        inside: Mask = np.searchsorted(places, ends - len(_MARK), side="right") > np.searchsorted(places, starts)
        return inside

    def _places(self, buffer: Bytes) -> Places:
        """Return where the mark stands."""
        size = len(buffer) - len(_MARK) + 1
        if size <= 0:
            return np.empty(0, dtype=np.int64)
        if len(self._letters) < len(buffer):
            self._letters = np.empty(len(buffer), dtype=np.uint8)
            self._first, self._second = np.empty((2, len(buffer)), dtype=np.bool_)
        letters = np.bitwise_or(buffer, 0x20, out=self._letters[: len(buffer)])  # ASCII's lower case
        first = np.equal(letters[:size], _MARK[0], out=self._first[:size])
        second = np.equal(letters[1 : 1 + size], _MARK[1], out=self._second[:size])
        places = np.flatnonzero(np.logical_and(first, second, out=first))
        found: Places = places[letters[places + 2] == _MARK[2]]
        return found


class _Known:
    """What is looked up in one field, each short value once."""

    def __init__(self, item: Asked) -> None:
        self.field = item.field
        self._item = item
        self._remembered = lru_cache(maxsize=_READINGS)(self._read)

    def of(self, text: str) -> Reading:
        """Return what a value says."""
        return (self._remembered if len(text) <= _LONGEST else self._read)(text)

    def _read(self, text: str) -> Reading:
        facts = self._item.look_up(text)
        return reading_of({self._item.under + name: fact for name, fact in facts.items()})


def _put_facts(values: dict[str, pa.Array], batch: EventBatch, known: _Known, column: pa.Array) -> Mask:
    """Put what a column's values say into `values`, where nothing stands; return the rows where that cannot be."""
    sheet = Sheet(batch.rows)
    sheet.put_readings(column.indices, [known.of(text) for text in column.dictionary.to_pylist()])
    touched = sheet.refused
    for name, found in sheet.values.items():
        if name in batch.lists:
            touched |= _valid(batch.lists[name]) & _valid(found)
        before = values.get(name)
        values[name] = found if before is None else merged(found, before, _valid(before))
    return touched


def _datasets(batch: EventBatch) -> list[tuple[str, str]]:
    """Return the modules and datasets that the rows have, empty where they have none."""
    found: list[list[str]] = []
    for name in ("event.module", "event.dataset"):
        column = batch.values.get(name)
        if column is None:
            found.append([""])
        elif len(column.dictionary) == 1 and not column.null_count:
            found.append([column.dictionary[0].as_py()])
        else:
            found.append(pc.fill_null(column.cast(pa.string()), "").to_pylist())
    modules, datasets = found
    if len(modules) == len(datasets) == 1:
        return [(modules[0], datasets[0])]
    longest = max(len(modules), len(datasets))
    each = zip(modules * (longest // len(modules)), datasets * (longest // len(datasets)), strict=True)
    return sorted(set(each))


def _are(batch: EventBatch, name: str, value: str) -> Mask:
    column = batch.values.get(name)
    if column is None:
        return np.full(batch.rows, not value)
    found: Mask = pc.equal(pc.fill_null(column.cast(pa.string()), ""), value).to_numpy(zero_copy_only=False)
    return found


def _valid(column: pa.Array) -> Mask:
    found: Mask = column.is_valid().to_numpy(zero_copy_only=False)
    return found
