"""How many hits are kept, which go when there are too many, and that it is said."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest

from engine.sigma.correlations import kept
from engine.sigma.correlations.hits import Hit, from_store, short, to_store
from engine.sigma.correlations.kept import MAX_GROUP, MAX_HITS, KeptHits, group_bound
from engine.sigma.documents import compile_files
from tests.engine.sigma.test_correlation import START, hunted, rules


def hit(number: int, group: str = "g") -> Hit:
    return Hit("c", "r", START + timedelta(seconds=number), (group,), f"e{number}")


def test_a_full_group_keeps_its_newest_half() -> None:
    hits = KeptHits({"c": 10})
    for number in range(11):
        hits.add(hit(number))
    assert sorted(item.event_id for item in hits) == sorted(f"e{number}" for number in range(5, 11))
    assert hits.left_out == Counter({"c": 5})
    assert hits.total == 6


def test_a_hit_given_twice_takes_no_room() -> None:
    hits = KeptHits({"c": 10})
    for _ in range(50):
        hits.add(hit(1))
    assert (hits.total, hits.left_out) == (1, Counter())


def test_a_flood_in_one_group_blinds_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_HITS", 100)
    monkeypatch.setattr(kept, "_LARGE", 20)
    hits = KeptHits({})
    for number in range(1000):
        hits.add(hit(number, "flood"))
        if number % 100 == 0:
            hits.add(hit(number, f"quiet {number}"))
    groups = Counter(item.group[0] for item in hits)
    assert len(groups) == 11
    assert hits.total == sum(groups.values()) <= 100
    assert hits.left_out["c"] == 1010 - hits.total


def test_where_no_group_is_large_new_hits_are_left_out_in_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_HITS", 5000)
    hits = KeptHits({})
    before = time.process_time()
    for number in range(30_000):
        hits.add(hit(number, f"g{number}"))
    assert time.process_time() - before < 2
    assert hits.total == 5000
    assert hits.left_out["c"] == 25_000


def test_joining_keeps_bounds_and_counts() -> None:
    whole, part = KeptHits({}), KeptHits({"c": 10})
    for number in range(11):
        part.add(hit(number))
    whole.join(part)
    for number in range(11, 20):
        whole.add(hit(number))
    assert whole.left_out["c"] >= 10
    assert whole.total <= 10


def test_a_large_count_gets_the_room_it_needs() -> None:
    def bound(condition: dict[str, int]) -> int:
        return group_bound(rules({"type": "event_count", "condition": condition}, a={"a": 1}).correlations[0])

    assert bound({"gte": 5}) == MAX_GROUP
    assert bound({"gte": 200_000}) == 400_000
    assert bound({"gte": 10**12}) == MAX_HITS


def test_long_groups_and_values_are_cut_and_stay_apart() -> None:
    assert len(short("x" * 100_000)) <= 256
    assert short("x" * 100_000) != short("x" * 100_001)
    found = rules({"type": "event_count", "group-by": ["u"], "condition": {"gte": 2}}, a={"a": 1})
    assert hunted(found, [(0, {"a": "1", "u": "x" * 5000}), (1, {"a": "1", "u": "x" * 5000 + "y"})]) == []
    assert len(hunted(found, [(0, {"a": "1", "u": "x" * 5000}), (1, {"a": "1", "u": "x" * 5000})])) == 1


def test_hits_survive_the_store() -> None:
    from engine.sigma.correlations.hits import Above

    hits = [
        hit(1),
        Hit(
            "c:1",
            "r/2",
            START,
            ("a", "b/c"),
            "e",
            ("x", '"'),
            (Above("d:2", "r", ("q",), ("v",)), Above("e", "s", (), ())),
        ),
        Hit("c:1", "r", START, (), "e", (), (Above("d:2", "r", (), ()),)),
    ]
    assert list(from_store([to_store(item) for item in hits])) == hits


def test_a_flood_of_hits_in_one_window_takes_linear_time() -> None:
    """Six thousand matches in one window, for each kind of measure: no window is looked through again and again."""
    kinds = ["event_count", "value_count", "temporal_ordered", "value_sum", "value_median"]
    for kind in kinds:
        condition: dict[str, object] = {"gte": 2} if kind != "value_median" else {"gt": 10**9}
        if kind.startswith("value"):
            condition["field"] = "u"
        found = rules({"type": kind, "timespan": "1d", "condition": condition}, a={"a": 1}, b={"b": 1})
        from engine.sigma.correlations.correlator import Correlator

        item = found.correlations[0]
        hits = [
            Hit(item.key, item.rules[n % 2], START + timedelta(seconds=n), (), f"e{n}", (str(n),)) for n in range(6_000)
        ]
        before = time.process_time()
        Correlator(found).bursts(hits)
        assert time.process_time() - before < 3, kind


def test_a_rule_file_cannot_ask_for_everything() -> None:
    assert compile_files([("x.yml", b"title: c\ncorrelation: 5\n")]).issues
