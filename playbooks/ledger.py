"""The ledger: every decision with its reason, each record chained to the one before by its digest.

A record's body is canonical JSON (sorted keys, no spaces, UTF-8) and carries its own sequence number and the digest of
the record before; its digest is SHA-256 over a domain prefix, the body's length and the body. So a changed, inserted,
removed or reordered record shows, and the head file (`playbooks.head`) shows a missing end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeAlias

from engine.errors import LedgerError, StoreError
from engine.events import instant
from engine.store.protocol import LedgerEntry
from playbooks.head import Head, HeadFile, Tip

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"

DOMAIN = b"kulla ledger record v1\0"
GENESIS = "0" * 64
_KEYS = frozenset(("sequence", "at", "actor", "kind", "subject", "details", "previous"))
_LARGEST_BODY = 1024 * 1024


_EMPTY = Tip(sequence=0, digest=GENESIS)


class ConcurrentWriteError(LedgerError):
    """Somebody else wrote about the same subject at the same time; nothing of ours was written."""

    exit_code = 3


class LedgerStore(Protocol):
    """The part of a store that the ledger needs (see `engine.store.protocol.Store`)."""

    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        """Append entries; raise `StoreError` where a sequence number is taken."""
        ...

    def ledger(self) -> Iterator[LedgerEntry]:
        """Yield the ledger in order of sequence."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the ledger: what was decided (`kind`, `details`), about what (`subject`), by whom and when.

    `at` is ISO 8601 in UTC; `previous` the digest of the record before (64 zeros for the first).
    """

    sequence: int
    at: str
    actor: str
    kind: str
    subject: str
    details: Mapping[str, Json]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One place where the chain does not hold: the sequence number concerned, and what is wrong, in words."""

    sequence: int
    what: str


def encode(record: Mapping[str, Json]) -> str:
    """Return the canonical JSON of a record's body; raise `LedgerError` for what has no one form (floats, NaN)."""
    _refuse_floats(record)
    try:
        body = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        size = len(body.encode())
    except (TypeError, ValueError):
        raise LedgerError("a record that has no canonical form") from None
    if size > _LARGEST_BODY:
        raise LedgerError(f"a record larger than {_LARGEST_BODY} bytes", hint="keep the evidence in a file")
    return body


def digest_of(body: str) -> str:
    """Return the digest of a body: 64 hex digits."""
    encoded = body.encode("utf-8", "surrogatepass")
    return sha256(DOMAIN + len(encoded).to_bytes(8, "big") + encoded).hexdigest()


def decode(entry: LedgerEntry) -> Record:
    """Return the record in a stored entry; raise `LedgerError` where it is not one in canonical form."""
    where = f"ledger record {entry.sequence}"
    try:
        body = json.loads(entry.body)
        well_formed = isinstance(body, dict) and set(body) == _KEYS and encode(body) == entry.body
    except (ValueError, RecursionError, LedgerError):
        well_formed = False
    if not well_formed or not _is_typed(body):
        raise LedgerError("is not a record in canonical form", where=where, hint="kulla ledger verify")
    return Record(digest=entry.digest, **body)


_NO_HEAD = Problem(sequence=0, what="the head file is missing: records cut off at the end would not show")


def verify(entries: Iterable[LedgerEntry], head: Head | None = None) -> tuple[Problem, ...]:
    """Return every place where the ledger was changed; nothing where it holds.

    With `head`, a missing or added end is found too. Entries are taken in the order given, once, in constant memory.
    """
    problems: list[Problem] = []
    tip = Tip(sequence=0, digest=GENESIS)
    seen: set[int] = set()
    for place, entry in enumerate(entries, start=1):
        problems.extend(_problems_of(entry, place, tip, seen))
        seen.add(entry.sequence)
        tip = Tip(sequence=entry.sequence, digest=entry.digest)
    if head is not None and not head.explains(tip):
        problems.append(_end_problem(tip, head))
    return tuple(problems)


def _problems_of(entry: LedgerEntry, place: int, before: Tip, seen: set[int]) -> Iterator[Problem]:
    expected = before.sequence + 1
    if digest_of(entry.body) != entry.digest:
        yield Problem(sequence=entry.sequence, what=f"record {entry.sequence} was changed: its digest does not match")
    try:
        record = decode(entry)
    except LedgerError as error:
        yield Problem(sequence=entry.sequence, what=f"record {entry.sequence} {error.message}")
        return
    if record.sequence != entry.sequence:
        what = f"record {entry.sequence} was put in another place: it says of itself that it is {record.sequence}"
        yield Problem(sequence=entry.sequence, what=what)
    if entry.sequence in seen:
        yield Problem(sequence=entry.sequence, what=f"record {entry.sequence} stands twice: one was inserted")
    elif entry.sequence > expected:
        gap = f"record {expected}" if entry.sequence == expected + 1 else f"records {expected} to {entry.sequence - 1}"
        yield Problem(sequence=expected, what=f"{gap} removed before record {entry.sequence}")
    elif entry.sequence < expected:
        yield Problem(sequence=entry.sequence, what=f"record {entry.sequence} stands at place {place}: reordered")
    if record.previous != before.digest:
        what = f"record {entry.sequence} does not follow record {before.sequence}: the chain is broken here"
        yield Problem(sequence=entry.sequence, what=what)


def _end_problem(tip: Tip, head: Head) -> Problem:
    last = head.tip.sequence
    if tip.sequence < last:
        what = f"records {tip.sequence + 1} to {last} removed at the end: the head file knows {last}"
        return Problem(sequence=tip.sequence + 1, what=what)
    if tip.sequence > last:
        what = f"records after {last} were added past the head file, which knows {last}"
        return Problem(sequence=last + 1, what=what)
    return Problem(sequence=last, what=f"record {last} is not the one the head file knows")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A record before it has its place in the chain."""

    actor: str
    kind: str
    subject: str
    details: Mapping[str, Json]


class Ledger:
    """The ledger in a store, with its head file.

    `head_path` is a file outside of the store; `clock` returns the present as an aware datetime.
    One append at a time per machine (a lock beside the head file).
    """

    def __init__(self, store: LedgerStore, head_path: Path, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._head = HeadFile(head_path)
        self._clock = clock
        self._known: tuple[Tip, dict[str, int]] | None = None  # the end as last seen, and the newest record by subject

    def append(
        self, *, actor: str, kind: str, subject: str, details: Mapping[str, Json], seen: int | None = None
    ) -> Record:
        """Append one record durably and return it.

        `seen` is the sequence of the last record about `subject` that the writer knows (0 for none): where a newer one
        exists, `ConcurrentWriteError` is raised and nothing written. `LedgerError` where the ledger does not end where
        the head file says.
        """
        with self._head.locked():
            tip, newest = self._tip(subject)
            if seen is not None and newest > seen:
                raise ConcurrentWriteError(
                    f"record {newest} about {subject} was written meanwhile by somebody else",
                    hint="resume: the run continues from what was decided",
                )
            draft = _Draft(actor=actor, kind=kind, subject=subject, details=details)
            record = _chain(tip, instant(self._clock()), draft)
            self._write(tip, record)
        return record

    def records(self, subject: str | None = None) -> Iterator[Record]:
        """Yield the records in order, those about `subject` alone where one is named.

        Raises `LedgerError` before the first where the chain does not hold: nobody acts on a forged approval.
        """
        problems = self.verify()
        if problems:
            raise LedgerError(problems[0].what, where=str(self._head.path), hint="kulla ledger verify")
        for entry in self._store.ledger():
            record = decode(entry)
            if subject is None or record.subject == subject:
                yield record

    def verify(self) -> tuple[Problem, ...]:
        """Return every place where the ledger or its end does not hold."""
        head = self._head.read()
        problems = verify(self._store.ledger(), head)
        if head is None and next(iter(self._store.ledger()), None) is not None:
            problems = (*problems, _NO_HEAD)
        return problems

    def adopt(self, *, actor: str, reason: str) -> Record:
        """Take the ledger's present end as its head, where the head file was lost; the chain itself must hold.

        The adoption is a record itself, with its reason.
        """
        with self._head.locked():
            entries = list(self._store.ledger())
            problems = verify(entries)
            if problems:
                raise LedgerError(problems[0].what, hint="kulla ledger verify")
            tip = Tip(sequence=entries[-1].sequence, digest=entries[-1].digest) if entries else _EMPTY
            old = self._head.read()
            details = {"reason": reason, "head_was": old.tip.sequence if old else None, "head_is": tip.sequence}
            draft = _Draft(actor=actor, kind="ledger.adopted", subject="ledger", details=details)
            record = _chain(tip, instant(self._clock()), draft)
            self._write(tip, record)
        return record

    def _tip(self, subject: str) -> tuple[Tip, int]:
        """Return the end of the ledger and the newest sequence about `subject`; check the end against the head."""
        head = self._head.read()
        if self._known is None or head is None or head != Head(tip=self._known[0]):
            self._known = self._look(head)
        tip, newest = self._known
        return tip, newest.get(subject, 0)

    def _look(self, head: Head | None) -> tuple[Tip, dict[str, int]]:
        tip, newest = _EMPTY, {}
        for entry in self._store.ledger():
            tip = Tip(sequence=entry.sequence, digest=entry.digest)
            newest[decode(entry).subject] = entry.sequence
        if (head is None and tip != _EMPTY) or (head is not None and not head.explains(tip)):
            problem = _end_problem(tip, head) if head else _NO_HEAD
            raise LedgerError(problem.what, where=str(self._head.path), hint="kulla ledger verify")
        return tip, newest

    def _write(self, tip: Tip, record: Record) -> None:
        entry = LedgerEntry(sequence=record.sequence, body=encode(_body(record)), digest=record.digest)
        new = Tip(sequence=record.sequence, digest=record.digest)
        self._head.write(Head(tip=tip, pending=new))
        try:
            self._store.append_ledger([entry])
        except StoreError as error:
            self._known = None
            self._head.write(Head(tip=tip))
            raise ConcurrentWriteError(
                f"record {record.sequence} could not be written: {error.message}",
                where=error.where,
                hint="another session may have written it: resume and look at what was decided",
            ) from error
        self._head.write(Head(tip=new))
        newest = self._known[1] if self._known else {}
        self._known = (new, {**newest, record.subject: record.sequence})


def _chain(tip: Tip, at: str, draft: _Draft) -> Record:
    """Return the record that follows `tip`."""
    if not draft.actor.strip():
        raise LedgerError("a record without the name of who decided", hint="name the actor")
    unsigned = Record(
        sequence=tip.sequence + 1,
        at=at,
        actor=draft.actor,
        kind=draft.kind,
        subject=draft.subject,
        details=draft.details,
        previous=tip.digest,
        digest="",
    )
    return replace(unsigned, digest=digest_of(encode(_body(unsigned))))


def _body(record: Record) -> dict[str, Json]:
    return {name: getattr(record, name) for name in sorted(_KEYS)}


def _is_typed(body: Mapping[str, Json]) -> bool:
    words = all(isinstance(body[name], str) for name in ("at", "actor", "kind", "subject", "previous"))
    return words and type(body["sequence"]) is int and isinstance(body["details"], dict)


def _refuse_floats(value: Json) -> None:
    if isinstance(value, float):
        raise LedgerError("a record with a fraction, which has no one written form", hint="write it as text")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise LedgerError("a record with a key that is not text")
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            _refuse_floats(item)
