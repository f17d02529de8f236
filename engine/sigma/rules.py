"""Rules as kulla keeps them: pySigma's rules compiled into predicates and expressions, ready to be cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.alerts import RuleInfo
from engine.errors import RuleError
from engine.sigma.predicates import Expression, Predicate

CorrelationType = Literal["event_count", "value_count", "temporal"]


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where a rule looks. Parts that the rule leaves out are empty."""

    product: str
    category: str
    service: str

    def __str__(self) -> str:
        return "/".join(part or "*" for part in (self.product, self.category, self.service))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One Sigma rule: what it is called, where it looks, and its expression over the rule set's predicates.

    `name` is what correlations refer to it by (its `name`, else its id).
    """

    info: RuleInfo
    name: str
    logsource: LogSource
    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A rule over the matches of other rules within `timespan` seconds, per distinct value of the `group_by` fields.

    `operator` and `threshold` compare the number of events (`event_count`), of distinct values of
    `value_field` (`value_count`) or of rules that matched (`temporal`). `aliases` maps an alias to the field of each
    rule.
    """

    info: RuleInfo
    name: str
    type: CorrelationType
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    timespan: int
    operator: Literal["lt", "lte", "gt", "gte", "eq", "neq"]
    threshold: int
    value_field: str
    generate: bool
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RuleSet:
    """Rules, correlations and what could not be loaded. `predicates` is indexed by the numbers in expressions."""

    predicates: list[Predicate] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    correlations: list[Correlation] = field(default_factory=list)
    issues: list[RuleError] = field(default_factory=list)

    def silent(self) -> frozenset[str]:
        """Return the names of rules that only feed correlations and raise no alerts of their own (`generate`)."""
        used = {name for item in self.correlations if not item.generate for name in item.rules}
        kept = {name for item in self.correlations if item.generate for name in item.rules}
        return frozenset(used - kept)
