"""Decisions of a run as they stand in the ledger, and the state of the run that follows from them.

Everything here is pure: the same records give the same state, whenever and wherever they are read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from engine.errors import LedgerError
from playbooks.ledger import Json, Record
from playbooks.model import APPROVERS_NEEDED, END, Playbook, Step

Outcome = Literal["done", "failed", "skipped", "not-applicable", "approved", "rejected"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

BEGUN = "respond.begun"
DECIDED = "respond.decided"
APPROVED = "respond.approved"
GIVEN = "respond.value-given"
CHANGED = "respond.playbook-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A piece of evidence that was kept: its name, SHA-256 (64 hex digits, or empty for none) and where it lies."""

    name: str
    sha256: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a step. `fingerprint` names the exact commands that were on the screen."""

    sequence: int
    at: str
    actor: str
    step: str
    outcome: Outcome
    reason: str
    evidence: tuple[Kept, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a run stands. `version` is the playbook's version that the run follows; `last` the newest sequence."""

    version: str
    language: str
    decisions: Mapping[str, Decision]
    approvals: Mapping[str, tuple[Decision, ...]]
    given: Mapping[str, tuple[str, ...]]
    last: int

    def current(self, playbook: Playbook) -> Step | None:
        """Return the step to do next, None where the run is finished."""
        step_id = playbook.steps[0].id
        while step_id != END:
            step = playbook.step(step_id)
            if step_id not in self.decisions:
                return step
            step_id = next_of(step, self.decisions[step_id].outcome)
        return None

    def approvers(self, step: Step, fingerprint: str) -> tuple[str, ...]:
        """Return who approved the step with exactly these commands; an approval of other commands does not count."""
        names = {same_person(a.actor): a.actor for a in self.approvals.get(step.id, ()) if a.fingerprint == fingerprint}
        return tuple(names.values())

    def approvals_lacking(self, step: Step, fingerprint: str) -> int:
        """Return how many different persons must still approve before the step may be done."""
        return max(0, APPROVERS_NEEDED[step.approval] - len(self.approvers(step, fingerprint)))


def next_of(step: Step, outcome: Outcome) -> str:
    """Return the id of the step (or `end`) that an outcome leads to; a skipped step goes on like a done one."""
    match outcome:
        case "failed":
            return step.branches.failed
        case "not-applicable":
            return step.branches.not_applicable
        case "rejected":
            return step.branches.rejected
        case _:
            return step.branches.done


def same_person(actor: str) -> str:
    """Return the form in which two names of one person compare equal."""
    return " ".join(unicodedata.normalize("NFKC", actor).casefold().split())


def subject_of(incident_id: str, playbook_id: str) -> str:
    """Return the ledger's subject of a run: there is one run of a playbook for an incident."""
    return f"incident/{incident_id}/playbook/{playbook_id}"


def details_of(
    step: Step, outcome: Outcome, *, reason: str, evidence: Sequence[Kept], fingerprint: str
) -> Mapping[str, Json]:
    """Return what a decision's record says beside who, when and about what."""
    return {
        "step": step.id,
        "outcome": outcome,
        "reason": reason,
        "evidence": [{"name": kept.name, "sha256": kept.sha256, "place": kept.place} for kept in evidence],
        "commands": fingerprint,
    }


def rebuild(records: Iterable[Record]) -> State | None:
    """Return the state that a run's records lead to, None where the run was never begun."""
    version = ""
    language = "en"
    last = 0
    decisions: dict[str, Decision] = {}
    approvals: dict[str, tuple[Decision, ...]] = {}
    given: dict[str, tuple[str, ...]] = {}
    for record in records:
        last = record.sequence
        match record.kind:
            case "respond.begun":
                version, language = _word(record, "version"), _word(record, "language")
            case "respond.playbook-changed":
                version = _word(record, "version")
            case "respond.value-given":
                given[_word(record, "placeholder")] = _words(record, "values")
            case "respond.approved":
                decision = _decision(record)
                approvals[decision.step] = (*approvals.get(decision.step, ()), decision)
            case "respond.decided":
                decision = _decision(record)
                decisions[decision.step] = decision
            case _:
                raise _unknown(record, f"kind `{record.kind}`")
    if not version:
        return None
    return State(version=version, language=language, decisions=decisions, approvals=approvals, given=given, last=last)


def _decision(record: Record) -> Decision:
    outcome = _word(record, "outcome")
    evidence = record.details.get("evidence")
    if outcome not in OUTCOMES or not isinstance(evidence, list):
        raise _unknown(record, "outcome")
    return Decision(
        sequence=record.sequence,
        at=record.at,
        actor=record.actor,
        step=_word(record, "step"),
        outcome=outcome,
        reason=_word(record, "reason"),
        evidence=tuple(Kept(**{name: str(item[name]) for name in ("name", "sha256", "place")}) for item in evidence),
        fingerprint=_word(record, "commands"),
    )


def _word(record: Record, name: str) -> str:
    word = record.details.get(name)
    if not isinstance(word, str):
        raise _unknown(record, f"`{name}`")
    return word


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
