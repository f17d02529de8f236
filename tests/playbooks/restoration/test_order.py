"""What decides between tasks: all that somebody waits for is pulled along, and a shift's rest is filled."""

from __future__ import annotations

from playbooks.restoration.dispatch import dispatch
from playbooks.restoration.duty import windows
from playbooks.restoration.model import Crews, Person, Shift
from playbooks.restoration.order import by_urgency, stretches, urgencies
from playbooks.restoration.problem import Job, Problem, Worker
from tests.playbooks.restoration.cases import START


def job(name: str, minutes: int, weight: float = 0.0, after: tuple[int, ...] = ()) -> Job:
    return Job(id=name, skill="db", minutes=minutes, weight=weight, after=after)


def one_worker(*spans: tuple[int, int]) -> tuple[Worker, ...]:
    return (Worker(id="w", skills=("db",), windows=spans),)


def test_what_waits_for_several_pulls_all_of_them_along() -> None:
    jobs = (job("a", 10), job("b", 10), job("c", 10, 8.0), job("d", 10, 30.0, after=(0, 1)))
    problem = Problem(jobs=jobs, workers=one_worker((0, 1000)))
    schedule = dispatch(problem, by_urgency(urgencies(problem, {})))
    assert (schedule.starts[3], schedule.starts[2]) == (20, 30)


def test_within_a_block_the_more_urgent_part_comes_first() -> None:
    jobs = (job("a", 60), job("b", 10, 60.0, after=(0,)), job("c", 10, 300.0, after=(0,)))
    problem = Problem(jobs=jobs, workers=one_worker((0, 1000)))
    assert by_urgency(urgencies(problem, {})) == [0, 2, 1]


def test_the_rest_of_a_shift_is_filled_rather_than_left_over() -> None:
    jobs = (job("long", 70, 3.0), job("middle", 60, 2.0), job("short", 40, 1.0))
    problem = Problem(jobs=jobs, workers=one_worker((0, 100), (500, 600)))
    assert dispatch(problem, [0, 1, 2]).starts == (500, 0, 60)
    roomy = Problem(jobs=jobs, workers=one_worker((0, 170)))
    assert dispatch(roomy, [0, 1, 2]).starts == (0, 70, 130)


def test_a_job_for_which_this_shift_is_too_short_waits_for_the_next_one() -> None:
    problem = Problem(jobs=(job("long", 90), job("later", 10, after=(0,))), workers=one_worker((0, 60), (100, 200)))
    assert dispatch(problem, [0, 1]).starts == (100, 190)
    assert dispatch(Problem(jobs=problem.jobs, workers=one_worker((0, 60))), [0, 1]).starts == (-1, -1)


def test_a_stretch_is_what_several_wait_for_with_what_is_there_for_it_alone() -> None:
    jobs = (job("a", 1), job("b", 1, after=(0,)), job("c", 1, after=(1,)), job("d", 1, after=(1,)))
    assert stretches(Problem(jobs=jobs, workers=())) == [[1, 0]]


def test_shifts_that_touch_are_one_where_no_rest_is_wanted() -> None:
    shifts = {"always": Shift(name="always", start=0, end=1440)}
    person = Person(id="p", name="p", crew="A", skills=frozenset(("db",)), shifts=("always",))
    spans = windows(person, Crews(people=(person,), shifts=shifts, rest=0, timezone="UTC"), START, 5)
    assert spans == ((0, 6 * 1440 - 360),)
    rested = windows(person, Crews(people=(person,), shifts=shifts, rest=60, timezone="UTC"), START, 5)
    assert len(rested) > 1
