"""Reading page by page: every event once and in order, wherever sequences have holes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.store.elastic.store import ElasticStore

HOLE = 10**9  # sequences that were reserved and never used; walking through them would never end


def _leave_a_hole(store: ElasticStore) -> None:
    with pytest.raises(ZeroDivisionError), store._sequences.reserved(HOLE, ["somebody"]):
        raise ZeroDivisionError


def test_pages_with_holes_between_their_sequences(store: ElasticStore, many) -> None:
    events = many(1620)
    for start, end in ((0, 1300), (1300, 1310), (1310, 1320), (1320, 1620)):
        store.append(events[start:end], [])
        _leave_a_hole(store)
    blocks = list(store.blocks())
    read = [number for block in blocks for number in block.ids(np.arange(block.rows))]
    assert read == [each.id for each in events]
    assert len(blocks) > 2
    assert all(before.settled < after.first_sequence for before, after in pairwise(blocks))
    assert blocks[-1].settled == store.last_sequence()
    last = blocks[-1].last_sequence
    assert [block.rows for block in store.blocks(after=last - 1, until=last)] == [1]
    assert list(store.blocks(after=last)) == []
