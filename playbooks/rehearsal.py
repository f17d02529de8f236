"""Drills: a log of decisions that lives in memory alone, and answers read from a file instead of asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from engine.events import instant
from playbooks.decisions import OUTCOMES, Kept, Outcome
from playbooks.document import Value, read_document
from playbooks.ledger import GENESIS, ConcurrentWriteError, Json, Record
from playbooks.model import Step
from playbooks.runner import Run


class MemoryLog:
    """Decisions of a rehearsal (`--dry-run` with answers): nothing is written anywhere."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._records: list[Record] = []

    def append(
        self, *, actor: str, kind: str, subject: str, details: Mapping[str, Json], seen: int | None = None
    ) -> Record:
        """Keep one record; raise `ConcurrentWriteError` where a newer one than `seen` exists for the subject."""
        newest = max((record.sequence for record in self._records if record.subject == subject), default=0)
        if seen is not None and newest > seen:
            raise ConcurrentWriteError(f"record {newest} about {subject} was written meanwhile")
        record = Record(
            sequence=len(self._records) + 1,
            at=instant(self._clock()),
            actor=actor,
            kind=kind,
            subject=subject,
            details=details,
            previous=GENESIS,
            digest=GENESIS,
        )
        self._records.append(record)
        return record

    def records(self, subject: str | None = None) -> Iterator[Record]:
        """Yield the records, those about `subject` alone where one is named."""
        return (record for record in tuple(self._records) if subject is None or record.subject == subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to decide about one step. `approved_by` are recorded first, each as an approval with the same reason."""

    outcome: Outcome
    reason: str
    actor: str
    approved_by: tuple[str, ...]
    evidence: tuple[Kept, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Answers by step id, and values for placeholders. `others` answers every step that is not named, if given."""

    actor: str
    values: Mapping[str, tuple[str, ...]]
    steps: Mapping[str, Answer]
    others: Answer | None

    def for_step(self, step: Step) -> Answer | None:
        """Return the answer for `step`, None where the file says nothing of it."""
        return self.steps.get(step.id, self.others)


def read_answers(content: bytes, file: str) -> Answers:
    """Return the answers of a YAML file; raise `DocumentError` with file, line and hint.

    `actor` is who decides, `values` maps placeholders to lists, `steps` maps a step id to `outcome`, `reason`, `actor`,
    `approved_by` and `evidence` (name, sha256, place); `others` answers the steps that are not named.
    """
    entries = read_document(content, file).mapping(required=("actor",), optional=("values", "steps", "others"))
    actor = entries["actor"].text()
    steps: dict[str, Answer] = {}
    if "steps" in entries:
        for name, value in entries["steps"].entries():
            steps[name] = _answer(value, actor)
    values = dict(entries["values"].entries()) if "values" in entries else {}
    return Answers(
        actor=actor,
        values={name: tuple(item.text() for item in value.items()) for name, value in values.items()},
        steps=steps,
        others=_answer(entries["others"], actor) if "others" in entries else None,
    )


def _answer(value: Value, actor: str) -> Answer:
    entries = value.mapping(required=("outcome",), optional=("reason", "actor", "approved_by", "evidence"))
    return Answer(
        outcome=cast("Outcome", entries["outcome"].choice(OUTCOMES)),
        reason=entries["reason"].text() if "reason" in entries else "",
        actor=entries["actor"].text() if "actor" in entries else actor,
        approved_by=tuple(v.text() for v in entries["approved_by"].items()) if "approved_by" in entries else (),
        evidence=tuple(_kept(v) for v in entries["evidence"].items()) if "evidence" in entries else (),
    )


def _kept(value: Value) -> Kept:
    entries = value.mapping(required=("name",), optional=("sha256", "place"))
    words = {name: entry.text() for name, entry in entries.items()}
    return Kept(name=words["name"], sha256=words.get("sha256", ""), place=words.get("place", ""))


def play(run: Run, answers: Answers) -> Step | None:
    """Decide steps from `answers` until the run is finished (None) or a step has no answer (that step).

    Approvals that an earlier, interrupted drill recorded are not repeated.
    """
    for placeholder, values in answers.values.items():
        if run.state.given.get(placeholder) != values:
            run.give(placeholder, values, actor=answers.actor)
    while (current := run.current) is not None:
        step = current.step
        answer = answers.for_step(step)
        if answer is None or (answer.outcome == "approved" and not run.approvals_lacking(step)):
            return step
        _decide(run, step, answer)
        if answer.outcome == "approved":
            return step
    return None


def _decide(run: Run, step: Step, answer: Answer) -> None:
    if answer.outcome in {"done", "failed"} and step.approval != "none":
        for name in answer.approved_by:
            if run.approvals_lacking(step, actor=answer.actor) and name not in run.state.approvers(
                step, run.guide.step(step.id).fingerprint
            ):
                run.decide(step.id, "approved", actor=name, reason=answer.reason or "approved in the answers file")
    run.decide(step.id, answer.outcome, actor=answer.actor, reason=answer.reason, evidence=answer.evidence)
