"""From catalogue, crews and progress to the planning problem: tasks with their gates, and what cannot be planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Literal
from zoneinfo import ZoneInfo

from playbooks.restoration.duty import windows
from playbooks.restoration.model import Catalogue, Crews, Service, Step
from playbooks.restoration.problem import Job, Problem, Worker
from playbooks.restoration.progress import Progress

Weigh = Literal["use", "urgency"]
CRITICALITY_FACTORS = (0.5, 0.75, 1.0, 2.0, 4.0)
LEGAL_FACTOR = 3.0
LEGAL_DAYS = 7
_LONGEST = 720  # days of shifts looked at, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step of a service, or a part of it where it is longer than any shift; `after` are the ids it waits for."""

    id: str
    service: str
    step: Step
    skill: str
    minutes: int
    after: tuple[str, ...]
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The problem of what is left, its tasks beside it (same positions), and the reasons of what cannot be planned.

    `tasks` are all of them by id. `weights` are uses per day (times urgency where that is asked for), by service.
    """

    problem: Problem
    tasks: Mapping[str, Task]
    open: tuple[Task, ...]
    unplanned: Mapping[str, str]
    weights: Mapping[str, float]


def in_order(catalogue: Catalogue) -> list[Service]:
    """Return the services so that none stands before what it depends on; by id where that leaves a choice."""
    services = catalogue.get()
    waits = {name: len(service.depends_on) for name, service in services.items()}
    needed: dict[str, list[str]] = {name: [] for name in services}
    for service in services.values():
        for name in service.depends_on:
            needed[name].append(service.id)
    free = [name for name, count in waits.items() if count == 0]
    heapify(free)
    found: list[Service] = []
    while free:
        name = heappop(free)
        found.append(services[name])
        for following in needed[name]:
            waits[following] -= 1
            if waits[following] == 0:
                heappush(free, following)
    return found


def tasks_of(catalogue: Catalogue, longest: Mapping[str, int], rounds: Mapping[str, int]) -> dict[str, Task]:
    """Return all tasks by id, in an order in which none stands before what it waits for.

    The gates: a service's first task waits until all it depends on is live; going live waits for a verification that
    found it clean. One that was found unclean is restored and verified again. What is longer than every shift of its
    skill (`longest`, in minutes) is handed over, in equal parts.
    """
    tasks: dict[str, Task] = {}
    live: dict[str, str] = {}
    for service in in_order(catalogue):
        after = tuple(sorted(live[name] for name in service.depends_on))
        for step, again in _steps(service, rounds.get(service.id, 0)):
            work = service.work[step]
            limit = longest.get(work.skill, 0)
            parts = -(-work.minutes // limit) if limit else 1
            for part in range(parts):
                name = f"{service.id}:{step}" + (f":{part + 1}" if parts > 1 else "") + (f"~{again}" if again else "")
                minutes = work.minutes * (part + 1) // parts - work.minutes * part // parts
                last = step == "go_live" and part == parts - 1
                tasks[name] = Task(
                    id=name, service=service.id, step=step, skill=work.skill, minutes=minutes, after=after, last=last
                )
                after = (name,)
        live[service.id] = after[0]
    return tasks


def _steps(service: Service, rounds: int) -> list[tuple[Step, int]]:
    """Return the steps with the number of their repetition (0 the first time)."""
    found: list[tuple[Step, int]] = [(step, 0) for step in service.steps if step != "go_live"]
    for again in range(1, rounds + 1):
        if "restore" in service.work:
            found.append(("restore", again))
        found.append(("verify", again))
    return [*found, ("go_live", 0)]


def build(
    catalogue: Catalogue, crews: Crews, start: datetime, *, progress: Progress | None = None, weigh: Weigh = "use"
) -> Built:
    """Return the planning problem from `progress.now` on. `start` carries its time zone."""
    state = progress or Progress()
    minutes = sum(work.minutes for service in catalogue.services for work in service.work.values())
    people = sorted(crews.people, key=lambda person: person.id)
    days = _days(crews, start, minutes, state.now)
    spans = _hours(crews, start, days)
    longest: dict[str, int] = {}
    for person in people:
        for skill in person.skills:
            stretch = max((end - begin for begin, end in spans[person.id]), default=0)
            longest[skill] = max(longest.get(skill, 0), stretch)
    tasks = tasks_of(catalogue, longest, state.rounds)
    weights = _weights(catalogue, start, _outage_days(minutes, spans.values()), ZoneInfo(crews.timezone), weigh)
    unplanned = _unplanned(tasks, longest, state)
    busy = {person: _expected(tasks, state, task) for task, (_, person) in state.running.items()}
    workers = tuple(
        Worker(
            id=person.id,
            skills=tuple(sorted(person.skills)),
            windows=_from(spans[person.id], busy.get(person.id, state.now)),
        )
        for person in people
    )
    left = tuple(task for name, task in tasks.items() if _is_open(name, state) and name not in unplanned)
    jobs = _jobs(left, tasks, state, weights)
    problem = Problem(jobs=jobs, workers=workers)
    return Built(problem=problem, tasks=tasks, open=left, unplanned=unplanned, weights=weights)


def _hours(crews: Crews, start: datetime, days: int) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the spans of duty by person; people with the same shifts and days have the same."""
    known: dict[tuple[tuple[str, ...], frozenset[int]], tuple[tuple[int, int], ...]] = {}
    for person in crews.people:
        key = person.shifts, person.days
        if key not in known:
            known[key] = windows(person, crews, start, days)
    return {person.id: known[person.shifts, person.days] for person in crews.people}


def _is_open(task: str, state: Progress) -> bool:
    return task not in state.done and task not in state.running


def _jobs(
    left: Sequence[Task], tasks: Mapping[str, Task], state: Progress, weights: Mapping[str, float]
) -> tuple[Job, ...]:
    places = {task.id: place for place, task in enumerate(left)}
    ends = {name: _expected(tasks, state, name) for name in state.running}
    return tuple(
        Job(
            id=task.id,
            skill=task.skill,
            minutes=task.minutes,
            weight=weights[task.service] if task.last else 0.0,
            after=tuple(sorted([places[name] for name in task.after if name in places])),
            ready=max([state.now, *(ends[name] for name in task.after if name in ends)]) if ends else state.now,
        )
        for task in left
    )


def _expected(tasks: Mapping[str, Task], state: Progress, task: str) -> int:
    """Return when a running task ends as far as its hours tell, which is now at the earliest."""
    minutes = tasks[task].minutes if task in tasks else 0
    return max(state.running[task][0] + minutes, state.now)


def _from(spans: Sequence[tuple[int, int]], first: int) -> tuple[tuple[int, int], ...]:
    return tuple((max(begin, first), end) for begin, end in spans if end > first)


def _unplanned(tasks: Mapping[str, Task], longest: Mapping[str, int], state: Progress) -> dict[str, str]:
    """Return why tasks cannot be planned, by id; `tasks` names none before what it waits for."""
    found: dict[str, str] = {}
    for name, task in tasks.items():
        if not _is_open(name, state):
            continue
        blocked = next((before for before in task.after if before in found), None)
        if not longest.get(task.skill):
            found[name] = f"nobody on duty has the skill `{task.skill}`"
        elif blocked is not None:
            found[name] = f"waits for `{blocked}`, which cannot be planned"
    return found


def _days(crews: Crews, start: datetime, minutes: int, now: int) -> int:
    """Return for how many days shifts are looked at: enough for three times the work, and three weeks beside it."""
    hours = _hours(crews, start, 14).values()
    fortnight = sum(end - begin for spans in hours for begin, end in spans)
    return min(now // 1440 + 21 + 3 * 14 * minutes // max(fortnight, 1), _LONGEST)


def _outage_days(minutes: int, spans: Iterable[Sequence[tuple[int, int]]]) -> int:
    """Return the days that all the work takes if every hour of duty is worked, at least one."""
    everything = [span for person in spans for span in person]
    for day in range(1, _LONGEST):
        if sum(max(min(end, day * 1440) - begin, 0) for begin, end in everything if begin < day * 1440) >= minutes:
            return day
    return _LONGEST


def _weights(catalogue: Catalogue, start: datetime, days: int, zone: ZoneInfo, weigh: Weigh) -> dict[str, float]:
    """Return what a day's outage of each service costs: its mean use per day over the days of the outage.

    With `urgency`, times a factor for criticality and another where the law names a day within the next week.
    """
    first = start.astimezone(zone).date()
    weekdays = [(first.weekday() + ahead) % 7 for ahead in range(days)]
    found: dict[str, float] = {}
    for service in catalogue.services:
        use = sum(service.users[day] for day in weekdays) / days
        if weigh == "urgency":
            use *= CRITICALITY_FACTORS[service.criticality - 1]
            dates = (item.next_from(first) for item in service.legal)
            if any(found_day and found_day <= first + timedelta(days=LEGAL_DAYS) for found_day in dates):
                use *= LEGAL_FACTOR
        found[service.id] = use
    if not any(found.values()):
        return dict.fromkeys(found, 1.0)
    return found
