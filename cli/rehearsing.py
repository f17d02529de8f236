"""What a dry run tells beside the steps: what each would change, whether its undo brings that back, what is lacking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cli.deciding_words import DecidingWords, deciding_words
from cli.document import Lines, Section
from playbooks.compile_check import problems_of_guide_step
from playbooks.compiler import Guide, GuideStep
from playbooks.simulator import Rehearsal, rehearse


def rehearsal_sections(guide: Guide, item: GuideStep) -> Sequence[Section]:
    """Return what keeps a step from being done, and what doing and undoing it does on paper."""
    texts = deciding_words(guide.language)
    sections = []
    problems = [problem.what.in_language(guide.language) for problem in problems_of_guide_step(item) if problem.blocks]
    if problems:
        sections.append(Section(heading=texts.cannot_do, body=Lines(lines=problems)))
    if item.step.changes:
        sections.append(Section(heading=texts.simulated, body=Lines(lines=_told(rehearse(guide, item), texts))))
    return sections


def rehearsal_record(guide: Guide, item: GuideStep) -> Mapping[str, object]:
    """Return the same as a record."""
    found = rehearse(guide, item)
    return {
        "problems": [
            {"what": problem.what.in_language(guide.language), "blocks": problem.blocks}
            for problem in problems_of_guide_step(item)
        ],
        "simulated": {
            "changed": dict(found.changed),
            "left": found.left,
            "unknown": found.unknown,
            "undone_by_hand": found.by_hand,
        },
    }


def _told(found: Rehearsal, texts: DecidingWords) -> list[str]:
    lines = [f"{thing}: {state}" for thing, state in found.changed.items()]
    if found.left:
        told = texts.by_hand if found.by_hand else texts.not_undone
        lines.append(told.format(what=", ".join(found.left)))
    elif found.changed:
        lines.append(texts.returns)
    lines += [texts.not_known.format(what=statement) for statement in found.unknown]
    return lines or [texts.all_by_hand]
