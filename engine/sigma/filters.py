"""Sigma filters: a site's global exclusions, kept outside the rules, so that they survive every update of rules.

A filter's condition joins the condition of each rule it names (`and`), so the engine evaluates both at once, at the
price of a profile. What it takes away stays countable: beside the filtered rule stands one *exclusion* for each filter,
a rule of the same log source that holds where the rule does and the filter's condition does not. Its matches raise no
alert and feed no correlation; they are counted. (Sigma specification 2.1, "Sigma Filters".)

The optional block `kulla:` of a filter has `owner`, `reason` and `expires`, its last day (UTC).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from engine.errors import RuleError
from engine.folding import fold
from engine.sigma.compiler import Compiler
from engine.sigma.filter_info import FilterInfo
from engine.sigma.pipelines import Pipelines
from engine.sigma.placeholder_values import Placeholders
from engine.sigma.placeholders import fill, filling
from engine.sigma.predicates import Expression
from engine.sigma.rules import LogSource, Rule, RuleSet

MAX_FILTERS = 1_000
MAX_EXCLUSIONS = 50_000  # pairs of a filter and a rule that it changes
MAX_TEXT = 2_000  # characters of owner and reason


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    """A filter as it was read: what is told of it, where it looks, and its selections with their condition."""

    info: FilterInfo
    version: str
    logsource: LogSource
    source: Mapping[str, Any]
    detection: Mapping[str, Any]


@dataclass(slots=True)
class Filters:
    """Filters as they are read, and then applied to a whole rule set.

    `heads` keeps each rule's document without its detection where pipelines are given: they may look at any of it.
    """

    placeholders: Placeholders
    pipelines: Pipelines
    today: date | None
    heads: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _read: dict[str, _Filter] = field(default_factory=dict)

    def _source(self, rule: Rule) -> LogSource:
        """Return a rule's log source as it was written, before pipelines."""
        head = self.heads.get(rule.info.id)
        if head is None:
            return rule.logsource
        source = head["logsource"]
        return LogSource(*(fold(str(source.get(name) or "")) for name in ("product", "category", "service")))

    def read(self, document: dict[str, Any], where: str, version: str) -> None:
        """Take a filter's document; raise `SigmaError` or `ValueError` with the reason where it is none."""
        if len(self._read) >= MAX_FILTERS:
            raise ValueError(f"more than {MAX_FILTERS:,} filters")
        parsed = SigmaFilter.from_dict(document)
        parts = dict(document["filter"])
        named = parts.pop("rules")
        number = str(parsed.id) if parsed.id else f"no-id-{version}"
        other = self._read.get(number)
        if other is not None:
            if other.version == version:
                return
            raise ValueError(f"the id {number} is that of another filter, {other.info.path}, which is kept")
        names = (named,) if isinstance(named, str) else tuple(dict.fromkeys(str(item) for item in named))
        if not names:
            raise ValueError("the filter names no rule; write `rules: any` if every rule is meant")
        info = replace(_block(document), id=number, title=parsed.title or where, path=where, named=names)
        source = parsed.logsource
        place = LogSource(*(fold(part or "") for part in (source.product, source.category, source.service)))
        self._read[number] = _Filter(
            info=info, version=version, logsource=place, source=document["logsource"], detection=parts
        )

    def apply(self, rules: RuleSet, compiler: Compiler) -> list[RuleError]:
        """Change the rules that filters name, add exclusions, and list what became of each filter in `rules.filters`.

        Return what cannot be compiled; the rule is then left as it was.
        """
        issues: list[RuleError] = []
        changed: dict[int, list[Expression]] = {}
        exclusions: list[Rule] = []
        for item in self._read.values():
            try:
                found = self._one(item, rules, compiler)
            except (SigmaError, ValueError) as error:
                reason = str(error.args[0]) if error.args else type(error).__name__
                hint = getattr(error, "hint", "kulla rules check FILE")
                issues.append(RuleError(f"the filter cannot be applied: {reason}", where=item.info.path, hint=hint))
                continue
            if len(exclusions) + len(found) > MAX_EXCLUSIONS:
                reason = f"filters and the rules they name make more than {MAX_EXCLUSIONS:,} pairs"
                issues.append(RuleError(reason, where=item.info.path, hint="name the rules instead of `any`"))
                continue
            for index, expression in found.items():
                changed.setdefault(index, []).append(expression)
                exclusions.append(_exclusion(rules.rules[index], expression, item.info))
        for index, parts in changed.items():
            rule = rules.rules[index]
            rules.rules[index] = replace(rule, expression=("and", rule.expression, *parts))
        rules.rules += exclusions
        return issues

    def _one(self, item: _Filter, rules: RuleSet, compiler: Compiler) -> dict[int, Expression]:
        """Return the filter's condition for each rule (by index) that it changes; note what became of it."""
        if self.today is not None and item.info.expired(self.today):
            why = f"its last day was {item.info.expires}"
            rules.filters.append(replace(item.info, state="expired", why=why))
            return {}
        targets, problems = _targets(item, rules, self._source)
        shared = None if self.pipelines else self._expression(item, {"logsource": item.source}, compiler)
        found = {}
        for index in targets:
            head = self.heads.get(rules.rules[index].info.id, {"logsource": item.source})
            found[index] = shared if shared is not None else self._expression(item, head, compiler)
        info = replace(item.info, applied_to=len(found), why="; ".join(problems))
        rules.filters.append(info if found else replace(info, state="no rule"))
        return found

    def _expression(self, item: _Filter, head: Mapping[str, Any], compiler: Compiler) -> Expression:
        with filling(self.placeholders):
            rule = SigmaRule.from_dict({**head, "title": item.info.title, "detection": dict(item.detection)})
            if self.pipelines:
                self.pipelines.apply(rule)
            fill(rule)
            return compiler.expression(rule)


def _block(document: Mapping[str, Any]) -> FilterInfo:
    """Return owner, reason and expiry from the block `kulla:`; raise `ValueError` for what they cannot be."""
    block = document.get("kulla")
    block = {} if block is None else block
    if not isinstance(block, dict) or not block.keys() <= {"owner", "reason", "expires"}:
        raise ValueError("the block kulla: of a filter has owner, reason and expires, and nothing else")
    owner, reason = (str(block[name]) if block.get(name) is not None else "" for name in ("owner", "reason"))
    if max(len(owner), len(reason)) > MAX_TEXT:
        raise ValueError(f"owner and reason have at most {MAX_TEXT:,} characters")
    expires = _day(block.get("expires"))
    return FilterInfo(id="", title="", path="", named=(), owner=owner, reason=reason, expires=expires)


def _day(value: object) -> str:
    if value is None:
        return ""
    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError as error:
        raise ValueError("expires is a day, such as 2026-12-31") from error


def expiry(document: Mapping[str, Any]) -> str:
    """Return the last day of a filter's document (ISO 8601, empty where there is none); raise `ValueError`."""
    return _block(document).expires


def _targets(item: _Filter, rules: RuleSet, source_of: Callable[[Rule], LogSource]) -> tuple[list[int], list[str]]:
    """Return the indexes of the rules that the filter is for, and what is wrong with those that it names."""
    if [name.lower() for name in item.info.named] == ["any"]:
        found = [index for index, rule in enumerate(rules.rules) if _agrees(item.logsource, source_of(rule))]
        return found, [] if found else [f"no rule has the log source {item.logsource}"]
    known: dict[str, int] = {}
    for index, rule in enumerate(rules.rules):
        known.setdefault(rule.info.id, index)
        known.setdefault(rule.name, index)
    correlations = {name for entry in rules.correlations for name in (entry.info.id, entry.name)}
    targets: dict[int, None] = {}
    problems = []
    for name in item.info.named:
        place = known.get(name, known.get(name.lower()))
        if place is None:
            is_one = name in correlations
            problems.append(f"{name} is a correlation: name its rules" if is_one else f"no rule {name} is loaded")
        elif not _agrees(item.logsource, source := source_of(rules.rules[place])):
            problems.append(f"{name} has the log source {source}, the filter {item.logsource}")
        else:
            targets[place] = None
    return list(targets), problems


def _agrees(general: LogSource, special: LogSource) -> bool:
    """Tell whether the rule's log source lies within the filter's: each part that the filter names is the same."""
    pairs = (
        (general.product, special.product),
        (general.category, special.category),
        (general.service, special.service),
    )
    return all(not wide or wide == narrow for wide, narrow in pairs)


def _exclusion(rule: Rule, condition: Expression, info: FilterInfo) -> Rule:
    return replace(rule, expression=("and", rule.expression, ("not", condition)), excluded_by=info.id)
