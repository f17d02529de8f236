"""Decisions of a run as they stand in the ledger, and the state of the run that follows from them.

Everything here is pure: the same records give the same state, whenever and wherever they are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from playbooks.ledger import Json
from playbooks.ledger.people import same_person
from playbooks.model import APPROVERS_NEEDED, END, Playbook, Step

Outcome = Literal["done", "failed", "skipped", "not-applicable", "approved", "rejected"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
Channel = Literal["terminal", "answers", "kulla"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

BEGUN = "respond.begun"
DECIDED = "respond.decided"
PROPOSED = "respond.proposed"
APPROVED = "respond.approved"
APPROVAL_WITHDRAWN = "respond.approval-withdrawn"
GIVEN = "respond.value-given"
CHANGED = "respond.playbook-changed"
CLAIMED = "respond.claimed"
RELEASED = "respond.released"
STARTED = "respond.started"
FINISHED = "respond.finished"
SETTLED = "respond.settled"
UNDONE = "respond.undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A piece of evidence that was kept: its name, SHA-256 (64 hex digits, or empty for none) and where it lies."""

    name: str
    sha256: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a step. `fingerprint` names the exact commands that were on the screen.

    `account` is what the system says of who was at the keyboard; `channel` how the decision came in.
    """

    sequence: int
    at: str
    actor: str
    step: str
    outcome: Outcome
    reason: str
    evidence: tuple[Kept, ...]
    fingerprint: str
    account: str = ""
    channel: str = "terminal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A step that somebody wants to do and that waits for approvals of exactly these commands."""

    sequence: int
    at: str
    actor: str
    account: str
    reason: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who is doing a step just now, so that nobody does it a second time."""

    at: str
    actor: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One command of a step that kulla ran. `exit_code` None: it was started, and nobody knows how it ended.

    `took_effect` is what a person found out about such a one, None before that.
    """

    command: int
    started: int
    actor: str
    exit_code: int | None = None
    output: str = ""
    took_effect: bool | None = None

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether nobody knows yet if the command took effect."""
        return self.exit_code is None and self.took_effect is None

    @property
    def worked(self) -> bool:
        """Tell whether the command is known to have taken effect."""
        return self.exit_code == 0 or self.took_effect is True


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a run stands. `version` is the playbook's version that the run follows; `last` the newest sequence."""

    version: str
    language: str
    decisions: Mapping[str, Decision]
    approvals: Mapping[str, tuple[Decision, ...]]
    given: Mapping[str, tuple[str, ...]]
    last: int
    proposals: Mapping[str, Proposal]
    claims: Mapping[str, Claim]
    attempts: Mapping[str, tuple[Attempt, ...]]
    undone: Mapping[str, str]

    def open(self, playbook: Playbook) -> tuple[Step, ...]:
        """Return the steps that may be done now: one, or those left of several side by side; none where it is over."""
        step_id = playbook.steps[0].id
        while step_id != END:
            step = playbook.step(step_id)
            left = tuple(item for item in playbook.beside(step) if item.id not in self.decisions)
            if left:
                return left
            step_id = next_of(step, self.decisions[step_id].outcome)
        return ()

    def current(self, playbook: Playbook) -> Step | None:
        """Return the step to do next, None where the run is finished."""
        return next(iter(self.open(playbook)), None)

    def approvers(self, step: Step, fingerprint: str) -> tuple[str, ...]:
        """Return who approved the step with exactly these commands; an approval of other commands does not count."""
        return tuple(item.actor for item in self._approvals(step, fingerprint).values())

    def approvals_lacking(
        self, step: Step, fingerprint: str, *, besides: Sequence[str] = (), account: str | None = None
    ) -> int:
        """Return how many different persons must still approve before the step may be done.

        Approvals of those named `besides` (who proposes, who acts) do not count; where `account` is given, neither do
        those that came in from that account: a name is soon typed, another account is not.
        """
        proposal = self.proposals.get(step.id)
        names = {same_person(name) for name in (*besides, *((proposal.actor,) if proposal else ()))}
        accounts = {account, proposal.account if proposal else account}
        counted = [
            item
            for name, item in self._approvals(step, fingerprint).items()
            if name not in names and (account is None or (item.account and item.account not in accounts))
        ]
        if account is not None:
            counted = list({item.account: item for item in counted}.values())
        return max(0, APPROVERS_NEEDED[step.approval] - len(counted))

    def in_doubt(self, step_id: str) -> Attempt | None:
        """Return the command of a step of which nobody knows whether it took effect."""
        return next((item for item in self.attempts.get(step_id, ()) if item.is_in_doubt), None)

    def _approvals(self, step: Step, fingerprint: str) -> Mapping[str, Decision]:
        return {same_person(a.actor): a for a in self.approvals.get(step.id, ()) if a.fingerprint == fingerprint}


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


def subject_of(incident_id: str, playbook_id: str) -> str:
    """Return the ledger's subject of a run: there is one run of a playbook for an incident."""
    return f"incident/{incident_id}/playbook/{playbook_id}"


def run_of(subject: str) -> tuple[str, str] | None:
    """Return the incident and the playbook of a run's subject, None where it is another subject."""
    match subject.split("/"):
        case ["incident", incident_id, "playbook", playbook_id]:
            return incident_id, playbook_id
        case _:
            return None


def details_of(
    step: Step,
    outcome: Outcome,
    *,
    reason: str,
    evidence: Sequence[Kept],
    fingerprint: str,
    channel: Channel = "terminal",
) -> Mapping[str, Json]:
    """Return what a decision's record says beside who, when and about what."""
    return {
        "step": step.id,
        "step_version": step.version,
        "outcome": outcome,
        "reason": reason,
        "evidence": [{"name": kept.name, "sha256": kept.sha256, "place": kept.place} for kept in evidence],
        "commands": fingerprint,
        "channel": channel,
    }
