"""Collecting: from log files into a store, in batches, with the account of every record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.reading import TOLD_LETTERS, Reading
from collectors.files import PREFIX
from collectors.reader import LogReader
from engine.errors import InputError, StoreError
from engine.events import DeadLetter, Event
from engine.store.protocol import Appended, Record, Store, TakesColumns

if TYPE_CHECKING:
    from collectors.columns.treatment import Untreated

BATCH_EVENTS = 20_000
BATCH_BYTES = 32 * 1024 * 1024  # of raw text
PORTIONS = 3  # full batches of columns that are stored together: as many events as a segment may hold


@dataclass(slots=True, kw_only=True)
class Account:
    """What became of one log's records: `records` = `stored` + `dead_lettered` + `duplicates`.

    `path` is an address where the log was pulled.
    """

    path: Path | str
    source: str = ""
    records: int = 0
    stored: int = 0
    dead_lettered: int = 0
    duplicates: int = 0
    headers: int = 0
    letters: list[DeadLetter] = field(default_factory=list)
    problem: InputError | None = None

    @property
    def balanced(self) -> bool:
        """Tell whether every record is accounted for."""
        return self.records == self.stored + self.dead_lettered + self.duplicates

    def add(self, records: int, done: Appended, letters: Sequence[DeadLetter]) -> None:
        """Add records and what became of them; the first dead letters are kept, to be told one by one."""
        self.records += records
        self.stored += done.stored
        self.dead_lettered += done.dead_lettered
        self.duplicates += done.duplicates + done.dead_duplicates
        self.letters.extend(letters[: max(0, TOLD_LETTERS - len(self.letters))])


def collect_file(path: Path, store: Store, how: Reading, *, stdin: object = None) -> Account:
    """Read one log into the store; a log that can't be read says so in `problem`.

    Raise `StoreError` where the store refuses, or where a record is unaccounted for.
    """
    account = Account(path=path)
    try:
        reader = how.open(path, store.known_prefixes(), stdin=stdin)
    except InputError as error:
        account.problem = error
        return account
    account.source = reader.source.name
    store.remember_prefix(str(path), reader.prefix_length, reader.identity)
    if reader.alias is not None and reader.prefix_length < PREFIX:  # a short log that has grown: see `alias_of`
        store.remember_prefix(reader.alias, PREFIX, reader.identity)
    for done, letters in _stored(reader, store, how):
        account.add(0, done, letters)
    account.records, account.headers = reader.tally.records, reader.tally.headers
    if not account.balanced:
        raise StoreError(
            f"{account.records:,} records were read, but {account.stored:,} stored, "
            f"{account.dead_lettered:,} dead-lettered and {account.duplicates:,} duplicates",
            where=str(path),
            hint="this is a fault of kulla: please report it; collecting again loses nothing",
        )
    return account


def stored(
    store: Store,
    how: Reading,
    events: Sequence[Event],
    letters: Sequence[DeadLetter],
    *,
    columns: Sequence[Untreated] = (),
    records: Sequence[Record] = (),
) -> Appended:
    """Treat events and store them in one micro-batch, with dead letters and checkpoints; `columns` are more events.

    Those may only be given where `takes_columns` tells so.
    """
    kept = how.kept(events)
    if not columns:
        return store.append(kept, letters, records=records)
    if how.treatment is None or not isinstance(store, TakesColumns):
        raise TypeError("columns for a store that takes none")
    batches = [how.treatment.treated(each.batch, each.events_of) for each in columns]
    batches[-1] = replace(batches[-1], events=[*batches[-1].events, *kept])
    return store.append_batches(batches, letters, records=records)


def takes_columns(store: Store, how: Reading) -> bool:
    """Tell whether a store takes events as columns, and they can be treated so."""
    return how.treatment is not None and isinstance(store, TakesColumns)


def _stored(reader: LogReader, store: Store, how: Reading) -> Iterator[tuple[Appended, Sequence[DeadLetter]]]:
    """Store a log's records, and yield what became of them with its dead letters; by columns where all can do that."""
    if reader.by_columns and takes_columns(store, how):
        for columns, letters in _wide_batches(reader):
            yield stored(store, how, [], letters, columns=columns), letters
        return
    for events, letters in _batches(reader):
        yield stored(store, how, events, letters), letters


def _wide_batches(reader: LogReader) -> Iterator[tuple[list[Untreated], list[DeadLetter]]]:
    from collectors.columns.treatment import Untreated

    columns: list[Untreated] = []
    letters: list[DeadLetter] = []
    for portion in reader.portions():
        columns.append(Untreated(batch=portion.batch, events_of=reader.events_of))
        letters += portion.letters
        odd = sum(len(each.batch.events) for each in columns) + len(letters)
        if len(columns) == PORTIONS or odd >= BATCH_EVENTS:
            yield columns, letters
            columns.clear()  # or whoever took them would hold them until the next are there
            letters = []
    if columns:
        yield columns, letters


def _batches(reader: LogReader) -> Iterator[tuple[list[Event], list[DeadLetter]]]:
    events: list[Event] = []
    letters: list[DeadLetter] = []
    size = 0
    for item in reader.records():
        if isinstance(item, DeadLetter):
            letters.append(item)
            size += len(item.raw)
        else:
            events.append(reader.event(item))
            size += len(item.record.raw)
        if len(events) + len(letters) >= BATCH_EVENTS or size >= BATCH_BYTES:
            yield events, letters
            events, letters, size = [], [], 0
    if events or letters:
        yield events, letters


def balance(accounts: Sequence[Account]) -> str:
    """Return the law of collecting with its figures: in = stored + dead-lettered + duplicates."""
    read, stored, dead, known = (
        sum(getattr(item, name) for item in accounts) for name in ("records", "stored", "dead_lettered", "duplicates")
    )
    return f"in {read:,} = stored {stored:,} + dead-lettered {dead:,} + duplicates {known:,}"
