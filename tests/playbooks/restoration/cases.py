"""Small problems and catalogues, made at random."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from hypothesis import strategies as st

from playbooks.restoration.model import Catalogue, Crews, Person, Service, Shift, Work
from playbooks.restoration.problem import Job, Problem, Worker
from playbooks.texts import same

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
SKILLS = ("db", "net", "sec")


def small_problem(chance: Random, *, most: int = 5) -> Problem:
    """Return a problem of few jobs whose best schedule can be found by trying everything."""
    jobs = []
    for number in range(chance.randint(1, most)):
        after = tuple(before for before in range(number) if chance.random() < 0.35)
        jobs.append(
            Job(
                id=f"j{number}",
                skill=chance.choice(SKILLS[:2]),
                minutes=chance.choice((10, 15, 20, 30, 37)),
                weight=chance.choice((0.0, 1.0, 2.0, 7.0)),
                after=after,
                ready=chance.choice((0, 0, 0, 13, 40)),
            )
        )
    workers = [
        Worker(id="a", skills=chance.choice((("db",), ("db", "net"))), windows=_windows(chance)),
        Worker(id="b", skills=("net",), windows=_windows(chance)),
        Worker(id="c", skills=("db", "net"), windows=_windows(chance)),
    ]
    return Problem(jobs=tuple(jobs), workers=tuple(workers[: chance.choice((2, 3))]))


def _windows(chance: Random) -> tuple[tuple[int, int], ...]:
    if chance.random() < 0.5:
        return ((0, 3000),)
    first = chance.choice((0, 10, 25))
    return tuple((first + 200 * day, first + 200 * day + chance.choice((60, 90, 120))) for day in range(12))


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Return a catalogue of a few services, some contaminated, some with a skill that nobody has."""
    services: list[Service] = []
    for number in range(draw(st.integers(1, 12))):
        names = [service.id for service in services]
        depends = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
        work = {
            step: Work(skill=draw(st.sampled_from((*SKILLS, *SKILLS, "rare"))), minutes=draw(st.integers(1, 1500)))
            for step in ("restore", "verify", "go_live")
        }
        if draw(st.booleans()):
            del work["restore"]
        services.append(
            Service(
                id=f"s{draw(st.integers(0, 9))}-{number}",
                name=same("x"),
                owner="o",
                criticality=draw(st.integers(1, 5)),
                users=(draw(st.integers(0, 50)),) * 7,
                work=work,
                depends_on=tuple(sorted(depends)),
                contamination=draw(st.sampled_from(("clean", "suspected", "unknown"))),
                place=number,
            )
        )
    return Catalogue(services=tuple(services))


@st.composite
def crews(draw: st.DrawFn) -> Crews:
    """Return a few people in shifts, also over midnight."""
    shifts = {
        "day": Shift(name="day", start=420, end=1140),
        "night": Shift(name="night", start=1140, end=420),
        "short": Shift(name="short", start=600, end=draw(st.integers(660, 1000))),
    }
    people = [
        Person(
            id=f"p{number}",
            name=f"p{number}",
            crew="A",
            skills=frozenset(draw(st.lists(st.sampled_from(SKILLS), min_size=1, max_size=3))),
            shifts=tuple(draw(st.lists(st.sampled_from(sorted(shifts)), min_size=1, max_size=2, unique=True))),
            days=frozenset(draw(st.lists(st.integers(0, 6), min_size=2, max_size=7))),
        )
        for number in range(draw(st.integers(1, 5)))
    ]
    return Crews(
        people=tuple(people), shifts=shifts, rest=draw(st.sampled_from((0, 480, 660))), timezone="Europe/Tirane"
    )
