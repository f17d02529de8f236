"""One step from YAML: its texts in two languages, its commands, and the rules a step must keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from playbooks.document import Value, read_text
from playbooks.legal import known_clocks
from playbooks.model import (
    APPROVALS,
    HASHINGS,
    NOTHING_TO_UNDO,
    PHASES,
    PLATFORMS,
    RISK_LEVELS,
    STEP_KINDS,
    Approval,
    Automation,
    Branches,
    Command,
    Effect,
    Evidence,
    Hashing,
    Phase,
    Platform,
    Risk,
    RiskLevel,
    Step,
    StepKind,
    Undo,
    Verify,
)
from playbooks.placeholders import PLACEHOLDERS
from playbooks.step_rules import problems_of_step
from playbooks.templates import problems_of
from playbooks.texts import same

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_REQUIRED = ("phase", "title", "purpose", "why_now", "changes", "commands", "expected", "risk")
_OPTIONAL = (
    "verify", "undo", "evidence", "automation", "approval", "clock", "needs", "next", "kind", "together", "effects",
)  # fmt: skip
_NEXT = ("done", "failed", "not-applicable", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What playbooks refer to by name: steps (still as YAML), risks and evidence."""

    steps: Mapping[str, Value]
    risks: Mapping[str, Risk]
    evidence: Mapping[str, Evidence]


def identifier(value: Value) -> str:
    """Return a lower-case id of words joined by hyphens."""
    word = value.text()
    if len(word) > 64 or not _ID.fullmatch(word):
        raise value.error(f"`{word}` is not an id", "lower-case words joined by hyphens")
    return word


def read_risk(value: Value, known: Mapping[str, Risk]) -> Risk:
    """Return a risk: written out, or the name of a shared one."""
    if value.is_scalar:
        return known[value.choice(tuple(known))]
    entries = value.mapping(required=("level", "words"))
    level = cast("RiskLevel", entries["level"].choice(RISK_LEVELS))
    return Risk(level=level, words=read_text(entries["words"]))


def read_evidence(value: Value, known: Mapping[str, Evidence]) -> Evidence:
    """Return a piece of evidence to keep: written out, or the name of a shared one."""
    if value.is_scalar:
        return known[value.choice(tuple(known))]
    entries = value.mapping(required=("what", "hash"))
    hashing = cast("Hashing", entries["hash"].choice(tuple(HASHINGS)))
    return Evidence(what=read_text(entries["what"]), hashing=hashing)


def read_step(step_id: str, item: Value, shared: Shared, *, following: str) -> Step:
    """Return one step of a playbook. `following` is the next step in order, where every outcome leads by default.

    A step that `use`s a shared one may say for itself why it is done now, its phase, and where it branches.
    """
    own = dict(item.entries())
    if "use" in own:
        own = item.mapping(required=("use",), optional=("phase", "why_now", "next", "together"))
        if step_id not in shared.steps:
            raise own["use"].error(f"no shared step is called `{step_id}`", f"one of: {', '.join(shared.steps)}")
        entries = shared.steps[step_id].mapping(required=_REQUIRED, optional=_OPTIONAL)
        entries = {**entries, **{name: value for name, value in own.items() if name != "use"}}
    else:
        entries = item.mapping(required=("id", *_REQUIRED), optional=_OPTIONAL)
    step = _step(step_id, entries, shared, following=following, where=item.where)
    _check(step, item)
    return step


def _step(step_id: str, entries: Mapping[str, Value], shared: Shared, *, following: str, where: str) -> Step:
    changes = entries["changes"].boolean()
    undo, clock, evidence = entries.get("undo"), entries.get("clock"), entries.get("evidence")
    nothing = Undo(commands=(), reason=None if changes else NOTHING_TO_UNDO)
    return Step(
        id=step_id,
        phase=cast("Phase", entries["phase"].choice(PHASES)),
        title=read_text(entries["title"]),
        purpose=read_text(entries["purpose"]),
        why_now=read_text(entries["why_now"]),
        changes=changes,
        commands=_commands(entries["commands"]),
        expected=read_text(entries["expected"]),
        verify=_verify(entries["verify"]) if "verify" in entries else None,
        undo=_undo(undo) if undo else nothing,
        evidence=tuple(read_evidence(value, shared.evidence) for value in evidence.items()) if evidence else (),
        risk=read_risk(entries["risk"], shared.risks),
        automation=Automation(entries["automation"].number(0, 4))
        if "automation" in entries
        else Automation.SHOW_COMMAND,
        approval=cast("Approval", entries["approval"].choice(APPROVALS)) if "approval" in entries else "none",
        clock=clock.choice(known_clocks()) if clock else None,
        needs=tuple(v.choice(tuple(PLACEHOLDERS)) for v in entries["needs"].items()) if "needs" in entries else (),
        branches=_branches(entries.get("next"), following),
        where=where,
        kind=cast("StepKind", entries["kind"].choice(STEP_KINDS)) if "kind" in entries else "action",
        together=identifier(entries["together"]) if "together" in entries else "",
        effects=_effects(entries["effects"]) if "effects" in entries else (),
    )


def _branches(value: Value | None, following: str) -> Branches:
    entries = value.mapping(optional=_NEXT) if value else {}
    names = {name: identifier(entry) for name, entry in entries.items()}
    done = names.get("done", following)
    return Branches(
        done=done,
        failed=names.get("failed", following),
        not_applicable=names.get("not-applicable", following),
        rejected=names.get("rejected", following),
    )


def _commands(value: Value) -> tuple[Command, ...]:
    """Return the commands of a list of `platform: template`; `manual` takes a text in both languages."""
    commands = tuple(_command(item) for item in value.items())
    if not commands:
        raise value.error("holds no command", "say it as `manual` where there is nothing to type")
    return commands


def _command(item: Value) -> Command:
    entries = item.mapping(optional=PLATFORMS)
    if len(entries) != 1:
        raise item.error("must name one platform", f"one of: {', '.join(PLATFORMS)}")
    (name, value), *_ = entries.items()
    platform = cast("Platform", name)
    template = read_text(value, is_template=True) if platform == "manual" else same(value.text())
    for words in dict.fromkeys((template.en, template.sq)):
        for problem in problems_of(platform, words):
            raise value.error(problem, f"known placeholders: {', '.join(PLACEHOLDERS)}")
    return Command(platform=platform, template=template)


def _verify(value: Value) -> Verify:
    entries = value.mapping(required=("expected",), optional=("commands",))
    commands = _commands(entries["commands"]) if "commands" in entries else ()
    return Verify(commands=commands, expected=read_text(entries["expected"]))


def _undo(value: Value) -> Undo:
    entries = value.mapping(optional=("commands", "reason", "effects"))
    if not {"commands", "reason"} & set(entries):
        raise value.error("says neither how nor why not", "add `commands` or a `reason`")
    commands = _commands(entries["commands"]) if "commands" in entries else ()
    reason = read_text(entries["reason"]) if "reason" in entries else None
    effects = _effects(entries["effects"]) if "effects" in entries else ()
    return Undo(commands=commands, reason=reason, effects=effects)


def _effects(value: Value) -> tuple[Effect, ...]:
    return tuple(_effect(item) for item in value.items())


def _effect(value: Value) -> Effect:
    entries = value.mapping(required=("thing", "becomes"), optional=("of",))
    of = entries["of"].choice(tuple(PLACEHOLDERS)) if "of" in entries else ""
    return Effect(thing=entries["thing"].text(), of=of, becomes=entries["becomes"].text())


def _check(step: Step, item: Value) -> None:
    """Raise `DocumentError` where a step breaks a rule that no single value shows."""
    for problem in problems_of_step(step):
        raise item.error(f"step `{step.id}` {problem.what}", problem.hint)
