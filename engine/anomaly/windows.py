"""Events gathered by window of time and by entity: what models of behaviour make their observations of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.anomaly.frame import ENTITY, EVENTS, MOST_EVENTS, PEER, TIME
from engine.anomaly.tables import INSTANT, coded

MOST_VALUES = 2_000  # distinct values that one observation lists
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Rows of events in groups: each group is one entity in one window. Groups are numbered in order of time.

    `rows` are the events' rows that are in a group at all, `group` the group of each of them, `key` the group's code
    of each of the keys, `end` the end of its window in microseconds since 1970.
    """

    table: pa.Table
    rows: Integers
    group: Integers
    key: Sequence[Integers]
    end: Integers

    def __len__(self) -> int:
        return len(self.end)

    def counts(self, chosen: NDArray[np.bool_] | None = None) -> Integers:
        """Return how many events each group has (of those `chosen`, a flag for each of `rows`)."""
        group = self.group if chosen is None else self.group[chosen]
        return np.bincount(group, minlength=len(self)).astype(np.int64)

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of a value for each group (a value for each of `rows`); absent ones count as nothing."""
        found = np.bincount(self.group, weights=np.nan_to_num(values), minlength=len(self))
        return np.asarray(found, dtype=np.float64)

    def distinct(self, codes: Integers, chosen: NDArray[np.bool_] | None = None) -> Integers:
        """Return how many different codes (from 0) each group has (a code for each of `rows`)."""
        groups, _ = self._pairs(codes, chosen)
        return np.bincount(groups, minlength=len(self)).astype(np.int64)

    def lists(
        self, codes: Integers, values: Sequence[str], chosen: NDArray[np.bool_] | None = None, most: int = MOST_VALUES
    ) -> pa.Array:
        """Return the different values of each group, at most so many, in the order of their codes."""
        groups, found = self._pairs(codes, chosen)
        place = np.arange(len(groups)) - np.searchsorted(groups, groups, side="left")
        groups, found = groups[place < most], found[place < most]
        offsets = np.searchsorted(groups, np.arange(len(self) + 1)).astype(np.int32)
        words = pa.array(values, pa.string()).take(pa.array(found))
        return pa.ListArray.from_arrays(pa.array(offsets), words)

    def _pairs(self, codes: Integers, chosen: NDArray[np.bool_] | None) -> tuple[Integers, Integers]:
        keep = codes >= 0 if chosen is None else (codes >= 0) & chosen
        size = int(codes.max(initial=0)) + 1
        pairs = np.unique(self.group[keep] * size + codes[keep])
        return pairs // size, pairs % size

    def only(self, wanted: NDArray[np.bool_]) -> Cells:
        """Return the groups that are wanted (a flag for each group)."""
        number = np.cumsum(wanted) - 1
        inside = wanted[self.group]
        return Cells(
            table=self.table,
            rows=self.rows[inside],
            group=number[self.group[inside]],
            key=[part[wanted] for part in self.key],
            end=self.end[wanted],
        )

    def observations(
        self,
        *,
        entity: Sequence[str],
        peer: Sequence[str] = (),
        columns: Mapping[str, object],
        rank: Integers | None = None,
    ) -> pa.Table:
        """Return the table of observations, a row a group; see `engine.anomaly.frame`.

        It rests on the group's first events, or on those of the lowest `rank` (a number for each of `rows`).
        """
        made: dict[str, object] = {
            TIME: pa.array(self.end).cast(INSTANT),
            ENTITY: pa.array(list(entity), pa.string()),
            PEER: pa.array(list(peer) or [""] * len(self), pa.string()),
            EVENTS: self._events(np.zeros(len(self.rows), dtype=np.int64) if rank is None else rank),
        }
        return pa.table(made | dict(columns))

    def _events(self, rank: Integers) -> pa.Array:
        order = np.lexsort((rank, self.group))
        groups = self.group[order]
        place = np.arange(len(order)) - np.searchsorted(groups, groups, side="left")
        kept = order[place < MOST_EVENTS]
        offsets = np.searchsorted(self.group[kept], np.arange(len(self) + 1)).astype(np.int32)
        ids = self.table.column("event.id").combine_chunks().take(pa.array(self.rows[kept]))
        return pa.ListArray.from_arrays(pa.array(offsets), pc.cast(ids, pa.string()))


def how_often(codes: Integers) -> Integers:
    """Return for each row how many rows have its code: the rank by which rare ones come first."""
    return np.bincount(codes + 1)[codes + 1].astype(np.int64)


def cells(table: pa.Table, *, moments: Integers, keys: Sequence[Integers], window: timedelta) -> Cells:
    """Gather the rows by window and keys: codes a row, of which none may be below zero for the row to count."""
    size = window // timedelta(microseconds=1)
    inside = moments >= 0
    for key in keys:
        inside &= key >= 0
    rows = np.flatnonzero(inside).astype(np.int64)
    number = moments[rows] // size
    parts = [number, *(key[rows] for key in keys)]
    order = np.lexsort(tuple(reversed(parts)))
    changed = np.zeros(len(rows), dtype=bool)
    changed[:1] = True
    for part in parts:
        changed[1:] |= np.diff(part[order]) != 0
    group = np.empty(len(rows), dtype=np.int64)
    group[order] = np.cumsum(changed) - 1
    first = order[changed]
    return Cells(
        table=table,
        rows=rows,
        group=group,
        key=[key[rows][first] for key in keys],
        end=(number[first] + 1) * size,
    )


def matching(table: pa.Table, name: str, values: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows have one of these values in a text column; of a list, any element counts."""
    if name in table.column_names and _is_list(table.column(name).type):
        column = table.column(name).combine_chunks()
        inside = pc.is_in(pc.list_flatten(column), value_set=pa.array(values, pa.string()))
        found = np.zeros(table.num_rows, dtype=np.bool_)
        found[pc.list_parent_indices(column).to_numpy()[inside.to_numpy(zero_copy_only=False)]] = True
        return found
    codes, known = coded(table, name)
    wanted = np.array([*(value in values for value in known), False])
    return np.asarray(wanted[codes], dtype=np.bool_)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def combined(
    first: tuple[Integers, list[str]], *more: tuple[Integers, list[str]], mark: str
) -> tuple[Integers, list[str]]:
    """Return columns joined to one (`a|b`), -1 where any of them has no value; values in order of first appearance."""
    codes, values = first
    for other, known in more:
        both = np.where((codes >= 0) & (other >= 0), codes * max(1, len(known)) + other, -1)
        found, start, place = np.unique(both, return_index=True, return_inverse=True)
        order = np.argsort(start, kind="stable")
        order = order[found[order] >= 0]
        rank = np.full(len(found), -1, dtype=np.int64)
        rank[order] = np.arange(len(order))
        values = [f"{values[pair // len(known)]}{mark}{known[pair % len(known)]}" for pair in found[order].tolist()]
        codes = rank[place.ravel()]
    return codes, values


def either(table: pa.Table, *names: str) -> tuple[Integers, list[str]]:
    """Return a text column by codes, as `coded` does; where a row has no value in the first, that of the next."""
    codes, values = coded(table, names[0])
    for name in names[1:]:
        if (codes >= 0).all():
            break
        other, known = coded(table, name)
        place = {value: number for number, value in enumerate(values)}
        moved = np.array([*(place.setdefault(value, len(place)) for value in known), -1], dtype=np.int64)
        codes, values = np.where(codes >= 0, codes, moved[other]), list(place)
    return codes, values


def filled(slots: Integers, keys: Integers, most: int) -> tuple[Integers, Integers]:
    """Return every slot of a key from its first on, also those without a row: (slot, latest row up to it).

    After a row at most `most` slots follow without another, so that one stray instant does not make millions.
    """
    order = np.lexsort((slots, keys))
    last = int(slots.max(initial=0)) + 1
    following = np.full(len(order), last, dtype=np.int64)
    same = np.diff(keys[order]) == 0
    following[:-1][same] = slots[order[1:][same]]
    spans = np.minimum(following - slots[order], most)
    rows = np.repeat(order, spans)
    steps = np.arange(len(rows)) - np.repeat(np.cumsum(spans) - spans, spans)
    return (slots[rows] + steps).astype(np.int64), rows.astype(np.int64)


def shared_lists(found: Cells, things: pa.Array, *, window: timedelta, over: timedelta, entity: Integers) -> pa.Array:
    """Return, in the shape of `things`, how many entities had the same thing within `over` up to the group's window.

    `things` are lists, one a group; `entity` is the code of each group's entity.
    """
    offsets, words = things.offsets.to_numpy(), things.values.dictionary_encode()
    thing = words.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    group = np.repeat(np.arange(len(found)), np.diff(offsets))
    slot = (found.end // (window // timedelta(microseconds=1)))[group]
    slot -= slot.min(initial=0)
    span, after = int(slot.max(initial=0)) + 2, np.iinfo(np.int64).max
    owner = entity[group]
    order = np.lexsort((slot, owner, thing))
    again = np.full(len(thing), after)  # when the same entity has the same thing next
    same = (np.diff(thing[order]) == 0) & (np.diff(owner[order]) == 0)
    again[order[:-1][same]] = slot[order[1:][same]]
    last = np.minimum(np.minimum(again, slot + over // window), span - 1)  # from then on it counts no more
    keys = np.concatenate([thing * span + slot, thing * span + last])
    steps = np.concatenate([np.ones(len(thing), dtype=np.int64), np.full(len(thing), -1)])
    ascending = np.argsort(keys, kind="stable")
    running = np.concatenate([[0], np.cumsum(steps[ascending])])
    counts = running[np.searchsorted(keys[ascending], thing * span + slot, side="right")]
    return pa.ListArray.from_arrays(things.offsets, pa.array(counts.astype(np.int64)))
