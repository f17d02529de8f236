"""What every plan keeps to, whatever the catalogue and the crews; and that the bound is one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from playbooks.restoration import relaxation
from playbooks.restoration.bound import lower_bound
from playbooks.restoration.building import build
from playbooks.restoration.closures import closure_urgencies
from playbooks.restoration.dispatch import dispatch
from playbooks.restoration.duty import windows
from playbooks.restoration.example import example_catalogue, example_crews
from playbooks.restoration.explain import why_before
from playbooks.restoration.model import Catalogue, Crews
from playbooks.restoration.needs import needs
from playbooks.restoration.planning import Plan, best, plain_orders, plan
from playbooks.restoration.problem import Job, Problem, Schedule, Worker
from playbooks.restoration.progress import Event, Progress, folded
from playbooks.restoration.relaxation import Relaxation
from playbooks.restoration.sharing import Charges
from tests.bench.restoration import DEEP, deep_catalogue
from tests.playbooks.restoration.cases import START, catalogues, crews, small_problem


def _check(found: Plan, catalogue: Catalogue, team: Crews, state: Progress | None = None) -> None:
    people = {person.id: person for person in team.people}
    duty = {person.id: windows(person, team, START, 800) for person in team.people}
    done = state.done if state else {}
    rows = {row.task.id: row for row in found.assignments}
    for row in found.assignments:
        if row.state != "planned":
            continue
        person = people[row.person]
        assert row.task.skill in person.skills
        assert any(a <= row.start and row.end <= b for a, b in duty[row.person])
        for name in row.task.after:
            assert (done[name] if name in done else rows[name].end) <= row.start
    for who in people:
        own = sorted((row.start, row.end) for row in found.assignments if row.person == who and row.state != "done")
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(own))
    planned = set(rows)
    for name, task in found.built.tasks.items():
        assert (name in planned) != (name in found.unplanned), name
        assert task.minutes > 0
    for service in catalogue.services:
        steps = [task for task in found.built.tasks.values() if task.service == service.id]
        assert [task.step for task in steps][-1] == "go_live"
        assert any(task.step == "verify" for task in steps)


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(catalogues(), crews())
def test_every_plan_keeps_skills_shifts_gates_and_people(catalogue: Catalogue, team: Crews) -> None:
    _check(plan(catalogue, team, START), catalogue, team)


@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(catalogues(), crews(), st.randoms(use_true_random=False))
def test_the_order_of_the_files_changes_nothing(catalogue: Catalogue, team: Crews, chance: Random) -> None:
    services, people = list(catalogue.services), list(team.people)
    chance.shuffle(services)
    chance.shuffle(people)
    mixed = Catalogue(services=tuple(replace(item, place=place) for place, item in enumerate(services)))
    first = plan(catalogue, team, START)
    second = plan(mixed, replace(team, people=tuple(people)), START)
    assert first.assignments == second.assignments
    assert first.unplanned == second.unplanned


@settings(max_examples=40, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(catalogues(), crews(), st.randoms(use_true_random=False))
def test_planning_again_after_every_completion(catalogue: Catalogue, team: Crews, chance: Random) -> None:
    events: list[Event] = []
    found = plan(catalogue, team, START)
    for _ in range(4):
        busy = {row.person for row in found.assignments if row.state == "running"}
        following = [row for row in found.assignments if row.state == "planned" and row.person not in busy]
        if not following:
            break
        row = following[0]
        events.append(Event(kind="started", task=row.task.id, at=row.start, person=row.person))
        if chance.random() < 0.8:
            bad = row.task.step == "verify" and chance.random() < 0.3
            events.append(Event(kind="contaminated" if bad else "done", task=row.task.id, at=row.end))
        state = folded(events, row.end)
        found = plan(catalogue, team, START, progress=state, tries=0)
        _check(found, catalogue, team, state)
        assert all(item.start >= state.now for item in found.assignments if item.state == "planned")


def test_planning_again_keeps_what_made_the_first_plan_better() -> None:
    catalogue, team = example_catalogue(2, 300), example_crews()
    first = plan(catalogue, team, START, tries=30)
    assert first.outage < plan(catalogue, team, START, tries=0).outage
    assert plan(catalogue, team, START, tries=0, known=first.urgency).assignments == first.assignments
    done = [Event(kind="done", task=row.task.id, at=row.end) for row in first.assignments[:60]]
    state = folded(done, done[-1].at)
    kept = plan(catalogue, team, START, progress=state, tries=0, known=first.urgency)
    assert kept.outage <= plan(catalogue, team, START, progress=state, tries=0).outage
    last = max(place for place, item in enumerate(done) if item.task.endswith(":verify"))
    state = folded([*done[:last], replace(done[last], kind="contaminated")], done[last].at)
    again = plan(catalogue, team, START, progress=state, tries=0, known=first.urgency)
    _check(again, catalogue, team, state)  # with tasks that the first plan did not know


def test_services_that_wait_for_many_are_planned_by_what_is_missing_for_each() -> None:
    built = build(deep_catalogue(1, *DEEP["3 to 6"]), example_crews(), START)
    horn = best(built.problem, 0)[0].cost(built.problem)
    assert best(built.problem, 1)[0].cost(built.problem) < 0.95 * horn


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 10**6))
def test_what_is_missing_for_a_job_is_at_least_as_urgent(seed: int) -> None:
    problem = small_problem(Random(seed), most=9)
    urgency = closure_urgencies(problem, {"db": 1.0, "net": 0.2})
    assert all(urgency[before] >= urgency[place] for place, job in enumerate(problem.jobs) for before in job.after)
    assert all(urgency[place] > 0 for place, job in enumerate(problem.jobs) if job.weight)


def _cheapest(problem: Problem) -> float | None:
    """Return the cost of the best schedule by trying every order of jobs and every choice of worker."""
    count, lowest = len(problem.jobs), [float("inf")]

    def earliest(free: int, who: int, minutes: int) -> int | None:
        for start, end in problem.workers[who].windows:
            if max(start, free) + minutes <= end:
                return max(start, free)
        return None

    def go(ends: dict[int, int], free: tuple[int, ...], cost: float) -> None:
        if cost >= lowest[0]:
            return
        if len(ends) == count:
            lowest[0] = cost
            return
        for number, job in enumerate(problem.jobs):
            if number in ends or any(before not in ends for before in job.after):
                continue
            ready = max([job.ready, *(ends[before] for before in job.after)])
            for who, worker in enumerate(problem.workers):
                if job.skill in worker.skills:
                    start = earliest(max(ready, free[who]), who, job.minutes)
                    if start is not None:
                        end = start + job.minutes
                        go({**ends, number: end}, (*free[:who], end, *free[who + 1 :]), cost + job.weight * end)

    go({}, (0,) * len(problem.workers), 0.0)
    return None if lowest[0] == float("inf") else lowest[0]


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 10**6))
def test_no_schedule_is_below_the_bound(seed: int) -> None:
    problem = small_problem(Random(seed))
    schedule = best(problem, 2)[0]
    if -1 in schedule.starts:
        return
    optimum = _cheapest(problem)
    assert optimum is not None
    assert lower_bound(problem, schedule, tries=12, rounds=5).cost <= optimum + 1e-6
    assert schedule.cost(problem) >= optimum - 1e-6


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 10**6), st.sampled_from((1, 2, 5, 11)))
def test_no_schedule_is_below_a_bound_of_few_slots(seed: int, most: int) -> None:
    """So many jobs that there is no room for the slots: they are longer, or end before the schedule does."""
    problem = small_problem(Random(seed))
    schedule = best(problem, 2)[0]
    if -1 in schedule.starts:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxation, "_MOST_SLOTS", most)
        assert Relaxation(problem, schedule).count <= most
        found = lower_bound(problem, schedule, tries=12, rounds=5)
    optimum = _cheapest(problem)
    assert optimum is not None
    assert found.cost <= optimum + 1e-6


def test_many_jobs_leave_room_for_few_slots_and_keep_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    built = build(example_catalogue(1, 100), example_crews(), START)
    schedule = best(built.problem, 0)[0]
    whole = lower_bound(built.problem, schedule, tries=8, rounds=2).cost
    monkeypatch.setattr(relaxation, "_MOST_CELLS", 4000)
    assert Relaxation(built.problem, schedule).borne.size <= 4000 + len(built.problem.jobs) * 3
    assert 0 < lower_bound(built.problem, schedule, tries=8, rounds=2).cost <= whole


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 10**6))
def test_what_a_job_needs_is_all_before_it(seed: int) -> None:
    problem = small_problem(Random(seed), most=9)
    known: list[set[int]] = []
    for job in problem.jobs:
        known.append({*job.after, *(before for place in job.after for before in known[place])})
    found = needs(problem)
    assert found is not None
    assert [each.tolist() for each in found] == [sorted(each) for each in known]
    pairs = sum(map(len, known))
    assert needs(problem, pairs) is not None
    assert pairs == 0 or needs(problem, pairs - 1) is None


def test_services_that_need_too_much_are_planned_without_the_order_by_closures() -> None:
    """A chain of n jobs has n * n / 2 pairs: memory for them is bounded, and so is the bound by crews."""
    jobs = tuple(
        Job(id=f"j{place:03}", skill="db", minutes=10, weight=1.0, after=(place - 1,) if place else ())
        for place in range(60)
    )
    problem = Problem(jobs=jobs, workers=(Worker(id="a", skills=("db",), windows=((0, 3000),)),))
    assert closure_urgencies(problem, {}, most=1000) is None
    assert closure_urgencies(problem, {}) is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("playbooks.restoration.planning.closure_urgencies", lambda problem, prices: None)
        schedule = best(problem, 1)[0]
    assert schedule.end(problem) == 600
    heads = Relaxation(problem, schedule).heads
    assert heads[-1] * Relaxation(problem, schedule).slot == 590


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 10**6))
def test_any_prices_give_a_bound(seed: int) -> None:
    chance = Random(seed)
    problem = small_problem(chance, most=4)
    schedule = dispatch(problem, range(len(problem.jobs)))
    if -1 in schedule.starts:
        return
    relaxed = Relaxation(problem, schedule)
    prices = relaxed.capacity * 0
    for row in prices:
        for slot in range(len(row)):
            row[slot] = chance.choice((0.0, 0.0, 0.1, 1.0, 5.0))
    optimum = _cheapest(problem)
    assert optimum is not None
    assert relaxed.value(prices) <= optimum + 1e-6


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 10**6))
def test_charges_however_often_passed_never_lower_a_bound_and_stay_one(seed: int) -> None:
    problem = small_problem(Random(seed), most=6)
    schedule = dispatch(problem, range(len(problem.jobs)))
    if -1 in schedule.starts:
        return
    relaxed = Relaxation(problem, schedule)
    prices = relaxed.capacity * 0
    before = relaxed.value(prices)
    charges = Charges(relaxed)
    least = -float("inf")
    for _ in range(4):
        relaxed.shares = charges.passed(prices, 1)
        assert charges.least() >= least - 1e-6
        least = charges.least()
    assert (relaxed.shares >= 0).all()
    optimum = _cheapest(problem)
    assert optimum is not None
    assert max(before, relaxed.value(prices), least + relaxed.fixed) <= optimum + 1e-6


def test_a_service_that_waits_for_several_is_not_counted_as_if_it_waited_for_one() -> None:
    """One person, ten registries of an hour, and a service that needs them all: it cannot be back before all are."""
    registries = [Job(id=f"r{number}", skill="db", minutes=60, weight=0.0) for number in range(10)]
    last = Job(id="s", skill="net", minutes=60, weight=1.0, after=tuple(range(10)))
    people = (
        Worker(id="a", skills=("db",), windows=((0, 3000),)),
        Worker(id="b", skills=("net",), windows=((0, 3000),)),
    )
    problem = Problem(jobs=(*registries, last), workers=people)
    schedule = best(problem, 0)[0]
    assert schedule.cost(problem) == 660
    assert lower_bound(problem, schedule).cost > 600


def test_the_example_is_planned_well_within_its_bound_and_far_below_the_plain_orders() -> None:
    catalogue, team = example_catalogue(1, 200), example_crews(around_the_clock=True)
    found = plan(catalogue, team, START)
    _check(found, catalogue, team)
    problem = found.built.problem
    cost = found.schedule.cost(problem)
    lowest = lower_bound(problem, found.schedule, tries=8, rounds=3).cost
    assert 0.5 * cost < lowest <= cost
    plain = plain_orders(found.built, {service.id: service.place for service in catalogue.services})
    assert all(schedule.cost(problem) > 1.1 * cost for schedule in plain.values())


def test_the_whole_example_has_the_size_it_is_said_to_have() -> None:
    catalogue = example_catalogue(7)
    assert len(catalogue.services) == 1118
    assert sum(len(service.steps) for service in catalogue.services) == 2307
    assert len(example_crews().people) == 32
    assert example_catalogue(7) == catalogue
    assert example_catalogue(8) != catalogue


def test_reasons_name_the_dependency_or_the_urgency() -> None:
    catalogue, team = example_catalogue(1, 120), example_crews()
    found = plan(catalogue, team, START)
    leaf = next(service for service in catalogue.services if service.depends_on and "restore" not in service.work)
    told = why_before(found, catalogue, leaf.id, leaf.depends_on[0])
    assert f"`{leaf.id}` needs `{leaf.depends_on[0]}`" in told[1].en
    assert told[1].sq != told[1].en
    others = [service.id for service in catalogue.services if "restore" not in service.work][:2]
    assert "per minute of work" in why_before(found, catalogue, *others)[1].en


def test_a_schedule_without_jobs_has_a_bound_of_nothing() -> None:
    nothing = Problem(jobs=(), workers=())
    assert lower_bound(nothing, Schedule(starts=(), workers=())).cost == 0
