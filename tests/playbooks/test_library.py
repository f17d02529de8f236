"""kulla's own playbooks: all there, all in two languages, all safe to follow."""

from __future__ import annotations

import re

import pytest

from playbooks.check import problems_in
from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from playbooks.model import Playbook, Step
from playbooks.texts import Text
from tests.playbooks.samples import incident

LIBRARY = load_library()
IDS = {
    "web-shell", "credential-theft", "lateral-movement", "ransomware-wiper", "mailbox-theft", "security-tools-disabled",
    "logs-cleared", "brute-force", "data-exfiltration", "linux-intrusion", "web-attack",
}  # fmt: skip
STEPS = [(playbook, step) for playbook in LIBRARY for step in playbook.steps]


def names(pair: object) -> str:
    return pair.id if isinstance(pair, (Playbook, Step)) else str(pair)


def texts_of(step: Step) -> list[Text]:
    found = [step.title, step.purpose, step.why_now, step.expected, step.risk.words]
    found += [evidence.what for evidence in step.evidence]
    found += [command.template for command in step.all_commands if command.platform == "manual"]
    found += [step.verify.expected] if step.verify else []
    return found + ([step.undo.reason] if step.undo.reason else [])


def test_the_library_has_no_problem_and_all_playbooks() -> None:
    assert problems_in() == ()
    assert {playbook.id for playbook in LIBRARY} >= IDS


@pytest.mark.parametrize(("playbook", "step"), STEPS, ids=names)
def test_a_step_is_whole(playbook: Playbook, step: Step) -> None:
    if step.changes:
        assert step.verify is not None
        assert step.undo.commands or step.undo.reason
        assert step.risk.level != "low" or step.undo.commands
    assert step.evidence
    for text in texts_of(step):
        assert text.en != text.sq
        assert text.en[-1] in ".)" or len(text.en) < 100


def test_albanian_is_written_with_its_letters() -> None:
    words = " ".join(text.sq for _, step in STEPS for text in texts_of(step))
    assert words.count("ë") > 1000
    assert words.count("ç") > 30
    assert re.findall(r"\b(?:eshte|nje|per|qe|dhene|te)\b", words) == ["te"] * words.split().count("te")
    plain = re.sub(r"\{\{[^}]*\}\}|password spraying", "", words)
    english = re.findall(r"\b(?:the|and|with|of|host|password|account|evidence|backup)\b", plain)
    assert english == []


@pytest.mark.parametrize("playbook", list(LIBRARY), ids=names)
def test_evidence_comes_before_eradication(playbook: Playbook) -> None:
    order = [step.id for step in playbook.steps]
    first = next((place for place, step in enumerate(playbook.steps) if step.phase == "eradicate"), len(order))
    assert "open-case" in order[:first]
    assert order[-1] == "lessons"
    if "capture-volatile" in order and "isolate-host" in order:
        assert order.index("capture-volatile") < order.index("isolate-host")


def test_what_destroys_or_reaches_the_whole_domain_needs_two_persons() -> None:
    for playbook in LIBRARY:
        for step in playbook.steps:
            if step.id in {"rotate-krbtgt", "rebuild-host", "restore-in-order"}:
                assert step.approval == "two-person"
            if step.risk.level == "high":
                assert step.approval != "none"


def test_every_placeholder_is_filled_for_an_incident_that_names_everything() -> None:
    for playbook in LIBRARY:
        guide = compile_guide(incident(), playbook)
        for step in guide.steps:
            assert step.missing == (), (playbook.id, step.step.id)
            for command in (*step.commands, *step.verify, *step.undo):
                assert command.text is not None
                assert "{{" not in command.text.replace("Win32", "")
                assert "'''" not in command.text or "''" in command.text


def test_the_legal_clocks_are_in_the_playbooks() -> None:
    clocks = {step.clock for _, step in STEPS if step.clock}
    assert {"nis2-early-warning", "gdpr-authority", "nis2-final-report"} <= clocks


def unbalanced(script: str) -> str:
    """Return what is left open in a PowerShell script: quotes and brackets, read in order."""
    pairs = {")": "(", "]": "[", "}": "{"}
    stack: list[str] = []
    quote = ""
    for character in script:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in pairs.values():
            stack.append(character)
        elif character in pairs and (not stack or stack.pop() != pairs[character]):
            return f"a `{character}` too many"
    return quote or "".join(stack)


def test_powershell_commands_close_what_they_open() -> None:
    """No PowerShell is at hand in every test run; what can be told without one is told here."""
    for playbook in LIBRARY:
        for step in compile_guide(incident(), playbook).steps:
            for command in (*step.commands, *step.verify, *step.undo):
                if command.platform in {"powershell", "exchange"} and command.text:
                    assert unbalanced(command.text) == "", (playbook.id, step.step.id)
                    assert not any(c in command.text for c in "“”„–"), "a typographic sign crept in"


def test_every_shared_step_is_used() -> None:
    from importlib import resources

    from playbooks.document import read_document

    used = {step.id for _, step in STEPS}
    for item in (resources.files("playbooks") / "library").iterdir():
        if item.name.startswith("_") and item.name.endswith(".yaml"):
            entries = dict(read_document(item.read_bytes(), item.name).entries())
            assert {name for name, _ in entries["steps"].entries()} - used == set()


def test_bash_never_writes_to_an_unset_case_folder() -> None:
    """`${CASE:?}` stops the line where the case folder was not opened; `$CASE` would write to `/`."""
    for _, step in STEPS:
        for command in step.all_commands:
            if command.platform == "bash":
                assert "$CASE" not in command.template.en, step.id


def test_what_was_before_is_never_overwritten_by_doing_a_step_twice() -> None:
    """A file that an undo reads back is written once: a second run would keep the changed state as the old."""
    once = re.compile(r"-NoClobber|Test-Path")
    for _, step in STEPS:
        undo = "\n".join(command.template.en for command in step.undo.commands if command.platform != "manual")
        read = set(re.findall(r"(?:Import-Cli?[Xx]ml|Import-Csv) \(Join-Path \S+ (\([^)]*\)|'[^']*')", undo))
        read |= set(re.findall(r"(?:import |/restore )\(?'?(?:/file:)?(C:[\w\\.-]+)", undo))
        for command in step.commands:
            for line in command.template.en.splitlines():
                for name in read:
                    if name in line and re.search(r"(?i)\bexport\b|/backup", line):
                        assert once.search(line), (step.id, line)
