"""What a playbook is: typed steps that a responder can follow, in English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Literal

from playbooks.texts import Text

Platform = Literal["powershell", "cmd", "bash", "exchange", "manual"]
Phase = Literal["triage", "contain", "eradicate", "recover", "learn"]
RiskLevel = Literal["low", "medium", "high"]
Approval = Literal["none", "one", "two-person"]
StepKind = Literal["action", "wait"]
Hashing = Literal["sha256-file", "sha256-output", "sha256-image", "signed-note"]

PLATFORMS: tuple[Platform, ...] = ("powershell", "cmd", "bash", "exchange", "manual")
PHASES: tuple[Phase, ...] = ("triage", "contain", "eradicate", "recover", "learn")
RISK_LEVELS: tuple[RiskLevel, ...] = ("low", "medium", "high")
APPROVALS: tuple[Approval, ...] = ("none", "one", "two-person")
STEP_KINDS: tuple[StepKind, ...] = ("action", "wait")
APPROVERS_NEEDED: dict[Approval, int] = {"none": 0, "one": 1, "two-person": 2}
END = "end"

PHASE_NAMES: dict[Phase, Text] = {
    "triage": Text(en="Triage", sq="Vlerësim fillestar"),
    "contain": Text(en="Containment", sq="Kufizim"),
    "eradicate": Text(en="Eradication", sq="Çrrënjosje"),
    "recover": Text(en="Recovery", sq="Rimëkëmbje"),
    "learn": Text(en="Lessons learned", sq="Mësime të nxjerra"),
}
HASHINGS: dict[Hashing, Text] = {
    "sha256-file": Text(
        en="SHA-256 of each file, written in the ledger", sq="SHA-256 e çdo skedari, shënuar në regjistër"
    ),
    "sha256-output": Text(
        en="SHA-256 of the saved command output, written in the ledger",
        sq="SHA-256 e daljes së ruajtur të komandës, shënuar në regjistër",
    ),
    "sha256-image": Text(
        en="SHA-256 of the image, computed on acquisition and again on the copy",
        sq="SHA-256 e imazhit, llogaritur gjatë marrjes dhe sërish mbi kopjen",
    ),
    "signed-note": Text(
        en="A note with name, time and signature; its SHA-256 in the ledger",
        sq="Shënim me emër, orë dhe nënshkrim; SHA-256 e tij në regjistër",
    ),
}
NOTHING_TO_UNDO = Text(en="Not needed: this step only reads.", sq="Nuk nevojitet: ky hap vetëm lexon.")


class Automation(IntEnum):
    """How much of a step a machine may do. kulla never runs a command by itself below `RUN_WITH_APPROVAL`."""

    PERSON_ONLY = 0
    SHOW_COMMAND = 1
    RUN_READING = 2
    RUN_WITH_APPROVAL = 3
    RUN_ALONE = 4


AUTOMATION_NAMES: dict[Automation, Text] = {
    Automation.PERSON_ONLY: Text(en="a person decides and acts", sq="vendos dhe vepron njeriu"),
    Automation.SHOW_COMMAND: Text(
        en="the tool fills the command, a person runs it", sq="mjeti plotëson komandën, njeriu e ekzekuton"
    ),
    Automation.RUN_READING: Text(en="a machine may run it: it only reads", sq="mund ta ekzekutojë makina: vetëm lexon"),
    Automation.RUN_WITH_APPROVAL: Text(
        en="a machine may run it once approved", sq="mund ta ekzekutojë makina pas miratimit"
    ),
    Automation.RUN_ALONE: Text(en="a machine may run it alone", sq="mund ta ekzekutojë makina e vetme"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, or for `manual` an instruction, as a template with `{{placeholders}}` (see `playbooks.placeholders`).

    For every platform but `manual` both languages hold the same text.
    """

    platform: Platform
    template: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """How to see that the step worked: commands (maybe none) and what they should show."""

    commands: tuple[Command, ...]
    expected: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a step does to one thing, where its commands do not tell the simulator (see `playbooks.simulator`).

    `of` is the placeholder whose values name the things (`host`), or empty where there is one; `becomes` is the state
    afterwards, `before` in an undo where it returns to what it was.
    """

    thing: str
    of: str
    becomes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How to take the step back: commands, or the reason why it cannot or need not be undone. Never neither."""

    commands: tuple[Command, ...]
    reason: Text | None
    effects: tuple[Effect, ...] = ()

    @property
    def is_by_hand(self) -> bool:
        """Tell whether a person takes the step back, wholly or in part, by an instruction."""
        return any(command.platform == "manual" for command in self.commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What to keep of the step, and how its integrity is fixed."""

    what: Text
    hashing: Hashing


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What the step can break."""

    level: RiskLevel
    words: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """The next step's id (or `end`) for each outcome. A skipped step goes on as a done one does."""

    done: str
    failed: str
    not_applicable: str
    rejected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a responder does. `where` is the `file:line` it was written at.

    `changes` tells that the step changes a system; such a step always has a `verify` and an undo. `needs` names the
    placeholders without which the step makes no sense (`host`): they are asked for where the incident lacks them.
    A step of kind `wait` is done by others, or by time: its decision records that it has happened. Steps in a row that
    name the same `together` are done side by side; the run goes on once each of them is decided. `clock` is the id of a
    deadline (`playbooks.legal`).
    """

    id: str
    phase: Phase
    title: Text
    purpose: Text
    why_now: Text
    changes: bool
    commands: tuple[Command, ...]
    expected: Text
    verify: Verify | None
    undo: Undo
    evidence: tuple[Evidence, ...]
    risk: Risk
    automation: Automation
    approval: Approval
    clock: str | None
    needs: tuple[str, ...]
    branches: Branches
    where: str
    kind: StepKind = "action"
    together: str = ""
    effects: tuple[Effect, ...] = ()

    @property
    def is_reversible(self) -> bool:
        """Tell whether the step changes something that its undo takes back."""
        return self.changes and bool(self.undo.commands)

    @property
    def version(self) -> str:
        """Return 16 hex digits over what the step does: what was earned for other commands does not count for it."""
        parts = repr([(command.platform, command.template.en) for command in self.all_commands])
        return sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def all_commands(self) -> tuple[Command, ...]:
        """Return the step's commands, then those of its verification and undo."""
        verify = self.verify.commands if self.verify else ()
        return (*self.commands, *verify, *self.undo.commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """What a playbook answers: ATT&CK techniques (`T1505.003`; a parent fits its sub-techniques), tactics, rule ids."""

    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """Steps in order, and when to follow them. `urgency` 1 is the most urgent (destruction under way), 5 the least.

    `version` is a hash of the playbook's content, so that a run notices a playbook that was changed under it.
    """

    id: str
    title: Text
    summary: Text
    urgency: int
    fits: Fits
    steps: tuple[Step, ...]
    version: str
    where: str

    def step(self, step_id: str) -> Step:
        """Return the step called `step_id`; raise `KeyError` where there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def beside(self, step: Step) -> tuple[Step, ...]:
        """Return the steps that are done side by side with `step`, itself included, in order."""
        if not step.together:
            return (step,)
        return tuple(item for item in self.steps if item.together == step.together)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the phases that the steps go through, in the order of an incident."""
        present = {step.phase for step in self.steps}
        return tuple(phase for phase in PHASES if phase in present)
