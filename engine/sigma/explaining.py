"""Explaining: which predicates of a rule hold for an event, which do not, and what would have to be otherwise.

The answers are the engine's own: each predicate is evaluated as a rule of its own in the partition of the event's
kind. For correlations: the groups, their best window, and what was measured against what is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from engine.alerts import RuleInfo
from engine.events import Value, texts
from engine.sigma.alerting import event_time
from engine.sigma.correlations.bursts import order
from engine.sigma.correlations.conditions import COMPARE
from engine.sigma.correlations.correlator import Correlator
from engine.sigma.correlations.hits import Group, Hit
from engine.sigma.correlations.measures import measure_of
from engine.sigma.engine import Engine
from engine.sigma.filter_info import FilterInfo
from engine.sigma.logsources import Kind, covers, kind_of
from engine.sigma.partitions import Partition
from engine.sigma.predicates import KEYWORD, Expression, holds, leaves
from engine.sigma.rules import Correlation, Rule, RuleSet
from engine.sigma.workings import Workings

MAX_FOUND = 500  # characters of a value that is told
Labels = Mapping[Expression, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One predicate on one event: the rule's field, the event's, what is asked, what was found, and whether it holds.

    An empty `field` is a keyword; `found` is empty where the event has no such field.
    """

    field: str
    event_field: str
    predicate: str
    found: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of the condition: `and`, `or`, `not` with its parts, or `is` with one predicate; `label` is its name."""

    word: str
    holds: bool
    label: str = ""
    parts: tuple[Node, ...] = ()
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A rule on an event. It fires where the event is of its log source (`sees`) and the condition holds.

    `nearest` are the fewest predicates that would have to be otherwise for the condition to hold (a predicate that a
    condition names twice is counted once); `filters` are those that take the match away.
    """

    rule: RuleInfo
    logsource: str
    kind: str
    sees: bool
    condition: Node
    nearest: tuple[Asked, ...]
    filters: tuple[FilterInfo, ...] = ()

    @property
    def fires(self) -> bool:
        """Tell whether the rule raises an alert on the event."""
        return self.sees and self.condition.holds

    @property
    def distance(self) -> tuple[bool, int]:
        """Return how far it is from firing: whether the event is of another log source, and predicates to flip."""
        return (not self.sees, len(self.nearest))


class Explainer:
    """Explains one rule. `labels` are the names of parts of its condition (see `documents.compile_files`)."""

    def __init__(self, rules: RuleSet, rule: Rule, labels: Labels | None = None) -> None:
        self._rule = rule
        self._predicates = rules.predicates
        self._numbers = sorted(leaves(rule.expression))
        self._filters = {item.id: item for item in rules.filters}
        self._exclusions = [item for item in rules.rules if item.excluded_by and item.info.id == rule.info.id]
        self._labels = {**(labels or {}), **self._filter_labels()}
        self._partitions: dict[Kind, Partition] = {}
        self._flips: dict[frozenset[int], tuple[int, ...]] = {}

    def _filter_labels(self) -> dict[Expression, str]:
        found: dict[Expression, str] = {}
        for item in self._exclusions:  # ("and", the rule, ("not", the filter's condition))
            if isinstance(item.expression, tuple) and isinstance(item.expression[-1], tuple):
                condition: Expression = item.expression[-1][1]  # type: ignore[assignment] # only the first is a word
                found[condition] = f"filter {self._filters[item.excluded_by].title}"
        return found

    def explain(self, fields: Mapping[str, Value], original: str) -> Explanation:
        """Explain the rule on an event."""
        kind = kind_of(fields)
        partition = self._partition(kind)
        true = frozenset(self._numbers[place] for place in partition.match(fields, original))
        asked = {number: self._asked(number, partition, fields, number in true) for number in self._numbers}
        condition = self._node(self._rule.expression, true, asked)
        flips = () if condition.holds else self._nearest(true)
        taken = [item for item in self._exclusions if holds(item.expression, true)]
        return Explanation(
            rule=self._rule.info,
            logsource=str(self._rule.logsource),
            kind="/".join(part or "*" for part in (kind.family, kind.dataset, kind.detail)),
            sees=covers(self._rule.logsource, kind),
            condition=condition,
            nearest=tuple(asked[number] for number in flips),
            filters=tuple(self._filters[item.excluded_by] for item in taken),
        )

    def distance(self, fields: Mapping[str, Value], original: str) -> tuple[bool, int]:
        """Return how far the rule is from firing (see `Explanation.distance`), without the words."""
        kind = kind_of(fields)
        true = frozenset(self._numbers[place] for place in self._partition(kind).match(fields, original))
        flips = () if holds(self._rule.expression, true) else self._nearest(true)
        return (not covers(self._rule.logsource, kind), len(flips))

    def _partition(self, kind: Kind) -> Partition:
        if kind not in self._partitions:
            alone = [replace(self._rule, expression=number, excluded_by="") for number in self._numbers]
            self._partitions[kind] = Partition(kind, alone, self._predicates, Workings(self._predicates))
        return self._partitions[kind]

    def _nearest(self, true: frozenset[int]) -> tuple[int, ...]:
        if true not in self._flips:
            self._flips[true] = tuple(sorted(_flips(self._rule.expression, true, wanted=True)))
        return self._flips[true]

    def _asked(self, number: int, partition: Partition, fields: Mapping[str, Value], held: bool) -> Asked:  # noqa: FBT001 - says what it is where it is called
        item = self._predicates[number]
        if item.field == KEYWORD:
            return Asked(field="", event_field="", predicate=str(item), found=(), holds=held)
        accessor = partition.accessor(item.field)
        name = next((each for each in accessor.names if fields.get(each) is not None), accessor.names[0])
        found = tuple(text[:MAX_FOUND] for text in texts(accessor.value(fields)))
        return Asked(field=item.field, event_field=name, predicate=str(item), found=found, holds=held)

    def _node(self, expression: Expression, true: frozenset[int], asked: Mapping[int, Asked]) -> Node:
        label = self._labels.get(expression, "")
        if isinstance(expression, int):
            return Node(word="is", holds=expression in true, label=label, asked=asked[expression])
        parts = tuple(self._node(part, true, asked) for part in expression[1:])  # type: ignore[arg-type]
        return Node(word=str(expression[0]), holds=holds(expression, true), label=label, parts=parts)


def _flips(expression: Expression, true: frozenset[int], *, wanted: bool) -> frozenset[int]:
    """Return the fewest predicates to flip so that the expression becomes what is wanted."""
    if isinstance(expression, int):
        return frozenset() if (expression in true) is wanted else frozenset({expression})
    word, *parts = expression
    if word == "not":
        return _flips(parts[0], true, wanted=not wanted)  # type: ignore[arg-type] # only the first item is a word
    each = [_flips(part, true, wanted=wanted) for part in parts]  # type: ignore[arg-type]
    if (word == "and") is wanted:
        return frozenset().union(*each)
    return min(each, key=len)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A group's window that came nearest to the condition: its hits, what was measured, and what is asked."""

    group: Group
    first: datetime
    last: datetime
    hits: int
    rules: tuple[tuple[str, int], ...]
    measured: str
    asked: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationExplained:
    """A correlation over events: matches of each rule, matches without a group's fields, and each group's best window.

    `windows` come nearest first; `fires` is the engine's own answer.
    """

    rule: RuleInfo
    group_by: tuple[str, ...]
    timespan: int
    matches: tuple[tuple[str, int], ...]
    ungrouped: int
    windows: tuple[Window, ...]
    fires: bool


Seen = tuple[str, Mapping[str, Value], str]  # id, fields and original of an event


def explain_correlation(rules: RuleSet, item: Correlation, events: Iterable[Seen]) -> CorrelationExplained:
    """Explain a correlation over events that are taken as one stream."""
    engine, correlator = Engine(rules), Correlator(rules)
    hits: list[Hit] = []
    counts = dict.fromkeys(item.rules, 0)
    ungrouped = 0
    for number, fields, original in events:
        for match in engine.match(fields, original):
            if match.rule.excluded_by or not correlator.wants(match):
                continue
            found = list(correlator.hits(match, fields, event_time(fields), number))
            hits += found
            if match.rule.info.id in counts:
                counts[match.rule.info.id] += 1
                ungrouped += not any(hit.correlation == item.key for hit in found)
    groups: defaultdict[Group, list[Hit]] = defaultdict(list)
    for hit in dict.fromkeys(hits):
        if hit.correlation == item.key:
            groups[hit.group].append(hit)
    best = [_best(item, group, members, correlator.names) for group, members in groups.items()]
    best.sort(key=lambda pair: (pair[0], pair[1].group))
    told = {burst.correlation.key for burst in Correlator(_only(rules, item)).bursts(hits)}
    return CorrelationExplained(
        rule=item.info,
        group_by=item.group_by,
        timespan=item.timespan,
        matches=tuple((correlator.names.get(number, number), count) for number, count in counts.items()),
        ungrouped=ungrouped,
        windows=tuple(window for _, window in best),
        fires=item.key in told,
    )


def _only(rules: RuleSet, item: Correlation) -> RuleSet:
    """Return the rules with this correlation told, whatever stands over it."""
    kept = [each if each.info.id != item.info.id else replace(each, generate=True) for each in rules.correlations]
    below = {item.info.id}
    for each in reversed(kept):
        if each.info.id in below:
            below.update(each.rules)
    return replace(rules, correlations=[each for each in kept if each.info.id in below])


def _best(item: Correlation, group: Group, hits: list[Hit], names: Mapping[str, str]) -> tuple[Fraction, Window]:
    """Return the window that comes nearest to the condition, and how far it is from it."""
    order(item, hits)
    span = timedelta(seconds=item.timespan)
    measure = None if item.terms else measure_of(item)
    best: tuple[Fraction, Window] | None = None
    first = 0
    for end, hit in enumerate(hits):
        while hit.timestamp - hits[first].timestamp > span:
            if measure is not None:
                measure.remove(hits[first])
            first += 1
        window = hits[first : end + 1]
        readings: list[tuple[Fraction, str]] = []
        if measure is None:
            readings = [_terms_left(item, window, names)]
        else:
            measure.add(hit)
            if end + 1 == len(hits) or hits[end + 1].timestamp != hit.timestamp:
                now = [each for each in window if each.timestamp == hit.timestamp]
                for value, number in measure.read(now):
                    shown = f"{float(number):g}" + (f" ({value})" if value else "")
                    readings.append((_missing(item, Fraction(number)), shown))
        for missing, shown in readings:
            if best is None or missing < best[0]:
                best = (missing, _window(item, group, window, shown, names, held=missing == 0))
    return best or (Fraction(10**9), _window(item, group, hits[-1:], "nothing", names, held=False))


def _missing(item: Correlation, number: Fraction) -> Fraction:
    left = [
        abs(number - Fraction(bound.number))
        for bound in item.bounds
        if not _keeps(number, bound.operator, bound.number)
    ]
    return sum((distance or Fraction(1, 10**6) for distance in left), Fraction(0))


def _keeps(number: Fraction, operator: str, bound: str) -> bool:
    return bool(COMPARE[operator](number, Fraction(bound)))  # type: ignore[index] # an operator of a Bound


def _terms_left(item: Correlation, window: Sequence[Hit], names: Mapping[str, str]) -> tuple[Fraction, str]:
    seen = {hit.rule for hit in window}
    left = min(len(set(term.seen) - seen) + len(set(term.absent) & seen) for term in item.terms)
    told = ", ".join(names.get(number, number) for number in item.rules if number in seen)
    return Fraction(left), f"seen: {told}"


def _window(
    item: Correlation, group: Group, hits: Sequence[Hit], measured: str, names: Mapping[str, str], *, held: bool
) -> Window:
    counts: dict[str, int] = {}
    for hit in hits:
        counts[hit.rule] = counts.get(hit.rule, 0) + 1
    return Window(
        group=group,
        first=hits[0].timestamp,
        last=hits[-1].timestamp,
        hits=len(hits),
        rules=tuple((names.get(number, number), count) for number, count in counts.items()),
        measured=measured,
        asked=item.condition,
        holds=held,
    )
