"""The plan: several orders are tried, the best is improved, and the two plain orders stand beside it.

Everything is counted in tries, never in seconds: the same catalogue and crews give the same plan on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp
from random import Random

from playbooks.restoration.building import Built, Task, Weigh, build
from playbooks.restoration.closures import closure_urgencies
from playbooks.restoration.dispatch import Dispatcher
from playbooks.restoration.model import Catalogue, Crews
from playbooks.restoration.order import by_urgency, shuffled, stretches, urgencies
from playbooks.restoration.problem import Problem, Schedule
from playbooks.restoration.progress import Progress

TRIES = 10  # of improvement, after the orders worked out
_POWERS = (3, 5)  # of a skill's scarcity, which prices its work
_AT_ONCE = (1, 2, 4, 8)  # stretches that one try changes
_SPREAD = 0.4  # by how much, as the deviation of a logarithm
_SEED = 20220715


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One task of the plan: who, and from when to when, in minutes from the start."""

    task: Task
    person: str
    start: int
    end: int
    state: str  # planned, running or done


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who does what when. `live` is when each service is back, `urgency` what decides between tasks that are ready."""

    built: Built
    schedule: Schedule
    assignments: tuple[Assignment, ...]
    live: Mapping[str, int]
    urgency: Mapping[str, float]
    unplanned: Mapping[str, str]

    @property
    def outage(self) -> float:
        """Return the use-weighted mean outage in hours, over the services that the plan brings back."""
        weights = self.built.weights
        total = sum(weights[name] for name in self.live)
        return sum(weights[name] * end for name, end in self.live.items()) / total / 60 if total else 0.0

    @property
    def end(self) -> int:
        """Return when the last service is back, in minutes."""
        return max(self.live.values(), default=0)


def plan(
    catalogue: Catalogue,
    crews: Crews,
    start: datetime,
    *,
    progress: Progress | None = None,
    weigh: Weigh = "use",
    tries: int = TRIES,
    known: Mapping[str, float] | None = None,
) -> Plan:
    """Return the plan for what is left; `tries=0` takes the first order (to plan again while under way).

    `known` is the `urgency` of an earlier plan: its order is tried, too, so that what made it better is kept.
    """
    state = progress or Progress()
    built = build(catalogue, crews, start, progress=state, weigh=weigh)
    schedule, urgency = best(built.problem, tries, known)
    return _told(built, schedule, urgency, state)


def best(problem: Problem, tries: int, known: Mapping[str, float] | None = None) -> tuple[Schedule, list[float]]:
    """Return the cheapest schedule found and the urgency of each job behind it; `known` has earlier ones by id."""
    scheduled = _Found(problem)
    load = scarcity(problem)
    for power in _POWERS if tries else _POWERS[:1]:
        scheduled.attempt(urgencies(problem, {skill: value**power for skill, value in load.items()}))
    if tries:
        closures = closure_urgencies(problem, {skill: value ** _POWERS[0] for skill, value in load.items()})
        if closures is not None:
            scheduled.attempt(closures)
    if known:
        scheduled.attempt([known.get(job.id, own) for job, own in zip(problem.jobs, scheduled.urgency, strict=True)])
    chance = Random(_SEED)  # noqa: S311 # the same tries on every machine, no secret
    shared = stretches(problem)
    for _ in range(tries if shared else 0):
        changed = list(scheduled.urgency)
        for stretch in chance.sample(shared, min(len(shared), chance.choice(_AT_ONCE))):
            factor = exp(chance.gauss(0, _SPREAD))
            for job in stretch:
                changed[job] *= factor
        scheduled.attempt(changed)
    return scheduled.schedule, scheduled.urgency


class _Found:
    """The cheapest schedule so far; one that plans more jobs is always cheaper."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.dispatcher = Dispatcher(problem)
        self.cost = float("inf")
        self.schedule = Schedule(starts=(), workers=())
        self.urgency: list[float] = []

    def attempt(self, urgency: list[float]) -> None:
        """Keep the schedule that this urgency leads to if no cheaper one is known."""
        schedule = self.dispatcher.run(by_urgency(urgency))
        cost = schedule.cost(self.problem) + 1e12 * schedule.starts.count(-1)
        if cost < self.cost or not self.schedule.starts:
            self.cost, self.schedule, self.urgency = cost, schedule, urgency


def scarcity(problem: Problem) -> dict[str, float]:
    """Return how long the work of each skill keeps the people busy who have it, as a share of the longest."""
    work: dict[str, int] = {}
    for job in problem.jobs:
        work[job.skill] = work.get(job.skill, 0) + job.minutes
    duty = dict.fromkeys(work, 0)
    for worker in problem.workers:
        for skill in worker.skills:
            if skill in duty:
                duty[skill] += sum(end - start for start, end in worker.windows)
    load = {skill: work[skill] / duty[skill] if duty[skill] else 0.0 for skill in work}
    most = max(load.values(), default=0.0)
    return {skill: max(value / most, 0.05) if most else 1.0 for skill, value in load.items()}


def plain_orders(built: Built, places: Mapping[str, int]) -> Mapping[str, Schedule]:
    """Return the schedules to compare with: as the catalogue lists the services (`places`), and at random."""
    problem = built.problem
    listed = sorted(range(len(problem.jobs)), key=lambda job: (places[built.open[job].service], job))
    dispatcher = Dispatcher(problem)
    return {"fifo": dispatcher.run(listed), "random": dispatcher.run(shuffled(len(problem.jobs), _SEED))}


def _told(built: Built, schedule: Schedule, urgency: Sequence[float], state: Progress) -> Plan:
    workers = built.problem.workers
    rows = [
        Assignment(task=task, person=workers[who].id, start=start, end=start + task.minutes, state="planned")
        for task, start, who in zip(built.open, schedule.starts, schedule.workers, strict=True)
        if start >= 0
    ]
    for name, (begun, person) in state.running.items():
        if name in built.tasks:
            task = built.tasks[name]
            end = max(begun + task.minutes, state.now)
            rows.append(Assignment(task=task, person=person, start=begun, end=end, state="running"))
    for name, end in state.done.items():
        if name in built.tasks:
            task = built.tasks[name]
            rows.append(Assignment(task=task, person="", start=max(end - task.minutes, 0), end=end, state="done"))
    late = {
        task.id: "no shift is left for it" for task, start in zip(built.open, schedule.starts, strict=True) if start < 0
    }
    return Plan(
        built=built,
        schedule=schedule,
        assignments=tuple(sorted(rows, key=lambda row: (row.start, row.task.id))),
        live={row.task.service: row.end for row in rows if row.task.last},
        urgency={task.id: value for task, value in zip(built.open, urgency, strict=True)},
        unplanned={**built.unplanned, **late},
    )
