"""kulla's playbooks and guides as CACAO: sound, stable, and never more than a person allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.entities import Entity
from engine.errors import UsageError
from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from playbooks.model import Branches, Playbook
from playbooks.standards.cacao_check import check
from playbooks.standards.cacao_export import guide_to_cacao, playbook_to_cacao
from playbooks.standards.cacao_extension import EXTENSION, schema
from playbooks.standards.documents import as_json, read_json
from tests.playbooks.samples import incident
from tests.playbooks.standards.cases import HOSTILE

_LIBRARY = load_library()


@pytest.mark.parametrize("playbook", _LIBRARY, ids=lambda item: item.id)
def test_every_playbook_and_its_guide_is_sound_and_stable(playbook: Playbook) -> None:
    for language in ("en", "sq"):
        document = playbook_to_cacao(playbook, "green", language)
        content = as_json(document)
        assert check(read_json(content.encode(), "x")) == ()
        assert content == as_json(playbook_to_cacao(playbook, "green", language))
    guide = compile_guide(incident(), playbook, "sq")
    assert check(read_json(as_json(guide_to_cacao(guide, "red")).encode(), "x")) == ()


@pytest.mark.parametrize("playbook", _LIBRARY, ids=lambda item: item.id)
def test_what_needs_a_person_is_a_manual_command(playbook: Playbook) -> None:
    steps = {step.id: step for step in playbook.steps}
    for node in playbook_to_cacao(playbook, "clear")["workflow"].values():
        if node["type"] == "action":
            step = steps[node["step_extensions"][EXTENSION]["id"]]
            kinds = {command["type"] for command in node["commands"]}
            if step.approval != "none" or step.automation < 2 or (step.changes and step.automation < 4):
                assert kinds == {"manual"}


def test_the_extension_says_no_more_than_its_published_schema() -> None:
    known = set(schema()["properties"])
    for playbook in _LIBRARY:
        guide = compile_guide(incident(), playbook)
        for node in guide_to_cacao(guide, "clear")["workflow"].values():
            if node["type"] == "action":
                said = node["step_extensions"][EXTENSION]
                assert set(said) <= known
                assert set(schema()["required"]) <= set(said)


def test_values_of_the_incident_stand_as_they_are_and_the_text_is_ascii() -> None:
    guide = compile_guide(incident(Entity("host", HOSTILE), title=HOSTILE + "\ud800"), _LIBRARY.get("web-shell"))
    content = as_json(guide_to_cacao(guide, "amber"))
    assert content.isascii()
    assert not any(char < " " and char != "\n" for char in content)
    assert HOSTILE in read_json(content.encode(), "x")["name"]


def _steps(count: int, **changes: dict[str, object]) -> Playbook:
    base = _LIBRARY.get("web-shell")
    names = [*(f"s{place}" for place in range(count)), "end"]
    steps = []
    for place in range(count):
        following = names[place + 1]
        branches = Branches(done=following, failed=following, not_applicable=following, rejected=following)
        step = replace(base.steps[0], id=names[place], branches=branches)
        steps.append(replace(step, **changes.get(names[place], {})))
    return replace(base, steps=tuple(steps))


def _ways(done: str, failed: str, not_applicable: str) -> dict[str, object]:
    return {"branches": Branches(done=done, failed=failed, not_applicable=not_applicable, rejected=done)}


def test_side_by_side_becomes_parallel_with_an_end_for_each() -> None:
    both = _ways("s3", "s3", "s3") | {"together": "both"}
    document = playbook_to_cacao(_steps(4, s1=both, s2=both), "clear")
    assert check(document) == ()
    nodes = document["workflow"]
    parallel = next(node for node in nodes.values() if node["type"] == "parallel")
    ends = [nodes[branch]["on_completion"] for branch in parallel["next_steps"]]
    assert len(set(ends)) == 2
    assert all(nodes[end]["type"] == "end" for end in ends)
    assert nodes[parallel["on_completion"]]["step_extensions"][EXTENSION]["id"] == "s3"


def test_a_failure_that_leads_elsewhere_is_on_failure() -> None:
    ways = {"branches": Branches(done="s1", failed="s2", not_applicable="s1", rejected="s1")}
    document = playbook_to_cacao(_steps(3, s0=ways), "clear")
    assert check(document) == ()
    first = next(node for node in document["workflow"].values() if node.get("on_failure"))
    names = [
        document["workflow"][first[way]]["step_extensions"][EXTENSION]["id"] for way in ("on_success", "on_failure")
    ]
    assert names == ["s1", "s2"]


def test_more_than_two_ways_on_become_a_switch_whose_branches_join() -> None:
    document = playbook_to_cacao(_steps(5, s0=_ways("s1", "s2", "s3")), "clear")
    assert check(document) == ()
    nodes = document["workflow"]
    switch = next(node for node in nodes.values() if node["type"] == "switch-condition")
    names = {case: nodes[target].get("step_extensions", {}).get(EXTENSION, {}).get("id", nodes[target]["type"])
             for case, target in switch["cases"].items()}  # fmt: skip
    assert names == {"done": "s1", "failed": "s2", "not-applicable": "end", "rejected": "s1"}
    assert nodes[switch["on_completion"]]["step_extensions"][EXTENSION]["id"] == "s3"


def test_branches_that_cross_are_refused() -> None:
    crossing = {"branches": Branches(done="s1", failed="s2", not_applicable="s1", rejected="s1")}
    with pytest.raises(UsageError, match="cross"):
        playbook_to_cacao(_steps(5, s0=crossing, s1=_ways("s2", "s2", "s4")), "clear")
