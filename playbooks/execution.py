"""Commands that kulla itself may run: as argument lists, without a shell, and only what the configuration allows.

A command qualifies where it is one plain command of words for bash: no operator, no expansion, no quote of its own.
Each value of the incident is then one argument, whatever it holds. The configuration lists argument prefixes, the first
word an absolute path; a command whose words do not begin like one of them is never run.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from playbooks.compiler import GuideStep
from playbooks.model import Automation
from playbooks.placeholders import PATTERN

_ACTING = frozenset("$`\\*?[]{}~!#'\"()<>|&;")  # what a shell acts on, anywhere in a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration allows kulla to run. By default nothing.

    `highest` is the highest automation level in use; `commands` are argument prefixes (`/usr/sbin/ip`, `route`, ...);
    `separate_accounts` counts only approvals that came in from other accounts, for steps done by hand too.
    """

    execute: bool = False
    highest: Automation = Automation.SHOW_COMMAND
    commands: tuple[tuple[str, ...], ...] = ()
    separate_accounts: bool = False
    seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended: its exit code, the first bytes of what it printed, and whether there was more."""

    exit_code: int
    output: bytes
    cut_off: bool = False


class Executor(Protocol):
    """Runs one argument list, without a shell, and waits for its end."""

    def run(self, arguments: Sequence[str]) -> Ran:
        """Run a command; raise `engine.errors.KullaError` where it cannot even be started."""
        ...


class NotRunnableError(ValueError):
    """A command that kulla does not run; the message says why."""


def arguments_of(item: GuideStep, policy: Policy) -> tuple[tuple[str, ...], ...]:
    """Return the argument lists of a step's bash commands; raise `NotRunnableError` where one does not qualify."""
    commands = [command for command in item.commands if command.platform == "bash"]
    if not commands:
        raise NotRunnableError("has no command for this machine")
    found: list[tuple[str, ...]] = []
    for command in commands:
        if command.text is None:
            raise NotRunnableError("has a command that is not filled")
        templates, texts = command.template.strip().split("\n"), command.text.strip().split("\n")
        if len(templates) != len(texts):
            raise NotRunnableError("has a value of more than one line")
        found += [_allowed(_words(template, text), policy) for template, text in zip(templates, texts, strict=True)]
    return tuple(found)


def _words(template: str, text: str) -> list[str]:
    """Return the words of one line, whose template must be plain."""
    plain = PATTERN.sub("x", template)
    if not plain.strip() or any(character in _ACTING for character in plain):
        raise NotRunnableError("has a command that needs a shell: a person runs it")
    words = shlex.split(text)
    if "=" in words[0]:
        raise NotRunnableError("has a command that begins with an assignment: a person runs it")
    lists = sum(bool(match[2]) for match in PATTERN.finditer(template))
    if len(words) != len(plain.split()) and not lists:
        raise NotRunnableError("has a value that is more than one argument")
    return words


def _allowed(words: Sequence[str], policy: Policy) -> tuple[str, ...]:
    for prefix in policy.commands:
        program = prefix[0]
        named = words[0] in {program, PurePosixPath(program).name}
        if named and tuple(words[1 : len(prefix)]) == prefix[1:]:
            return (program, *words[1:])
    raise NotRunnableError(f"has a command that the configuration does not allow: {' '.join(words[:3])}")
