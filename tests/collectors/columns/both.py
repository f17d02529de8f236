"""Reading the same bytes by records and by columns into a store each, for tests."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.columns.treatment import Treatment
from collectors.privacy.rules import Policy
from collectors.reader import LogReader, Parsed
from collectors.source import Options
from engine.events import DeadLetter, Event
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REFERENCE = datetime(2024, 6, 1, tzinfo=UTC)
Kept = Callable[[Sequence[Event]], Sequence[Event]]
PLAIN = Treatment(lambda events: events, Policy([], anywhere=False), None)


def reader(source: str, data: bytes, **options: Any) -> LogReader:
    """Open the bytes as a log."""
    chosen = Options(**{"reference": REFERENCE, **options})
    return LogReader(Path("access.log"), source=source, options=chosen, stream=io.BytesIO(data))


def by_records(folder: Path, source: str, data: bytes, kept: Kept = list, **options: Any) -> EmbeddedStore:
    """Store what reading one by one gives."""
    store = EmbeddedStore(folder, lambda: NOW)
    log = reader(source, data, **options)
    events: list[Event] = []
    letters: list[DeadLetter] = []
    for item in log.records():
        if isinstance(item, Parsed):
            events.append(log.event(item))
        else:
            letters.append(item)
    done = store.append(kept(events), letters)
    tally = log.tally
    assert tally.records == done.stored + done.duplicates + done.dead_lettered + done.dead_duplicates
    return store


def by_columns(
    folder: Path, source: str, data: bytes, treatment: Treatment = PLAIN, **options: Any
) -> tuple[EmbeddedStore, int]:
    """Store what reading by columns gives; return how many events stood in columns as well."""
    store = EmbeddedStore(folder, lambda: NOW)
    log = reader(source, data, **options)
    portions = list(log.portions())
    batches = [treatment.treated(portion.batch, log.events_of) for portion in portions]
    letters = [letter for portion in portions for letter in portion.letters]
    done = store.append_batches(batches, letters)
    tally = log.tally
    assert tally.records == done.stored + done.duplicates + done.dead_lettered + done.dead_duplicates
    return store, sum(batch.rows for batch in batches)


def contents(store: EmbeddedStore) -> tuple[dict[str, Event], list[DeadLetter], list[tuple[str, int]]]:
    """Return everything in a store: events by id, dead letters, and datasets with their numbers."""
    ids = [value for part in store.scan(columns=["event.id"]) for value in part.table.column(0).to_pylist()]
    assert len(set(ids)) == len(ids)
    events = {number: replace(event, fields=dict(event.fields)) for number, event in store.events_by_id(ids).items()}
    assert len(events) == len(ids)
    letters = sorted(store.dead_letters(), key=lambda letter: (letter.origin.offset, letter.id))
    return events, letters, sorted(store.status().datasets.items())


def assert_alike(folder: Path, source: str, data: bytes, **options: Any) -> int:
    """Assert that both ways store the same; return how many events stood in columns."""
    one = by_records(folder / "records", source, data, **options)
    other, rows = by_columns(folder / "columns", source, data, **options)
    with one, other:
        wanted, found = contents(one), contents(other)
        for number, event in wanted[0].items():
            assert found[0].get(number) == event
        assert found == wanted
    return rows
