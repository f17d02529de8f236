"""What was cut out of pieces of a log and is not given out yet: columns are made of many pieces at once."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import pyarrow as pa

from collectors.columns.building import texts
from collectors.columns.pieces import Piece
from collectors.columns.seam import NOTHING, ColumnParser, Columns, Cut, Parts
from engine.batches import ROWS


@dataclass(slots=True, kw_only=True)
class Gathered:
    """Lines that were cut, all of one shape."""

    shape: Hashable = None
    parts: list[Parts] = field(default_factory=list)
    originals: list[pa.Array] = field(default_factory=list)
    rows: int = 0

    def takes(self, cut: Cut) -> bool:
        """Tell whether what was cut out of the next piece can be added."""
        alike = not self.rows or not len(cut.lines) or self.shape == cut.shape
        return alike and self.rows + len(cut.lines) <= ROWS

    def add(self, piece: Piece, cut: Cut) -> None:
        """Add what was cut out of a piece."""
        if len(cut.lines):
            self.shape = cut.shape
            self.parts.append(cut.parts)
            self.originals += texts(piece.buffer, (piece.starts[cut.lines], piece.ends[cut.lines]))
            self.rows += len(cut.lines)

    def columns(self, parser: ColumnParser) -> Columns:
        """Return the fields of all lines."""
        if not self.rows:
            return NOTHING
        parts = {name: pa.chunked_array([each[name] for each in self.parts]) for name in self.parts[0]}
        return parser.columns(parts, self.rows, self.shape)

    def raw(self) -> pa.ChunkedArray:
        """Return the lines themselves."""
        return pa.chunked_array(self.originals, pa.string())
