"""What stands in `kulla.rest`: fields without a column of their own, parsed once and put among columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from engine.events import Fields
from engine.store.columns import TEXT, columns_of
from engine.store.values import from_json

_KEPT = 4 * 1024 * 1024  # bytes of text of which everything that was parsed is kept, which takes ten times as much


class Rest:
    """The rest of a block's rows. `names` are the fields that stand in it; rows of the same text are parsed once."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        coded = pa.concat_arrays(column.unify_dictionaries().chunks)
        self._rows = coded.indices.to_pylist()
        self._texts = coded.dictionary
        self._fields = list(self._parsed()) if self._texts.nbytes <= _KEPT else None
        self.names = frozenset[str]().union(*(self._fields or self._parsed()))

    def _parsed(self) -> Iterator[Fields]:
        return (from_json(text) if text else {} for text in self._texts.to_pylist())

    def beside(self, table: pa.Table, names: Collection[str]) -> pa.Table:
        """Add to the columns of these fields what stands of them in the rest.

        A field can have a column that holds the rows of some, and stand in the rest in others.
        """
        wanted = self.names.intersection(names)
        if not wanted:
            return table
        parts = [
            {name: fields[name] for name in wanted.intersection(fields)} for fields in self._fields or self._parsed()
        ]
        for name, column in columns_of([{} if code is None else parts[code] for code in self._rows]).items():
            if name not in table.column_names:
                table = table.append_column(name, column)
            else:
                both = pc.coalesce(plain(table.column(name)), plain(column))
                table = table.set_column(table.column_names.index(name), name, both)
        return table


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return a column of text without a dictionary, any other as it is."""
    return column.cast(pa.string()) if column.type == TEXT else column
