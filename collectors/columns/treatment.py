"""Enrichment and privacy by columns: looked up once for each distinct value; what has to be changed is read whole.

What comes out is what the treatment of whole events would have made of them. Rules of privacy change an event in many
places at once, so events that they touch are read again, whole, and treated as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.columns.building import Sheet, merged, placed
from collectors.columns.seam import Mask
from collectors.enrichment.enricher import Asked, Enricher
from collectors.privacy.rules import Policy
from engine.batches import TEXT, EventBatch
from engine.events import Event

Whole: TypeAlias = Callable[[Sequence[Event]], Sequence[Event]]
EventsOf: TypeAlias = Callable[[EventBatch, Mask], Sequence[Event]]
_MARK = b"pno"  # see `collectors.privacy.redaction.may_name_somebody`; the texts are ASCII here


class Treatment:
    """Treats batches as `whole` treats events, which is to enrich them and then to apply the rules of `policy`."""

    def __init__(self, whole: Whole, policy: Policy, enricher: Enricher | None) -> None:
        self._whole = whole
        self._policy = policy
        self._asked = enricher.asked if enricher is not None else ()

    def treated(self, batch: EventBatch, events_of: EventsOf) -> EventBatch:
        """Return the batch as it may be stored. `events_of` returns the events in some rows, whole and untreated.

        Raise what `whole` raises.
        """
        rich, touched = self._enriched(batch)
        touched |= self._private(rich)
        events = [*events_of(batch, touched), *batch.events] if touched.any() else batch.events
        return rich.kept(~touched, self._whole(events) if events else ())

    def _enriched(self, batch: EventBatch) -> tuple[EventBatch, Mask]:
        """Return the batch with what its values say, and the rows for which columns cannot tell it."""
        touched = np.zeros(batch.rows, dtype=np.bool_)
        values = dict(batch.values)
        for item in self._asked:
            if item.field in batch.lists:
                touched |= _valid(batch.lists[item.field])
            column = batch.values.get(item.field)
            if column is not None and column.type == TEXT:
                touched |= _put_facts(values, batch, item, column)
        return replace(batch, values=values), touched

    def _private(self, batch: EventBatch) -> Mask:
        """Tell which events have something that a rule is about."""
        touched = np.zeros(batch.rows, dtype=np.bool_)
        if self._policy.anywhere:
            touched |= _marked(batch.originals)
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


def _put_facts(values: dict[str, pa.Array], batch: EventBatch, item: Asked, column: pa.Array) -> Mask:
    """Put what a column's values say into `values`, where nothing stands; return the rows where that cannot be."""
    sheet = Sheet(batch.rows)
    readings = [dict(item.look_up(text)) for text in column.dictionary.to_pylist()]
    sheet.put_readings(column.indices, [{item.under + name: fact for name, fact in each.items()} for each in readings])
    touched = sheet.refused
    for name, found in sheet.values.items():
        if name in batch.lists:
            touched |= _valid(batch.lists[name]) & _valid(found)
        before = values.get(name)
        values[name] = found if before is None else merged(found, before, _valid(before))
    return touched


def _marked(originals: pa.ChunkedArray) -> Mask:
    """Tell which texts may have an e-ID code in them."""
    return np.concatenate([np.zeros(0, dtype=np.bool_), *(_marked_in(chunk) for chunk in originals.chunks)])


def _marked_in(texts: pa.Array) -> Mask:
    buffer, starts, ends = placed(texts)
    letters = buffer | np.uint8(0x20)  # ASCII's lower case
    found = letters[:-2] == _MARK[0]
    found &= letters[1:-1] == _MARK[1]
    found &= letters[2:] == _MARK[2]
    places = np.flatnonzero(found)
    if not len(places):
        return np.zeros(len(texts), dtype=np.bool_)
    inside: Mask = np.searchsorted(places, ends - len(_MARK), side="right") > np.searchsorted(places, starts)
    return inside


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
