"""The order of steps: every branch leads to a later step or to the end, and every step can be reached.

Forward only, so that a run always ends and no step is asked for twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from playbooks.document import Value
from playbooks.model import END, Step


def targets(step: Step) -> tuple[tuple[str, str], ...]:
    """Return (outcome, next step or `end`) for every branch of a step."""
    branches = step.branches
    return (
        ("done", branches.done),
        ("failed", branches.failed),
        ("not-applicable", branches.not_applicable),
        ("rejected", branches.rejected),
    )


def check_flow(steps: Sequence[Step], values: Sequence[Value]) -> None:
    """Raise `DocumentError` for a dangling or backward branch, or a step that nothing leads to."""
    places = {step.id: place for place, step in enumerate(steps)}
    reached = {0}
    for place, (step, value) in enumerate(zip(steps, values, strict=True)):
        if place not in reached:
            raise value.error(f"step `{step.id}` cannot be reached", "let an earlier step's `next` name it")
        for outcome, target in targets(step):
            if target == END:
                continue
            if target not in places:
                raise value.error(f"`next: {outcome}` names the step `{target}`, which is not there")
            if places[target] <= place:
                raise value.error(f"`next: {outcome}` leads back to `{target}`", "branches lead to later steps")
            reached.add(places[target])
