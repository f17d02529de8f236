"""A playbook for tests of the runner: steps that kulla may run, side by side and in branches, and a plant to run on.

Everything here is durable but the session: the plant remembers what was done to it, whoever was killed meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from engine.entities import Entity
from engine.incidents.model import Incident
from engine.store.protocol import LedgerEntry
from playbooks.automation import Standing
from playbooks.execution import Policy, Ran
from playbooks.ledger import Ledger
from playbooks.loader import read_playbook
from playbooks.model import Automation, Playbook
from playbooks.runner import Run
from playbooks.running import execute, settle
from playbooks.steps import Shared
from tests.playbooks.samples import Clock, FakeStore, incident

TEXT = "{en: a, sq: b}"
EARNED = Standing(successes=1000)
POLICY = Policy(execute=True, highest=Automation.RUN_ALONE, commands=(("/usr/sbin/block",), ("/usr/sbin/look", "at")))
CASE: Incident = incident(Entity("host", "prt01.gov.example"), Entity("ip", "203.0.113.9"), Entity("ip", "203.0.113.8"))


def step(name: str, *, extra: str = "", changes: bool = True, command: str = "") -> str:
    """Return a step as YAML; one that changes something is run by kulla with an approval."""
    words = "{en: %s, sq: %s-sq}"
    text = words % (name, name)
    bash = command or (f"block {name} {{{{external_ip}}}}" if changes else f"look at {name}")
    verify = f"    verify: {{expected: {text}}}\n    undo: {{commands: [{{bash: '{bash} off'}}]}}\n" if changes else ""
    level = "    automation: 3\n    approval: one\n" if changes else "    automation: 4\n"
    return (
        f"  - id: {name}\n    phase: contain\n    title: {text}\n    purpose: {text}\n    why_now: {text}\n"
        f"    changes: {str(changes).lower()}\n    commands: [{{bash: '{bash}'}}]\n    expected: {text}\n"
        f"    risk: {{level: low, words: {text}}}\n{verify}{level}{extra}"
    )


def playbook(*steps: str, name: str = "drill") -> Playbook:
    """Return a playbook of these steps."""
    head = f"id: {name}\ntitle: {TEXT}\nsummary: {TEXT}\nurgency: 1\nfits: {{tactics: [impact]}}\nsteps:\n"
    return read_playbook((head + "".join(steps)).encode(), f"{name}.yaml", Shared(steps={}, risks={}, evidence={}))


DRILL = playbook(
    step("look", changes=False),
    step("edge"),
    step("mail", extra="    together: fronts\n"),
    step("vpn", extra="    together: fronts\n"),
    step("web", extra="    together: fronts\n"),
    step("check", changes=False, extra="    next: {done: inner, failed: outer}\n"),
    step("outer"),
    step("inner"),
    step("last", changes=False),
)


class Killed(BaseException):
    """The process is gone. Nothing in kulla catches it."""


@dataclass
class Reaper:
    """Kills the process at one of the moments at which it touches the world; `after` is how many are let pass."""

    after: int = 10**9

    def moment(self) -> None:
        self.after -= 1
        if self.after < 0:
            raise Killed


@dataclass
class KillableStore(FakeStore):
    """A store that is killed before or after a record was stored."""

    reaper: Reaper = field(default_factory=Reaper)

    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        self.reaper.moment()
        super().append_ledger(entries)
        self.reaper.moment()


@dataclass
class Plant:
    """What commands act on: how often each was really done."""

    reaper: Reaper
    done: Counter[tuple[str, ...]] = field(default_factory=Counter)
    exit_code: int = 0

    def run(self, arguments: Sequence[str]) -> Ran:
        self.reaper.moment()
        self.done[tuple(arguments)] += 1
        self.reaper.moment()
        return Ran(exit_code=self.exit_code, output=b"ok")


class Room:
    """A store, a head file, a plant, and sessions of two people that come and go."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        store: KillableStore | None = None,
        plant: Plant | None = None,
    ) -> None:
        self.store = store or KillableStore()
        self.reaper = self.store.reaper
        self.plant = plant or Plant(self.reaper)
        self.folder = folder
        real = __import__("playbooks.ledger.files", fromlist=["replace_file"]).replace_file

        def replace_or_die(path: Path, content: bytes) -> None:
            self.reaper.moment()
            real(path, content)
            self.reaper.moment()

        monkeypatch.setattr("playbooks.ledger.head.replace_file", replace_or_die)
        if store is None:
            monkeypatch.setattr("engine.durable.os.fsync", lambda _: None)  # the disk is not what is tried here

    def ledger(self, account: str = "ana@soc1") -> Ledger:
        return Ledger(self.store, self.folder / "head", Clock(), account=account)

    def session(self, plan: Playbook, account: str = "ana@soc1") -> Run:
        """Begin or resume the run, as a process that has just started does."""
        from playbooks.decisions import subject_of
        from playbooks.rebuilding import rebuild

        ledger = self.ledger(account)
        words = {"policy": POLICY, "account": account}
        if rebuild(ledger.records(subject_of(CASE.id, plan.id))) is None:
            return Run.begin(CASE, plan, ledger, actor="Ana", **words)  # type: ignore[arg-type]
        return Run.resume(CASE, plan, ledger, actor="Ana", **words)  # type: ignore[arg-type]

    def follow(self, plan: Playbook) -> Iterator[str]:
        """Go through the run to its end; yield each step that was decided."""
        run = self.session(plan)
        while run.open_steps:
            item = run.open_steps[0]
            name = item.step.id
            doubt = run.state.in_doubt(name)
            if doubt is not None:
                self._look_and_settle(run, name, doubt.command)
                continue
            if run.state.approvals_lacking(item.step, item.fingerprint, besides=["Ana"]):
                other = self.session(plan, "besa@soc2")
                other.decide(name, "approved", actor="Besa", reason="agreed")
                run.refresh()
            done = execute(run, name, self.plant, actor="Ana", standing=EARNED)
            run.decide(name, "done" if done.is_whole else "failed", actor="Ana", reason="as seen")
            yield name

    def _look_and_settle(self, run: Run, name: str, command: int) -> None:
        from playbooks.execution import arguments_of

        arguments = arguments_of(run.guide.step(name), POLICY)[command]
        settle(run, name, took_effect=self.plant.done[arguments] > 0, actor="Ana", reason="looked at it")

    def lives(self, plan: Playbook, dice: Random, kills: int) -> int:
        """Follow the run in processes that are killed at random moments, `kills` times at most; return how often."""
        killed = 0
        while True:
            self.reaper.after = dice.randrange(30) if killed < kills else 10**9
            try:
                for _ in self.follow(plan):
                    pass
                self.reaper.after = 10**9
            except Killed:
                killed += 1
                continue
            return killed
