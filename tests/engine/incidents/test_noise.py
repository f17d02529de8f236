"""What is noise: learned from before, never from after; explained; critical rules never held back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Alert, Verdict
from engine.incidents.noise import MOST_BITS, SEVERAL, held_back, judge, place_of
from engine.incidents.rates import DAY, WINDOW, Rates
from tests.engine.incidents.alerts import alert

HOUR, A_DAY = 3600, 86_400


def hourly(days: float, level: str = "low", rule: str = "r", host: str = "a") -> list[Alert]:
    """Return an alert each half hour."""
    return [
        alert(n * 1800, {"host.name": host}, rule=rule, level=level, number=n + 10_000) for n in range(int(days * 48))
    ]


def last(*alerts: Alert, **counts: int) -> object:
    return judge(alerts, counts or None)[alerts[-1].id]


@pytest.mark.parametrize("level", ["informational", "low", "medium", "high"])
def test_what_fires_here_always_is_held_back_and_says_so(level: str) -> None:
    alerts = [*hourly(3, level), alert(3 * A_DAY, {"host.name": "a"}, level=level)]
    judged = judge(alerts)[alerts[-1].id]
    assert (judged.standing, judged.held, judged.bits) == ("usual", True, 0.0)
    often = f"{1 / judged.days:.3g} times a day on a at this hour"
    assert judged.reason == f"fires about {often} (in 144 five-minute windows of 3.0 days), as always"
    assert 30 < 1 / judged.days < 60


def test_a_critical_rule_is_never_held_back() -> None:
    alerts = [*hourly(10, "critical"), alert(10 * A_DAY, {"host.name": "a"}, level="critical")]
    assert not any(item.held for item in judge(alerts).values())


def test_nothing_is_told_before_there_was_enough_to_learn_from() -> None:
    alerts = [*hourly(0.9, "medium"), alert(0.9 * A_DAY, {"host.name": "a"}, rule="new", level="medium")]
    judged = judge(alerts)
    assert {item.standing for item in judged.values()} == {"learning"}
    assert judged[alerts[-1].id].reason == "22 hours of alerts so far: too few to call anything usual or rare"


def test_a_low_rule_that_is_steady_is_known_within_hours() -> None:
    alerts = [alert(n * 300, {"host.name": "a"}, level="low", number=n) for n in range(60)]
    judged = judge(alerts)
    assert not judged["a11"].held
    assert judged["a59"].held


@pytest.mark.parametrize(
    ("rule", "host", "standing", "words"),
    [
        ("new", "a", "new kind", "a rule that fired nowhere in 8.0 days"),
        ("other", "a", "new here", "never on a in 8.0 days, though in 1 other places"),
        ("seldom", "a", "rare", "days on a (in 1 five-minute windows of 8.0 days)"),
    ],
)
def test_what_is_rare_is_told_in_words(rule: str, host: str, standing: str, words: str) -> None:
    before = [
        *hourly(8),
        *hourly(8, rule="other", host="b"),
        alert(100, {"host.name": "a"}, rule="seldom", level="low", number=9),
    ]
    before = [replace(item, id=f"{item.id}-{item.rule.id}") for item in before]
    judged = last(*before, alert(8 * A_DAY, {"host.name": host}, rule=rule, level="low"))
    assert (judged.standing, judged.held) == (standing, False)  # type: ignore[attr-defined]
    assert words in judged.reason  # type: ignore[attr-defined]
    assert 1 < judged.bits <= MOST_BITS  # type: ignore[attr-defined]


def test_a_burst_of_what_is_usual_is_not_held_back() -> None:
    flood = alert(3 * A_DAY, {"host.name": "a"}, level="low", number=1)
    alerts = [*hourly(3), flood]
    assert judge(alerts, {"a1": 3})["a1"].held
    burst = judge(alerts, {"a1": 400})["a1"]
    assert (burst.standing, burst.held) == ("burst", False)
    assert burst.reason == "400 alerts in five minutes on a, never more than 1 before"


def test_the_hour_of_day_matters() -> None:
    """Five times within nine o'clock each day is usual at nine, and not at three in the night."""
    alerts = [
        alert(day * A_DAY + HOUR + n * 600, {"host.name": "a"}, level="medium", number=day * 10 + n)
        for day in range(20)
        for n in range(5)
    ]
    nine = alert(20 * A_DAY + HOUR, {"host.name": "a"}, level="medium", number=1001)
    night = alert(20 * A_DAY + 19 * HOUR, {"host.name": "a"}, level="medium", number=1002)
    judged = judge([*alerts, nine, night])
    assert judged["a1001"].held
    assert not judged["a1002"].held
    assert judged["a1001"].days < judged["a1002"].days


def test_the_hour_of_week_matters() -> None:
    rates = Rates()
    for week in range(8):
        for n in range(6):
            rates.count("r", "a", week * 7 * DAY + n, 1)
    monday, tuesday = (rates.expected("r", "a", 8 * 7 * DAY + day * DAY) for day in (0, 1))
    assert monday > 3 * tuesday


def test_a_rule_that_turns_up_in_ever_new_places_is_rare_in_none() -> None:
    everywhere = [alert(n * 900, {"host.name": f"h{n}"}, rule="w", level="low", number=n) for n in range(96 * 6)]
    judged = judge([*everywhere, alert(6 * A_DAY, {"host.name": "fresh"}, rule="w", level="low", number=9999)])["a9999"]
    assert judged.bits == 0


def test_what_was_held_back_is_listed_the_least_usual_first() -> None:
    often = [alert(n * 300, {"host.name": "a"}, rule="often", level="low", number=n) for n in range(288 * 3)]
    daily = [alert(n * A_DAY / 4, {"host.name": "a"}, rule="daily", level="low", number=5000 + n) for n in range(16)]
    alerts = [*often, *daily]
    judged = judge(alerts)
    held = held_back(judged, alerts)
    assert {item.id for item in held} == {item for item, each in judged.items() if each.held}
    days = [judged[item.id].days for item in held]
    assert days == sorted(days, reverse=True)
    assert held[0].rule.id == "daily"
    assert held[-1].rule.id == "often"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"host.name": "PRT01.gov.example", "user.name": "x"}, "prt01"),
        ({"host.name": ["PRT01.gov.example", "prt01"]}, "prt01"),
        ({"host.name": ["a", "b"]}, SEVERAL),
        ({"user.name": ["b", "a"]}, "a"),
        ({"source.ip": "192.0.2.1"}, "192.0.2.1"),
        ({}, ""),
    ],
)
def test_where_an_alert_is_counted(fields: dict[str, str], place: str) -> None:
    assert place_of(alert(1, fields)) == place


def test_memory_is_bounded() -> None:
    rates = Rates(most=100)
    for n in range(1000):
        rates.count(f"r{n}", "a", n, 1)
    assert sum(rates.series(f"r{n}", "a") is not None for n in range(1000)) <= 100
    assert rates.series("r999", "a") is not None
    assert rates.series("r0", "a") is None


SOME = st.lists(st.tuples(st.integers(0, 5 * 288), st.sampled_from("rs"), st.sampled_from("ab")), max_size=60).map(
    lambda made: [
        alert(window * WINDOW, {"host.name": host}, rule=rule, level="low", number=n)
        for n, (window, rule, host) in enumerate(made)
    ]
)


@settings(max_examples=50, deadline=None)
@given(st.data(), SOME)
def test_judgements_depend_on_the_past_alone_and_on_no_order(data: st.DataObject, alerts: list[Alert]) -> None:
    whole = judge(alerts)
    assert judge(data.draw(st.permutations(alerts))) == whole
    now = data.draw(st.integers(0, 5 * 288))
    start = alert(0, {}).timestamp.timestamp() // WINDOW
    past = [item for item in alerts if item.timestamp.timestamp() // WINDOW <= start + now]
    assert judge(past) == {item.id: whole[item.id] for item in past}


@pytest.mark.parametrize(
    ("verdict", "count", "held"),
    [(None, 0, False), ("false-positive", 1, False), ("benign", 2, True), ("false-positive", 9, True)],
)
def test_what_people_judged_false_is_usual_sooner(verdict: Verdict | None, count: int, held: bool) -> None:
    """A rule that fires here every third day, at another hour each time."""
    seldom = [alert(n * (3 * A_DAY + 3 * HOUR), {"host.name": "a"}, rule="s", level="low", number=n) for n in range(5)]
    seldom = [replace(item, verdict=verdict if n < count else None) for n, item in enumerate(seldom)]
    daily = [alert(n * 1800, {"host.name": "b"}, level="low", number=5000 + n) for n in range(48 * 15)]
    judged = judge(
        [*seldom, *daily, alert(14 * A_DAY + 20 * HOUR, {"host.name": "a"}, rule="s", level="low", number=99)]
    )["a99"]
    assert judged.held is held
    assert judged.judged_false == min(count, 5)
    if held:
        assert judged.reason.endswith(f"as always; judged false {min(count, 5)} times here")


def test_what_people_judged_true_is_not_held_back_here() -> None:
    alerts = hourly(3)
    judged = judge([replace(alerts[0], verdict="true-positive"), *alerts[1:], *hourly(3, host="b", rule="o")])
    assert not any(item.held for item in judged.values() if item.place == "a")
