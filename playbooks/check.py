"""All problems of a folder of playbooks at once, for `kulla playbooks check`."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from engine.errors import KullaError
from playbooks.compiler import compile_guide
from playbooks.document import DocumentError
from playbooks.loader import read_library
from playbooks.model import Playbook
from playbooks.simulator.example import example_incident
from playbooks.simulator.rehearsing import rehearse_all

FEWEST_STEPS = 7
MOST_STEPS = 14


def problems_in(folder: Traversable | None = None) -> tuple[KullaError, ...]:
    """Return what keeps playbooks of `folder` (kulla's own where None) from loading, and what a reviewer would say."""
    playbooks, problems = read_library(folder)
    return (*problems, *(problem for playbook in playbooks for problem in _review(playbook)))


def _review(playbook: Playbook) -> list[DocumentError]:
    found: list[DocumentError] = []
    if not FEWEST_STEPS <= len(playbook.steps) <= MOST_STEPS:
        found.append(
            DocumentError(
                f"{playbook.id} has {len(playbook.steps)} steps",
                where=playbook.where,
                hint=f"{FEWEST_STEPS} to {MOST_STEPS} can be followed at night",
            )
        )
    missing = {"triage", "contain", "learn"} - set(playbook.phases)
    found.extend(
        DocumentError(f"{playbook.id} has no step of phase `{phase}`", where=playbook.where)
        for phase in sorted(missing)
    )
    if not (playbook.fits.techniques or playbook.fits.tactics or playbook.fits.rules):
        found.append(DocumentError(f"{playbook.id} fits nothing", where=playbook.where, hint="fill in `fits`"))
    return [*found, *_rehearsed(playbook)]


def _rehearsed(playbook: Playbook) -> list[DocumentError]:
    """Return the steps whose undo leaves something changed on paper (see `playbooks.simulator`)."""
    guide = compile_guide(example_incident(), playbook)
    return [
        DocumentError(
            f"undo of `{rehearsal.step}` does not bring back: {', '.join(rehearsal.left)}",
            where=playbook.step(rehearsal.step).where,
            hint="add what is missing to `undo`, as a command or by hand",
        )
        for rehearsal in rehearse_all(guide)
        if rehearsal.is_broken
    ]
