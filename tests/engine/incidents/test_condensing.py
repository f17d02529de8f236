"""Masses of alerts made few: one for each rule, place and minute."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Level, RuleInfo, alert_id
from engine.incidents.condensing import Columns, Condensed, condense

RULES = [RuleInfo(id=name, name=name, level=Level.LOW, version="1") for name in "rst"]
PLACES = [{"host.name": "a"}, {"host.name": "b"}]


def few(rows: list[tuple[int, int, int]]) -> Condensed:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return condense(
        Columns(seconds=table[:, 0].astype(float), rule=table[:, 1], place=table[:, 2], rules=RULES, places=PLACES)
    )


def test_the_first_of_a_minute_stands_for_the_others() -> None:
    found = few([(125, 0, 0), (121, 0, 0), (179, 0, 0), (180, 0, 0), (121, 1, 0), (121, 0, 1)])
    told = {(item.timestamp.timestamp(), item.rule.id, item.fields["host.name"]) for item in found.alerts}
    assert told == {(121, "r", "a"), (180, "r", "a"), (121, "s", "a"), (121, "r", "b")}
    assert [found.counts[found.alerts[row].id] for row in found.row] == [3, 3, 3, 1, 1, 1]


def test_an_alert_is_called_after_its_rule_its_minute_and_its_place() -> None:
    (alert,) = few([(125, 1, 0), (130, 1, 0)]).alerts
    assert alert.id == alert_id("s", "1", ("2", "host.name=a"))


def test_no_alerts_are_no_alerts() -> None:
    found = few([])
    assert (found.alerts, dict(found.counts), found.row.tolist()) == ((), {}, [])


@settings(max_examples=50, deadline=None)
@given(st.data(), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), st.integers(0, 1)), max_size=40))
def test_nothing_is_lost_and_the_order_does_not_matter(data: st.DataObject, rows: list[tuple[int, int, int]]) -> None:
    found = few(rows)
    assert sum(found.counts.values()) == len(rows)
    assert len(found.counts) == len(found.alerts) == len({(at // 60, rule, place) for at, rule, place in rows})
    again = few(data.draw(st.permutations(rows)))
    assert (again.alerts, again.counts) == (found.alerts, found.counts)
