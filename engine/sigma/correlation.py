"""Correlations: several matches within a time span, per group (Sigma specification 2.1, "Correlation Rules").

A correlation is *hot* at a match when its condition holds over the matches of the same group in the `timespan` that
ends there. One alert is raised where a group becomes hot, with the matches of that window, and not again until it was
not hot for longer than the time span: a count that hovers at its threshold is one finding. This depends on the two
time spans before a match alone, so a run that starts in the middle gives the same alerts as one that saw everything.

Groups are compared folded (`PRT01` and `prt01` are one host); a match without one of the group's fields is in none.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.alerts import Reason
from engine.events import Value, texts
from engine.sigma.engine import Match
from engine.sigma.folding import fold
from engine.sigma.rules import Correlation, RuleSet

_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "lt": lambda count, bound: count < bound,
    "lte": lambda count, bound: count <= bound,
    "gt": lambda count, bound: count > bound,
    "gte": lambda count, bound: count >= bound,
    "eq": lambda count, bound: count == bound,
    "neq": lambda count, bound: count != bound,
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One match as a correlation sees it. `value` is that of the counted field (empty where none is counted)."""

    correlation: str
    rule: str
    timestamp: datetime
    group: tuple[str, ...]
    value: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Burst:
    """The window in which a group became hot: its hits in order of time."""

    correlation: Correlation
    hits: tuple[Hit, ...]

    def why(self) -> tuple[Reason, ...]:
        """Say what was counted, in which time, for which group."""
        item = self.correlation
        counted = {"event_count": "events", "value_count": f"distinct values of {item.value_field}"}
        what = f"{counted.get(item.type, 'different rules')} {item.operator} {item.threshold} in {item.timespan} s"
        measured = str(_measure_all(item, self.hits))
        group = zip(item.group_by, self.hits[0].group, strict=True)
        return (
            Reason(field=item.value_field, predicate=what, value=measured),
            *(Reason(field=name, predicate="is the same", value=value) for name, value in group),
        )


class Correlator:
    """Turns matches into hits for the correlations that ask for them."""

    def __init__(self, rules: RuleSet) -> None:
        self.correlations = {item.info.id: item for item in rules.correlations}
        self._silent = rules.silent()
        self._by_rule: defaultdict[str, list[tuple[Correlation, str]]] = defaultdict(list)
        for item in rules.correlations:
            for name in item.rules:
                self._by_rule[name].append((item, name))

    def wants(self, match: Match) -> bool:
        """Tell whether any correlation refers to the rule that matched."""
        return match.rule.name in self._by_rule or match.rule.info.id in self._by_rule

    def is_silent(self, match: Match) -> bool:
        """Tell whether the rule that matched only feeds correlations and raises no alerts of its own."""
        return match.rule.name in self._silent or match.rule.info.id in self._silent

    def hits(self, match: Match, fields: Mapping[str, Value], timestamp: datetime, event_id: str) -> Iterator[Hit]:
        """Yield the hit of each correlation that refers to the rule that matched."""
        rule = match.rule
        for item, name in self._by_rule.get(rule.name, []) + self._by_rule.get(rule.info.id, []) * (
            rule.name != rule.info.id
        ):
            group = _group(item, name, match, fields)
            if group is None:
                continue
            counted = texts(match.value(item.value_field, fields)) if item.value_field else ("",)
            for value in counted:
                yield Hit(item.info.id, name, timestamp, group, fold(value), event_id)

    def bursts(self, hits: Iterable[Hit], *, since: datetime | None = None) -> Iterator[Burst]:
        """Yield the bursts that become hot at or after `since`, in order of correlation, time and group."""
        groups: defaultdict[tuple[str, tuple[str, ...]], list[Hit]] = defaultdict(list)
        for hit in hits:
            groups[hit.correlation, hit.group].append(hit)
        found: list[Burst] = []
        for (name, _), members in groups.items():
            if name in self.correlations:
                members.sort(key=lambda hit: (hit.timestamp, hit.event_id, hit.value))
                found.extend(_bursts(self.correlations[name], members, since))
        found.sort(key=lambda burst: (burst.correlation.info.id, burst.hits[-1].timestamp, burst.hits[0].group))
        yield from found

    @property
    def history(self) -> timedelta:
        """Return how far before a new hit older ones have to be known."""
        longest = max((item.timespan for item in self.correlations.values()), default=0)
        return timedelta(seconds=2 * longest)


def _group(item: Correlation, rule: str, match: Match, fields: Mapping[str, Value]) -> tuple[str, ...] | None:
    group = []
    for name in item.group_by:
        field = item.aliases.get(name, {}).get(rule, name)
        values = texts(match.value(field, fields))
        if not values:
            return None
        group.append(fold(values[0]))
    return tuple(group)


def _bursts(item: Correlation, hits: Sequence[Hit], since: datetime | None) -> Iterator[Burst]:
    span = timedelta(seconds=item.timespan)
    window: deque[Hit] = deque()
    counts: Counter[str] = Counter()
    last_hot: datetime | None = None
    for hit in hits:
        while window and hit.timestamp - window[0].timestamp > span:
            _uncount(counts, _counted(item, window.popleft()))
        window.append(hit)
        counts[_counted(item, hit)] += 1
        if not _COMPARE[item.operator](len(counts), item.threshold):
            continue
        begins = last_hot is None or hit.timestamp - last_hot > span
        if begins and (since is None or hit.timestamp >= since):
            yield Burst(item, tuple(window))
        last_hot = hit.timestamp


def _uncount(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if counts[key] == 0:
        del counts[key]


def _counted(item: Correlation, hit: Hit) -> str:
    """Return what makes a hit count anew: the event, the value, or the rule."""
    if item.type == "event_count":
        return hit.event_id
    return hit.value if item.type == "value_count" else hit.rule


def _measure_all(item: Correlation, hits: Sequence[Hit]) -> int:
    return len({_counted(item, hit) for hit in hits})
