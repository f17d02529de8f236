"""The guided run: one incident, one playbook, step by step, every decision a record of the ledger.

The run holds no state of its own that the ledger does not: killed at any moment, `Run.resume` stands at the same step.
Approvals have no time limit that could turn into a "go".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Protocol

from engine.errors import NotFoundError
from engine.incidents.model import Incident
from engine.store.documents import incident_to_text
from playbooks.awareness import about
from playbooks.choose import Choice
from playbooks.compiler import Guide, GuideStep, compile_guide
from playbooks.decisions import (
    APPROVAL_WITHDRAWN,
    APPROVED,
    BEGUN,
    CHANGED,
    CLAIMED,
    DECIDED,
    GIVEN,
    PROPOSED,
    RELEASED,
    UNDONE,
    Channel,
    Decision,
    Kept,
    Outcome,
    State,
    details_of,
    subject_of,
)
from playbooks.execution import Policy
from playbooks.house import House
from playbooks.ledger import Json, Record
from playbooks.ledger.people import same_person
from playbooks.model import Playbook, Step
from playbooks.placeholders import PLACEHOLDERS
from playbooks.rebuilding import rebuild
from playbooks.run_rules import (
    DecisionError,
    check_compiled,
    check_decision,
    check_doing,
    check_evidence,
    check_open,
    check_undecided,
    check_words,
)
from playbooks.texts import Language


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
        house: House | None = None,
        *,
        policy: Policy | None = None,
        account: str = "",
        channel: Channel = "terminal",
        lang: Language | None = None,
    ) -> None:
        self.incident = incident
        self.playbook = playbook
        self.state = state
        self.policy = policy or Policy()
        self.account = account
        self.channel: Channel = channel
        self._log = log
        self._house = house
        self._lang = lang
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
        house: House | None = None,
        policy: Policy | None = None,
        account: str = "",
        channel: Channel = "terminal",
        chosen: Choice | None = None,
    ) -> Run:
        """Begin a run and record it; raise `DecisionError` where one was begun before (`resume` it).

        `account` is what the system says of who is at the keyboard, `channel` how decisions come in. `chosen` is why
        kulla chose this playbook, None where a person named it: an automated decision, which `actor` has verified.
        """
        subject = subject_of(incident.id, playbook.id)
        if rebuild(log.records(subject)) is not None:
            raise DecisionError(f"{playbook.id} was begun before for incident {incident.id}", hint="resume it")
        details = {
            "version": playbook.version,
            "language": lang,
            "input": digest_of_incident(incident),
            "chosen_by": "kulla" if chosen else actor,
            "chosen_because": chosen.reason.en if chosen else "",
        }
        record = log.append(actor=actor, kind=BEGUN, subject=subject, details=details, seen=0)
        state = rebuild([record])
        if state is None:
            raise DecisionError("the playbook has no version")
        return cls(incident, playbook, log, state, house, policy=policy, account=account, channel=channel)

    @classmethod
    def resume(
        cls,
        incident: Incident,
        playbook: Playbook,
        log: DecisionLog,
        *,
        actor: str = "",
        changed_because: str = "",
        lang: Language | None = None,
        house: House | None = None,
        policy: Policy | None = None,
        account: str = "",
        channel: Channel = "terminal",
    ) -> Run:
        """Return the run as the ledger left it; raise `NotFoundError` where none was begun.

        It reads in `lang`, whoever began it in which language; commands and their fingerprints are the same in all.

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
        return cls(incident, playbook, log, state, house, policy=policy, account=account, channel=channel, lang=lang)

    @property
    def subject(self) -> str:
        """Return the ledger's subject of this run."""
        return subject_of(self.incident.id, self.playbook.id)

    @property
    def input_digest(self) -> str:
        """Return the SHA-256 of the incident as it is now."""
        return digest_of_incident(self.incident)

    @property
    def current(self) -> GuideStep | None:
        """Return the step to do next, None where the run is finished."""
        step = self.state.current(self.playbook)
        return None if step is None else self.guide.step(step.id)

    @property
    def open_steps(self) -> tuple[GuideStep, ...]:
        """Return the steps that may be done now: one, or those left of several side by side."""
        return tuple(self.guide.step(step.id) for step in self.state.open(self.playbook))

    @property
    def is_finished(self) -> bool:
        """Tell whether no step is left."""
        return self.state.current(self.playbook) is None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Return the decisions so far, in the order in which they were taken."""
        return tuple(sorted(self.state.decisions.values(), key=lambda decision: decision.sequence))

    def approvals_lacking(self, step: Step, *, actor: str = "") -> int:
        """Return how many persons must still approve `step` as it is filled now, before `actor` may do it.

        Nobody approves their own step: the approvals of `actor` and of who proposed it do not count.
        """
        account = self.account if self.policy.separate_accounts else None
        fingerprint = self.guide.step(step.id).fingerprint
        return self.state.approvals_lacking(step, fingerprint, besides=[actor] if actor else [], account=account)

    def still_lacking(self, step: Step) -> int:
        """Return how many approvals a proposed step lacks, whoever looks."""
        account = "" if self.policy.separate_accounts else None
        return self.state.approvals_lacking(step, self.guide.step(step.id).fingerprint, account=account)

    def refresh(self) -> None:
        """Take in what others have decided meanwhile (an approval, a step beside ours)."""
        self.state = rebuild(self._log.records(self.subject)) or self.state
        self.guide = self._compile()

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
        step = self.step(step_id)
        check_decision(self, step, outcome, actor=actor, reason=reason.strip(), out_of_order=out_of_order)
        check_evidence(evidence)
        fingerprint = self.guide.step(step_id).fingerprint
        details = details_of(
            step, outcome, reason=reason.strip(), evidence=evidence, fingerprint=fingerprint, channel=self.channel
        )
        if out_of_order and outcome != "approved":
            details = {**details, "override": "out of order"}
        return self.append(APPROVED if outcome == "approved" else DECIDED, actor, details)

    def propose(self, step_id: str, *, actor: str, reason: str) -> Record:
        """Record that `actor` wants to do a step and asks others to approve it as it is filled now."""
        step = self.step(step_id)
        if step.approval == "none":
            raise DecisionError(f"step `{step_id}` needs no approval")
        check_undecided(self, step)
        check_open(self, step, reason="")
        check_words(actor, reason, needed=True)
        check_compiled(self, step)
        details = {"step": step_id, "reason": reason.strip(), "commands": self.guide.step(step_id).fingerprint}
        return self.append(PROPOSED, actor, details)

    def withdraw_approval(self, step_id: str, *, actor: str, reason: str) -> Record:
        """Take back one's own approval, while the step is not decided."""
        step = self.step(step_id)
        check_undecided(self, step)
        check_words(actor, reason, needed=True)
        if same_person(actor) not in {same_person(item.actor) for item in self.state.approvals.get(step_id, ())}:
            raise DecisionError(f"{actor} has not approved `{step_id}`")
        return self.append(APPROVAL_WITHDRAWN, actor, {"step": step_id, "reason": reason.strip()})

    def claim(self, step_id: str, *, actor: str, reason: str = "") -> Record | None:
        """Record that `actor` does a step now, so that nobody does it too; None where it is theirs already.

        A step that another person does is taken over with a reason alone.
        """
        step = self.step(step_id)
        check_undecided(self, step)
        check_words(actor, reason, needed=False)
        claim = self.state.claims.get(step_id)
        if claim is not None and same_person(claim.actor) == same_person(actor):
            return None
        if claim is not None and not reason.strip():
            raise DecisionError(
                f"{claim.actor} does step `{step_id}` since {claim.at}", hint="ask them, or take it over with a reason"
            )
        return self.append(CLAIMED, actor, {"step": step_id, "reason": reason.strip()})

    def release(self, step_id: str, *, actor: str) -> Record | None:
        """Record that `actor` does a step no more without having decided it; None where it is not theirs."""
        claim = self.state.claims.get(step_id)
        if claim is None or same_person(claim.actor) != same_person(actor):
            return None
        return self.append(RELEASED, actor, {"step": step_id, "reason": ""})

    def undo(self, step_id: str, *, actor: str, reason: str, evidence: Sequence[Kept] = ()) -> Record:
        """Record that a step that was done was taken back; it stays decided, and what it earned is lost."""
        step = self.step(step_id)
        decided = self.state.decisions.get(step_id)
        if decided is None or decided.outcome not in {"done", "failed"} or not step.changes:
            raise DecisionError(f"step `{step_id}` was not done, or changed nothing")
        if step_id in self.state.undone:
            raise DecisionError(f"step `{step_id}` was taken back by {self.state.undone[step_id]}")
        check_words(actor, reason, needed=True)
        check_evidence(evidence)
        fingerprint = self.guide.step(step_id).fingerprint
        details = details_of(step, "failed", reason=reason.strip(), evidence=evidence, fingerprint=fingerprint)
        return self.append(UNDONE, actor, {**details, "channel": self.channel})

    def give(self, placeholder: str, values: Sequence[str], *, actor: str) -> Record:
        """Record values that a responder names for a placeholder and fill the guide with them.

        Approvals given for the commands as they were before no longer count where the commands change.
        """
        if placeholder not in PLACEHOLDERS or not PLACEHOLDERS[placeholder].kinds:
            raise DecisionError(f"no value can be given for `{placeholder}`")
        if not values:
            raise DecisionError(f"no value given for `{placeholder}`")
        return self.append(GIVEN, actor, {"placeholder": placeholder, "values": list(values)})

    def append(self, kind: str, actor: str, details: Mapping[str, Json]) -> Record:
        """Append one record of this run and take it in; raise `ConcurrentWriteError` where somebody else was first."""
        record = self._log.append(actor=actor, kind=kind, subject=self.subject, details=details, seen=self.state.last)
        self.state = rebuild(self._log.records(self.subject)) or self.state
        if kind == GIVEN:
            self.guide = self._compile()
        return record

    def _compile(self) -> Guide:
        language: Language = self._lang or ("sq" if self.state.language == "sq" else "en")
        return compile_guide(
            self.incident,
            self.playbook,
            language,
            given=self.state.given,
            house=self._house,
            records=tuple(self._log.records(about(self.incident.id))),
        )

    def step(self, step_id: str) -> Step:
        """Return a step of the playbook; raise `DecisionError` where there is none of this id."""
        try:
            return self.playbook.step(step_id)
        except KeyError:
            hint = f"kulla playbooks show {self.playbook.id}"
            raise DecisionError(f"{self.playbook.id} has no step `{step_id}`", hint=hint) from None

    def check_may_do(self, step: Step, actor: str) -> None:
        """Raise `DecisionError` where `actor` may not do a step now."""
        check_words(actor, "", needed=False)
        check_undecided(self, step)
        check_open(self, step, "")
        check_doing(self, step, actor)


def digest_of_incident(incident: Incident) -> str:
    """Return the SHA-256 of an incident as stores keep it: what a decision about it was based on."""
    return sha256(incident_to_text(incident).encode("utf-8", "surrogatepass")).hexdigest()


__all__ = ["DecisionError", "DecisionLog", "Run"]
