"""The order of kulla's steps as a CACAO workflow: pointers, parallel steps, and switches for more than two outcomes.

CACAO 2.0 (section 4) wants every branch of a parallel or switch step to end in an end step of its own; the flow then
goes on behind that parallel or switch step. What branches into one another is refused, never drawn wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.errors import UsageError
from playbooks.flow import targets
from playbooks.model import END, Playbook, Step
from playbooks.standards.documents import Document, identifier

_OUTCOMES: Final = ("done", "failed", "not-applicable", "rejected")


def outcome_variable(step: Step) -> str:
    """Return the CACAO variable that holds how a step ended."""
    return f"__outcome_{step.id}__"


class Workflow:
    """The workflow of one playbook. `action` returns the fields of a step's action beside where it leads."""

    def __init__(self, playbook: Playbook, seed: tuple[str, ...], action: Callable[[Step], Document]) -> None:
        self._steps = playbook.steps
        self._seed = seed
        self._action = action
        self._places = {step.id: place for place, step in enumerate(playbook.steps)} | {END: len(playbook.steps)}
        self._blocks: dict[int, str] = {}
        self._entered: list[tuple[int, str]] = []
        self.steps: dict[str, Document] = {}
        self.variables: dict[str, Document] = {}
        self.start = self._id("start")
        self.end = self._id("end")
        self.steps[self.start] = {"type": "start", "name": "Start", "on_completion": self._entry(0)}
        self._block(0, len(playbook.steps), self.end)
        self.steps[self.end] = {"type": "end", "name": "End"}
        self._refuse_crossing()

    def _id(self, kind: str, *parts: str) -> str:
        return identifier(kind, *self._seed, *parts)

    def _entry(self, place: int) -> str:
        step = self._steps[place]
        return self._id("parallel", step.id) if step.together else self._id("action", step.id)

    def _block(self, first: int, behind: int, leave: str) -> None:
        """Draw the steps from `first` up to `behind`; what leads to `behind` leads to the node `leave`."""
        place = first
        while place < behind:
            self._blocks[place] = leave
            step = self._steps[place]
            if step.together:
                place = self._side_by_side(place, behind, leave)
            elif step.branches.done == step.branches.not_applicable == step.branches.rejected:
                self.steps[self._entry(place)] = {**self._action(step), **self._pointers(step, behind, leave)}
                place += 1
            else:
                place = self._switch(place, behind, leave)

    def _pointers(self, step: Step, behind: int, leave: str) -> Document:
        done, failed = (self._to(name, behind, leave) for name in (step.branches.done, step.branches.failed))
        return {"on_completion": done} if done == failed else {"on_success": done, "on_failure": failed}

    def _to(self, name: str, behind: int, leave: str) -> str:
        place = self._places[name]
        if place == behind:
            return leave
        if place > behind:
            raise self._crossing(name)
        self._entered.append((place, leave))
        return self._entry(place)

    def _side_by_side(self, place: int, behind: int, leave: str) -> int:
        step = self._steps[place]
        members = [item for item in self._steps if item.together == step.together]
        node: dict[str, object] = {"type": "parallel", "name": step.together, "next_steps": []}
        ids = [self._id("action", item.id) for item in members]
        for item, action in zip(members, ids, strict=True):
            end = self._id("end", "side", item.id)
            self.steps[action] = {**self._action(item), "on_completion": end}
            self.steps[end] = {"type": "end"}
        node |= {"next_steps": ids, "on_completion": self._to(step.branches.done, behind, leave)}
        self.steps[self._entry(place)] = node
        return place + len(members)

    def _switch(self, place: int, behind: int, leave: str) -> int:
        """Draw a step with more than two ways on: its outcome into a variable, a switch, and the branches' body."""
        step, variable = self._steps[place], outcome_variable(self._steps[place])
        join = self._join(place)
        if join > behind:
            raise self._crossing(step.id)
        switch, end, skip = (self._id(*parts, step.id) for parts in (("switch-condition",), ("end",), ("end", "skip")))
        cases: dict[str, str] = {}
        for outcome, name in targets(step):
            target = self._places[name]
            cases[outcome] = skip if target == join else self._to(name, join, end)
        self.variables[variable] = {
            "type": "string",
            "description": f"How `{step.id}` ended: {', '.join(_OUTCOMES)}",
            "constant": False,
            "external": False,
        }
        name = self._steps[join].id if join < len(self._steps) else END
        self.steps[self._entry(place)] = {**self._action(step), "out_args": [variable], "on_completion": switch}
        self.steps[switch] = {
            "type": "switch-condition",
            "name": f"How did it end: {step.title.en}",
            "switch": f"{variable}:value",
            "cases": cases,
            "on_completion": self._to(name, behind, leave),
        }
        if join > place + 1:
            self._block(place + 1, join, end)
            self.steps[end] = {"type": "end"}
        if skip in cases.values():
            self.steps[skip] = {"type": "end"}
        return join

    def _join(self, place: int) -> int:
        """Return where all ways from the step at `place` have come together again: the first place behind them all."""
        join, at = place + 1, place
        while at < join:
            join = max(join, *(self._places[name] for _, name in targets(self._steps[at])))
            at += 1
        return join

    def _refuse_crossing(self) -> None:
        for place, block in self._entered:
            if self._blocks.get(place) != block:
                raise self._crossing(self._steps[place].id)

    def _crossing(self, step: str) -> UsageError:
        return UsageError(
            f"the branches to and from `{step}` cross: CACAO has no step for that",
            hint="let one branch end before the other begins",
        )


def processing(steps: Mapping[str, Document], *, manual: bool) -> Document:
    """Return CACAO's summary of what a reader must be able to do."""
    kinds = {str(step["type"]) for step in steps.values()}
    return {
        "manual_playbook": manual,
        "parallel_processing": "parallel" in kinds,
        "if_logic": "if-condition" in kinds,
        "while_logic": "while-condition" in kinds,
        "switch_logic": "switch-condition" in kinds,
        "data_markings": True,
        "extensions": True,
    }
