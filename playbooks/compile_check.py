"""What keeps a guide from being followed: a missing entity, one of the wrong type, a step that breaks the rules.

Nothing is skipped in silence. A step with a blocking problem cannot be decided as done until the value is given, or the
step is said not to apply; `require_compiled` refuses the guide as a whole, for those who want every step filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import UsageError
from playbooks.compiler import FilledCommand, Guide, GuideStep
from playbooks.placeholders import PLACEHOLDERS
from playbooks.step_rules import problems_of_step
from playbooks.texts import Text, same


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileProblem:
    """What is wrong with one step of a guide.

    `blocks` tells whether the step makes no sense as it is; otherwise some of its commands stay unfilled.
    """

    step: str
    number: int
    what: Text
    blocks: bool
    where: str


class CompileError(UsageError):
    """A guide that cannot be followed as it is; `problems` holds every reason."""

    def __init__(self, guide: Guide, problems: Sequence[CompileProblem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"{guide.playbook.id}, step {first.number} `{first.step}`: {first.what.en}{more}",
            where=first.where,
            hint="give the value, or complete the incident",
        )
        self.problems = tuple(problems)


def compile_problems(guide: Guide) -> tuple[CompileProblem, ...]:
    """Return every problem of a guide, in the order of its steps."""
    return tuple(problem for item in guide.steps for problem in problems_of_guide_step(item))


def require_compiled(guide: Guide) -> Guide:
    """Return the guide; raise `CompileError` where any of its steps makes no sense as it is."""
    problems = [problem for problem in compile_problems(guide) if problem.blocks]
    if problems:
        raise CompileError(guide, problems)
    return guide


def problems_of_guide_step(item: GuideStep) -> tuple[CompileProblem, ...]:
    """Return the problems of one step."""
    found: list[tuple[Text, bool]] = [(same(problem.what), True) for problem in problems_of_step(item.step)]
    found += [(_missing(name), True) for name in item.step.needs if name in item.missing]
    shell = [command for command in item.commands if command.platform != "manual"]
    nothing_filled = bool(shell) and all(command.text is None for command in item.commands)
    for command in item.commands:
        found.extend(_of_command(command, blocks=nothing_filled))
    if nothing_filled or not item.commands:
        found.append((_NOTHING, True))
    unique = dict.fromkeys(found)
    return tuple(
        CompileProblem(step=item.step.id, number=item.number, what=what, blocks=blocks, where=item.step.where)
        for what, blocks in unique
        if blocks or (what, True) not in unique
    )


_NOTHING = Text(
    en="none of its commands can be filled from the incident",
    sq="asnjë nga komandat e tij nuk plotësohet dot nga incidenti",
)


def _of_command(command: FilledCommand, *, blocks: bool) -> list[tuple[Text, bool]]:
    missing = [(_missing(name), blocks) for name in command.missing]
    refused = [(_refused(unused.placeholder, unused.value, unused.reason), blocks) for unused in command.refused]
    return [*missing, *refused]


def _missing(name: str) -> Text:
    meaning = PLACEHOLDERS[name].meaning if name in PLACEHOLDERS else same(name)
    return Text(
        en=f"the incident names no {meaning.en} (`{name}`)", sq=f"incidenti nuk përmend: {meaning.sq} (`{name}`)"
    )


def _refused(name: str, value: str, reason: Text) -> Text:
    return Text(
        en=f"`{name}` cannot be {value!r}: it {reason.en}", sq=f"`{name}` nuk mund të jetë {value!r}: {reason.sq}"
    )
