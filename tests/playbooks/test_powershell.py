"""Every PowerShell command of the library, filled, is read by a parser of the whole language (tree-sitter's grammar).

It is a grammar written from the language's specification, not Microsoft's own parser, which no package registry that
tests may use has for this platform. What it accepts may still name a cmdlet or a parameter that is none.
"""

from __future__ import annotations

import pytest

from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from tests.playbooks.samples import incident

tree_sitter = pytest.importorskip("tree_sitter", reason="the development group has it")
grammar = pytest.importorskip("tree_sitter_pwsh", reason="the development group has it")

PLATFORMS = {"powershell", "exchange"}
GUIDES = [compile_guide(incident(), playbook) for playbook in load_library()]
PARSER = tree_sitter.Parser(tree_sitter.Language(grammar.language()))


def broken(script: str) -> str:
    """Return the first piece of a script that is no PowerShell, with its place; nothing for a whole script."""
    root = PARSER.parse(script.encode()).root_node
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_missing or (node.is_error and not any(child.is_error for child in node.children)):
            return f"line {node.start_point[0] + 1}, column {node.start_point[1] + 1}: {node.text[:60]!r} {node.type}"
        waiting += reversed(node.children)
    return "an error" if root.has_error else ""


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.playbook.id)
def test_every_command_is_whole(guide) -> None:
    for step in guide.steps:
        for command in (*step.commands, *step.verify, *step.undo):
            if command.platform in PLATFORMS:
                assert broken(command.text or "") == "", (step.step.where, command.text)


def test_there_are_many() -> None:
    commands = [
        command.text
        for guide in GUIDES
        for step in guide.steps
        for command in (*step.commands, *step.verify, *step.undo)
        if command.platform in PLATFORMS
    ]
    assert len(commands) > 400
    assert all(commands)


@pytest.mark.parametrize(
    "script",
    [
        "Get-Item 'C:\\x",
        "if ($true) { 'a'",
        "Get-Item C:\\x | | Out-Null",
        "foreach ($x in 1..3 { $x }",
        "Get-X @{ n = 'a'",
        "(1, 2",
    ],
)
def test_a_broken_command_is_found(script: str) -> None:
    assert broken(script)
