"""What has happened since the restoration began, folded from its events: started, done, found unclean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

EventKind = Literal["started", "done", "contaminated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a task, `at` minutes after the plan's start. `person` is who works on it."""

    kind: EventKind
    task: str
    at: int
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where things stand `now` minutes after the start.

    `done` maps tasks to their ends, `running` tasks to their start and person, `rounds` services to how often they
    were found unclean.
    """

    now: int = 0
    done: Mapping[str, int] = field(default_factory=dict)
    running: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    rounds: Mapping[str, int] = field(default_factory=dict)


def service_of_task(task: str) -> str:
    """Return the service of a task's id (`vat-return:verify`)."""
    return task.partition(":")[0]


def folded(events: Iterable[Event], now: int = 0) -> Progress:
    """Return where things stand after the events, in order."""
    done: dict[str, int] = {}
    running: dict[str, tuple[int, str]] = {}
    rounds: dict[str, int] = {}
    for event in events:
        if event.kind == "started":
            running[event.task] = (event.at, event.person)
            continue
        running.pop(event.task, None)
        if event.kind == "done":
            done[event.task] = event.at
        elif event.kind == "contaminated":
            done[event.task] = event.at
            service = service_of_task(event.task)
            rounds[service] = rounds.get(service, 0) + 1
    return Progress(now=max(now, 0), done=done, running=running, rounds=rounds)
