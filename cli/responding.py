"""The conversation of `kulla respond`: one step after the other is shown, decided, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from cli.deciding_words import deciding_words
from cli.document import Report
from cli.formats import terminal
from cli.guidance import step_sections
from cli.operating import Operating
from cli.prompts import Choice, ask, choose
from cli.session import Session
from cli.words import Words
from engine.errors import KullaError, UsageError
from playbooks.compiler import GuideStep
from playbooks.decisions import Kept, Outcome
from playbooks.ledger import ConcurrentWriteError, Record
from playbooks.ledger.people import same_person
from playbooks.placeholders import PLACEHOLDERS
from playbooks.runner import Run
from playbooks.running import settle

STOP, PROPOSE, OPERATE, OTHER = "0", "7", "8", "9"
_KEYS: Mapping[str, Outcome] = {
    "1": "done",
    "2": "failed",
    "3": "skipped",
    "4": "not-applicable",
    "5": "approved",
    "6": "rejected",
}


class Conversation:
    """A guided run at a terminal. `out_of_order` names a step to take first (its number, from 1).

    `operating` runs commands for the person, None where the settings allow none.
    """

    def __init__(
        self,
        session: Session,
        run: Run,
        texts: Words,
        actor: str,
        out_of_order: int | None = None,
        *,
        operating: Operating | None = None,
    ) -> None:
        self._session = session
        self._run = run
        self._texts = texts
        self._deciding = deciding_words(session.lang)
        self._actor = actor
        self._first = out_of_order
        self._operating = operating
        self._put_off: list[str] = []

    def hold(self) -> bool:
        """Go through the steps until the end (True) or until the person stops (False)."""
        self._session.insist(self._deciding.may_run if self._operating else self._texts.not_run)
        while (item := self._next()) is not None:
            self._ask_values(item)
            item = self._run.guide.step(item.step.id)
            if not (self._claim(item) and self._decide(item)):
                self._guarded(partial(self._run.release, item.step.id, actor=self._actor))
                return False
        self._session.insist(self._texts.finished)
        return True

    def _next(self) -> GuideStep | None:
        if self._first is not None:
            item = self._run.guide.steps[self._first - 1]
            if item.step.id not in self._run.state.decisions:
                return item
            self._first = None
        found = self._run.open_steps
        rest = [item for item in found if item.step.id not in self._put_off]
        return next(iter(rest or sorted(found, key=lambda item: self._put_off.index(item.step.id))), None)

    def _show(self, item: GuideStep) -> None:
        sections = step_sections(self._run.guide, item, self._texts, self._run.state.decisions)
        title = self._run.playbook.title.in_language(self._run.guide.language)
        report = Report(name="step", title=title, record={}, sections=tuple(sections))
        stream = self._session.stderr
        stream.write("\n")
        colour = self._session.coloured(stream)
        stream.writelines(terminal.parts(report, width=self._session.width, colour=colour))
        if len(self._run.open_steps) > 1:
            names = ", ".join(other.step.id for other in self._run.open_steps)
            self._session.insist(self._deciding.side_by_side.format(names=names))

    def _ask_values(self, item: GuideStep) -> None:
        lang = self._run.guide.language
        for name in item.missing:
            meaning = PLACEHOLDERS[name].meaning.in_language(lang)
            value = ask(self._session, self._texts.ask_value.format(name=name, meaning=meaning))
            if value:
                self._record(partial(self._run.give, name, [value], actor=self._actor))

    def _claim(self, item: GuideStep) -> bool:
        """Take a step that changes something, so that nobody does it too; False where another person keeps it."""
        step = item.step
        while step.changes and step.id not in self._run.state.decisions:
            claim, reason = self._run.state.claims.get(step.id), ""
            if claim is not None and same_person(claim.actor) == same_person(self._actor):
                break
            if claim is not None:
                self._session.insist("", item.step.title.in_language(self._run.guide.language))
                at = claim.at[:16].replace("T", " ")
                self._session.insist(self._deciding.claimed_by.format(actor=claim.actor, at=at))
                reason = ask(self._session, self._deciding.ask_take_over)
                if not reason:
                    return False
            record = self._guarded(partial(self._run.claim, step.id, actor=self._actor, reason=reason))
            if record is not None:
                self._session.say(self._deciding.claimed.format(sequence=record.sequence))
        return True

    def _decide(self, item: GuideStep) -> bool:
        """Show a step and ask until it is decided or put off (True), or the person stops (False)."""
        self._show(item)
        while self._is_open(item):
            item = self._anew(item)
            self._settle_doubt(item)
            lacking = self._run.approvals_lacking(item.step, actor=self._actor)
            if lacking:
                self._session.insist(self._texts.approvals_lacking.format(count=lacking))
            key = choose(self._session, self._texts.ask_choice, self._choices(item), self._texts.not_a_choice)
            if key == STOP:
                return False
            if key == PROPOSE:
                self._propose(item)
            elif key == OPERATE and self._operating is not None:
                self._guarded(partial(self._operating.run, item))
            elif key == OTHER:
                self._put_off = [name for name in self._put_off if name != item.step.id] + [item.step.id]
                self._guarded(partial(self._run.release, item.step.id, actor=self._actor))
                return True
            else:
                self._take(item, _KEYS[key])
        return True

    def _is_open(self, item: GuideStep) -> bool:
        """Tell whether a step is still to be decided, with what others have approved or decided meanwhile."""
        self._run.refresh()
        return item.step.id not in self._run.state.decisions

    def _anew(self, item: GuideStep) -> GuideStep:
        """Return the step as it is filled now; shown again where it is another than the person has read."""
        found = self._run.guide.step(item.step.id)
        if found != item:
            self._session.insist("", self._deciding.changed_meanwhile)
            self._show(found)
        return found

    def _settle_doubt(self, item: GuideStep) -> None:
        """Ask about commands that a crash left in doubt, until none is: whoever goes on, and whatever they may run."""
        texts, step_id = self._deciding, item.step.id
        while (doubt := self._run.state.in_doubt(step_id)) is not None:
            self._session.insist(texts.in_doubt.format(number=doubt.command + 1, actor=doubt.actor))
            choices = [Choice(key="1", words=texts.took_effect), Choice(key="2", words=texts.no_effect)]
            key = choose(self._session, self._texts.ask_choice, choices, self._texts.not_a_choice)
            while not (reason := ask(self._session, texts.ask_settle)):
                pass
            write = partial(settle, self._run, step_id, took_effect=key == "1", actor=self._actor, reason=reason)
            self._record(write)

    def _choices(self, item: GuideStep) -> list[Choice]:
        texts, more = self._texts, self._deciding
        approvals = (("5", texts.choice_approved), ("6", texts.choice_rejected), (PROPOSE, more.choice_propose))
        words = (
            ("1", texts.choice_done),
            ("2", texts.choice_failed),
            ("3", texts.choice_skipped),
            ("4", texts.choice_not_applicable),
            *(approvals if item.step.approval != "none" else ()),
            *(((OPERATE, more.choice_run),) if self._operating is not None else ()),
            *(((OTHER, more.choice_other),) if len(self._run.open_steps) > 1 else ()),
            (STOP, texts.choice_stop),
        )
        return [Choice(key=key, words=text) for key, text in words]

    def _propose(self, item: GuideStep) -> None:
        reason = ask(self._session, self._texts.ask_reason)
        self._record(partial(self._run.propose, item.step.id, actor=self._actor, reason=reason), quiet=True)
        proposal = self._run.state.proposals.get(item.step.id)
        if proposal is not None and proposal.fingerprint == item.fingerprint:
            self._session.insist(
                *self._deciding.proposed.format(
                    sequence=proposal.sequence,
                    step=item.step.id,
                    count=self._run.approvals_lacking(item.step, actor=self._actor),
                    incident=self._run.incident.id[:8],
                ).splitlines()
            )

    def _take(self, item: GuideStep, outcome: Outcome) -> None:
        texts = self._texts
        actor = ask(self._session, texts.ask_approver) if outcome in ("approved", "rejected") else self._actor
        reason = ask(self._session, texts.ask_reason)
        evidence = self._evidence(item) if outcome in ("done", "failed") else ()
        decide = partial(self._run.decide, item.step.id, outcome, actor=actor, reason=reason, evidence=evidence)
        self._record(partial(decide, out_of_order=self._first is not None))

    def _evidence(self, item: GuideStep) -> tuple[Kept, ...]:
        found: list[Kept] = []
        for wanted in item.step.evidence:
            name = wanted.what.in_language(self._run.guide.language)
            place = ask(self._session, f"{name}. {self._texts.ask_evidence}")
            if place:
                found.append(Kept(name=name, place=place, sha256=ask(self._session, self._texts.ask_hash).lower()))
        return tuple(found)

    def _record(self, write: Callable[[], Record], *, quiet: bool = False) -> None:
        record = self._guarded(write)
        if record is not None and not quiet:
            self._session.insist(self._texts.recorded.format(sequence=record.sequence))

    def _guarded(self, write: Callable[[], Record | None]) -> Record | None:
        """Do something; what the run does not take is told, and what others did meanwhile is taken in."""
        told: KullaError
        try:
            return write()
        except ConcurrentWriteError as error:
            self._run.refresh()
            told = error
        except UsageError as error:
            told = error
        self._session.insist(self._texts.not_accepted.format(why=str(told)), *([told.hint] if told.hint else []))
        return None
