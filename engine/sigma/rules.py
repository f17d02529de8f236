"""Rules as kulla keeps them: rule documents compiled into predicates and expressions, ready to be cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from engine.alerts import RuleInfo
from engine.errors import RuleError
from engine.sigma.filter_info import FilterInfo
from engine.sigma.predicates import Expression, Predicate

CorrelationType = Literal[
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
]
BoundOperator = Literal["lt", "lte", "gt", "gte", "eq", "neq"]


class LogSource(NamedTuple):
    """Where a rule looks. Parts that the rule leaves out are empty."""

    product: str
    category: str
    service: str

    def __str__(self) -> str:
        return "/".join(part or "*" for part in (self.product, self.category, self.service))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One Sigma rule: what it is called, where it looks, and its expression over the rule set's predicates.

    `name` is what correlations refer to it by (its `name`, else its id). Where `excluded_by` is the id of a filter,
    this is no rule of its own but holds where that filter takes a match away (see `filters`): it is only counted.
    """

    info: RuleInfo
    name: str
    logsource: LogSource
    expression: Expression
    excluded_by: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison of a correlation's condition. `number` is exact: a whole or decimal number as text."""

    operator: BoundOperator
    number: str


@dataclass(frozen=True, slots=True)
class Term:
    """One way to fulfil an extended condition: the ids of rules that have to be seen, and of those that must not."""

    seen: tuple[str, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A rule over the matches of other rules within `timespan` seconds, per distinct value of the `group_by` fields.

    `rules` are ids, of rules or of other correlations, in the order of the document. The condition is either `bounds`,
    all of which the measured number has to keep, or (temporal types) `terms`, any of which is enough; `condition` is
    its text. What is measured: events (`event_count`), distinct values of `value_fields` together (`value_count`),
    rules that matched (`temporal`; `temporal_ordered`: in the order of `rules`), or the sum, average, median or the
    `percentile` of one field's numbers. A `value_percentile` without `percentile` measures how rare a value is: its
    share in percent. `aliases` maps an alias to the field of each rule (by id).
    """

    info: RuleInfo
    name: str
    type: CorrelationType
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    timespan: int
    condition: str
    bounds: tuple[Bound, ...] = ()
    terms: tuple[Term, ...] = ()
    value_fields: tuple[str, ...] = ()
    percentile: str = ""
    generate: bool = False
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return what its hits are kept under: an edited correlation has other fields, and starts anew."""
        return f"{self.info.id}:{self.info.version}"

    @property
    def is_rarity(self) -> bool:
        """Tell whether it looks for values by their share of all values in the window."""
        return self.type == "value_percentile" and not self.percentile


@dataclass(slots=True, kw_only=True)
class RuleSet:
    """Rules, correlations, filters and what could not be loaded. `predicates` is indexed by numbers in expressions."""

    predicates: list[Predicate] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    correlations: list[Correlation] = field(default_factory=list)
    issues: list[RuleError] = field(default_factory=list)
    filters: list[FilterInfo] = field(default_factory=list)

    @property
    def alerting(self) -> list[Rule]:
        """Return the rules without the exclusions of filters."""
        return [rule for rule in self.rules if not rule.excluded_by]

    def silent(self) -> frozenset[str]:
        """Return the ids of rules and correlations that only feed correlations and raise no alerts (`generate`)."""
        used = {number for item in self.correlations if not item.generate for number in item.rules}
        kept = {number for item in self.correlations if item.generate for number in item.rules}
        return frozenset(used - kept)
