"""Segments written anew with something taken out of them: a person's values, or the rows of some datasets.

Segments are immutable: a changed one is a new file that takes the place of the old one in the catalogue, in one
transaction. The rows that stay keep their sequences.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.erasing import Subject
from engine.store.catalogue import Catalogue, Segment
from engine.store.columns import ENVELOPE, KINDS, REST, SEQUENCE, TEXT
from engine.store.database import Database, to_micros
from engine.store.leftovers import STAGED, note
from engine.store.segments import SegmentReader, stage
from engine.store.tested import tested_path
from engine.store.values import from_json, to_json

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """A store's folder, its database with the catalogue, and the present."""

    folder: Path
    database: Database
    catalogue: Catalogue
    now: datetime


def whole_table(folder: Path, segment: Segment) -> tuple[pa.Table, list[int]]:
    """Return all columns and rows of a segment as they are stored, and the rows of each of its row groups."""
    with SegmentReader(folder / segment.path, as_stored=True) as reader:
        parts = [reader.read(group, reader.names) for group in range(len(reader.rows))]
        return pa.concat_tables(parts).unify_dictionaries(), list(reader.rows)


def cleaned(table: pa.Table, subject: Subject) -> tuple[pa.Table, int]:
    """Return a segment's table without a person, and in how many rows something was changed (0: the same table)."""
    touched = np.zeros(table.num_rows, dtype=bool)
    for place, name in enumerate(table.column_names):
        column = table.column(place).combine_chunks()
        changed, rows = _cleaned_column(name, column, subject)
        if changed is not None:
            touched |= rows
            table = table.set_column(place, name, changed)
    renamed = {name: subject.clean(name) for name in table.column_names if name not in ENVELOPE}
    if odd := [name for name, new in renamed.items() if new != name]:
        for name in odd:
            touched |= table.column(name).is_valid().to_numpy()
        kept = [name for name in table.column_names if name not in odd or renamed[name] not in table.column_names]
        table = table.select(kept).rename_columns([renamed.get(name, name) for name in kept])
    return table, int(touched.sum())


def _cleaned_column(name: str, column: pa.Array, subject: Subject) -> tuple[pa.Array | None, Flags]:
    """Return a column without the person and which rows that changes, None where there is nothing to change."""
    kind = column.type
    if kind == TEXT or pa.types.is_string(kind):
        return _cleaned_text(column, _cleaner(name, subject), subject)
    if pa.types.is_list(kind):
        lists = column.to_pylist()
        rows = [place for place, each in enumerate(lists) if each and list(subject.places(each))]
        for place in rows:
            lists[place] = [subject.clean(each) for each in lists[place]]
        return (pa.array(lists, kind) if rows else None), _marked(rows, len(column))
    if (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and subject.numbers and name not in ENVELOPE:
        numbers = pa.array(sorted(subject.numbers), pa.int64()).cast(kind)
        there = pc.is_in(column, value_set=numbers)
        found: Flags = there.to_numpy(zero_copy_only=False)
        return (pc.if_else(there, pa.scalar(None, kind), column) if found.any() else None), found
    return None, _marked([], len(column))


def _cleaned_text(column: pa.Array, clean: Callable[[str], str], subject: Subject) -> tuple[pa.Array | None, Flags]:
    if pa.types.is_dictionary(column.type):
        values = column.dictionary.to_pylist()
        places = list(subject.places(values))
        for place in places:
            values[place] = clean(values[place])
        rows = pc.is_in(column.indices, value_set=pa.array(places, column.indices.type)).to_numpy(zero_copy_only=False)
        if not places:
            return None, rows
        new = pa.DictionaryArray.from_arrays(column.indices, pa.array(values, pa.string()))
        return new.cast(pa.string()).dictionary_encode(), rows  # the new words may be alike
    values = column.to_pylist()
    places = list(subject.places(values))
    for place in places:
        values[place] = clean(values[place])
    return (pa.array(values, pa.string()) if places else None), _marked(places, len(column))


def _cleaner(name: str, subject: Subject) -> Callable[[str], str]:
    if name == REST:
        return lambda text: _cleaned_rest(text, subject)
    if name == KINDS:
        return lambda text: json.dumps({subject.clean(key): code for key, code in json.loads(text).items()})
    return subject.clean


def _cleaned_rest(text: str, subject: Subject) -> str:
    cleaned_fields = {}
    for name, value in from_json(text).items():
        values = [subject.document(each) if isinstance(each, (str, int)) else each for each in _listed(value)]
        cleaned_fields[subject.clean(name)] = values if isinstance(value, (list, tuple)) else values[0]
    return to_json(cleaned_fields)  # type: ignore[arg-type] # fields, as they were


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else (value,)


def _marked(rows: Sequence[int], size: int) -> Flags:
    found = np.zeros(size, dtype=bool)
    found[list(rows)] = True
    return found


def without_datasets(table: pa.Table, segment: Segment, datasets: Collection[str]) -> pa.Table:
    """Return a segment's rows that are of other datasets, with their sequences in a column."""
    if SEQUENCE not in table.column_names:
        sequences = np.arange(segment.first_sequence, segment.last_sequence + 1)
        table = table.append_column(SEQUENCE, pa.array(sequences))
    names = table.column("event.dataset").cast(pa.string()) if "event.dataset" in table.column_names else None
    if names is None:
        return table.slice(0, 0)
    gone = pc.is_in(pc.fill_null(names, ""), value_set=pa.array(sorted(datasets), pa.string()))
    return table.filter(pc.invert(gone)).unify_dictionaries()


def put_in_place(
    at: Premises, old: Segment, new: Segment, table: pa.Table, *, sizes: Sequence[int] = (), gone: Collection[str] = ()
) -> bool:
    """Store a table as the segment `new` in the place of `old`; `gone` are datasets that it has no more.

    Tell whether the old one was still there: another process may have joined it with others meanwhile.
    """
    with at.database.guarded():
        staged = stage(table, at.folder / STAGED, sizes)
    try:
        with at.database.transaction() as connection:
            sized = replace(new, path=_fresh_path(old, at.catalogue.newest()), size=staged.size)
            if not at.catalogue.replace(connection, [old], sized, to_micros(at.now)):
                return False
            at.catalogue.forget_datasets(connection, sized.path, gone)
            staged.place(at.folder / sized.path)
    finally:
        staged.discard()
    note(at.folder, at.catalogue)
    return True


def _fresh_path(segment: Segment, newest: int) -> str:
    """Return a path for what takes a segment's place: in the same folder, with a name that was never used."""
    path = PurePosixPath(segment.path)
    return str(path.with_name(f"{path.stem.split('~')[0]}~{newest + 1}{path.suffix}"))


def remove_retired(at: Premises, *, before: int) -> None:
    """Remove the files that were replaced before this time (microseconds), with what was worked out from them."""
    paths = at.catalogue.retired(before=before)
    if not paths:
        return
    with at.database.transaction() as connection:
        for path in paths:
            (at.folder / path).unlink(missing_ok=True)
            (at.folder / tested_path(path)).unlink(missing_ok=True)
        at.catalogue.forget_retired(connection, paths)
