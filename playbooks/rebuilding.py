"""From the records of a run to its state: the same records give the same state, whenever and wherever they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.errors import LedgerError
from playbooks.decisions import (
    APPROVAL_WITHDRAWN,
    APPROVED,
    BEGUN,
    CHANGED,
    CLAIMED,
    DECIDED,
    FINISHED,
    GIVEN,
    OUTCOMES,
    PROPOSED,
    RELEASED,
    SETTLED,
    STARTED,
    UNDONE,
    Attempt,
    Claim,
    Decision,
    Kept,
    Proposal,
    State,
)
from playbooks.ledger import Record
from playbooks.ledger.people import same_person

_OWN = "respond."


@dataclass(slots=True)
class _Building:
    """The state while it is made."""

    version: str = ""
    language: str = "en"
    last: int = 0
    decisions: dict[str, Decision] = field(default_factory=dict)
    approvals: dict[str, tuple[Decision, ...]] = field(default_factory=dict)
    given: dict[str, tuple[str, ...]] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    attempts: dict[str, tuple[Attempt, ...]] = field(default_factory=dict)
    undone: dict[str, str] = field(default_factory=dict)


def rebuild(records: Iterable[Record]) -> State | None:
    """Return the state that a run's records lead to, None where the run was never begun.

    Records of others about the run (a challenge, an override) change nothing of it. Raise `LedgerError` for a record
    of a run that this version of kulla does not know: it is never passed over.
    """
    building = _Building()
    for record in records:
        building.last = record.sequence
        if not record.kind.startswith(_OWN):
            continue
        take = _TAKERS.get(record.kind)
        if take is None:
            raise _unknown(record, f"kind `{record.kind}`")
        take(building, record)
    if not building.version:
        return None
    return State(**{name: getattr(building, name) for name in _Building.__slots__})


def _begun(building: _Building, record: Record) -> None:
    building.version, building.language = _word(record, "version"), _word(record, "language")


def _changed(building: _Building, record: Record) -> None:
    building.version = _word(record, "version")


def _given(building: _Building, record: Record) -> None:
    building.given[_word(record, "placeholder")] = _words(record, "values")


def _proposed(building: _Building, record: Record) -> None:
    building.proposals[_word(record, "step")] = Proposal(
        sequence=record.sequence,
        at=record.at,
        actor=record.actor,
        account=record.account,
        reason=_word(record, "reason"),
        fingerprint=_word(record, "commands"),
    )


def _approved(building: _Building, record: Record) -> None:
    decision = _decision(record)
    building.approvals[decision.step] = (*building.approvals.get(decision.step, ()), decision)


def _approval_withdrawn(building: _Building, record: Record) -> None:
    step, name = _word(record, "step"), same_person(record.actor)
    left = tuple(item for item in building.approvals.get(step, ()) if same_person(item.actor) != name)
    building.approvals[step] = left


def _decided(building: _Building, record: Record) -> None:
    decision = _decision(record)
    building.decisions[decision.step] = decision
    building.claims.pop(decision.step, None)


def _claimed(building: _Building, record: Record) -> None:
    building.claims[_word(record, "step")] = Claim(at=record.at, actor=record.actor, account=record.account)


def _released(building: _Building, record: Record) -> None:
    building.claims.pop(_word(record, "step"), None)


def _started(building: _Building, record: Record) -> None:
    step = _word(record, "step")
    attempt = Attempt(command=_number(record, "command"), started=record.sequence, actor=record.actor)
    building.attempts[step] = (*building.attempts.get(step, ()), attempt)


def _finished(building: _Building, record: Record) -> None:
    changes = {"exit_code": _number(record, "exit"), "output": _word(record, "output")}
    _end_attempt(building, record, changes)


def _settled(building: _Building, record: Record) -> None:
    _end_attempt(building, record, {"took_effect": record.details.get("took_effect") is True})


def _end_attempt(building: _Building, record: Record, changes: Mapping[str, object]) -> None:
    step, started = _word(record, "step"), _number(record, "started")
    attempts = building.attempts.get(step, ())
    if not any(item.started == started for item in attempts):
        raise _unknown(record, "command that was never started")
    building.attempts[step] = tuple(
        replace(item, **changes) if item.started == started else item  # type: ignore[arg-type] # fields of Attempt
        for item in attempts
    )


def _undone(building: _Building, record: Record) -> None:
    building.undone[_word(record, "step")] = record.actor


_TAKERS: Mapping[str, Callable[[_Building, Record], None]] = {
    BEGUN: _begun,
    CHANGED: _changed,
    GIVEN: _given,
    PROPOSED: _proposed,
    APPROVED: _approved,
    APPROVAL_WITHDRAWN: _approval_withdrawn,
    DECIDED: _decided,
    CLAIMED: _claimed,
    RELEASED: _released,
    STARTED: _started,
    FINISHED: _finished,
    SETTLED: _settled,
    UNDONE: _undone,
}


def _decision(record: Record) -> Decision:
    outcome = _word(record, "outcome")
    evidence = record.details.get("evidence")
    if (
        outcome not in OUTCOMES
        or not isinstance(evidence, list)
        or not all(isinstance(item, dict) for item in evidence)
    ):
        raise _unknown(record, "outcome")
    return Decision(
        sequence=record.sequence,
        at=record.at,
        actor=record.actor,
        step=_word(record, "step"),
        outcome=outcome,
        reason=_word(record, "reason"),
        evidence=tuple(
            Kept(**{name: str(item.get(name, "")) for name in ("name", "sha256", "place")}) for item in evidence
        ),
        fingerprint=_word(record, "commands"),
        account=record.account,
        channel=str(record.details.get("channel", "terminal")),
    )


def _word(record: Record, name: str) -> str:
    word = record.details.get(name)
    if not isinstance(word, str):
        raise _unknown(record, f"`{name}`")
    return word


def _number(record: Record, name: str) -> int:
    number = record.details.get(name)
    if type(number) is not int:
        raise _unknown(record, f"`{name}`")
    return number


def _words(record: Record, name: str) -> tuple[str, ...]:
    words = record.details.get(name)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _unknown(record, f"`{name}`")
    return tuple(str(word) for word in words)


def _unknown(record: Record, what: str) -> LedgerError:
    return LedgerError(
        f"holds a {what} that this version of kulla does not know",
        where=f"ledger record {record.sequence}",
        hint="use the version that wrote it",
    )
