"""Where a foretold technique would show: which rules find it in which logs, and which collected logs are blind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.attack import Fit, canonical, fit, techniques
from engine.attack.table import Measure, table
from engine.sigma.logsources import Kind, covers
from engine.sigma.rules import LogSource, RuleSet

PREVENTING = ("Mitigation", "Harden", "Isolate")  # kinds of measures that keep a technique from working


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A log source in which rules would find the technique; `collected` are the datasets of it that are there."""

    logsource: LogSource
    rules: tuple[str, ...]
    collected: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """Where a technique would show. `blind` are collected datasets in which no rule would find it.

    A technique with no place at all is found by no rule; one whose places are not collected would pass unseen.
    """

    technique: str
    places: tuple[Place, ...]
    blind: tuple[str, ...]
    prevented_by: tuple[Measure, ...]

    @property
    def is_seen(self) -> bool:
        """Tell whether a rule would find it in what is collected."""
        return any(place.collected for place in self.places)


class Lookout:
    """Answers for one set of rules and what is collected.

    `firing` says of a rule's id whether it can fire here at all (see `engine.sigma.coverage`); `kinds` are those of the
    events that the store holds.
    """

    def __init__(self, rules: RuleSet, firing: Collection[str], kinds: Iterable[Kind]) -> None:
        self._kinds = sorted(set(kinds), key=lambda kind: (kind.dataset, kind.family, kind.detail))
        self._tagged = [
            (rule.info.name, found, rule.logsource)
            for rule in rules.rules
            if not rule.excluded_by and rule.info.id in firing and (found := techniques(rule.info.tags))
        ]
        sources = {rule.info.id: rule.logsource for rule in rules.alerting if rule.info.id in firing}
        self._tagged += [
            (item.info.name, found, sources[number])
            for item in rules.correlations
            if (found := techniques(item.info.tags))
            for number in item.rules
            if number in sources
        ]
        self._collected: dict[LogSource, tuple[str, ...]] = {}

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the datasets that are collected (for Windows, the channels)."""
        return tuple(sorted({kind.dataset for kind in self._kinds if kind.dataset}))

    def look(self, technique: str) -> Showing:
        """Tell where a technique (or one of its sub-techniques) would show."""
        found: defaultdict[LogSource, list[str]] = defaultdict(list)
        for name, tagged, source in self._tagged:
            if any(_finds(own, technique) for own in tagged):
                found[source].append(name)
        places = [
            Place(logsource=source, rules=tuple(sorted(set(names))), collected=self._datasets_of(source))
            for source, names in found.items()
        ]
        seeing = {name for place in places for name in place.collected}
        return Showing(
            technique=technique,
            places=tuple(sorted(places, key=lambda item: (not item.collected, -len(item.rules), str(item.logsource)))),
            blind=tuple(name for name in self.datasets if name not in seeing),
            prevented_by=measures(technique, PREVENTING),
        )

    def _datasets_of(self, source: LogSource) -> tuple[str, ...]:
        if source not in self._collected:
            names = {kind.dataset for kind in self._kinds if kind.dataset and covers(source, kind)}
            self._collected[source] = tuple(sorted(names))
        return self._collected[source]


def _finds(own: str, technique: str) -> bool:
    """Tell whether a rule tagged with `own` finds the technique: the same one, or one of its sub-techniques."""
    return fit(own, technique) is Fit.EXACT or fit(technique, own) is Fit.PARENT


def measures(technique: str, kinds: Collection[str]) -> tuple[Measure, ...]:
    """Return the measures of these kinds against a technique, in the order of the kinds; its parent's where none."""
    for number in dict.fromkeys((canonical(technique), canonical(technique).partition(".")[0])):
        found = [
            item
            for item in table().measures
            if item.kind in kinds and any(canonical(own) == number for own in item.techniques)
        ]
        if found:
            order = list(kinds)
            return tuple(sorted(found, key=lambda item: (order.index(item.kind), item.id)))
    return ()
