"""What is shipped: five rooms at the top level with their data, and a README that says what is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cli.main import group
from collectors import registry
from collectors.reader import LogReader, Parsed
from engine.events import DeadLetter

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"cli", "collectors", "detections", "engine", "playbooks"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_the_five_rooms_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == ROOMS


def test_the_wheel_holds_the_data(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for folder, suffix in (("detections/rules", "yml"), ("playbooks/library", "yaml"), ("playbooks/exercises", "yaml")):
        here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(f"*.{suffix}")}
        assert here
        assert here <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_top_level_is_as_agreed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    folders = {name.partition("/")[0] for name in tracked if "/" in name}
    assert folders == ROOMS | {"tests", "docs", ".ci"}


def readme_commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_ci_runs_the_readmes_second_command() -> None:
    commands = [line for line in readme_commands() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", [line for line in readme_commands() if line.startswith("kulla ")])
def test_the_readmes_commands_are_there(line: str) -> None:
    """Every command and option that the README shows exists."""
    words = shlex.split(line.partition(" | ")[0], comments=True)[1:]
    command = group()
    while words and not words[0].startswith("-") and hasattr(command, "get_command"):
        found = command.get_command(None, words[0])
        assert found is not None, f"no command {words[0]}"
        command = found
        words = words[1:]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options | {"--help"}


def test_every_dependency_has_its_line_in_the_readme() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", project, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    names = re.findall(r'^\s+"([a-z0-9-]+)', block[1], flags=re.MULTILINE)
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What it stands on")[2]
    assert len(names) > 10
    assert [
        name for name in names if not re.search(rf"^\|[^|]*\b{re.escape(name)}\b[^|]*\|", table, re.MULTILINE)
    ] == []


def test_links_in_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "detections" / "README.md"):
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if not link.startswith("http"):
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_the_source_in_the_documentation_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert code is not None
    names: dict[str, object] = {"__name__": "door"}
    exec(compile(code[1], "docs/sources.md", "exec"), names)  # noqa: S102 - our own documentation
    monkeypatch.setattr(registry, "_written", lambda: (names["SOURCE"],))
    monkeypatch.setattr(registry, "_declared", tuple)
    log = tmp_path / "door.log"
    log.write_text("2026-03-10T08:00:00Z door=3 card=1842 granted\nhalf a line\n", encoding="utf-8")
    reader = LogReader(log)
    event, letter = reader.records()
    assert isinstance(event, Parsed)
    assert event.fields["door.number"] == 3
    assert isinstance(letter, DeadLetter)


def test_no_command_is_run_through_a_shell_and_nothing_is_unpickled() -> None:
    forbidden = re.compile(
        r"""
          shell \s* = \s* True
        | ^ \s* (?: import | from ) \s (?: pickle | marshal | shelve | dill | joblib ) \b
        | os \. system \(
        | yaml \. (?: unsafe_ | full_ )? load \( (?! .* Safe )
        | \b eval \(
        """,
        re.MULTILINE | re.VERBOSE,
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for room in sorted(ROOMS)
        for path in sorted((ROOT / room).rglob("*.py"))
        for match in forbidden.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
