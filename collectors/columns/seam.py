"""What reading by columns asks of a log format: `ColumnParser`. A source that has one gives it in `columns`
(see `collectors.source.Columnar`).

A column parser takes the usual lines only. Every other line, and every line that turns out to be unusual, is read by
the source's own parser, so what a column parser must promise is this: **for the lines it takes, it gives the fields
that the source's parser gives, and that parser remembers nothing of such a line but that it was there.** A test
compares the two on mixtures of lines of all kinds, for every source that has a column parser.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.columns.pieces import Piece, Places

Parts: TypeAlias = Mapping[str, pa.Array]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What was cut out of a piece: the places of the lines taken, among the piece's lines, and their parts by name.

    Parts of one `shape` have the same names and types.
    """

    lines: Places
    parts: Parts
    shape: Hashable = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The fields of some lines (see `engine.batches.EventBatch`), and which of the lines are refused after all."""

    values: Mapping[str, pa.Array]
    lists: Mapping[str, pa.Array]
    refused: Mask


NOTHING: Final = Columns(values={}, lists={}, refused=np.zeros(0, dtype=np.bool_))


class ColumnParser(Protocol):
    """Reads the usual lines of one stream by columns."""

    def cut(self, piece: Piece) -> Cut:
        """Cut the lines that look usual into parts, which must not refer to the piece's buffer."""
        ...

    def columns(self, parts: Mapping[str, pa.ChunkedArray], rows: int, shape: Hashable) -> Columns:
        """Return the completed fields of lines that were cut: parts of this shape, those of several pieces in a row."""
        ...
