"""Erasing a person: from the words of a command to a subject, through every place, and the proof at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.decisions import record
from cli.privacy import pseudonyms, settings, vault
from cli.session import Session
from engine.erasing import Remnant, Subject
from engine.errors import UsageError
from engine.store.protocol import Record
from engine.traces import SHORTEST, Counting, reduced, trace_of

if TYPE_CHECKING:
    from collectors.privacy.pseudonyms import Pseudonyms
    from engine.store.protocol import Store
    from engine.store.scanning import Scan

RECORDS = "erasure"
_BEGUN, _DONE = "begun", "done"
KINDS = ("person", "phone", "name", "email", "session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure did: things changed by kind, and what a look at every file found afterwards."""

    counts: Mapping[str, int]
    scan: Scan
    ledger: Sequence[Remnant]
    left: Sequence[Remnant]
    number: int


def subject_of(values: Sequence[str], kind: str | None, known: Pseudonyms | None) -> Subject:
    """Return who is meant; raise `UsageError` for a value that would take half of the store with it."""
    traces = []
    words: dict[str, None] = {}
    for value in values:
        by = _counting(value, kind)
        trace = trace_of(value, by)
        if trace is None or len(reduced(value)) < SHORTEST or (by == "words" and len(trace.words) < 2):
            hint = "a personal code, a telephone number, a mail address, a whole name"
            raise UsageError("too short to tell a person by", where="VALUE", hint=hint)
        traces.append(trace)
        if known is not None:
            words |= dict.fromkeys(known.every(value))
    return Subject(traces=tuple(traces), pseudonyms=tuple(words))


def _counting(value: str, kind: str | None) -> Counting:
    if kind is not None:
        return "words" if kind == "name" else "letters" if kind in {"email", "session"} else "code"
    if "@" in value:
        return "letters"
    return "code" if sum(each.isdigit() for each in value) >= 4 else "words"


def erase(session: Session, store: Store, subject: Subject, *, name: str, actor: str, why: str) -> Erasure:
    """Erase a person everywhere and prove it; `name` is a keyed digest that stands for the person in the ledger.

    An erasure that ends half-way stays on record as begun; the same command again finishes it.
    """
    about = f"subject/{name[:16]}"
    details = {"reason": subject.clean(why), "subject": name}
    record(session, store, actor=actor, kind="privacy.erasing", subject=about, details=details)
    _note(store, name, _BEGUN)
    counts = dict(store.erase(subject).counts)
    if forgotten := vault(session).forget(subject.pseudonyms):
        counts["vault"] = forgotten
    scan, found = _proof(session, store, subject)
    ledger = _in_ledger(found)
    left = [each for each in found if each not in ledger]
    if not left:
        _note(store, name, _DONE)
    told = {kind: f"{count}" for kind, count in counts.items()}
    details = {**details, **told, "files": f"{scan.files}", "left": f"{len(left)}", "in_ledger": f"{len(ledger)}"}
    number = record(session, store, actor=actor, kind="privacy.erased", subject=about, details=details)
    return Erasure(counts=counts, scan=scan, ledger=ledger, left=left, number=number)


def _proof(session: Session, store: Store, subject: Subject) -> tuple[Scan, list[Remnant]]:
    """Look at every file under the home, and at every document where the store is a cluster."""
    from engine.store.scanning import scan_files

    scan = scan_files(session.settings.home, subject)
    found = list(scan.remnants)
    if session.settings.store:
        found += store.remnants(subject)
    return scan, found


def _in_ledger(found: Sequence[Remnant]) -> list[Remnant]:
    """Return what is left because the ledger cannot be changed: its records, and the bytes of the file they are in."""
    records = [each for each in found if each.what.startswith("table ledger,") or each.where.endswith("-ledger")]
    others = {each.where for each in found if each.what.startswith("table ") and each not in records}
    files = {each.where for each in records} - others
    return [*records, *(each for each in found if each.where in files and each.what == "its bytes")]


def _note(store: Store, name: str, state: str) -> None:
    before = store.record(RECORDS, name)
    version = before.version if before is not None else 0
    store.save_records([Record(kind=RECORDS, key=name, state=state, body="{}", version=version)])


def unfinished(store: Store) -> int:
    """Return how many erasures were begun and have not ended."""
    return len(store.records(RECORDS, state=_BEGUN))


def prepared(session: Session, values: Sequence[str], kind: str | None) -> tuple[Subject, str]:
    """Return who is meant, and the digest that stands for the person on record."""
    known = pseudonyms(session, settings(session), make=False)
    subject = subject_of(values, kind, known)
    plain = "\0".join(sorted(reduced(value).decode("utf-8", "surrogatepass") for value in values))
    if known is not None:
        return subject, known.digest(plain)
    made = pseudonyms(session, settings(session))  # a digest without a key would tell who it was
    return subject, made.digest(plain) if made is not None else ""
