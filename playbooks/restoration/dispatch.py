"""From an order of importance to a schedule: whoever is free takes the most important job that is ready and fits.

A serial dispatch over events (a job ends, a job becomes ready, a shift begins). Nobody waits for a better job while
there is one that they can finish within their shift, and of several free people the one with the fewest skills chooses
first. Towards the end of a shift only jobs count that let the rest of it be filled best (a subset-sum over the lengths
that wait).

A planner asks for many schedules of one problem, so `Dispatcher` keeps what all of them share, and events are whole
numbers, which Python's heap compares and its collector leaves alone: `minute * step + code`, where the code is a job
that ends, a person who comes, or a job that may begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from playbooks.restoration.problem import Problem, Schedule, positions

_NEAR_END = 2  # a shift's rest is looked at when it is shorter than so many times the job at hand
_AT_HAND = 64  # jobs at the head of a queue, which fill most rests exactly


class Dispatcher:
    """A problem made ready to be scheduled again and again."""

    def __init__(self, problem: Problem) -> None:
        jobs, people = problem.jobs, problem.workers
        places = {skill: place for place, skill in enumerate(sorted({job.skill for job in jobs}))}
        self.minutes = [job.minutes for job in jobs]
        self.ready = [job.ready for job in jobs]
        self.skill = [places[job.skill] for job in jobs]
        self.waits_for = [len(job.after) for job in jobs]
        self.followers = problem.followers()
        self.windows = [person.windows for person in people]
        self.skills = [tuple(sorted(places[name] for name in person.skills if name in places)) for person in people]
        handed = sorted(range(len(people)), key=lambda who: (len(people[who].skills), who))
        self.turn = positions(handed)
        self.having = [[who for who in handed if skill in self.skills[who]] for skill in range(len(places))]
        self.shortest = [min(job.minutes for job in jobs if job.skill == name) for name in places]
        self.people, self.free = len(jobs), len(jobs) + len(people)  # where the codes of people and of free jobs begin
        self.step = self.free + len(jobs)
        self.first = [
            *(job.ready * self.step + self.free + place for place, job in enumerate(jobs) if not job.after),
            *(spans[0][0] * self.step + self.people + who for who, spans in enumerate(self.windows) if spans),
        ]
        heapify(self.first)

    def run(self, order: Sequence[int]) -> Schedule:
        """Return the schedule that `order` (all jobs, the most important first) leads to; see `dispatch`."""
        return _Run(self, order).run()


class _Run:
    """The state of one dispatch; each skill's queue holds the ranks of the jobs that wait for somebody."""

    def __init__(self, known: Dispatcher, order: Sequence[int]) -> None:
        self.known = known
        self.order = order
        self.rank = positions(order)
        self.open = known.waits_for.copy()
        self.starts = [-1] * len(order)
        self.doers = [-1] * len(order)
        self.queues: list[list[int]] = [[] for _ in known.having]
        self.window = [0] * len(known.windows)
        self.until = [0] * len(known.windows)  # when the shift of the person's window ends, once it has begun
        self.idle = [False] * len(known.windows)
        self.called = [-1] * len(known.windows)  # the last minute for which an event brings the person back
        self.events = known.first.copy()

    def run(self) -> Schedule:
        events, step, turn = self.events, self.known.step, self.known.turn
        while events:
            now = events[0] // step
            looking = self._happen(now)
            for who in sorted(looking, key=turn.__getitem__) if len(looking) > 1 else looking:
                self._take(who, now)
        return Schedule(starts=tuple(self.starts), workers=tuple(self.doers))

    def _happen(self, now: int) -> set[int]:
        """Let everything of this minute happen; return who may take a job now."""
        known, events, idle = self.known, self.events, self.idle
        begin = now * known.step
        fresh: set[int] = set()
        looking: set[int] = set()
        while events and events[0] < begin + known.step:
            code = heappop(events) - begin
            if code < known.people:
                self._finish(code, now, fresh)
                who = self.doers[code]
                idle[who] = True
                looking.add(who)
            elif code >= known.free:
                self._enqueue(code - known.free, fresh)
            else:
                idle[code - known.people] = True  # no job lasts into a later shift, so nobody works who comes
                looking.add(code - known.people)
        for skill in fresh:
            looking.update([who for who in known.having[skill] if idle[who]])
        return looking

    def _finish(self, job: int, now: int, fresh: set[int]) -> None:
        known, waiting = self.known, self.open
        for follower in known.followers[job]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                if known.ready[follower] > now:
                    heappush(self.events, known.ready[follower] * known.step + known.free + follower)
                else:
                    self._enqueue(follower, fresh)

    def _enqueue(self, job: int, fresh: set[int]) -> None:
        skill = self.known.skill[job]
        heappush(self.queues[skill], self.rank[job])
        fresh.add(skill)

    def _take(self, who: int, now: int) -> None:
        """Give the person the most important job that they can finish in this shift, if there is one."""
        known, queues = self.known, self.queues
        room = self.until[who] - now
        best, source = len(self.order), -1
        for skill in known.skills[who]:
            queue = queues[skill]
            if queue:
                room = room if room > 0 else self._next_shift(who, now)
                if queue[0] < best and known.shortest[skill] <= room:
                    found = self._fitting(queue, room)
                    if 0 <= found < best:
                        best, source = found, skill
        if source >= 0:
            _remove(queues[source], best)
            job = self.order[best]
            self.starts[job], self.doers[job], self.idle[who] = now, who, False
            heappush(self.events, (now + known.minutes[job]) * known.step + job)
        elif room > 0 and any(queues[skill] for skill in known.skills[who]):
            self._call(who, self.window[who] + 1)

    def _next_shift(self, who: int, now: int) -> int:
        """Return the minutes that are left of the person's shift now that the last has ended, 0 off duty."""
        windows, place = self.known.windows[who], self.window[who]
        while place < len(windows) and windows[place][1] <= now:
            place += 1
        self.window[who] = place
        if place < len(windows) and windows[place][0] <= now:
            self.until[who] = windows[place][1]
            return self.until[who] - now
        self.idle[who] = False
        self._call(who, place)
        return 0

    def _call(self, who: int, place: int) -> None:
        """Have the person back when this shift of theirs begins."""
        windows = self.known.windows[who]
        if place < len(windows) and windows[place][0] > self.called[who]:
            self.called[who] = windows[place][0]
            heappush(self.events, windows[place][0] * self.known.step + self.known.people + who)

    def _fitting(self, queue: list[int], room: int) -> int:
        """Return the rank of the most important job of the queue that fits `room` minutes best, -1 for none."""
        minutes, order = self.known.minutes, self.order
        if room >= _NEAR_END * minutes[order[queue[0]]]:
            return queue[0]
        for part in (queue[:_AT_HAND], queue):
            lengths = [minutes[order[rank]] for rank in part]
            good, filled = _filling({length for length in lengths if 0 < length <= room}, room)
            if filled == room:
                break
        return min((rank for rank, length in zip(part, lengths, strict=True) if length in good), default=-1)


def _remove(queue: list[int], rank: int) -> None:
    if queue[0] == rank:
        heappop(queue)
    else:
        queue[queue.index(rank)] = queue[-1]
        queue.pop()
        heapify(queue)


def _filling(lengths: set[int], room: int) -> tuple[set[int], int]:
    """Return the lengths that are part of the best filling of `room` (each as often as wanted), and how far it goes."""
    sums, every = 1, (1 << (room + 1)) - 1  # bit n: n minutes can be filled
    for length in lengths:
        copies = length
        while copies <= room:
            sums |= (sums << copies) & every
            copies *= 2
    most = sums.bit_length() - 1
    return {length for length in lengths if sums >> (most - length) & 1}, most


def dispatch(problem: Problem, order: Sequence[int]) -> Schedule:
    """Return the schedule that `order` (all jobs, the most important first) leads to.

    Jobs that nobody can do (no such skill, no shift long enough), and jobs that wait for them, stay unplanned.
    """
    return Dispatcher(problem).run(order)
