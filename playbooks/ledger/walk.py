"""Going once over the ledger, in constant memory: is every record where and what it was, and who signed it.

What a trusted checkpoint covers is vouched for by its root; records after it must each bear the signature of a trusted
key. Which keys are trusted begins with those given and follows the ledger itself: a record signed by a trusted key may
bring in another (`ledger.key-trusted`), replace its own (`ledger.key-rotated`) or end one (`ledger.key-withdrawn`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.errors import LedgerError
from engine.store.protocol import LedgerEntry
from playbooks.ledger.head import Head, Tip
from playbooks.ledger.keys import VerifierKey, read_verifier
from playbooks.ledger.merkle import Frontier
from playbooks.ledger.notes import Checkpoint
from playbooks.ledger.record import GENESIS, Fields, Record, digest_of_raw, fields_of, from_fields, raw_of

KEY_TRUSTED = "ledger.key-trusted"
KEY_ROTATED = "ledger.key-rotated"
KEY_WITHDRAWN = "ledger.key-withdrawn"
_KEY_KINDS = frozenset((KEY_TRUSTED, KEY_ROTATED, KEY_WITHDRAWN))

EMPTY = Tip(sequence=0, digest=GENESIS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One place where the ledger does not hold: the sequence number concerned, and what is wrong, in words."""

    sequence: int
    what: str


class Trust:
    """Which keys may sign, as the ledger goes on."""

    def __init__(self, keys: Iterable[VerifierKey]) -> None:
        self._keys = {key.id: key for key in keys}
        self._ended: dict[str, int] = {}

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Return the keys that are known, those that were ended included (they vouch for what they signed before)."""
        return tuple(self._keys.values())

    @property
    def ended(self) -> frozenset[str]:
        """Return the ids of the keys that may sign no more."""
        return frozenset(self._ended)

    def problem_of(self, record: Record) -> str | None:
        """Return what is wrong with a record's signature, None where it is a trusted key's."""
        if not record.signature:
            return "is not signed"
        key = self._keys.get(record.key)
        if key is None:
            return f"is signed by key {record.key}, which is not trusted here (kulla ledger trust KEY)"
        if record.key in self._ended:
            return f"is signed by key {record.key}, which record {self._ended[record.key]} ended"
        return None if record.is_signed_by(key) else "was changed: its signature does not match"

    def follow(self, record: Record) -> None:
        """Take in what a record about keys says; raise `LedgerError` where it says nothing that can be read."""
        if record.kind in {KEY_TRUSTED, KEY_ROTATED}:
            key = read_verifier(str(record.details.get("key")))
            self._keys[key.id] = key
            self._ended.pop(key.id, None)
        if record.kind == KEY_ROTATED:
            self._ended[record.key] = record.sequence
        if record.kind == KEY_WITHDRAWN:
            self._ended[str(record.details.get("key"))] = record.sequence


class Walk:
    """One pass. After `over` was taken to its end, the attributes tell what was found.

    `head` vouches for the records it covers where the `own` key signed it (any trusted one where that is None).

    `trusted` keys of None check no signature (an empty sequence trusts none). `marks` are sizes at which the root is
    noted, for checkpoints that are compared.
    """

    def __init__(
        self,
        trusted: Sequence[VerifierKey] | None = None,
        head: Head | None = None,
        *,
        own: VerifierKey | None = None,
        marks: Iterable[int] = (),
        every_signature: bool = False,
    ) -> None:
        self.trust = Trust(trusted or ())
        self._last = LedgerEntry(sequence=0, body="", digest=GENESIS)
        self.frontier = Frontier()
        self.roots: dict[int, bytes] = {}
        self.problems: list[Problem] = []
        self.unsigned = 0
        self._marks = frozenset(marks) | {0}
        self._seen: set[int] | None = None
        self._head = head
        self._covered = 0 if every_signature or not trusted else _covered(head, [own] if own else trusted)
        self._checks_signatures = trusted is not None
        self._met_head = head is None or head.tip == EMPTY
        self._signed = False

    @property
    def tip(self) -> Tip:
        """Return the last entry looked at."""
        return Tip(sequence=self._last.sequence, digest=self._last.digest)

    def over(self, entries: Iterable[LedgerEntry]) -> Iterator[tuple[LedgerEntry, bytes, Fields | None]]:
        """Yield every entry with its body's bytes and fields (None where it is no record) while checking it."""
        self._note_root()
        wanted = self._head.tip.digest if self._head else None
        for place, entry in enumerate(entries, start=1):
            raw = raw_of(entry.body)
            fields = self._take(entry, raw, place)
            self.frontier.add(raw)
            self._last = entry
            if place in self._marks:
                self._note_root()
            if entry.digest == wanted and self._head is not None and self.tip == self._head.tip:
                self._met_head = self._root_is_the_heads()
            yield entry, raw, fields
        self._check_end()

    def finish(self, entries: Iterable[LedgerEntry]) -> Walk:
        """Go over all entries and return this walk."""
        for _ in self.over(entries):
            pass
        return self

    def compare(self, kept: Checkpoint) -> None:
        """Check a checkpoint that was kept elsewhere (its size must be among `marks`); add what is wrong."""
        if kept.size > self.tip.sequence:
            what = f"records {self.tip.sequence + 1} to {kept.size} removed at the end: the kept head knows {kept.size}"
            self.problems.append(Problem(sequence=self.tip.sequence + 1, what=what))
        elif self.roots.get(kept.size) != kept.root:
            what = f"the first {kept.size} records are not those that the kept head was signed over"
            self.problems.append(Problem(sequence=kept.size, what=what))

    def _take(self, entry: LedgerEntry, raw: bytes, place: int) -> Fields | None:
        if digest_of_raw(raw) != entry.digest:
            self._add(entry, f"record {entry.sequence} was changed: its digest does not match")
        fields = fields_of(raw)
        if fields is None:
            self._add(entry, f"record {entry.sequence} is not a record in canonical form")
            return None
        last, sequence = self._last, entry.sequence
        if fields["sequence"] != sequence or sequence != last.sequence + 1 or fields["previous"] != last.digest:
            self._misplaced(entry, fields, place)
        elif self._seen is not None:
            self._seen.add(sequence)
        if "signature" not in fields:
            self._unsigned(entry)
        else:
            self._signed = True
            if self._checks_signatures and sequence > self._covered:
                self._check_signature(from_fields(entry, fields))
        if fields["kind"] in _KEY_KINDS:
            self._follow(entry, from_fields(entry, fields))
        return fields

    def _misplaced(self, entry: LedgerEntry, fields: Fields, place: int) -> None:
        expected = self._last.sequence + 1
        if self._seen is None:  # only a ledger that does not hold needs to know what it has seen
            self._seen = set(range(1, place))
        if fields["sequence"] != entry.sequence:
            of_itself = fields["sequence"]
            what = f"record {entry.sequence} was put in another place: it says of itself that it is {of_itself}"
            self._add(entry, what)
        if entry.sequence in self._seen:
            self._add(entry, f"record {entry.sequence} stands twice: one was inserted")
        elif entry.sequence > expected:
            last = entry.sequence - 1
            gone = f"record {expected}" if last == expected else f"records {expected} to {last}"
            what = f"{gone} removed before record {entry.sequence}"
            self.problems.append(Problem(sequence=expected, what=what))
        elif entry.sequence < expected:
            self._add(entry, f"record {entry.sequence} stands at place {place}: reordered")
        if fields["previous"] != self._last.digest:
            what = f"record {entry.sequence} does not follow record {expected - 1}: the chain is broken here"
            self._add(entry, what)
        self._seen.add(entry.sequence)

    def _unsigned(self, entry: LedgerEntry) -> None:
        self.unsigned += 1
        if self._signed:
            self._add(entry, f"record {entry.sequence} is not signed, though records before it are")
        elif self._checks_signatures and self._is_past_head(entry):
            self._add(entry, f"record {entry.sequence} was added past the head file and is not signed")

    def _check_signature(self, record: Record) -> None:
        problem = self.trust.problem_of(record)
        if problem:
            self.problems.append(Problem(sequence=record.sequence, what=f"record {record.sequence} {problem}"))

    def _is_past_head(self, record: LedgerEntry) -> bool:
        head = self._head
        if head is None or record.sequence <= head.tip.sequence:
            return False
        return head.pending is None or record.sequence != head.pending.sequence

    def _follow(self, entry: LedgerEntry, record: Record) -> None:
        try:
            self.trust.follow(record)
        except LedgerError as error:
            self._add(entry, f"record {entry.sequence} names a key that {error.message}")

    def _root_is_the_heads(self) -> bool:
        checkpoint = self._head.checkpoint if self._head else None
        return checkpoint is None or (checkpoint.size, checkpoint.root) == (self.frontier.size, self.frontier.root())

    def _check_end(self) -> None:
        head = self._head
        if head is None:
            return
        if self._signed and head.checkpoint is None and head.pending is None and not self._is_first_signed():
            self.problems.append(Problem(sequence=0, what="the head file is not signed, though the records are"))
        if head.checkpoint is not None and self._checks_signatures and head.checkpoint.signer(self.trust.keys) is None:
            self.problems.append(Problem(sequence=0, what="the head file is not signed by a key that is trusted here"))
        is_short = self.tip.sequence < head.tip.sequence
        if not self._met_head and self.tip != head.pending and (is_short or not self.problems):
            self.problems.append(_end_problem(self.tip, head))

    def _is_first_signed(self) -> bool:
        """Tell whether only the newest record is signed: its writer was killed before it signed the head."""
        return self._head is not None and self.tip.sequence == self.unsigned + 1

    def _note_root(self) -> None:
        self.roots[self.frontier.size] = self.frontier.root()

    def _add(self, entry: LedgerEntry, what: str) -> None:
        self.problems.append(Problem(sequence=entry.sequence, what=what))


def verify(
    entries: Iterable[LedgerEntry],
    head: Head | None = None,
    trusted: Sequence[VerifierKey] | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> tuple[Problem, ...]:
    """Return every place where the ledger was changed; nothing where it holds.

    With `head`, a missing or foreign end is found too; with `trusted` keys, a wrong signature. Entries are taken in the
    order given, once, in constant memory. `progress` is told the number of records looked at, every thousand.
    """
    walk = Walk(trusted, head)
    for count, _ in enumerate(walk.over(entries), start=1):
        if progress is not None and count % 1000 == 0:
            progress(count)
    return tuple(walk.problems)


def _covered(head: Head | None, trusted: Sequence[VerifierKey]) -> int:
    """Return how many records a checkpoint signed by a trusted key vouches for."""
    checkpoint = head.checkpoint if head else None
    return checkpoint.size if checkpoint is not None and checkpoint.signer(trusted) else 0


def _end_problem(tip: Tip, head: Head) -> Problem:
    last = head.tip.sequence
    if tip.sequence < last:
        what = f"records {tip.sequence + 1} to {last} removed at the end: the head file knows {last}"
        return Problem(sequence=tip.sequence + 1, what=what)
    return Problem(sequence=last, what=f"record {last} is not the one the head file knows")
