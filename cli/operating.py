"""Running a step's commands for the person at the terminal, where everything allows it."""

from __future__ import annotations

from cli.deciding_words import deciding_words
from cli.executing import executor_of, keeper
from cli.session import Session
from playbooks.automation import standing_of, standings
from playbooks.compiler import GuideStep
from playbooks.gate import refusals
from playbooks.ledger import Ledger
from playbooks.runner import Run
from playbooks.running import execute

_SHOWN_LINES = 40


class Operating:
    """What runs commands for `actor` in one guided run."""

    def __init__(self, session: Session, run: Run, ledger: Ledger, actor: str) -> None:
        self._session = session
        self._run = run
        self._ledger = ledger
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
