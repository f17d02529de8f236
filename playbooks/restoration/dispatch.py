"""From an order of importance to a schedule: whoever is free takes the most important job that is ready and fits.

A serial dispatch over events (a job ends, a job becomes ready, a shift begins). Nobody waits for a better job while
there is one that they can finish within their shift, and of several free people the one with the fewest skills works.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from playbooks.restoration.problem import Problem, Schedule, positions

_FINISHED, _READY, _DUTY = 0, 1, 2


class _Dispatch:
    """The state of one dispatch; `order` lists all jobs, the most important first."""

    def __init__(self, problem: Problem, order: Sequence[int]) -> None:
        self.jobs = problem.jobs
        self.people = problem.workers
        self.order = order
        self.rank = positions(order)
        self.followers = problem.followers()
        self.open = [len(job.after) for job in problem.jobs]
        self.starts = [-1] * len(problem.jobs)
        self.doers = [-1] * len(problem.jobs)
        self.waiting: dict[str, list[int]] = {skill: [] for person in self.people for skill in person.skills}
        self.shortest = _shortest(problem)
        self.window = [0] * len(self.people)
        self.idle: set[int] = set()
        self.handed = sorted(range(len(self.people)), key=lambda who: (len(self.people[who].skills), who))
        self.turn = positions(self.handed)
        self.events = [(job.ready, _READY, number) for number, job in enumerate(self.jobs) if not job.after]
        self.events += [(person.windows[0][0], _DUTY, who) for who, person in enumerate(self.people) if person.windows]
        heapify(self.events)

    def run(self) -> Schedule:
        events = self.events
        while events:
            now = events[0][0]
            fresh: set[str] = set()
            came: list[int] = []
            while events and events[0][0] == now:
                _, kind, number = heappop(events)
                if kind == _DUTY:
                    if self._on_duty(number, now):
                        came.append(number)
                elif kind == _READY:
                    self._enqueue(number, fresh)
                else:
                    self._finish(number, now, fresh)
            self._assign(now, fresh, came)
        return Schedule(starts=tuple(self.starts), workers=tuple(self.doers))

    def _finish(self, number: int, now: int, fresh: set[str]) -> None:
        for follower in self.followers[number]:
            self.open[follower] -= 1
            if self.open[follower] == 0:
                ready = self.jobs[follower].ready
                if ready > now:
                    heappush(self.events, (ready, _READY, follower))
                else:
                    self._enqueue(follower, fresh)

    def _enqueue(self, number: int, fresh: set[str]) -> None:
        skill = self.jobs[number].skill
        if skill in self.waiting:
            heappush(self.waiting[skill], self.rank[number])
            fresh.add(skill)

    def _on_duty(self, who: int, now: int) -> bool:
        """Tell whether the person can work from now on; the beginning of a later shift is awaited otherwise."""
        windows = self.people[who].windows
        place = self.window[who]
        while place < len(windows) and windows[place][1] <= now:
            place += 1
        self.window[who] = place
        if place == len(windows):
            self.idle.discard(who)
            return False
        if windows[place][0] > now:
            self.idle.discard(who)
            heappush(self.events, (windows[place][0], _DUTY, who))
            return False
        if who not in self.idle:
            self.idle.add(who)
            heappush(self.events, (windows[place][1], _DUTY, who))
        return True

    def _assign(self, now: int, fresh: set[str], came: list[int]) -> None:
        looking = set(came)
        if fresh:
            looking.update(who for who in self.idle if not fresh.isdisjoint(self.people[who].skills))
        for who in sorted(looking, key=self.turn.__getitem__):
            if who not in self.idle:
                continue
            number = self._take(who, now)
            if number >= 0:
                self.starts[number], self.doers[number] = now, who
                self.idle.discard(who)
                end = now + self.jobs[number].minutes
                heappush(self.events, (end, _FINISHED, number))
                heappush(self.events, (end, _DUTY, who))

    def _take(self, who: int, now: int) -> int:
        """Return the most important job that the person can finish in this shift, removed from its queue, or -1."""
        room = self.people[who].windows[self.window[who]][1] - now
        best, place, source = -1, -1, ""
        for skill in self.people[who].skills:
            if self.waiting[skill] and self.shortest[skill] <= room:
                found = self._first_fitting(self.waiting[skill], room)
                if found >= 0 and (best < 0 or self.waiting[skill][found] < best):
                    best, place, source = self.waiting[skill][found], found, skill
        if best < 0:
            return -1
        queue = self.waiting[source]
        if place == 0:
            heappop(queue)
        else:
            queue[place] = queue[-1]
            queue.pop()
            heapify(queue)
        return self.order[best]

    def _first_fitting(self, queue: list[int], room: int) -> int:
        """Return the place in the queue of the most important job of at most `room` minutes, -1 for none."""
        jobs, order = self.jobs, self.order
        if jobs[order[queue[0]]].minutes <= room:
            return 0
        fitting = [(rank, place) for place, rank in enumerate(queue) if jobs[order[rank]].minutes <= room]
        return min(fitting)[1] if fitting else -1


def _shortest(problem: Problem) -> dict[str, int]:
    shortest: dict[str, int] = {}
    for job in problem.jobs:
        shortest[job.skill] = min(job.minutes, shortest.get(job.skill, job.minutes))
    for worker in problem.workers:
        for skill in worker.skills:
            shortest.setdefault(skill, 0)
    return shortest


def dispatch(problem: Problem, order: Sequence[int]) -> Schedule:
    """Return the schedule that `order` (all jobs, the most important first) leads to.

    Jobs that nobody can do (no such skill, no shift long enough), and jobs that wait for them, stay unplanned.
    """
    return _Dispatch(problem, order).run()
