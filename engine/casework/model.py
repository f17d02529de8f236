"""The analysts' record of an incident. Entries are added and marked, never rewritten: what stood there once, stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.errors import NotFoundError, UsageError

LONGEST_TEXT = 10_000  # characters of a note
_LONGEST_TAG = 60
_MOST = 5_000  # entries of one kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody wrote down."""

    at: datetime
    actor: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that has to be done; `number` counts from 1 within the incident. Open until `done_at`."""

    number: int
    at: datetime
    actor: str
    text: str
    owner: str = ""
    done_at: datetime | None = None
    done_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file that was taken as evidence: its name, its size in bytes and SHA-256 then, what it is, who took it."""

    at: datetime
    actor: str
    name: str
    sha256: str
    size: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All of it, for one incident. `alerts` are those it had at the last change: by them a merged case is found."""

    incident: str
    owner: str = ""
    tags: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    tasks: tuple[Task, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    alerts: tuple[str, ...] = field(default=())

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """Return the tasks that are not done."""
        return tuple(task for task in self.tasks if task.done_at is None)


def with_note(case: Case, note: Note) -> Case:
    """Return the case with one more note; raise `UsageError` where it says nothing or far too much."""
    if not note.text.strip() or len(note.text) > LONGEST_TEXT:
        raise UsageError(f"a note has 1 to {LONGEST_TEXT:,} characters", where="TEXT", hint="put more into a file")
    _room(case.notes)
    return replace(case, notes=(*case.notes, replace(note, text=note.text.strip())))


def with_task(case: Case, task: Task) -> Case:
    """Return the case with one more task, which gets the next number."""
    if not task.text.strip() or len(task.text) > LONGEST_TEXT:
        raise UsageError(f"a task has 1 to {LONGEST_TEXT:,} characters", where="TEXT", hint="put more into a file")
    _room(case.tasks)
    return replace(case, tasks=(*case.tasks, replace(task, text=task.text.strip(), number=len(case.tasks) + 1)))


def with_task_done(case: Case, number: int, actor: str, at: datetime) -> Case:
    """Return the case with a task done; raise `NotFoundError` where there is none, `UsageError` where it was done."""
    task = next((item for item in case.tasks if item.number == number), None)
    if task is None:
        raise NotFoundError(f"there is no task {number}", hint=f"kulla incidents case {case.incident[:12]}")
    if task.done_at is not None:
        raise UsageError(f"task {number} was done by {task.done_by}", hint=f"kulla incidents case {case.incident[:12]}")
    done = replace(task, done_at=at, done_by=actor)
    return replace(case, tasks=tuple(done if item is task else item for item in case.tasks))


def with_evidence(case: Case, evidence: Evidence) -> Case:
    """Return the case with one more piece of evidence; the same file under the same name is kept once."""
    if any(item.sha256 == evidence.sha256 and item.name == evidence.name for item in case.evidence):
        return case
    _room(case.evidence)
    return replace(case, evidence=(*case.evidence, evidence))


def with_tags(case: Case, *, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()) -> Case:
    """Return the case with tags added and removed; raise `UsageError` for what can't be a tag."""
    for tag in added:
        if not tag.strip() or len(tag) > _LONGEST_TAG or any(sign.isspace() for sign in tag):
            raise UsageError(f"a tag is one word of at most {_LONGEST_TAG} characters", where=tag[:_LONGEST_TAG])
    return replace(case, tags=tuple(sorted({*case.tags, *added} - set(removed))))


def joined(own: Case, others: tuple[Case, ...]) -> Case:
    """Return a case with what stood in those of incidents that were merged into its own, in the order of time."""
    if not others:
        return own
    every = (own, *others)
    tasks = sorted((task for case in every for task in case.tasks), key=lambda item: (item.at, item.number))
    return replace(
        own,
        owner=next((case.owner for case in every if case.owner), ""),
        tags=tuple(sorted({tag for case in every for tag in case.tags})),
        notes=tuple(sorted((note for case in every for note in case.notes), key=lambda item: item.at)),
        tasks=tuple(replace(task, number=number) for number, task in enumerate(tasks, 1)),
        evidence=tuple(sorted((item for case in every for item in case.evidence), key=lambda item: item.at)),
    )


def _room(entries: tuple[object, ...]) -> None:
    if len(entries) >= _MOST:
        raise UsageError(f"an incident has at most {_MOST:,} of these", hint="open another incident, or use a file")
