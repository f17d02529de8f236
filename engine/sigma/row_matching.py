"""Matching blocks whose events are in memory already: row by row, which is cheaper than to make columns of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.sigma.columns import Hits
from engine.sigma.engine import Engine
from engine.sigma.logsources import KIND_FIELDS, kind_of
from engine.sigma.partitions import Partition

if TYPE_CHECKING:
    from engine.store.protocol import RowBlock


class RowMatcher:
    """Matches blocks of events with an engine's partitions; `ColumnMatcher` gives the same hits of the same events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def match(self, block: RowBlock) -> Iterator[Hits]:
        """Yield the hits among the block's selected rows, partition by partition."""
        for partition, rows in self._divided(block).items():
            pairs = [
                (row, position)
                for row, (fields, original) in zip(rows, block.known(rows, partition.columns), strict=True)
                for position in partition.match(fields, original)
            ]
            if pairs:
                found, positions = np.array(pairs, dtype=np.int64).T
                yield Hits(partition=partition, rows=found, positions=positions)

    def _divided(self, block: RowBlock) -> dict[Partition, list[int]]:
        """Return the rows that each partition with rules sees."""
        divided: defaultdict[Partition, list[int]] = defaultdict(list)
        rows = range(block.rows) if block.selected is None else np.flatnonzero(block.selected).tolist()
        for row, (fields, _) in zip(rows, block.known(rows, KIND_FIELDS), strict=True):
            partition = self._engine.partition(kind_of(fields))
            if partition.rules:
                divided[partition].append(row)
        return divided
