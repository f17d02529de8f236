"""What a command has to say, before it is known in which format: a listing of rows, or a report on one thing.

Both keep the full record (for JSON) beside the choice of columns and sections that a person reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Row: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column that people see: the row's field, its heading, and whether its values are numbers.

    `whole` keeps short values (ids, instants, levels) on one line where the screen is narrow; the others fold.
    `derive` makes what people see out of the whole row (a short id, host and user in one text).
    """

    field: str
    heading: str
    number: bool = False
    whole: bool = False
    derive: Callable[[Row], object] | None = None

    def value(self, row: Row) -> object:
        """Return what the column shows of a row."""
        return self.derive(row) if self.derive else row.get(self.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows of one kind, one by one. `name` is their key in JSON, `fields` their order in CSV (all of them)."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Iterable[Row]
    fields: Sequence[str]
    empty: str = "nothing to list"
    lang: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Labels with their values, in order; a sequence as value is written as its elements."""

    rows: Sequence[tuple[str, object]]

    @property
    def filled(self) -> Sequence[tuple[str, object]]:
        """Return the rows that have a value; the others are not shown."""
        return [(label, value) for label, value in self.rows if value not in (None, "", (), [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table inside a report."""

    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Paragraphs, or list items; `verbatim` lines are commands and raw records."""

    lines: Sequence[str]
    numbered: bool = False
    verbatim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a report under its heading (an empty heading has none)."""

    heading: str
    body: Pairs | Grid | Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One thing told in full: `record` is the whole of it for JSON, `sections` what people read."""

    name: str
    title: str
    record: Row
    sections: Sequence[Section] = field(default=())
    lang: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that a check found wrong. `severity` is error, warning or note; `line` 0 is that of the case."""

    check: str
    severity: str
    message: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that was checked (a rule, a test), where it stands, and what is wrong with it."""

    name: str
    path: str
    line: int
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What checks found: a listing for people, and cases for what reads JUnit XML and SARIF.

    `checks` describes every check by its name; a fault of a severity in `failing` fails its case.
    """

    listing: Listing
    suite: str
    cases: Sequence[Case]
    checks: Mapping[str, str]
    failing: frozenset[str] = frozenset({"error"})


Document: TypeAlias = Listing | Report
