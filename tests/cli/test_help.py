"""Help of every command: at most 80 columns, plain text, `-h` and `--help`, groups in the order of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from typer.core import TyperGroup

from cli.group import PANELS
from cli.main import COMMANDS, group
from tests.cli.fakes import call


def _paths(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, TyperGroup):
        for name in command.list_commands(None):  # type: ignore[arg-type]
            module = next(
                (f"cli.commands.{entry.module}" for entry in COMMANDS if not path and entry.name == name), "cli"
            )
            if find_spec(module) is None:  # told by test_startup
                continue
            yield from _paths(command.get_command(None, name), (*path, name))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", list(_paths(group())), ids=lambda path: " ".join(path) or "kulla")
def test_help_fits_80_columns(path: tuple[str, ...]) -> None:
    result = call(*path, "-h", terminal=True)
    assert result.code == 0
    assert result == call(*path, "--help", terminal=True)
    assert result.out.startswith(f"Usage: kulla {' '.join(path)}".rstrip())
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert "-h, --help" in result.out
    assert "\x1b" not in result.out
    assert not result.err


def test_every_command_has_the_common_options_and_a_sentence() -> None:
    for path in _paths(group()):
        out = call(*path, "-h").out
        leaf = "COMMAND [ARGS]" not in out
        if leaf:
            assert all(word in out for word in ("--quiet", "--verbose", "--no-color", "--lang", "--home")), path
        assert out.split("\n\n")[1].strip().rstrip(".") != "", path


def test_the_top_help_has_the_groups_in_order() -> None:
    out = call("-h").out
    shown = [panel for panel in PANELS if any(entry.panel == panel for entry in COMMANDS)]
    places = [out.index(f"\n{panel}:\n") for panel in shown]
    assert places == sorted(places)
    for entry in COMMANDS:
        assert f"  {entry.name} " in out


def test_a_group_alone_shows_its_help_as_wrong_usage() -> None:
    for argv in ([], ["alerts"], ["store"]):
        result = call(*argv)
        assert result.code == 2
        assert result.out == ""
        assert result.err.startswith("Usage: kulla")


def test_the_version_is_told_by_the_option_and_by_the_command() -> None:
    result = call("--version")
    assert (result.code, result.err) == (0, "")
    assert call("version").out.startswith(result.out)
