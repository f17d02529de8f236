"""The guided run: one incident, one playbook, step by step, every decision a record of the ledger.

The run holds no state of its own that the ledger does not: killed at any moment, `Run.resume` stands at the same step.
Approvals have no time limit that could turn into a "go".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from engine.errors import NotFoundError, UsageError
from engine.incidents.model import Incident
from playbooks.compiler import Guide, GuideStep, compile_guide
from playbooks.decisions import (
    APPROVED,
    BEGUN,
    CHANGED,
    DECIDED,
    GIVEN,
    OUTCOMES,
    Decision,
    Kept,
    Outcome,
    State,
    details_of,
    rebuild,
    same_person,
    subject_of,
)
from playbooks.ledger import Json, Record
from playbooks.model import Playbook, Step
from playbooks.placeholders import PLACEHOLDERS
from playbooks.texts import Language
from playbooks.values import Network

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_REASON = 8000


class DecisionError(UsageError):
    """A decision that the run does not take: a step that is not next, a missing reason or approval."""


class DecisionLog(Protocol):
    """Where decisions go: `playbooks.ledger.Ledger`, or `playbooks.rehearsal.MemoryLog` for a drill."""

    def append(
        self, *, actor: str, kind: str, subject: str, details: Mapping[str, Json], seen: int | None = None
    ) -> Record:
        """Append one record, or raise where a newer one than `seen` exists for the subject."""
        ...

    def records(self, subject: str | None = None) -> Iterator[Record]:
        """Yield the records about `subject`, in order."""
        ...


class Run:
    """A run under way. Make one with `begin` or `resume`."""

    def __init__(
        self,
        incident: Incident,
        playbook: Playbook,
        log: DecisionLog,
        state: State,
        own_networks: Sequence[Network] = (),
    ) -> None:
        self.incident = incident
        self.playbook = playbook
        self.state = state
        self._log = log
        self._own_networks = own_networks
        self.guide = self._compile()

    @classmethod
    def begin(
        cls,
        incident: Incident,
        playbook: Playbook,
        log: DecisionLog,
        *,
        actor: str,
        lang: Language = "en",
        own_networks: Sequence[Network] = (),
    ) -> Run:
        """Begin a run and record it; raise `DecisionError` where one was begun before (`resume` it)."""
        subject = subject_of(incident.id, playbook.id)
        if rebuild(log.records(subject)) is not None:
            raise DecisionError(f"{playbook.id} was begun before for incident {incident.id}", hint="resume it")
        details = {"version": playbook.version, "language": lang}
        record = log.append(actor=actor, kind=BEGUN, subject=subject, details=details, seen=0)
        state = rebuild([record])
        if state is None:
            raise DecisionError("the playbook has no version")
        return cls(incident, playbook, log, state, own_networks)

    @classmethod
    def resume(
        cls,
        incident: Incident,
        playbook: Playbook,
        log: DecisionLog,
        *,
        actor: str = "",
        changed_because: str = "",
        own_networks: Sequence[Network] = (),
    ) -> Run:
        """Return the run as the ledger left it; raise `NotFoundError` where none was begun.

        Where the playbook was changed since, `DecisionError` is raised unless `changed_because` gives the reason
        to go on with the new one, which is recorded for `actor`. Steps decided before stay decided.
        """
        subject = subject_of(incident.id, playbook.id)
        state = rebuild(log.records(subject))
        if state is None:
            raise NotFoundError(f"{playbook.id} was not begun for incident {incident.id}", hint="kulla respond ID")
        if state.version != playbook.version:
            if not changed_because.strip():
                raise DecisionError(
                    f"the playbook {playbook.id} was changed since the run began ({state.version}, {playbook.version})",
                    hint="look at the change, then resume with a reason",
                )
            details = {"version": playbook.version, "was": state.version, "reason": changed_because}
            log.append(actor=actor, kind=CHANGED, subject=subject, details=details, seen=state.last)
            state = rebuild(log.records(subject)) or state
        return cls(incident, playbook, log, state, own_networks)

    @property
    def subject(self) -> str:
        """Return the ledger's subject of this run."""
        return subject_of(self.incident.id, self.playbook.id)

    @property
    def current(self) -> GuideStep | None:
        """Return the step to do next, None where the run is finished."""
        step = self.state.current(self.playbook)
        return None if step is None else self.guide.step(step.id)

    @property
    def is_finished(self) -> bool:
        """Tell whether no step is left."""
        return self.state.current(self.playbook) is None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Return the decisions so far, in the order in which they were taken."""
        return tuple(sorted(self.state.decisions.values(), key=lambda decision: decision.sequence))

    def approvals_lacking(self, step: Step) -> int:
        """Return how many persons must still approve `step` as it is filled now, before it may be done."""
        return self.state.approvals_lacking(step, self.guide.step(step.id).fingerprint)

    def decide(
        self,
        step_id: str,
        outcome: Outcome,
        *,
        actor: str,
        reason: str = "",
        evidence: Sequence[Kept] = (),
        out_of_order: bool = False,
    ) -> Record:
        """Record one decision and move on; raise `DecisionError` (and record nothing) where it does not hold.

        A reason is required for every outcome but `done`. `approved` records an approval and stays at the step; the
        other outcomes decide it, once. `out_of_order` takes a later step first, with a reason.
        """
        step = self._step(step_id)
        self._check(step, outcome, actor=actor, reason=reason.strip(), out_of_order=out_of_order)
        _check_evidence(evidence)
        fingerprint = self.guide.step(step_id).fingerprint
        details = details_of(step, outcome, reason=reason.strip(), evidence=evidence, fingerprint=fingerprint)
        return self._append(APPROVED if outcome == "approved" else DECIDED, actor, details)

    def give(self, placeholder: str, values: Sequence[str], *, actor: str) -> Record:
        """Record values that a responder names for a placeholder and fill the guide with them.

        Approvals given for the commands as they were before no longer count where the commands change.
        """
        if placeholder not in PLACEHOLDERS or not PLACEHOLDERS[placeholder].kinds:
            raise DecisionError(f"no value can be given for `{placeholder}`")
        if not values:
            raise DecisionError(f"no value given for `{placeholder}`")
        return self._append(GIVEN, actor, {"placeholder": placeholder, "values": list(values)})

    def _append(self, kind: str, actor: str, details: Mapping[str, Json]) -> Record:
        record = self._log.append(actor=actor, kind=kind, subject=self.subject, details=details, seen=self.state.last)
        self.state = rebuild(self._log.records(self.subject)) or self.state
        if kind == GIVEN:
            self.guide = self._compile()
        return record

    def _compile(self) -> Guide:
        language: Language = "sq" if self.state.language == "sq" else "en"
        return compile_guide(
            self.incident, self.playbook, language, given=self.state.given, own_networks=self._own_networks
        )

    def _step(self, step_id: str) -> Step:
        try:
            return self.playbook.step(step_id)
        except KeyError:
            raise DecisionError(f"{self.playbook.id} has no step `{step_id}`", hint="kulla playbooks show") from None

    def _check(self, step: Step, outcome: Outcome, *, actor: str, reason: str, out_of_order: bool) -> None:
        if outcome not in OUTCOMES:
            raise DecisionError(f"`{outcome}` is no outcome", hint=f"one of: {', '.join(OUTCOMES)}")
        if not actor.strip():
            raise DecisionError("a decision without the name of who takes it", hint="name the actor")
        if step.id in self.state.decisions:
            raise DecisionError(f"step `{step.id}` is decided: {self.state.decisions[step.id].outcome}")
        current = self.state.current(self.playbook)
        if current is not None and current.id != step.id and not (out_of_order and reason):
            raise DecisionError(
                f"step `{current.id}` comes before `{step.id}`", hint="take it out of order with a reason"
            )
        if outcome != "done" and not reason:
            raise DecisionError(f"`{outcome}` needs a reason", hint="say why in one sentence")
        if len(reason) > _LONGEST_REASON:
            raise DecisionError(f"a reason longer than {_LONGEST_REASON} characters", hint="keep it as evidence")
        self._check_approval(step, outcome, actor)

    def _check_approval(self, step: Step, outcome: Outcome, actor: str) -> None:
        fingerprint = self.guide.step(step.id).fingerprint
        approvers = self.state.approvers(step, fingerprint)
        if outcome == "approved":
            if step.approval == "none":
                raise DecisionError(f"step `{step.id}` needs no approval")
            if same_person(actor) in {same_person(name) for name in approvers}:
                raise DecisionError(f"{actor} has approved `{step.id}` already", hint="another person must approve")
        lacking = self.state.approvals_lacking(step, fingerprint)
        if outcome in {"done", "failed"} and lacking:
            people = "one person" if lacking == 1 else f"{lacking} different persons"
            raise DecisionError(f"step `{step.id}` must be approved by {people} first", hint="record the approval")


def _check_evidence(evidence: Sequence[Kept]) -> None:
    for kept in evidence:
        if not kept.name.strip():
            raise DecisionError("a piece of evidence without a name")
        if kept.sha256 and not _SHA256.fullmatch(kept.sha256):
            raise DecisionError(f"the SHA-256 of {kept.name} is not 64 hex digits", hint="run sha256sum")
