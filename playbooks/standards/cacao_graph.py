"""The graph of a CACAO workflow: where a step leads, what can be reached, and whether anything leads in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from playbooks.standards.documents import Document, items, mapping, word

_POINTERS: Final = ("on_completion", "on_success", "on_failure", "on_true", "on_false")


def next_of(step: Document) -> Iterator[tuple[str, str]]:
    """Yield (field, step id) for everything a step leads to; what is no text is led to as the empty id."""
    for name in _POINTERS:
        if name in step:
            yield name, word(step[name])
    for target in items(step.get("next_steps")):
        yield "next_steps", word(target)
    for case, target in mapping(step.get("cases")).items():
        yield f"cases.{case}", word(target)


def reachable(workflow: Document, starts: Iterable[str]) -> frozenset[str]:
    """Return the ids of the steps that are reached from `starts`."""
    found: set[str] = set()
    waiting = [start for start in starts if start in workflow]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += [target for _, target in next_of(mapping(workflow[number])) if target in workflow]
    return frozenset(found)


def cycle(workflow: Document) -> tuple[str, ...]:
    """Return the steps of one circle, none where the workflow always ends. Linear, and without recursion."""
    done: set[str] = set()
    for start in workflow:
        path: dict[str, None] = {}
        waiting = [(start, iter(_targets(workflow, start)))] if start not in done else []
        while waiting:
            number, rest = waiting[-1]
            path[number] = None
            target = next(rest, None)
            if target is None:
                waiting.pop()
                path.pop(number)
                done.add(number)
            elif target in path:
                order = list(path)
                return tuple(order[order.index(target) :])
            elif target not in done:
                waiting.append((target, iter(_targets(workflow, target))))
    return ()


def _targets(workflow: Document, number: str) -> list[str]:
    return [target for _, target in next_of(mapping(workflow[number])) if target in workflow]
