"""The order of steps: every branch leads to a later step or to the end, and every step can be reached.

Forward only, so that a run always ends and no step is asked for twice. Steps that are done side by side stand in a
row, are entered at the first of them, and lead to the same place: whatever the outcomes, the run goes on behind them.
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
    reached = set(range(_length(steps, 0))) if steps else set()
    for place, (step, value) in enumerate(zip(steps, values, strict=True)):
        if place not in reached:
            raise value.error(f"step `{step.id}` cannot be reached", "let an earlier step's `next` name it")
        for outcome, target in targets(step):
            _check_together(steps, place, target, value)
            if target == END:
                continue
            if target not in places:
                raise value.error(f"`next: {outcome}` names the step `{target}`, which is not there")
            if places[target] <= place:
                raise value.error(f"`next: {outcome}` leads back to `{target}`", "branches lead to later steps")
            reached.update(range(places[target], places[target] + _length(steps, places[target])))


def _check_together(steps: Sequence[Step], place: int, target: str, value: Value) -> None:
    step = steps[place]
    members = [at for at, item in enumerate(steps) if step.together and item.together == step.together]
    if members:
        if len(members) == 1 or members != list(range(members[0], members[-1] + 1)):
            raise value.error(f"`together: {step.together}` must name two or more steps in a row")
        behind = steps[members[-1] + 1].id if members[-1] + 1 < len(steps) else END
        if target != behind:
            hint = "branch in the step behind them"
            raise value.error(f"step `{step.id}` is done side by side with others and cannot branch", hint)
    aimed = next((at for at, item in enumerate(steps) if item.id == target), None)
    if aimed is not None and aimed and steps[aimed].together and steps[aimed - 1].together == steps[aimed].together:
        raise value.error(f"`{target}` is in the middle of steps that are done side by side", "name the first of them")


def _length(steps: Sequence[Step], place: int) -> int:
    """Return how many steps are entered together at `place`."""
    together = steps[place].together
    return sum(item.together == together for item in steps[place:]) if together else 1
