"""Tables of several files put together: text gets one type, whether it stood as a dictionary or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import pyarrow as pa

from engine.store.columns import TEXT, type_of


def glued(tables: list[pa.Table]) -> pa.Table:
    """Return the rows of all tables, in columns of as many pieces; `tables` is emptied, so that its memory is free.

    A column that a table lacks is empty in its rows. The pieces of a column share one dictionary.
    """
    plain = _plain(tables)
    for place, table in enumerate(tables):
        tables[place] = _alike(table, plain)
    joined = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    tables.clear()
    return joined


def _plain(tables: Sequence[pa.Table]) -> frozenset[str]:
    """Return the text columns that stand as plain text (most of it distinct) for more rows than as a dictionary."""
    rows: Counter[str] = Counter()
    for table in tables:
        for name, column in zip(table.column_names, table.columns, strict=True):
            if type_of(name) == TEXT:
                rows[name] += (len(column) - column.null_count) * (-1 if column.type == TEXT else 1)
    return frozenset(name for name, count in rows.items() if count > 0)


def _alike(table: pa.Table, plain: Collection[str]) -> pa.Table:
    columns = table.columns
    for place, name in enumerate(table.column_names):
        if name in plain and columns[place].type == TEXT:
            columns[place] = columns[place].cast(pa.string())
        elif name not in plain and type_of(name) == TEXT and columns[place].type != TEXT:
            columns[place] = columns[place].dictionary_encode()
    return pa.table(columns, names=table.column_names)
