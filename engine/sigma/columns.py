"""Matching stored events by columns: no Python object per event.

Each distinct value of a column is tested once; codes become signatures and rows become profiles by array operations,
and only distinct profiles are evaluated. What a column's rows came to is kept with the block (see
`engine.sigma.remembered`), so that a later run over the same events reads neither strings nor codes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from engine.sigma.coded import Coded, Codes, Columns, distinct
from engine.sigma.engine import Engine
from engine.sigma.keyword_columns import keyword_signatures
from engine.sigma.logsources import KIND_FIELDS, Kind, kind_from
from engine.sigma.needles import Finder, Needles, SharedNeedles, fits_a_glance
from engine.sigma.partitions import Partition
from engine.sigma.predicates import Predicate
from engine.sigma.remembered import Keys, Local, code_key, keys_of, localised, packed, unpacked
from engine.sigma.signatures import Accessor, Signatures

if TYPE_CHECKING:
    from engine.store.protocol import Block

_MAX_KEYS = 500  # partitions whose keys are remembered
_ABSENT = None  # the meaning of signature 0 in a kept entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Rows of one partition that match rules: `rows[i]` (in the block) matches the rule at `positions[i]`."""

    partition: Partition
    rows: Codes
    positions: Codes


class ColumnMatcher:
    """Matches blocks of stored events with an engine's partitions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked: dict[Partition, _Asked] = {}
        self._together = _Together()

    def match(self, block: Block) -> Iterator[Hits]:
        """Yield the hits among the block's selected rows, kind of event by kind."""
        columns = Columns(block)
        seen = [
            (partition, self._asked_of(partition), rows)  # all of them first: keywords are sought together
            for kind, rows in _kinds(block, columns)
            if (partition := self._engine.partition(kind)).rules
        ]
        for partition, asked, rows in seen:
            if block.selected is not None and not block.selected[rows].any():
                continue
            partition.renew()
            hits = _Look(block, columns, partition, asked, rows).hits()
            if hits is not None:
                yield hits

    def _asked_of(self, partition: Partition) -> _Asked:
        if partition not in self._asked:
            if len(self._asked) >= _MAX_KEYS:
                self._asked.clear()
            self._asked[partition] = _Asked(partition, self._together)
        return self._asked[partition]


class _Together:
    """The keywords that Windows partitions ask for, as far as they can be looked for at a glance."""

    def __init__(self) -> None:
        self._predicates: set[Predicate] = set()
        self._needles: SharedNeedles | None = None

    def take_in(self, predicates: Collection[Predicate]) -> None:
        if not self._predicates.issuperset(predicates):
            self._predicates.update(predicates)
            self._needles = None

    @property
    def needles(self) -> SharedNeedles:
        if self._needles is None:
            self._needles = SharedNeedles(self._predicates)
        return self._needles


class _Asked:
    """What a partition asks: the keys of its entries, and the needles of its keywords once they are searched."""

    def __init__(self, partition: Partition, together: _Together) -> None:
        self.keys = keys_of(partition)
        self._together = together
        predicates = [item for _, item in partition.asked[1]]
        in_values = partition.kind.family == "windows"
        self._shares = in_values and fits_a_glance(predicates)
        if self._shares:
            together.take_in(predicates)
        self._own = partial(Needles, predicates, escaped=not in_values)

    @property
    def finder(self) -> Finder:
        return self._together.needles if self._shares else self._needles

    @cached_property
    def _needles(self) -> Needles:
        return self._own()


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the rows of one kind in a block."""

    block: Block
    columns: Columns
    partition: Partition
    asked: _Asked
    rows: Codes

    @property
    def keys(self) -> Keys:
        return self.asked.keys

    def hits(self) -> Hits | None:
        signatures = self._fields()
        if self.partition.keywords is not None:
            signatures.append(self._keywords(self.partition.keywords))
        if self.partition.has_references:
            signatures.append(self._references())
        first, profiles = distinct([item.codes for item in signatures], len(self.rows))
        evaluate = self.partition.evaluate
        matched = [evaluate(profile) for profile in zip(*(_meanings(item, first) for item in signatures), strict=True)]
        if not any(matched):
            return None
        return _expand(self.partition, self.rows, profiles, matched, self.block)

    def _fields(self) -> list[Local]:
        """Return what each of the partition's fields came to; fields that no event of the block has cost nothing."""
        names = self.columns.names
        found: list[Local | None] = []
        for index, accessor in enumerate(self.partition.accessors):
            if names.isdisjoint(accessor.names):
                found.append(Local([0], None))
                continue
            found.append(self._recalled(index))
        missing = [index for index, item in enumerate(found) if item is None]
        self.columns.load({name for index in missing for name in self.partition.accessors[index].names})
        return [self._tested(index) if item is None else item for index, item in enumerate(found)]

    def _recalled(self, index: int) -> Local | None:
        known = unpacked(self.block.recall(self._place(self.keys.fields[index])), len(self.rows))
        return known and _numbered(known, self.partition.tables[index], self.keys.field_numbers[index])

    def _tested(self, index: int) -> Local:
        table = self.partition.tables[index]
        numbers = _signatures(table, self.columns.values(self.partition.accessors[index], self.rows))
        return self._kept(self.keys.fields[index], numbers, table, self.keys.field_numbers[index])

    def _keywords(self, table: Signatures) -> Local:
        key, order = self.keys.keywords, self.keys.keyword_numbers
        known = unpacked(self.block.recall(self._place(key)), len(self.rows))
        if known is not None:
            return _numbered(known, table, order)
        numbers = keyword_signatures(self.block, self.columns, self.partition, self.rows, self.asked.finder)
        return self._kept(key, numbers, table, order)

    def _kept(self, key: str, numbers: Codes, table: Signatures, order: Sequence[int]) -> Local:
        """Keep what the rows came to, in terms that outlive this run's numbers."""
        used, codes = localised(numbers)
        if self.block.apart():  # nothing is kept of blocks that are only looked at together
            return Local(used.tolist(), codes if len(used) > 1 else None)
        places = {number: place for place, number in enumerate(order)}
        meanings = [sorted(places[item] for item in table.true[number]) if number else _ABSENT for number in used]
        local = Local(meanings, codes if len(used) > 1 else None)
        self.block.keep(self._place(key), packed(local))
        return Local(used.tolist(), local.codes)

    def _references(self) -> Local:
        """Return the bits of the predicates that compare two fields; equal combinations of values are tried once."""
        place = self._place(self.keys.references)
        known = unpacked(self.block.recall(place), len(self.rows))
        if known is not None:
            return known
        names = sorted({name for _, left, right in self.partition.compared() for name in (*left, *right)})
        self.columns.load(set(names))
        coded = [self.columns.values(Accessor((name,)), self.rows).codes + 1 for name in names]
        first, combined = distinct([localised(codes)[1] for codes in coded], len(self.rows))
        fields = self.columns.rows(self.rows[first], names)
        bits = np.array([self.partition.reference_bits(each) for each in fields], dtype=np.int64)
        used, codes = localised(bits[combined])
        local = Local(used.tolist(), codes if len(used) > 1 else None)
        self.block.keep(place, packed(local))
        return local

    def _place(self, key: str) -> str:
        kind = self.partition.kind
        return f"{key} {kind.family} {kind.dataset} {kind.detail} {len(self.rows)} {int(self.rows[0])}"


def _numbered(known: Local, table: Signatures, order: Sequence[int]) -> Local:
    """Give what was kept the signatures of this run."""
    meanings = [
        0 if item is _ABSENT else table.number(frozenset(order[place] for place in item)) for item in known.meanings
    ]
    return Local(meanings, known.codes)


def _meanings(local: Local, rows: Codes) -> Iterable[int]:
    if local.codes is None:
        return [local.meanings[0]] * len(rows)
    found: list[int] = np.array(local.meanings, dtype=np.int64)[local.codes[rows]].tolist()
    return found


def _expand(
    partition: Partition, rows: Codes, profiles: Codes, matched: Sequence[tuple[int, ...]], block: Block
) -> Hits | None:
    interesting = np.array([bool(item) for item in matched])[profiles]
    if block.selected is not None:
        interesting &= block.selected[rows]
    found_rows, found_positions = [], []
    for index in np.flatnonzero(interesting):
        for position in matched[profiles[index]]:
            found_rows.append(rows[index])
            found_positions.append(position)
    if not found_rows:
        return None
    return Hits(
        partition=partition,
        rows=np.array(found_rows, dtype=np.int64),
        positions=np.array(found_positions, dtype=np.int64),
    )


def _kinds(block: Block, columns: Columns) -> Iterator[tuple[Kind, Codes]]:
    """Yield each kind of event in the block with its rows, in the order of first appearance."""
    place = f"{code_key()} kinds"
    known = unpacked(block.recall(place), block.rows)
    if known is None:
        known = _told_kinds(block, columns)
        block.keep(place, packed(known))
    for number, words in enumerate(known.meanings):
        rows = np.arange(block.rows) if known.codes is None else np.flatnonzero(known.codes == number)
        yield Kind(*words), rows


def _told_kinds(block: Block, columns: Columns) -> Local:
    everything = np.arange(block.rows)
    windows = KIND_FIELDS[:2]
    columns.load(set(windows))
    coded = [columns.values(Accessor((name,)), everything) for name in windows]
    if not _is_everywhere(coded[0]):  # where all events have a channel, nothing else decides
        columns.load(set(KIND_FIELDS))
        coded = [columns.values(Accessor((name,)), everything) for name in KIND_FIELDS]
    first, groups = distinct([localised(item.codes + 1)[1] for item in coded], block.rows)
    numbers: dict[Kind, int] = {}
    places = []
    for row in first:
        words = [item.first(int(row)) for item in coded]
        kind = kind_from([*words, *[""] * (len(KIND_FIELDS) - len(words))])
        places.append(numbers.setdefault(kind, len(numbers)))
    _, codes = localised(np.array(places, dtype=np.int64)[groups])
    meanings = [[kind.family, kind.dataset, kind.detail] for kind in numbers]
    return Local(meanings, codes if len(numbers) > 1 else None)


def _is_everywhere(column: Coded) -> bool:
    """Tell whether every row has a text that is not empty."""
    return bool((column.codes >= 0).all()) and all(isinstance(value, str) and value for value in column.values)


def _signatures(table: Signatures, column: Coded) -> Codes:
    """Return the signature of each row's value; each distinct value is looked up (and tested) once."""
    if not len(column.values):
        return np.zeros(len(column.codes), dtype=np.int64)
    used = np.zeros(len(column.values) + 1, dtype=bool)
    used[column.codes] = True  # -1, an absent value, is the last place
    numbers = np.zeros(len(column.values) + 1, dtype=np.int64)
    places = np.flatnonzero(used[:-1])
    for place, value in zip(places.tolist(), column.some(places), strict=True):
        numbers[place] = table.of(value)
    return numbers[column.codes]
