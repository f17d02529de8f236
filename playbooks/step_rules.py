"""The rules that every step keeps, wherever it comes from: a YAML file, an import, or code.

The loader refuses a playbook with a step that breaks one, and the compiler refuses to fill it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playbooks.legal import known_clocks
from playbooks.model import APPROVALS, PHASES, PLATFORMS, RISK_LEVELS, STEP_KINDS, Automation, Step
from playbooks.placeholders import PLACEHOLDERS
from playbooks.templates import looks_changing, problems_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProblem:
    """What is wrong with a step, in words that follow its id, and what to do about it."""

    what: str
    hint: str | None = None


def problems_of_step(step: Step) -> Iterator[StepProblem]:
    """Yield every rule that the step breaks."""
    yield from _unknown_words(step)
    yield from _change_rules(step)
    yield from _automation_rules(step)
    for command in step.all_commands:
        if command.platform in PLATFORMS:
            for words in dict.fromkeys((command.template.en, command.template.sq)):
                for problem in problems_of(command.platform, words):
                    yield StepProblem(what=f"has a {command.platform} command that {problem}")


def _unknown_words(step: Step) -> Iterator[StepProblem]:
    checks: tuple[tuple[str, object, tuple[object, ...]], ...] = (
        ("kind", step.kind, STEP_KINDS),
        ("phase", step.phase, PHASES),
        ("approval", step.approval, APPROVALS),
        ("risk", step.risk.level, RISK_LEVELS),
        ("automation level", step.automation, tuple(Automation)),
        *(("legal clock", clock, known_clocks()) for clock in (step.clock,) if clock is not None),
        *(("platform", command.platform, PLATFORMS) for command in step.all_commands),
        *(("placeholder", name, tuple(PLACEHOLDERS)) for name in step.needs),
    )
    for name, word, known in checks:
        if word not in known:
            yield StepProblem(what=f"has the unknown {name} `{word}`", hint=f"one of: {', '.join(map(str, known))}")
    if not step.commands:
        yield StepProblem(what="holds no command", hint="say it as `manual` where there is nothing to type")


def _change_rules(step: Step) -> Iterator[StepProblem]:
    if step.changes and step.verify is None:
        yield StepProblem(what="changes a system and lacks `verify`")
    if step.changes and not step.undo.commands and step.undo.reason is None:
        yield StepProblem(what="changes a system and lacks `undo`", hint="add commands or a stated reason")
    if step.changes and step.kind == "wait":
        yield StepProblem(what="waits and changes a system", hint="make two steps of it")
    if not step.changes and step.effects:
        yield StepProblem(what="says `changes: false` and has effects")
    verbs = [c for c in step.commands if c.platform in PLATFORMS and looks_changing(c.platform, c.template.en)]
    if verbs and not step.changes:
        yield StepProblem(what=f"says `changes: false`, its {verbs[0].platform} command changes something")


def _automation_rules(step: Step) -> Iterator[StepProblem]:
    if step.changes and step.automation == Automation.RUN_READING:
        yield StepProblem(what="changes a system; automation 2 is for steps that only read")
    if step.changes and step.automation == Automation.RUN_ALONE:
        yield StepProblem(what="changes a system and never runs without a person")
    if step.changes and step.automation >= Automation.RUN_WITH_APPROVAL and step.approval == "none":
        yield StepProblem(what="may be run by a machine and needs an `approval`")
    if step.risk.level == "high" and step.approval == "none":
        yield StepProblem(what="has a high risk and needs an `approval`")
    if step.kind == "wait" and step.automation > Automation.SHOW_COMMAND:
        yield StepProblem(what="waits, and there is nothing that a machine could run")
