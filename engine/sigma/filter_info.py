"""What is told of Sigma filters (a site's own exclusions, kept outside the rules) and of what they took away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from engine.sigma.rules import Rule

FilterState = Literal["applied", "expired", "no rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterInfo:
    """One filter. `path` is `file:line`; `expires` is its last day (ISO 8601, empty: never), in UTC.

    `named` are the ids and names that it gives (`any` alone: every rule of its log source), `applied_to` the number of
    rules that it changes here, `why` what stands against it where it is not applied (in full).
    """

    id: str
    title: str
    path: str
    named: tuple[str, ...]
    owner: str = ""
    reason: str = ""
    expires: str = ""
    state: FilterState = "applied"
    applied_to: int = 0
    why: str = ""

    def expired(self, today: date) -> bool:
        """Tell whether its last day is over."""
        return bool(self.expires) and date.fromisoformat(self.expires) < today


class _HasRule(Protocol):
    @property
    def rule(self) -> Rule: ...


Found = TypeVar("Found", bound=_HasRule)


def without_excluded(matches: Sequence[Found], counts: Counter[str]) -> list[Found]:
    """Return the matches that no filter excludes; those that one does are added to `counts`, by the filter's id."""
    kept = []
    for match in matches:
        if match.rule.excluded_by:
            counts[match.rule.excluded_by] += 1
        else:
            kept.append(match)
    return kept


def told(counts: Mapping[str, int], filters: Iterable[FilterInfo]) -> str:
    """Say in one line how many matches each filter excluded; empty where none did."""
    titles = {item.id: item.title for item in filters}
    parts = [f"{count:,} by {titles.get(number, number)}" for number, count in sorted(counts.items()) if count]
    total = sum(counts.values())
    return f"{total:,} {'match' if total == 1 else 'matches'} excluded by filters: {'; '.join(parts)}" if parts else ""
