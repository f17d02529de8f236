"""What the catalogue keeps of rows, and when small segments are joined."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store import compaction
from engine.store.catalogue import Extent, Segment, contents_of
from engine.store.columns import IDENTITY, OFFSET, TEXT

SEGMENT = Segment(
    id=1,
    path="a",
    day="2026-03-01",
    dataset="sample",
    events=30_000,
    size=500_000,
    first_sequence=1,
    last_sequence=30_000,
    first_time=None,
    last_time=None,
    untimed=0,
    compacted=False,
)


def segments(count: int, **changed: int) -> list[Segment]:
    return [replace(SEGMENT, id=n, first_sequence=n * 50_000, **changed) for n in range(count)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2**62))), st.integers(0, 5))
def test_the_extents_of_sources_are_their_least_and_greatest_offsets(rows: list[tuple[str, int]], cut: int) -> None:
    identities = pa.chunked_array(
        [pa.array([word for word, _ in part], pa.string()).dictionary_encode() for part in (rows[:cut], rows[cut:])],
        TEXT,
    )
    table = pa.table({IDENTITY: identities, OFFSET: pa.array([offset for _, offset in rows], pa.int64())})
    of = {word: [offset for each, offset in rows if each == word] for word, _ in rows}
    expected = [Extent(identity=word, first=min(of[word]), last=max(of[word])) for word in sorted(of)]
    assert contents_of(table).extents == expected


def test_segments_that_nothing_can_be_joined_with_are_not_due() -> None:
    assert not compaction.is_due(segments(200))


@pytest.mark.parametrize("events", [1, 100, 20_000, 49_999])
def test_what_is_due_ends(events: int) -> None:
    left = segments(150, events=events, size=1000)
    for _ in range(100):
        group = next(compaction._due(left), None)
        if group is None:
            break
        assert sum(each.events for each in group) <= 50_000
        new = replace(group[0], events=sum(each.events for each in group), compacted=True)
        left = [each for each in left if each not in group] + [new]
    assert not compaction.is_due(left)


def test_groups_are_as_large_as_may_be() -> None:
    sizes = np.random.default_rng(1).integers(1, 20_000, 300).tolist()
    found = list(compaction._groups([replace(SEGMENT, events=n, size=n) for n in sizes], events=50_000, size=40_000))
    assert [n for group in found for n in (each.events for each in group)] == sizes
    for group, following in pairwise(found):
        assert sum(each.size for each in group) <= 40_000 < sum(each.size for each in group) + following[0].size
