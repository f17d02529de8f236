"""The semantic checks of CACAO: each thing that OASIS's schemas let pass is told."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from engine.errors import InputError
from playbooks.loader import load_library
from playbooks.standards.cacao_check import check
from playbooks.standards.cacao_export import playbook_to_cacao
from playbooks.standards.documents import as_json, read_json
from tests.playbooks.standards.cases import action, foreign, node

_A, _B, _END = node("action", "a"), node("action", "b"), node("end", "end")


def _sound() -> dict[str, Any]:
    return foreign({_A: action("a", _B), _B: action("b", _END), _END: {"type": "end"}}, _A)


def _told(document: dict[str, Any]) -> str:
    return "\n".join(f"{fault.where}: {fault.what}" for fault in check(document))


def test_a_sound_playbook_has_no_fault() -> None:
    assert check(_sound()) == ()


_CHANGES: tuple[tuple[tuple[str, ...], object, str], ...] = (
    (("surprise",), 1, "unknown field `surprise`"),
    (("workflow", _A, "surprise"), 1, "unknown field `surprise`"),
    (("workflow", _A, "commands"), [{"type": "manual", "command": "x", "sudo": True}], "unknown field `sudo`"),
    (("workflow", _A, "commands"), [{"type": "manual"}], "holds no command"),
    (("workflow", _A, "commands"), [{"type": "teleport", "command": "x"}], "no command of the standard"),
    (("workflow", _A, "on_completion"), node("action", "gone"), "which is not there"),
    (("workflow", _A, "on_completion"), _END, "cannot be reached"),
    (("workflow", _B, "on_completion"), _A, "leads back to itself over 2 steps"),
    (("workflow", _B, "on_completion"), _B, "leads back to itself over 1 steps"),
    (("workflow", _A, "on_success"), _B, "stands beside"),
    (("workflow", _A, "agent"), node("group", "them"), "the agent"),
    (("workflow", _A, "targets"), [node("linux", "x")], "the target"),
    (("workflow", _A, "in_args"), ["__x__"], "variable `__x__` is not defined"),
    (("workflow", _A, "commands"), [{"type": "bash", "command": "rm __x__:value"}], "variable `__x__` is not defined"),
    (("workflow", _A, "step_extensions"), {node("extension-definition", "x"): {}}, "is not defined"),
    (("workflow_start",), _A, "does not name a start step"),
    (("workflow_exception",), node("end", "gone"), "which is not there"),
    (("created_by",), "me", "is not an identifier"),
    (("modified",), "2025-01-01T00:00:00.000Z", "is before `created`"),
    (("priority",), 101, "whole number from 0 to 100"),
    (("markings",), [node("marking-tlp", "x")], "the marking"),
    (("playbook_variables",), {"x": {"type": "string"}}, "is not a variable's name"),
    (("agent_definitions", node("group", "us"), "rank"), 1, "unknown field `rank`"),
)


@pytest.mark.parametrize(("path", "value", "told"), _CHANGES, ids=[f"{'.'.join(c[0])[:24]}-{c[2]}" for c in _CHANGES])
def test_each_fault_is_told(path: tuple[str, ...], value: object, told: str) -> None:
    document = deepcopy(_sound())
    inside: Any = document
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    assert told in _told(document)


def test_a_field_that_is_missing_is_told() -> None:
    for name in tuple(_sound()):
        if name != "agent_definitions":
            document = _sound()
            del document[name]
            assert f"lacks `{name}`" in _told(document)


def test_any_kind_of_value_anywhere_is_told_and_breaks_nothing() -> None:
    document = read_json(as_json(playbook_to_cacao(load_library().get("web-attack"), "clear")).encode(), "x")
    for name in document:
        for value in (None, 7, "x", [], [[]], {}, {"x": 1}):
            assert isinstance(check({**document, name: value}), tuple)


def test_a_long_chain_needs_no_deep_stack() -> None:
    count = 5000
    ids = [node("action", str(place)) for place in range(count)] + [_END]
    workflow = {ids[place]: action(str(place), ids[place + 1]) for place in range(count)} | {_END: {"type": "end"}}
    assert check(foreign(workflow, ids[0])) == ()


@pytest.mark.parametrize("content", [b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[]", b"{", b"\xff"])
def test_json_that_two_readers_could_read_differently_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_json(content, "x")


def test_json_that_is_too_deep_is_refused() -> None:
    with pytest.raises(InputError, match="too deeply"):
        read_json(b'{"a":' + b"[" * 200_000, "x")
