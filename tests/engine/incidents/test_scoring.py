"""How bad: named points that add up, each with its alerts and what would change it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.alerts import Alert, Level, Verdict
from engine.entities import Entity
from engine.events import Value
from engine.incidents.model import Term
from engine.incidents.noise import Judgement
from engine.incidents.scoring import (
    NOTHING_KNOWN,
    OPENS_AT,
    PER_BIT,
    PER_TACTIC,
    Circumstances,
    severity,
    terms,
    total,
    what_would_change,
)
from tests.engine.incidents.alerts import alert

HOST = {"host.name": "a"}


def high(seconds: float, host: str = "a", **more: Any) -> Alert:
    return alert(seconds, {"host.name": host}, level="high", **more)


def points(found: tuple[Term, ...]) -> dict[str, float]:
    return {term.name: term.points for term in found}


def judged(*, held: bool = False, bits: float = 0.0) -> Judgement:
    return Judgement(
        rule="rule r",
        place="a",
        standing="usual" if held else "new kind",
        held=held,
        bits=bits,
        alerts=1,
        days=2**bits,
        windows=0,
        most=0,
        watched=9.0,
        places=0,
    )


def test_points_by_level_once_a_rule() -> None:
    found = terms([high(1), high(2), alert(3, HOST, rule="s"), alert(4, HOST, rule="t", level="low")])
    assert points(found) == {"high: rule r": 10.0, "medium: rule s": 4.0, "low: rule t": 1.0}
    assert [term.alerts for term in found] == [("a1",), ("a3",), ("a4",)]


def test_a_rule_whose_level_was_raised_counts_by_the_higher_one() -> None:
    raised = [high(1), alert(2, HOST, level="critical")]
    assert points(terms(raised)) == {"critical: rule r": 20}


def test_more_hosts_add_half_the_points_up_to_five() -> None:
    def more(hosts: int) -> float:
        found = terms([*(high(n, f"h{n}") for n in range(hosts)), high(99, "h0", rule="other")])
        assert all(len(term.alerts) == min(hosts - 1, 5) for term in found if term.kind == "spread")
        return sum(term.points for term in found if term.kind == "spread")

    assert [more(count) for count in (1, 2, 4, 6, 50)] == [0, 5, 15, 25, 25]


def test_hosts_of_a_rule_that_is_alone_count_for_two() -> None:
    assert total(terms([high(n, f"h{n}") for n in range(9)])) == 20
    assert total(terms([alert(n, {"host.name": f"h{n}"}) for n in range(9)])) < OPENS_AT


def test_each_further_tactic_adds_points_where_another_rule_speaks_for_it() -> None:
    tags = ("attack.execution", "attack.impact", "attack.t1059")
    found = terms([high(1, tags=tags), high(2, rule="s", tags=("attack.execution",))])
    assert points(found)["2 ATT&CK tactics"] == PER_TACTIC
    assert {term.kind for term in terms([high(1, tags=tags)])} == {"severity"}, "one rule is no progress"
    quiet = terms([alert(1, HOST, level="low", tags=tags), alert(2, HOST, rule="s", level="low", tags=tags)])
    assert {term.kind for term in quiet} == {"severity"}


@pytest.mark.parametrize("level", ["low", "high"])
def test_rarity_counts_by_bit(level: str) -> None:
    made = alert(1, HOST, level=level)
    (rare,) = [term for term in terms([made], {"a1": judged(bits=3)}) if term.kind == "rarity"]
    assert rare.points == 3 * PER_BIT[Level.parse(level)]
    assert rare.name == "rule r: a rule that fired nowhere in 9.0 days"


@pytest.mark.parametrize(
    ("verdict", "held", "counts"),
    [(None, False, True), ("true-positive", False, True), ("false-positive", False, False), ("benign", False, False),
     (None, True, False)],
)  # fmt: skip
def test_alerts_judged_to_be_false_or_held_back_count_nothing(
    verdict: Verdict | None, held: bool, counts: bool
) -> None:
    assert bool(terms([high(1, verdict=verdict)], {"a1": judged(held=held)})) is counts


def test_what_is_known_of_the_estate_and_the_world_adds_points() -> None:
    known = Circumstances(
        criticality={Entity("host", "a"): 5, Entity("host", "b"): 4, Entity("host", "c"): 3},
        sensitivity={Entity("host", "b"): 2},
        intelligence=lambda alerts: [Term(kind="intelligence", name="on a list", points=6.0, alerts=(alerts[0].id,))],
    )

    def kinds(*alerts: Alert) -> dict[str, float]:
        return {term.kind: term.points for term in terms(alerts, known=known)}

    assert kinds(high(1, "c")) == {"severity": 10, "intelligence": 6}
    assert kinds(high(1, "A.gov.example")) == {"severity": 10, "criticality": 4, "intelligence": 6}
    assert kinds(high(1, "b")) == {"severity": 10, "criticality": 2, "sensitivity": 4, "intelligence": 6}
    assert terms([], known=known) == ()


def test_the_list_of_assets_counts_where_the_settings_say_nothing() -> None:
    def added(fields: dict[str, Value], known: Circumstances = NOTHING_KNOWN) -> float:
        found = {term.kind: term.points for term in terms([alert(1, fields, level="high")], known=known)}
        return found.get("criticality", 0.0)

    server: dict[str, Value] = {"host.name": "DC01.gov.example", "host.asset.criticality": "5"}
    assert added(server) == 4
    assert added(server, Circumstances(criticality={Entity("host", "dc01"): 4})) == 2
    assert added({"source.ip": "192.0.2.1", "destination.ip": "192.0.2.7", "destination.asset.criticality": "4"}) == 2
    for odd in ("9", "", "high", ["5"]):
        assert added({"host.name": "a", "host.asset.criticality": odd}) == 0


def test_what_is_likely_next_ranks_an_incident_and_never_makes_one() -> None:
    impact = Term(kind="foresight", name="encryption is likely next", points=8.0, alerts=("a",))
    known = Circumstances(foresight=lambda alerts: [impact])
    alone, two = terms([high(1)], known=known), terms([high(1), high(2, "b")], known=known)
    assert impact not in alone
    assert total(alone) < OPENS_AT
    assert impact in two


def test_one_high_alert_alone_is_no_incident_and_with_anything_beside_it_is() -> None:
    assert total(terms([high(1)])) < OPENS_AT
    assert total(terms([alert(1, HOST, level="critical")])) >= OPENS_AT
    assert total(terms([high(1), high(2, "b")])) >= OPENS_AT
    assert total(terms([high(1), alert(2, HOST, rule="s")])) >= OPENS_AT
    assert total(terms([high(1)], {"a1": judged(bits=2)})) >= OPENS_AT


def test_what_would_change() -> None:
    found = terms([high(1), alert(2, HOST, rule="s")])
    assert what_would_change(found[0], 14.0) == "4.0 if all its alerts were judged false: too little for an incident"
    assert what_would_change(found[1], 24.0) == "20.0 if all its alerts were judged false"


@pytest.mark.parametrize(
    ("score", "worst", "expected"),
    [(10, "low", "medium"), (29.9, "medium", "medium"), (30, "medium", "high"), (30, "critical", "critical"),
     (100, "medium", "critical"), (12, "high", "high")],
)  # fmt: skip
def test_severity(score: float, worst: str, expected: str) -> None:
    assert severity(score, Level.parse(worst)) is Level.parse(expected)
