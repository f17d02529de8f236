"""The command reference `docs/cli.md`, made from the commands themselves: `python -m cli.reference > docs/cli.md`.

A test compares the file with what this module makes and fails when it is stale.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from cli.group import PANELS
from cli.main import COMMANDS, group
from cli.settings_table import settings_table

_INTRODUCTION = """\
# The command line

Made from the commands by `python -m cli.reference > docs/cli.md`; change the commands, not this file.

Data goes to stdout, everything else to stderr. A table is printed on a terminal, JSON lines into a pipe; `-f` chooses
`table`, `json`, `jsonl`, `csv`, `md` or `html`, and `-o FILE` writes a file (by its suffix, through a temporary file).
Times are UTC. Whatever a log says is escaped for the format it is printed in: on a terminal, control characters,
direction overrides and invisible characters show as `\\x1b`, `\\u202e`.

| exit code | meaning |
|---|---|
| 0 | ran |
| 1 | findings at or above `--fail-on LEVEL`; a ledger that does not hold |
| 2 | wrong usage |
| 3 | could not run: store unreachable, bad configuration |
| 4 | ran, but some input or rule failed; listed on stderr, and as `issues` in JSON |
| 130 | interrupted; what was finished before is saved |
"""


def reference() -> str:
    """Return the whole reference as Markdown."""
    return "\n".join([_INTRODUCTION, *_settings(), *_overview(), *_commands()]).rstrip() + "\n"


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield "A flag goes before a `KULLA_*` variable, that before `kulla.toml` in the working directory, that before"
    yield "`kulla.toml` in the user's configuration folder. `kulla config show` tells where each value comes from.\n"
    yield "| key in `kulla.toml` | variable | what for |"
    yield "|---|---|---|"
    for item in settings_table():
        yield f"| `{item.key}` | `{item.variable}` | {item.purpose} |"
    yield ""


def _overview() -> Iterator[str]:
    yield "## Commands\n"
    for panel in PANELS:
        entries = [entry for entry in COMMANDS if entry.panel == panel]
        if entries:
            yield f"**{panel}**\n"
            yield from (f"- [`kulla {entry.name}`](#kulla-{entry.name}): {entry.summary}" for entry in entries)
            yield ""


def _commands() -> Iterator[str]:
    top = group()
    context = typer.Context(top, info_name="kulla", max_content_width=80, help_option_names=["-h", "--help"])
    for panel in PANELS:
        for entry in COMMANDS:
            if entry.panel == panel:
                yield from _command(top.get_command(context, entry.name), context, entry.name)


def _command(command: Any, parent: typer.Context, name: str) -> Iterator[str]:
    context = typer.Context(command, info_name=name, parent=parent, terminal_width=80)
    yield f"### {context.command_path}\n"
    if isinstance(command, TyperGroup):
        yield inspect.cleandoc(command.help or "") + "\n"
        for inner in command.list_commands(context):
            yield from _command(command.get_command(context, inner), context, inner)
        return
    yield "```text"
    yield command.get_help(context)
    yield "```\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
