"""Compile errors: a missing entity, one of the wrong type, an unknown word, a change without verify and undo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.entities import Entity
from playbooks.compile_check import CompileError, compile_problems, require_compiled
from playbooks.compiler import compile_guide
from playbooks.document import DocumentError
from playbooks.loader import load_library
from playbooks.model import Automation, Step, Undo
from playbooks.rehearsal import MemoryLog
from playbooks.runner import DecisionError, Run
from playbooks.step_rules import problems_of_step
from playbooks.texts import same
from tests.playbooks.drills import DRILL, playbook, step
from tests.playbooks.samples import Clock, incident

EDGE = DRILL.step("edge")


def test_the_library_compiles_for_an_incident_with_everything() -> None:
    for plan in load_library():
        require_compiled(compile_guide(incident(), plan))


def test_a_missing_entity_is_an_error_and_the_step_cannot_be_done() -> None:
    case = incident(Entity("host", "srv01"))
    guide = compile_guide(case, DRILL)
    with pytest.raises(CompileError, match="outside address") as caught:
        require_compiled(guide)
    assert {problem.step for problem in caught.value.problems} == {"edge", "mail", "vpn", "web", "inner", "outer"}
    assert all("përmend" in problem.what.sq or "plotësohet" in problem.what.sq for problem in caught.value.problems)
    run = Run.begin(case, DRILL, MemoryLog(Clock()), actor="Ana")
    run.decide("look", "done", actor="Ana")
    with pytest.raises(DecisionError, match="cannot be done"):
        run.decide("edge", "approved", actor="Besa", reason="agreed")
    with pytest.raises(DecisionError, match="cannot be done"):
        run.propose("edge", actor="Ana", reason="x")
    run.give("external_ip", ["203.0.113.9"], actor="Ana")
    run.decide("edge", "approved", actor="Besa", reason="agreed")
    run.decide("edge", "done", actor="Ana")


@pytest.mark.parametrize("value", ["10.1.2.3", "not an address", "203.0.113.9; id", "\u202e1.2.3.4", "-rf"])
def test_an_entity_of_the_wrong_type_is_an_error(value: str) -> None:
    guide = compile_guide(incident(Entity("ip", value)), playbook(step("edge")))
    problems = compile_problems(guide)
    assert problems
    assert all(problem.blocks for problem in problems)


def test_a_command_that_stays_unfilled_beside_others_is_told_and_does_not_block() -> None:
    text = step("edge").replace("commands: [{bash:", "commands: [{powershell: 'Get-Item {{url}}'}, {bash:", 1)
    problems = compile_problems(compile_guide(incident(Entity("ip", "203.0.113.9")), playbook(text)))
    assert [(problem.blocks, "URL" in problem.what.en) for problem in problems] == [(False, True)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"verify": None}, "lacks `verify`"),
        ({"undo": Undo(commands=(), reason=None)}, "lacks `undo`"),
        ({"kind": "guess"}, "unknown kind"),
        ({"phase": "party"}, "unknown phase"),
        ({"approval": "three"}, "unknown approval"),
        ({"automation": 9}, "unknown automation level"),
        ({"clock": "never"}, "unknown legal clock"),
        ({"needs": ("planet",)}, "unknown placeholder"),
        ({"commands": ()}, "holds no command"),
        ({"commands": (replace(EDGE.commands[0], platform="fortran"),)}, "unknown platform"),  # type: ignore[arg-type]
        ({"commands": (replace(EDGE.commands[0], template=same("block '{{external_ip}}'")),)}, "inside quotes"),
        ({"commands": (replace(EDGE.commands[0], template=same("block {{planet}}")),)}, "unknown placeholder"),
        ({"automation": Automation.RUN_ALONE}, "never runs without a person"),
        ({"automation": Automation.RUN_READING}, "steps that only read"),
        ({"approval": "none"}, "needs an `approval`"),
        ({"changes": False, "commands": (replace(EDGE.commands[0], template=same("rm -rf x")),)}, "changes something"),
        ({"kind": "wait"}, "waits and changes"),
    ],
)
def test_steps_that_break_a_rule_do_not_compile_wherever_they_come_from(changes: dict[str, Any], says: str) -> None:
    bad: Step = replace(EDGE, **changes)
    assert any(says in problem.what for problem in problems_of_step(bad))
    plan = replace(DRILL, steps=(bad,))
    with pytest.raises(CompileError):
        require_compiled(compile_guide(incident(), plan))


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("    kind: dance\n", "kind"),
        ("    together: alone\n", "two or more steps in a row"),
        ("    what: 1\n", "unknown key"),
        ("    effects: [{thing: x}]\n", "becomes"),
        ("    effects: [{thing: x, becomes: y, of: planet}]\n", "planet"),
    ],
)
def test_the_loader_refuses_them_too(extra: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        playbook(step("edge", extra=extra), step("last"))


@pytest.mark.parametrize(
    "steps",
    [
        (step("a", extra="    together: x\n"), step("b"), step("c", extra="    together: x\n")),
        (step("a", extra="    together: x\n    next: {failed: d}\n"), step("b", extra="    together: x\n"), step("c"),
         step("d")),
        (step("a", extra="    next: {failed: c}\n"), step("b", extra="    together: x\n"),
         step("c", extra="    together: x\n")),
    ],
)  # fmt: skip
def test_steps_side_by_side_are_entered_and_left_together(steps: tuple[str, ...]) -> None:
    with pytest.raises(DocumentError, match=r"in a row|cannot branch|in the middle"):
        playbook(*steps)


def test_steps_side_by_side_are_decided_in_any_order_and_all_of_them() -> None:
    run = Run.begin(incident(), DRILL, MemoryLog(Clock()), actor="Ana")
    for name in ("look", "edge"):
        run.decide(name, "skipped", actor="Ana", reason="drill")
    for name in ("web", "mail", "vpn"):
        assert name in [item.step.id for item in run.open_steps]
        with pytest.raises(DecisionError, match="comes before"):
            run.decide("check", "done", actor="Ana")
        run.decide(name, "rejected", actor="Besa", reason="drill")
    assert [item.step.id for item in run.open_steps] == ["check"]
