"""Collecting: from log files into a store, in batches, with the account of every record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cli.reading import TOLD_LETTERS, Reading
from collectors.files import PREFIX
from collectors.reader import LogReader
from engine.errors import InputError, StoreError
from engine.events import DeadLetter, Event
from engine.store.protocol import Appended, Store, TakesColumns

if TYPE_CHECKING:
    from collectors.columns.treatment import Treatment
    from engine.batches import EventBatch

BATCH_EVENTS = 20_000
BATCH_BYTES = 32 * 1024 * 1024  # of raw text
PORTIONS = 3  # batches of columns that are stored together: as many events as a segment may hold


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


def _stored(reader: LogReader, store: Store, how: Reading) -> Iterator[tuple[Appended, Sequence[DeadLetter]]]:
    """Store a log's records, and yield what became of them with its dead letters; by columns where all can do that."""
    if how.treatment is not None and reader.by_columns and isinstance(store, TakesColumns):
        yield from _stored_by_columns(reader, store, how.treatment)
        return
    for events, letters in _batches(reader):
        yield store.append(how.kept(events), letters), letters


def _stored_by_columns(
    reader: LogReader, store: TakesColumns, treatment: Treatment
) -> Iterator[tuple[Appended, Sequence[DeadLetter]]]:
    batches: list[EventBatch] = []
    letters: list[DeadLetter] = []
    for portion in reader.portions():
        batches.append(treatment.treated(portion.batch, reader.events_of))
        letters += portion.letters
        full = len(batches) == PORTIONS or sum(len(batch.events) for batch in batches) + len(letters) >= BATCH_EVENTS
        if full:
            yield store.append_batches(batches, letters), letters
            batches, letters = [], []
    if batches:
        yield store.append_batches(batches, letters), letters


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
