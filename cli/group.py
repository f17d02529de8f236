"""Command groups: commands found by a static table and imported on demand, help in plain text, did-you-mean.

typer keeps its copy of click to itself, so contexts are typed as `typer.Context` or plain objects here.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, ClassVar, Literal, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from engine.errors import UsageError

Panel = Literal["See", "Act", "Prepare", "Keep"]
PANELS: tuple[Panel, ...] = ("See", "Act", "Prepare", "Keep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the top-level help: the command, the module of `cli.commands` that has it, and one line on it."""

    name: str
    module: str
    panel: Panel
    summary: str


class HelpWanted(typer.TyperException):
    """The group was named without a command; its message is the help text (exit code 2)."""

    exit_code = 2


class PipeClosed(Exception):  # noqa: N818 # nothing went wrong here: the reader of the output has seen enough
    """Whoever read the output has gone (`kulla alerts list | head`)."""


class KullaCommand(TyperCommand):
    """A command with `-h` and `--help` in this order."""

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """Return the names of the help option, the short one first (click keeps them in a set)."""
        return sorted(super().get_help_option_names(ctx), key=len)


class KullaGroup(TyperGroup):
    """A group whose wrong commands are answered with the right ones."""

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """Return the names of the help option, the short one first."""
        return sorted(super().get_help_option_names(ctx), key=len)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Answer a bare group name with its help."""
        if not args and not ctx.resilient_parsing:
            raise HelpWanted(ctx.get_help())
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or raise `UsageError` that names the nearest ones."""
        known = self.list_commands(ctx)
        word = args[0]
        if word not in known and not word.startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(word, known, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"{ctx.command_path} --help"
            raise UsageError(f"no such command: {ctx.command_path} {word}", hint=hint)
        return super().resolve_command(ctx, args)


class LazyGroup(KullaGroup):
    """The top-level group: it knows its commands by name and imports one only when it is called."""

    entries: ClassVar[tuple[Entry, ...]] = ()

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 # click's signature
        """Return the names of all commands, in the order of the help."""
        return [entry.name for panel in PANELS for entry in self.entries if entry.panel == panel]

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002 # click's signature
        """Import the command called `cmd_name`; None where there is none."""
        entry = next((entry for entry in self.entries if entry.name == cmd_name), None)
        if entry is None:
            return None
        module = import_module(f"cli.commands.{entry.module}")
        command = cast("TyperCommand | TyperGroup", get_command(module.app))
        command.name = cmd_name
        return command

    def format_commands(self, ctx: object, formatter: Any) -> None:  # noqa: ARG002 # click's signature
        """Write the commands under their four headings, from the table alone."""
        width = max((len(entry.name) for entry in self.entries), default=0)
        for panel in PANELS:
            rows = [(entry.name.ljust(width), entry.summary) for entry in self.entries if entry.panel == panel]
            if rows:
                with formatter.section(panel):
                    formatter.write_dl(rows)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ARG002 # click's signature
        """Complete command names from the table, without importing the commands."""
        from typer.core import CompletionItem  # type: ignore[attr-defined] # typer has no public name for it

        return [
            CompletionItem(entry.name, help=entry.summary)
            for entry in self.entries
            if entry.name.startswith(incomplete)
        ]

    def invoke(self, ctx: Any) -> object:
        """Run the command; a reader that has gone is told apart from any other broken input or output."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise PipeClosed from error


def sub_app(summary: str) -> typer.Typer:
    """Return an app for a group of commands (`kulla alerts list`)."""
    app = typer.Typer(cls=KullaGroup, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

    @app.callback(help=summary)
    def group() -> None:
        pass

    return app


def single_app() -> typer.Typer:
    """Return an app for one command (`kulla version`)."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
