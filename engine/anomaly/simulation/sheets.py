"""Sheets: the events of one stream and one day, held by columns, and handed out as ECS events or as an Arrow table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.events import Fields, Value

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Integers: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A column of texts: `words[codes[row]]` is the row's value; a code of -1 stands for an absent field."""

    codes: Codes
    words: Sequence[str]


Column: TypeAlias = Words | Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Events of one stream in order of time.

    `times` are microseconds since 1970 in UTC, ascending; `constant` are the fields that all rows share; `truth` holds
    the number of the injection that a row belongs to, -1 for the ministry's own life. Truth is never part of an event.
    An event's id is `stream-day-row`, which is how an alert is compared with the truth (see `row_of`).
    """

    stream: str
    constant: Mapping[str, Value]
    times: Integers
    columns: Mapping[str, Column]
    truth: Codes
    day: int = 0

    def __len__(self) -> int:
        return len(self.times)

    def take(self, rows: Integers | NDArray[np.bool_]) -> Sheet:
        """Return the sheet of these rows."""
        columns = {name: _taken(column, rows) for name, column in self.columns.items()}
        return Sheet(
            stream=self.stream,
            constant=self.constant,
            times=self.times[rows],
            columns=columns,
            truth=self.truth[rows],
            day=self.day,
        )

    def is_value(self, field: str, values: frozenset[str]) -> NDArray[np.bool_]:
        """Return which rows hold one of these texts in a field."""
        if field in self.constant:
            return np.full(len(self), str(self.constant[field]) in values)
        column = self.columns.get(field)
        if column is None:
            return np.zeros(len(self), dtype=bool)
        if not isinstance(column, Words):
            return np.isin(column, [int(value) for value in values if value.lstrip("-").isdigit()])
        wanted = [code for code, word in enumerate(column.words) if word in values]
        return np.isin(column.codes, wanted)

    def events(self) -> Iterator[Fields]:
        """Yield every row as the fields of an event (see `engine.events`)."""
        names = list(self.columns)
        lists = [_values(column) for column in self.columns.values()]
        for row, (moment, *values) in enumerate(zip(self.times.tolist(), *lists, strict=True)):
            fields: Fields = {"@timestamp": _EPOCH + timedelta(microseconds=moment), **self.constant}
            fields["event.id"] = f"{self.stream}-{self.day}-{row}"
            fields.update((name, value) for name, value in zip(names, values, strict=True) if value is not None)
            yield fields

    def table(self) -> pa.Table:
        """Return an Arrow table with one column a field: texts as dictionaries, as the store's blocks hold them."""
        import pyarrow as pa  # noqa: PLC0415 - heavy, and only needed where tables are

        count = len(self)
        found = {"@timestamp": pa.array(self.times, pa.timestamp("us", tz="UTC")), "event.id": self._ids()}
        for name, value in self.constant.items():
            one = pa.array([value if isinstance(value, str | int) else list(value)])  # type: ignore[arg-type] # a list
            found[name] = one.take(pa.array(np.zeros(count, dtype=np.int64)))
        for name, column in self.columns.items():
            if isinstance(column, Words):
                codes = pa.array(column.codes, mask=column.codes < 0)
                found[name] = pa.DictionaryArray.from_arrays(codes, pa.array(column.words, pa.string()))
            else:
                found[name] = pa.array(column)
        return pa.table(found)

    def _ids(self) -> pa.Array:
        import pyarrow as pa  # noqa: PLC0415 - as above
        import pyarrow.compute as pc  # noqa: PLC0415

        rows = pc.cast(pa.array(np.arange(len(self))), pa.string())
        return pc.binary_join_element_wise(f"{self.stream}-{self.day}", rows, "-")


def row_of(event_id: str) -> tuple[str, int, int]:
    """Return the stream, the day and the row that a simulated event's id names."""
    name, day, row = event_id.rsplit("-", 2)
    return name, int(day), int(row)


def _taken(column: Column, rows: Integers | NDArray[np.bool_]) -> Column:
    if isinstance(column, Words):
        return Words(codes=column.codes[rows], words=column.words)
    return column[rows]


def _values(column: Column) -> list[str | int | None]:
    if isinstance(column, Words):
        words = [*column.words, None]  # a code of -1 is the last
        return [words[code] for code in column.codes.tolist()]
    return list(column.tolist())


def sheet(name: str, constant: Mapping[str, Value], times: Integers, columns: Mapping[str, Column]) -> Sheet:
    """Return the sheet of rows that come in any order; rows of the same instant keep theirs."""
    order = np.argsort(times, kind="stable")
    whole = Sheet(
        stream=name,
        constant=constant,
        times=times,
        columns=columns,
        truth=np.full(len(times), -1, dtype=np.int32),
    )
    return whole.take(order)


def merged(sheets: Sequence[Sheet]) -> Sheet:
    """Return one sheet of all rows of sheets of one stream, in order of time.

    A field that is not the same constant in all of them becomes a column; a sheet without it holds no value there
    (numbers: 0).
    """
    if len(sheets) == 1:
        return sheets[0]
    fields = dict.fromkeys(name for part in sheets for name in (*part.constant, *part.columns))
    constant: dict[str, Value] = {}
    columns: dict[str, Column] = {}
    for field in fields:
        if all(field in part.constant and part.constant[field] == sheets[0].constant.get(field) for part in sheets):
            constant[field] = sheets[0].constant[field]
        else:
            columns[field] = _joined(field, sheets)
    whole = sheet(sheets[0].stream, constant, np.concatenate([part.times for part in sheets]), columns)
    truth = np.concatenate([part.truth for part in sheets])
    order = np.argsort(np.concatenate([part.times for part in sheets]), kind="stable")
    return Sheet(stream=whole.stream, constant=constant, times=whole.times, columns=whole.columns, truth=truth[order])


def _joined(field: str, sheets: Sequence[Sheet]) -> Column:
    if any(isinstance(part.columns.get(field), np.ndarray) for part in sheets):
        return np.concatenate([_numbers(field, part) for part in sheets])
    words: dict[str, int] = {}
    codes = [_recoded(field, part, words) for part in sheets]
    return Words(codes=np.concatenate(codes), words=tuple(words))


def _numbers(field: str, part: Sheet) -> Integers:
    column = part.columns.get(field)
    if isinstance(column, np.ndarray):
        return column
    given = part.constant.get(field, 0)
    return np.full(len(part), given if isinstance(given, int) else 0, dtype=np.int64)


def _recoded(field: str, part: Sheet, words: dict[str, int]) -> Codes:
    column = part.columns.get(field)
    if isinstance(column, Words):
        places = np.array([*(words.setdefault(word, len(words)) for word in column.words), -1], dtype=np.int32)
        return np.asarray(places[column.codes], dtype=np.int32)
    code = words.setdefault(str(part.constant[field]), len(words)) if field in part.constant else -1
    return np.full(len(part), code, dtype=np.int32)
