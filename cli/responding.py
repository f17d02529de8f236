"""The conversation of `kulla respond`: one step after the other is shown, decided, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from cli.document import Report
from cli.formats import terminal
from cli.guidance import step_sections
from cli.prompts import Choice, ask, choose
from cli.session import Session
from cli.words import Words
from engine.errors import UsageError
from playbooks.compiler import GuideStep
from playbooks.decisions import Kept, Outcome
from playbooks.ledger import Record
from playbooks.placeholders import PLACEHOLDERS
from playbooks.runner import Run

STOP = "0"
_KEYS: Mapping[str, Outcome] = {
    "1": "done",
    "2": "failed",
    "3": "skipped",
    "4": "not-applicable",
    "5": "approved",
    "6": "rejected",
}


class Conversation:
    """A guided run at a terminal. `out_of_order` names a step to take first (its number, from 1)."""

    def __init__(self, session: Session, run: Run, texts: Words, actor: str, out_of_order: int | None = None) -> None:
        self._session = session
        self._run = run
        self._texts = texts
        self._actor = actor
        self._first = out_of_order

    def hold(self) -> bool:
        """Go through the steps until the end (True) or until the person stops (False)."""
        self._session.insist(self._texts.not_run)
        while (item := self._next()) is not None:
            self._ask_values(item)
            item = self._run.guide.step(item.step.id)
            self._show(item)
            if not self._decide(item):
                return False
        self._session.insist(self._texts.finished)
        return True

    def _next(self) -> GuideStep | None:
        if self._first is not None:
            item = self._run.guide.steps[self._first - 1]
            if item.step.id not in self._run.state.decisions:
                return item
            self._first = None
        return self._run.current

    def _show(self, item: GuideStep) -> None:
        sections = step_sections(self._run.guide, item, self._texts, self._run.state.decisions)
        title = self._run.playbook.title.in_language(self._run.guide.language)
        report = Report(name="step", title=title, record={}, sections=tuple(sections))
        stream = self._session.stderr
        stream.write("\n")
        colour = self._session.coloured(stream)
        stream.writelines(terminal.parts(report, width=self._session.width, colour=colour))

    def _ask_values(self, item: GuideStep) -> None:
        lang = self._run.guide.language
        for name in item.missing:
            meaning = PLACEHOLDERS[name].meaning.in_language(lang)
            value = ask(self._session, self._texts.ask_value.format(name=name, meaning=meaning))
            if value:
                self._record(partial(self._run.give, name, [value], actor=self._actor))

    def _decide(self, item: GuideStep) -> bool:
        """Ask for decisions about a step until it is decided (True) or the person stops (False)."""
        while item.step.id not in self._run.state.decisions:
            lacking = self._run.approvals_lacking(item.step)
            if lacking:
                self._session.insist(self._texts.approvals_lacking.format(count=lacking))
            key = choose(self._session, self._texts.ask_choice, self._choices(item), self._texts.not_a_choice)
            if key == STOP:
                return False
            self._take(item, _KEYS[key])
        return True

    def _choices(self, item: GuideStep) -> list[Choice]:
        texts = self._texts
        words = (
            ("1", texts.choice_done),
            ("2", texts.choice_failed),
            ("3", texts.choice_skipped),
            ("4", texts.choice_not_applicable),
            *((("5", texts.choice_approved), ("6", texts.choice_rejected)) if item.step.approval != "none" else ()),
            (STOP, texts.choice_stop),
        )
        return [Choice(key=key, words=text) for key, text in words]

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

    def _record(self, write: Callable[[], Record]) -> None:
        try:
            sequence = write().sequence
        except UsageError as error:
            self._session.insist(self._texts.not_accepted.format(why=str(error)), *([error.hint] if error.hint else []))
            return
        self._session.insist(self._texts.recorded.format(sequence=sequence))
