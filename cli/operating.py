"""Running a step's commands for the person at the terminal, and settling what a crash left in doubt."""

from __future__ import annotations

from functools import partial

from cli.deciding_words import deciding_words
from cli.executing import executor_of, keeper
from cli.prompts import Choice, ask, choose
from cli.session import Session
from cli.words import Words
from playbooks.automation import standing_of, standings
from playbooks.compiler import GuideStep
from playbooks.gate import refusals
from playbooks.ledger import Ledger
from playbooks.runner import Run
from playbooks.running import execute, settle

_SHOWN_LINES = 40


class Operating:
    """What runs commands for `actor` in one guided run."""

    def __init__(self, session: Session, run: Run, ledger: Ledger, texts: Words, actor: str) -> None:
        self._session = session
        self._run = run
        self._ledger = ledger
        self._texts = texts
        self._deciding = deciding_words(session.lang)
        self._actor = actor

    def run(self, item: GuideStep) -> None:
        """Run a step's commands where everything allows it; else say why not. The person decides afterwards."""
        standing = standing_of(item.step, standings(self._ledger.records()))
        self._run.refresh()
        found = refusals(
            item, self._run.state, standing, self._run.policy, actor=self._actor, account=self._run.account
        )
        if found:
            why = "; ".join(reason.in_language(self._run.guide.language) for reason in found)
            self._session.insist(self._deciding.not_by_kulla.format(why=why))
            return
        done = execute(
            self._run,
            item.step.id,
            executor_of(self._session, self._run.policy),
            actor=self._actor,
            standing=standing,
            keep=keeper(self._session, self._run.incident.id),
        )
        for ran in done.ran:
            self._session.insist(self._deciding.ran.format(program=item.step.id, code=ran.exit_code))
            lines = ran.output.decode("utf-8", "backslashreplace").splitlines()
            self._session.insist(*(f"  {line}" for line in lines[:_SHOWN_LINES]))
        self._session.insist(self._deciding.ran_whole if done.is_whole else self._deciding.ran_failed)

    def settle_doubt(self, item: GuideStep) -> None:
        """Ask about a command that a crash left in doubt, where there is one."""
        doubt = self._run.state.in_doubt(item.step.id)
        if doubt is None:
            return
        texts = self._deciding
        self._session.insist(texts.in_doubt.format(number=doubt.command + 1, actor=doubt.actor))
        choices = [Choice(key="1", words=texts.took_effect), Choice(key="2", words=texts.no_effect)]
        key = choose(self._session, self._texts.ask_choice, choices, self._texts.not_a_choice)
        while not (reason := ask(self._session, texts.ask_settle)):
            pass
        write = partial(settle, self._run, item.step.id, took_effect=key == "1", actor=self._actor, reason=reason)
        self._session.insist(self._texts.recorded.format(sequence=write().sequence))
