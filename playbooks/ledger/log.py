"""The ledger in a store: records are appended one at a time, and read only where the whole of it holds.

A record is stored first and the head file signed after. A process killed in between leaves a record past the head
that bears a trusted signature, which is how the next one knows it for its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from engine.errors import LedgerError, NotFoundError, StoreError
from engine.events import instant
from engine.store.protocol import LedgerEntry
from playbooks.ledger import merkle
from playbooks.ledger.head import Head, HeadFile, Tip
from playbooks.ledger.keys import Keyring, SigningKey, VerifierKey
from playbooks.ledger.merkle import Frontier
from playbooks.ledger.notes import Checkpoint, Consistency, Inclusion, checkpoint_of
from playbooks.ledger.record import Fields, Json, Record, entry_of, from_fields, raw_of
from playbooks.ledger.walk import EMPTY, KEY_ROTATED, KEY_TRUSTED, KEY_WITHDRAWN, Problem, Walk

_NO_HEAD = Problem(sequence=0, what="the head file is missing: records cut off at the end would not show")


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


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One pass over the whole ledger: what it found, the newest record of each subject, leaf hashes, records wanted."""

    walk: Walk
    newest: dict[str, int]
    leaves: list[bytes]
    records: list[Record]


@dataclass(slots=True, kw_only=True)
class _Known:
    """The ledger as last seen whole: its end, its tree, the newest record of each subject, and the subjects read.

    Of subjects that begin like one of `prefixes`, all are read.
    """

    tip: Tip
    frontier: Frontier
    newest: dict[str, int]
    ended: frozenset[str]
    read: dict[str, list[Record]]
    prefixes: frozenset[str] = frozenset()

    def of(self, subject: str) -> list[Record] | None:
        """Return the records about a subject, None where it was not read."""
        found = self.read.get(subject)
        if found is None and any(subject.startswith(prefix) for prefix in self.prefixes):
            found = self.read[subject] = []
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The ledger's tree with all its leaf hashes and its signed head: what proofs are made from."""

    leaves: Sequence[bytes]
    checkpoint: Checkpoint

    def inclusion(self, sequence: int, record: bytes | None = None) -> Inclusion:
        """Return the proof that record `sequence` is in the tree; raise `NotFoundError` where there is none."""
        try:
            path = merkle.inclusion(self.leaves, sequence - 1)
        except IndexError:
            hint = f"the records are 1 to {len(self.leaves)}" if self.leaves else "the ledger is empty"
            raise NotFoundError(f"no record {sequence}", hint=hint) from None
        return Inclusion(index=sequence - 1, path=path, checkpoint=self.checkpoint, record=record)

    def consistency(self, old: int) -> Consistency:
        """Return the proof that the first `old` records are what they were; raise `LedgerError` for fewer."""
        try:
            path = merkle.consistency(self.leaves, old)
        except IndexError:
            raise LedgerError(f"the ledger has {len(self.leaves)} records, fewer than {old}") from None
        return Consistency(old=old, path=path, checkpoint=self.checkpoint)


class Ledger:
    """The ledger in a store, with its head file and its keys.

    `head_path` is a file outside of the store; `clock` returns the present as an aware datetime; `keys` are by default
    in the folder `keys` beside the head file. `account` is who the system says is at the keyboard. One append at a
    time per machine (a lock beside the head file).
    """

    def __init__(
        self,
        store: LedgerStore,
        head_path: Path,
        clock: Callable[[], datetime],
        *,
        keys: Keyring | None = None,
        account: str = "",
    ) -> None:
        self.keys = keys or Keyring(head_path.parent / "keys")
        self.account = account
        self._store = store
        self._head = HeadFile(head_path)
        self._clock = clock
        self._known: _Known | None = None

    def append(
        self, *, actor: str, kind: str, subject: str, details: Mapping[str, Json], seen: int | None = None
    ) -> Record:
        """Append one signed record durably and return it.

        `seen` is the sequence of the last record about `subject` that the writer knows (0 for none): where a newer one
        exists, `ConcurrentWriteError` is raised and nothing written. `LedgerError` where the ledger does not hold.
        """
        with self._head.locked():
            known = self._look()
            newest = known.newest.get(subject, 0)
            if seen is not None and newest > seen:
                raise ConcurrentWriteError(
                    f"record {newest} about {subject} was written meanwhile by somebody else",
                    hint="resume: the run continues from what was decided",
                )
            record = self._chain(known, actor=actor, kind=kind, subject=subject, details=details)
            return self._write(known, record.signed(self._signing(known.ended)))

    def records(self, subject: str | None = None) -> Iterator[Record]:
        """Yield the records in order, those about `subject` alone where one is named.

        Raises `LedgerError` before the first where the ledger does not hold: nobody acts on a forged approval.
        """
        if subject is None:
            return iter(self._held(lambda _: True).records)
        known = self._still_known()
        found = known.of(subject) if known else None
        if found is None:
            reading = self._held(lambda fields: fields["subject"] == subject)
            if self._known is None or self._known.tip != reading.walk.tip:
                self._known = _known(reading)
            self._known.read[subject] = reading.records
            found = reading.records
        return iter(tuple(found))

    def preload(self, prefix: str) -> Mapping[str, Sequence[Record]]:
        """Read all subjects that begin like `prefix` in one pass; return their records, by subject, in order.

        `records` answers for these subjects from what was read as long as nobody else has written.
        """
        known = self._still_known()
        if known is None or prefix not in known.prefixes:
            reading = self._held(lambda fields: str(fields["subject"]).startswith(prefix))
            known = self._known = _known(reading)
            known.prefixes = frozenset((prefix,))
            for record in reading.records:
                known.read.setdefault(record.subject, []).append(record)
        return {subject: tuple(found) for subject, found in known.read.items() if subject.startswith(prefix)}

    def _still_known(self) -> _Known | None:
        """Return what was read of the ledger, None where somebody has written since."""
        head, known = self._head.read(), self._known
        return known if known is not None and head is not None and head.tip == known.tip else None

    def record(self, sequence: int) -> Record:
        """Return one record of a ledger that holds; raise `NotFoundError` where there is none."""
        found = self._held(lambda fields: fields["sequence"] == sequence).records
        if not found:
            raise NotFoundError(f"no record {sequence}", hint="kulla ledger show")
        return found[0]

    def verify(self) -> tuple[Problem, ...]:
        """Return every place where the ledger or its end does not hold."""
        return tuple(self.examine().problems)

    def examine(self, *, kept: Sequence[Checkpoint] = (), every_signature: bool = False) -> Walk:
        """Return the walk over the whole ledger: its size, root, unsigned records and problems.

        Heads `kept` elsewhere are compared; `every_signature` checks those too that the signed head vouches for.
        """
        marks = [item.size for item in kept]
        walk = self._settled(marks=marks, every_signature=every_signature).walk
        for item in kept:
            walk.compare(item)
        return walk

    def tree(self) -> Tree:
        """Return the tree for proofs, under a head that is signed now; raise `LedgerError` where it does not hold."""
        with self._head.locked():
            reading = self._read(self._head.read(), with_leaves=True)
            walk = self._require(reading).walk
            key = self._signing(walk.trust.ended)
            checkpoint = checkpoint_of(walk.frontier.size, walk.frontier.root(), key)
            if walk.tip != EMPTY:
                self._head.write(Head(tip=walk.tip, frontier=walk.frontier, checkpoint=checkpoint))
        return Tree(leaves=reading.leaves, checkpoint=checkpoint)

    def adopt(self, *, actor: str, reason: str) -> Record:
        """Take the ledger's present end as its head, where the head file was lost; the chain itself must hold.

        Records that are signed must be so by trusted keys. The adoption is a record itself, with its reason.
        """
        with self._head.locked():
            old = self._head.read()
            known = _known(self._require(self._read(None, needs_head=False)))
            details = {"reason": reason, "head_was": old.tip.sequence if old else None, "head_is": known.tip.sequence}
            record = self._chain(known, actor=actor, kind="ledger.adopted", subject="ledger", details=details)
            return self._write(known, record.signed(self._signing(known.ended)))

    def rotate(self, *, actor: str, reason: str) -> Record:
        """Replace the signing key: the old one signs the record that names the new one, and then nothing more."""
        with self._head.locked():
            known = self._look()
            old, new = self._signing(known.ended), self.keys.next_key()
            details = {"key": new.verifier.words, "was": old.verifier.words, "reason": reason}
            record = self._chain(known, actor=actor, kind=KEY_ROTATED, subject="ledger", details=details).signed(old)
            self._store_record(record)
            self.keys.promote()
            return self._seal(known, record, new)

    def trust(self, key: VerifierKey, *, actor: str, reason: str) -> Record:
        """Trust the key of another machine that writes to the same store, on this one and for all who trust this.

        A new home joins a ledger this way: it has no head file yet and takes the present end for its first.
        """
        with self._head.locked():
            is_new = self._head.read() is None and not self.keys.was_made
            self.keys.trust(key)
            known = _known(self._require(self._read(self._head.read(), needs_head=not is_new)))
            details = {"key": key.words, "reason": reason}
            record = self._chain(known, actor=actor, kind=KEY_TRUSTED, subject="ledger", details=details)
            return self._write(known, record.signed(self._signing(known.ended)))

    def withdraw_key(self, key_id: str, *, actor: str, reason: str) -> Record:
        """Let a key sign no more from here on (a machine was lost); what it signed before stays.

        Raise `NotFoundError` for a key that may not sign here anyway.
        """
        trust = self._held(lambda _: False).walk.trust
        able = [key.id for key in trust.keys if key.id not in trust.ended]
        if key_id not in able:
            what = "signs no more already" if key_id in trust.ended else "is not known here"
            raise NotFoundError(f"the key `{key_id[:80]}` {what}", hint=f"keys that sign: {', '.join(able) or 'none'}")
        details = {"key": key_id, "reason": reason}
        record = self.append(actor=actor, kind=KEY_WITHDRAWN, subject="ledger", details=details)
        self._known = None
        return record

    def _chain(self, known: _Known, *, actor: str, kind: str, subject: str, details: Mapping[str, Json]) -> Record:
        """Return the record that follows, not yet signed."""
        if not actor.strip():
            raise LedgerError("a record without the name of who decided", hint="name the actor")
        return Record(
            sequence=known.tip.sequence + 1,
            at=instant(self._clock()),
            actor=actor,
            kind=kind,
            subject=subject,
            details=details,
            previous=known.tip.digest,
            digest="",
            account=self.account,
        )

    def _write(self, known: _Known, record: Record) -> Record:
        self._store_record(record)
        return self._seal(known, record, self._signing(known.ended))

    def _store_record(self, record: Record) -> None:
        try:
            self._store.append_ledger([entry_of(record)])
        except StoreError as error:
            self._known = None
            raise ConcurrentWriteError(
                f"record {record.sequence} could not be written: {error.message}",
                where=error.where,
                hint="another session may have written it: resume and look at what was decided",
            ) from error

    def _seal(self, known: _Known, record: Record, key: SigningKey) -> Record:
        """Sign and keep the head over the record that was just stored."""
        known.frontier.add(raw_of(entry_of(record).body))
        known.tip = Tip(sequence=record.sequence, digest=record.digest)
        known.newest[record.subject] = record.sequence
        if (read := known.of(record.subject)) is not None:
            read.append(record)
        checkpoint = checkpoint_of(known.frontier.size, known.frontier.root(), key)
        self._known = None  # until the head is written, nothing is known for sure
        self._head.write(Head(tip=known.tip, frontier=known.frontier, checkpoint=checkpoint))
        self._known = known if not record.kind.startswith("ledger.") else None
        return record

    def _signing(self, ended: frozenset[str]) -> SigningKey:
        """Return the key to sign with; a rotation that was interrupted is brought to its end."""
        key = self.keys.signing()
        if key.verifier.id in ended:
            promoted = self.keys.promote()
            if promoted is None or promoted.verifier.id in ended:
                raise LedgerError(
                    f"the key {key.verifier.id} of this home was ended and may sign no more",
                    where=str(self.keys.path),
                    hint="use another home, and let it join with kulla ledger trust",
                )
            key = promoted
        return key

    def _look(self) -> _Known:
        """Return the ledger's end (the lock is held), looked at anew where the head is not ours any more."""
        head = self._head.read()
        if self._known is None or head is None or head.tip != self._known.tip:
            self._known = _known(self._require(self._read(head)))
            if head is None:  # the ledger is empty; its head stands before its first record, so that none can vanish
                empty = checkpoint_of(0, merkle.EMPTY_ROOT, self._signing(self._known.ended))
                self._head.write(Head(tip=EMPTY, frontier=Frontier(), checkpoint=empty))
        return self._known

    def _held(self, want: Callable[[Fields], bool]) -> _Reading:
        return self._require(self._settled(want))

    def _settled(
        self,
        want: Callable[[Fields], bool] | None = None,
        *,
        marks: Sequence[int] = (),
        every_signature: bool = False,
    ) -> _Reading:
        """Read the ledger; where it seems not to hold, once more while nobody writes."""
        reading = self._read(self._head.read(), want, marks=marks, every_signature=every_signature)
        if reading.walk.problems and self._head.path.parent.is_dir():
            with self._head.locked():
                reading = self._read(self._head.read(), want, marks=marks, every_signature=every_signature)
        return reading

    def _read(
        self,
        head: Head | None,
        want: Callable[[Fields], bool] | None = None,
        *,
        marks: Sequence[int] = (),
        every_signature: bool = False,
        with_leaves: bool = False,
        needs_head: bool = True,
    ) -> _Reading:
        walk = Walk(self.keys.trusted(), head, own=self.keys.own, marks=marks, every_signature=every_signature)
        reading = _Reading(walk=walk, newest={}, leaves=[], records=[])
        for entry, raw, fields in walk.over(self._store.ledger()):
            if with_leaves:
                reading.leaves.append(merkle.leaf_hash(raw))
            if fields is None:
                continue
            reading.newest[str(fields["subject"])] = entry.sequence
            if want is not None and want(fields):
                reading.records.append(from_fields(entry, fields))
        if head is None and needs_head and walk.tip != EMPTY:
            walk.problems.append(_NO_HEAD)
        return reading

    def _require(self, reading: _Reading) -> _Reading:
        if reading.walk.problems:
            raise LedgerError(reading.walk.problems[0].what, where=str(self._head.path), hint="kulla ledger verify")
        return reading


def _known(reading: _Reading) -> _Known:
    walk = reading.walk
    return _Known(tip=walk.tip, frontier=walk.frontier, newest=reading.newest, ended=walk.trust.ended, read={})
