"""Erasing a person from the embedded store: segments written anew, the database's rows, and then their bytes.

Every step leaves a store that is whole. One that was killed half-way is repeated from its beginning: what is done
already holds nothing any more, and is passed over.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from engine.erasing import Erased, Subject
from engine.store.catalogue import Segment
from engine.store.leftovers import sweep
from engine.store.rewriting import Premises, cleaned, put_in_place, remove_retired, whole_table
from engine.store.scanning import as_text

_PAGE: Final = 2000  # rows that are looked through at once
_EVER: Final = 2**62
# The columns that say something of persons, by table: what names the row, and what is looked through.
_TABLES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "alerts": (("id",), ("body",)),
    "incidents": (("id",), ("body",)),
    "hits": (("rule_id", "timestamp", "event_id", "grouped", "value"), ("grouped", "value")),
    "records": (("kind", "key"), ("key", "body")),
    "dead_letters": (("number",), ("path", "reason", "raw")),
    "prefixes": (("path", "identity"), ("path",)),
}


def erase(at: Premises, subject: Subject) -> Erased:
    """Take a person out of everything but the ledger; raise `StoreError` where another process holds on to it."""
    counts: Counter[str] = Counter()
    clean: set[str] = set()
    while unseen := [each for each in at.catalogue.segments() if each.path not in clean]:
        for segment in unseen:  # what takes the place of one, written here or by compaction, is looked at in its turn
            changed = _erase_events(at, segment, subject)
            counts["events"] += changed
            clean.update([] if changed else [segment.path])
    for table in _TABLES:
        counts[table] = _erase_rows(at, table, subject)
    with at.database.transaction():
        sweep(at.folder, at.catalogue)
    remove_retired(at, before=_EVER)
    at.database.shred()
    return Erased(counts={name: count for name, count in counts.items() if count})


def _erase_events(at: Premises, segment: Segment, subject: Subject) -> int:
    """Write one segment anew where the person is in it; return how many events were changed."""
    table, sizes = whole_table(at.folder, segment)
    table, changed = cleaned(table, subject)
    if changed:
        put_in_place(at, segment, segment, table, sizes=sizes)
    return changed


def _erase_rows(at: Premises, table: str, subject: Subject) -> int:
    """Clean one table's rows in one transaction; return how many were changed."""
    names, looked_at = _TABLES[table]
    asked = dict.fromkeys((*names, *looked_at))
    with at.database.transaction() as connection:
        rows = connection.execute(f"SELECT {', '.join(asked)} FROM {table}")  # noqa: S608 # the store's own words
        found = [
            (dict(zip(asked, row, strict=True)), new)
            for page in _pages(rows)
            for row, new in _changes(page, list(asked), looked_at, subject)
        ]
        for row, new in found:
            sets = ", ".join(f"{name} = :new_{name}" for name in new)
            which = " AND ".join(f"{name} = :old_{name}" for name in names)
            values = {f"new_{name}": value for name, value in new.items()}
            values |= {f"old_{name}": row[name] for name in names}
            connection.execute(f"UPDATE OR REPLACE {table} SET {sets} WHERE {which}", values)  # noqa: S608
    return len(found)


def _pages(rows: sqlite3.Cursor) -> Iterator[list[tuple[object, ...]]]:
    while page := rows.fetchmany(_PAGE):
        yield page


def _changes(
    page: Sequence[tuple[object, ...]], asked: Sequence[str], looked_at: Sequence[str], subject: Subject
) -> Iterator[tuple[tuple[object, ...], dict[str, object]]]:
    """Yield the rows of a page in which the person is, each with its columns' new values."""
    places = [asked.index(name) for name in looked_at]
    texts = ["\n".join(as_text(row[place]) for place in places) for row in page]
    for number in subject.places(texts):
        row = page[number]
        new = {asked[place]: _without(row[place], subject) for place in places}
        yield row, {name: value for name, value in new.items() if value != row[asked.index(name)]}


def _without(value: object, subject: Subject) -> object:
    if isinstance(value, bytes):
        return subject.clean_bytes(value)
    return subject.clean_json(value) if isinstance(value, str) else value
