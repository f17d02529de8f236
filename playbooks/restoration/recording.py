"""What may be recorded of a task: nothing that is unknown, out of turn, or past a gate that is not open."""

from __future__ import annotations

from engine.errors import NotFoundError, UsageError
from playbooks.restoration.building import Built, Task
from playbooks.restoration.model import Crews
from playbooks.restoration.progress import Event, EventKind, Progress


def event_for(built: Built, crews: Crews, state: Progress, *, task: str, kind: EventKind, person: str = "") -> Event:
    """Return the event `kind` about a task, now; raise `UsageError` or `NotFoundError` where it may not be."""
    known = built.tasks.get(task)
    if known is None:
        raise NotFoundError(f"no task `{task[:200]}`", hint="kulla services status names what comes next")
    if task in state.done:
        raise UsageError(f"`{task}` is done already", hint="kulla services status")
    missing = [name for name in known.after if name not in state.done]
    if missing:
        raise UsageError(f"`{task}` waits for `{missing[0]}`", hint=f"kulla services done {missing[0]}")
    if kind == "contaminated" and known.step != "verify":
        raise UsageError("only a verification finds a service unclean", where=task, hint="kulla services done TASK")
    if kind == "started":
        _fit(known, crews, state, person)
    return Event(kind=kind, task=task, at=state.now, person=person)


def _fit(task: Task, crews: Crews, state: Progress, person: str) -> None:
    found = next((item for item in crews.people if item.id == person), None)
    if found is None:
        raise NotFoundError(f"no person `{person[:100]}` in the crews", hint="kulla services status")
    if task.id in state.running:
        raise UsageError(f"`{task.id}` is begun already", hint=f"kulla services done {task.id}")
    if task.skill not in found.skills:
        raise UsageError(f"`{person}` lacks the skill `{task.skill}`", hint="kulla services status")
    busy = next((name for name, (_, who) in state.running.items() if who == person), None)
    if busy is not None:
        raise UsageError(f"`{person}` works on `{busy}`", hint=f"kulla services done {busy}")
