"""What a run takes as a decision: the rules that hold whoever decides, on whatever way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from engine.errors import UsageError
from playbooks.compile_check import problems_of_guide_step
from playbooks.compiler import Guide
from playbooks.decisions import OUTCOMES, Kept, Outcome, State
from playbooks.execution import Policy
from playbooks.ledger.people import same_person
from playbooks.model import Playbook, Step

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_REASON = 8000


class DecisionError(UsageError):
    """A decision that the run does not take: a step that is not next, a missing reason or approval."""


class RunView(Protocol):
    """What the rules look at (see `playbooks.runner.Run`)."""

    @property
    def playbook(self) -> Playbook:
        """The playbook that is followed."""
        ...

    @property
    def policy(self) -> Policy:
        """What the configuration says."""
        ...

    @property
    def account(self) -> str:
        """What the system says of who is at the keyboard."""
        ...

    @property
    def state(self) -> State:
        """Where the run stands."""
        ...

    @property
    def guide(self) -> Guide:
        """The playbook as it is filled now."""
        ...

    def approvals_lacking(self, step: Step, *, actor: str = "") -> int:
        """How many persons must still approve before `actor` may do the step."""
        ...


def check_decision(run: RunView, step: Step, outcome: Outcome, *, actor: str, reason: str, out_of_order: bool) -> None:
    """Raise `DecisionError` where a decision does not hold."""
    if outcome not in OUTCOMES:
        raise DecisionError(f"`{outcome}` is no outcome", hint=f"one of: {', '.join(OUTCOMES)}")
    check_words(actor, reason, needed=False)
    check_undecided(run, step)
    if outcome != "approved":
        check_open(run, step, reason if out_of_order else "")
    if outcome != "done" and not reason:
        raise DecisionError(f"`{outcome}` needs a reason", hint="say why in one sentence")
    if outcome == "approved":
        _check_approver(run, step, actor)
    if outcome in {"done", "failed"}:
        check_doing(run, step, actor)


def check_undecided(run: RunView, step: Step) -> None:
    """Check that the step was not decided before."""
    if step.id in run.state.decisions:
        raise DecisionError(f"step `{step.id}` is decided: {run.state.decisions[step.id].outcome}")


def check_open(run: RunView, step: Step, reason: str) -> None:
    """Check that the step comes next, unless a reason is given to take it first."""
    found = [item.id for item in run.state.open(run.playbook)]
    if found and step.id not in found and not reason:
        raise DecisionError(f"step `{found[0]}` comes before `{step.id}`", hint="take it out of order with a reason")


def _check_approver(run: RunView, step: Step, actor: str) -> None:
    if step.approval == "none":
        raise DecisionError(f"step `{step.id}` needs no approval")
    check_compiled(run, step)
    proposal = run.state.proposals.get(step.id)
    if proposal is not None and same_person(proposal.actor) == same_person(actor):
        raise DecisionError(f"{actor} proposed `{step.id}`", hint="another person must approve")
    if proposal is not None and run.policy.separate_accounts and proposal.account == run.account:
        hint = "another person must approve, from an account of their own"
        raise DecisionError(f"`{step.id}` was proposed from this account ({run.account})", hint=hint)
    approvers = run.state.approvers(step, run.guide.step(step.id).fingerprint)
    if same_person(actor) in {same_person(name) for name in approvers}:
        raise DecisionError(f"{actor} has approved `{step.id}` already", hint="another person must approve")


def check_doing(run: RunView, step: Step, actor: str) -> None:
    """Check that the step can be done, that nobody else does it, and that enough others have approved it."""
    check_compiled(run, step)
    claim = run.state.claims.get(step.id)
    if claim is not None and same_person(claim.actor) != same_person(actor):
        raise DecisionError(f"{claim.actor} does step `{step.id}` since {claim.at}", hint="take it over first")
    doubt = run.state.in_doubt(step.id)
    if doubt is not None:
        raise DecisionError(
            f"command {doubt.command + 1} of step `{step.id}` was started, and nobody knows how it ended",
            hint="verify it, then settle whether it took effect",
        )
    lacking = run.approvals_lacking(step, actor=actor)
    if lacking:
        people = "one person" if lacking == 1 else f"{lacking} different persons"
        raise DecisionError(
            f"step `{step.id}` must be approved by {people} first",
            hint="who does or proposes a step does not approve it: kulla approvals",
        )


def check_compiled(run: RunView, step: Step) -> None:
    """Check that the step makes sense as it is filled."""
    for problem in problems_of_guide_step(run.guide.step(step.id)):
        if problem.blocks:
            hint = "give the value, or say why the step does not apply"
            raise DecisionError(f"step `{step.id}` cannot be done: {problem.what.en}", hint=hint)


def check_words(actor: str, reason: str, *, needed: bool) -> None:
    """Check a name, and a reason where one is `needed`."""
    if not actor.strip():
        raise DecisionError("a decision without the name of who takes it", hint="name the actor")
    if not any(map(str.isalpha, actor)):  # a choice typed where a name was asked for
        raise DecisionError(f"`{actor.strip()}` is no name", hint="name the actor")
    if needed and not reason.strip():
        raise DecisionError("a reason is needed", hint="say why in one sentence")
    if len(reason) > _LONGEST_REASON:
        raise DecisionError(f"a reason longer than {_LONGEST_REASON} characters", hint="keep it as evidence")


def check_evidence(evidence: Sequence[Kept]) -> None:
    """Check what is said of evidence."""
    for kept in evidence:
        if not kept.name.strip():
            raise DecisionError("a piece of evidence without a name")
        if kept.sha256 and not _SHA256.fullmatch(kept.sha256):
            raise DecisionError(f"the SHA-256 of {kept.name} is not 64 hex digits", hint="run sha256sum")
