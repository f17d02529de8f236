"""Cases: a detection, an event and whether it matches, asked of the engine by rows and by columns and of the oracle.

All rules of a table see all of its events, so that every case is also a negative or positive case for every other: the
three have to agree on those pairs too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from engine.events import Value
from tests.engine.sigma.comparison import Pairs, Sides
from tests.engine.sigma.rules import ACME, document

WAYS = ("rows", "columns", "oracle")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question. An event of the made-up product `acme` where nothing else is said."""

    detection: Mapping[str, Any]
    fields: Mapping[str, Value]
    expected: bool
    original: str = ""
    source: Mapping[str, str] = field(default_factory=lambda: {"product": "acme"})


def selects(selection: Any, fields: Mapping[str, Value], expected: bool) -> Case:
    """Return the case of a rule with one selection."""
    return Case(
        detection={"selection": selection, "condition": "selection"}, fields={**ACME, **fields}, expected=expected
    )


class Table:
    """Cases, all asked at once."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = cases

    @cached_property
    def _sides(self) -> Sides:
        return Sides(
            (f"case-{number}.yml", document(case.detection, number=number, source=case.source).encode())
            for number, case in enumerate(self._cases, start=1)
        )

    @cached_property
    def _answers(self) -> Mapping[str, Pairs]:
        rows = [(dict(case.fields), case.original) for case in self._cases]
        return {
            "rows": self._sides.by_rows(rows),
            "columns": self._sides.by_columns(rows),
            "oracle": self._sides.by_oracle(rows)[0],
        }

    def refused(self) -> list[str]:
        """Return why rules of the table are not loaded: none is to be refused."""
        return [str(issue) for issue in self._sides.rules.issues]

    def matches(self, number: int, way: str) -> bool:
        """Tell whether the rule of a case matches its event."""
        return (number, str(UUID(int=number + 1))) in self._answers[way]

    def differing(self) -> list[str]:
        """Return every pair of a rule and an event of the table on which the three do not agree."""
        wanted = self._answers["oracle"]
        return [
            f"by {way}: {dict(self._cases[UUID(rule).int - 1].detection)} on {dict(self._cases[number].fields)}"
            for way in ("rows", "columns")
            for number, rule in sorted(self._answers[way] ^ wanted)
        ]
