from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.anomaly.by_row import Tail
from engine.anomaly.networks import is_inside, is_single, near, wide
from engine.anomaly.tables import coded
from engine.anomaly.windows import cells, combined, either, filled, matching, shared_lists

HOUR = timedelta(hours=1)
SLOT = 3_600_000_000
few = settings(max_examples=60, deadline=None)
codes = st.integers(0, 3)
rows = st.lists(st.tuples(st.integers(0, 9), codes, codes), min_size=1, max_size=40)


def gathered(found: list[tuple[int, int, int]]):
    table = pa.table(
        {"event.id": [f"e{n}" for n in range(len(found))], "thing": [f"t{thing}" for _, _, thing in found]}
    )
    moments = np.array([hour * SLOT + 7 for hour, _, _ in found], dtype=np.int64)
    owners = np.array([owner for _, owner, _ in found], dtype=np.int64)
    return table, cells(table, moments=moments, keys=[owners], window=HOUR)


@few
@given(rows)
def test_lists_and_counts_agree_with_a_plain_count(found: list[tuple[int, int, int]]) -> None:
    table, made = gathered(found)
    thing, things = coded(table, "thing")
    keys = sorted({(hour, owner) for hour, owner, _ in found})
    lists = made.lists(thing[made.rows], things).to_pylist()
    assert [(end // SLOT - 1, owner) for end, owner in zip(made.end, made.key[0], strict=True)] == keys
    assert [sorted(part) for part in lists] == [sorted({f"t{t}" for h, o, t in found if (h, o) == key}) for key in keys]
    assert made.counts().tolist() == [sum((h, o) == key for h, o, _ in found) for key in keys]
    assert made.distinct(thing[made.rows]).tolist() == [len(part) for part in lists]


@few
@given(rows, st.integers(1, 5))
def test_sharing_counts_the_entities_of_the_last_hours(found: list[tuple[int, int, int]], hours: int) -> None:
    table, made = gathered(found)
    thing, things = coded(table, "thing")
    lists = made.lists(thing[made.rows], things)
    shared = shared_lists(made, lists, window=HOUR, over=timedelta(hours=hours), entity=made.key[0]).to_pylist()
    for place, part in enumerate(lists.to_pylist()):
        hour = int(made.end[place]) // SLOT - 1
        for name, count in zip(part, shared[place], strict=True):
            wanted = {owner for h, owner, t in found if f"t{t}" == name and hour - hours < h <= hour}
            assert count == len(wanted)


@few
@given(st.lists(st.tuples(codes, st.integers(0, 30)), min_size=1, max_size=20, unique=True), st.integers(1, 8))
def test_slots_without_a_row_are_filled_up_to_a_limit(pairs: list[tuple[int, int]], most: int) -> None:
    keys, slots = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    made, row = filled(slots, keys, most)
    wanted = set()
    for key in set(keys.tolist()):
        own = sorted(slot for k, slot in pairs if k == key)
        for slot in range(own[0], int(slots.max()) + 1):
            latest = max(s for s in own if s <= slot)
            if slot - latest < most:
                wanted.add((key, slot, latest))
    assert {(int(keys[r]), int(s), int(slots[r])) for s, r in zip(made, row, strict=True)} == wanted


def test_the_rarest_events_come_first_as_evidence() -> None:
    table, made = gathered([(0, 1, 2)] * 30 + [(0, 1, 3)])
    rank = np.array([1] * 30 + [0], dtype=np.int64)
    found = made.observations(entity=["x"], columns={}, rank=rank)
    assert found.column("kulla.events").to_pylist()[0][0] == "e30"
    assert len(found.column("kulla.events").to_pylist()[0]) == 20
    assert table.num_rows == 31


def test_columns_are_joined_matched_and_replaced() -> None:
    table = pa.table({"a": ["x", None, "y"], "b": ["1", "2", None], "many": pa.array([["p", "q"], None, ["q"]])})
    both, values = combined(coded(table, "a"), coded(table, "b"), mark="|")
    assert (both.tolist(), values) == ([0, -1, -1], ["x|1"])
    place, names = either(table, "a", "b")
    assert [names[code] for code in place] == ["x", "2", "y"]
    assert matching(table, "many", ("q",)).tolist() == [True, False, True]
    assert matching(table, "a", ("x",)).tolist() == [True, False, False]
    assert matching(table, "absent", ("x",)).tolist() == [False] * 3


def test_a_tail_is_the_share_of_ordinary_values_and_goes_on_beyond_them() -> None:
    tail = Tail.of([1.0] * 90 + [2.0] * 9 + [5.0])
    assert tail.bits(0.5) == pytest.approx(0.007, abs=0.01)
    assert tail.bits(2.0) == pytest.approx(-np.log2(10.5 / 101), abs=1e-9)
    assert tail.bits(5.0) < tail.bits(6.0) < tail.bits(60.0) < tail.bits(1e9)
    assert Tail.from_json(tail.to_json()) == tail
    with pytest.raises(ValueError, match="no value"):
        Tail.of([])


@pytest.mark.parametrize(
    ("address", "site", "provider", "inside", "single"),
    [
        ("192.0.2.77", "192.0.2.0/24", "192.0.0.0/16", False, True),
        ("::ffff:10.1.2.3", "10.1.2.0/24", "10.1.0.0/16", True, True),
        ("2001:db8:1:2::5", "2001:db8:1::/48", "2001:db8::/32", False, True),
        ("10.0.0.255", "10.0.0.0/24", "10.0.0.0/16", True, False),
        ("not an address", "not an address", "not an address", False, False),
    ],
)
def test_networks(address: str, site: str, provider: str, inside: bool, single: bool) -> None:
    assert (near(address), wide(address), is_inside(address), is_single(address)) == (site, provider, inside, single)
