"""Correlating: from matches to hits, from hits to bursts, from inner correlations to outer ones.

Groups are compared folded (`PRT01` and `prt01` are one host); a match without one of the group's fields is in none.

**Correlations of correlations.** An outer correlation groups by its own fields, taken from the events of the inner
one's window. For the temporal types and the measures of values, each event of the inner correlation stands at the
first hot instant of a window that it is in; for an `event_count`, each burst of the inner correlation counts once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, product

from engine.events import Value, texts
from engine.folding import fold
from engine.sigma.correlations.bursts import Burst, Moment, burst, burst_id, moments, order, resting
from engine.sigma.correlations.hits import Above, Group, Hit, kept_name, short
from engine.sigma.correlations.kept import group_bound
from engine.sigma.engine import Match
from engine.sigma.rules import Correlation, RuleSet

MAX_VALUES = 100  # values of one event that are measured
_Groups = dict[str, defaultdict[Group, list[Hit]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Correlations that feed one another, inner ones first; most are alone.

    `history` is how far before a burst hits have to be known, `reach` how long after it one can undo it.
    """

    members: tuple[Correlation, ...]
    history: timedelta
    reach: timedelta

    @property
    def keys(self) -> tuple[str, ...]:
        """Return what the hits of its correlations are kept under."""
        return tuple(item.key for item in self.members)


class Correlator:
    """Turns matches into hits for the correlations that ask for them, and hits into bursts."""

    def __init__(self, rules: RuleSet) -> None:
        self.correlations = {item.key: item for item in rules.correlations}
        self.names = {rule.info.id: rule.name for rule in rules.rules}
        self.names |= {item.info.id: item.name for item in rules.correlations}
        self.bounds = {item.key: group_bound(item) for item in rules.correlations}
        self._silent = rules.silent()
        self._over: defaultdict[str, list[Correlation]] = defaultdict(list)
        for item in rules.correlations:
            for number in item.rules:
                self._over[number].append(item)
        self._ancestors = {
            rule.info.id: self._all_over(rule.info.id) for rule in rules.rules if self._over[rule.info.id]
        }
        self.families = _families(rules.correlations)

    def _all_over(self, number: str) -> list[tuple[Correlation, list[tuple[Correlation, str]]]]:
        """Return each correlation over a rule, with all (correlation, inner correlation) pairs over that one."""
        found = []
        for item in self._over[number]:
            above: dict[tuple[str, str], tuple[Correlation, str]] = {}
            left = [item]
            while left:
                inner = left.pop()
                for outer in self._over[inner.info.id]:
                    if (outer.key, inner.info.id) not in above:
                        above[outer.key, inner.info.id] = (outer, inner.info.id)
                        left.append(outer)
            found.append((item, list(above.values())))
        return found

    def wants(self, match: Match) -> bool:
        """Tell whether any correlation refers to the rule that matched."""
        return match.rule.info.id in self._ancestors

    def is_silent(self, match: Match) -> bool:
        """Tell whether the rule that matched only feeds correlations and raises no alerts of its own."""
        return match.rule.info.id in self._silent

    def hits(self, match: Match, fields: Mapping[str, Value], timestamp: datetime, event_id: str) -> Iterator[Hit]:
        """Yield the hit of each correlation that refers to the rule that matched."""
        number = match.rule.info.id
        reader = _Reader(match, fields)
        for item, over in self._ancestors.get(number, ()):
            said = reader.read(item, number)
            if said is None:
                continue
            above = [(outer, inner, reader.read(outer, inner)) for outer, inner in over]
            yield Hit(
                item.key,
                number,
                timestamp,
                said[0],
                event_id,
                said[1],
                tuple(Above(outer.key, inner, *more) for outer, inner, more in above if more is not None),
            )

    def kept_names(self, family: Family) -> list[str]:
        """Return the names under which a store keeps the hits of a family."""
        return [kept_name(item.key, rule) for item in family.members for rule in item.rules if rule in self._ancestors]

    def bursts(self, hits: Iterable[Hit], *, since: datetime | None = None) -> list[Burst]:
        """Return the bursts that begin at or after `since` and are told, by correlation, time and group.

        `hits` may hold the same hit twice. Bursts of correlations that only feed others are not told.
        """
        groups: _Groups = {}
        for hit in dict.fromkeys(hits):
            groups.setdefault(hit.correlation, defaultdict(list))[hit.group].append(hit)
        found: list[Burst] = []
        for key, item in self.correlations.items():  # inner ones come before those over them
            told = item.info.id not in self._silent
            for members in groups.pop(key, {}).values():
                order(item, members)
                found.extend(self._evaluate(item, members, groups, since, told=told))
        found.sort(key=lambda each: (each.correlation.info.id, each.at, each.group, each.value))
        return found

    def _evaluate(
        self, item: Correlation, members: Sequence[Hit], groups: _Groups, since: datetime | None, *, told: bool
    ) -> Iterator[Burst]:
        outer = self._over.get(item.info.id, ())
        feed = _Feed(item, members, outer)
        for moment in moments(item, members):
            if outer:
                feed.take(moment, groups)
            if told and moment.begins and (since is None or moment.at >= since):
                yield burst(item, members, moment)


class _Reader:
    """Reads from one event what correlations group and measure by."""

    def __init__(self, match: Match, fields: Mapping[str, Value]) -> None:
        self._match = match
        self._fields = fields

    def read(self, item: Correlation, rule: str) -> tuple[Group, tuple[str, ...]] | None:
        """Return group and values for a correlation reached through `rule`, None where the event lacks them."""
        group = []
        for name in item.group_by:
            found = self._texts(item, rule, name)
            if not found:
                return None
            group.append(short(fold(found[0])))
        parts = [[short(fold(text)) for text in self._texts(item, rule, name)] for name in item.value_fields]
        if not all(parts):
            return None
        combined = islice(product(*parts), MAX_VALUES) if parts else ()
        values = (each[0] if len(each) == 1 else json.dumps(each) for each in combined)
        return tuple(group), tuple(dict.fromkeys(values))

    def _texts(self, item: Correlation, rule: str, name: str) -> Sequence[str]:
        alias = item.aliases.get(name, {})
        field = alias.get(rule) or alias.get(self._match.rule.info.id) or name
        return texts(self._match.value(field, self._fields))


class _Feed:
    """Hands hot instants of an inner correlation's group on to the correlations over it."""

    def __init__(self, item: Correlation, members: Sequence[Hit], outer: Sequence[Correlation]) -> None:
        self._item = item
        self._members = members
        self._keys = {each.key: each.type == "event_count" for each in outer}
        self._handed = 0  # the positions before are handed on

    def take(self, moment: Moment, groups: _Groups) -> None:
        """Add the hits that a hot instant stands for to the groups of outer correlations."""
        settled = None if moment.occurrence is None else moment.occurrence.settled
        number = (
            burst_id(self._item, self._members[moment.first].group, moment.at, moment.value) if moment.begins else ""
        )
        for position in self._positions(moment):
            hit = self._members[position]
            fresh = position >= self._handed
            certain = max((each for each in (hit.settled, settled) if each is not None), default=None)
            for said in hit.above:
                counted = self._keys.get(said.correlation)
                if counted is None or said.rule != self._item.info.id or not (moment.begins if counted else fresh):
                    continue
                made = Hit(
                    said.correlation,
                    said.rule,
                    moment.at,
                    said.group,
                    hit.event_id,
                    said.values,
                    hit.above,
                    number if counted else "",
                    certain,
                )
                groups.setdefault(said.correlation, defaultdict(list))[said.group].append(made)
        if moment.occurrence is None and not moment.value:
            self._handed = moment.end

    def _positions(self, moment: Moment) -> Iterable[int]:
        """Return the positions to hand on: all of a window that begins a burst, else those that came since."""
        if moment.value or moment.occurrence is not None or moment.begins:
            return resting(self._item, self._members, moment)
        return range(max(self._handed, moment.first), moment.end)


def _families(items: Sequence[Correlation]) -> list[Family]:
    """Return correlations joined where one feeds another, in the order given (inner ones first)."""
    joined: dict[str, list[str]] = {}
    for item in items:
        mine = [item.info.id]
        for number in item.rules:
            if number in joined and joined[number] is not mine:
                mine = [*joined[number], *mine]
                for member in mine:
                    joined[member] = mine
        for member in mine:
            joined[member] = mine
    by_id = {item.info.id: item for item in items}
    unique = {id(members): members for members in joined.values()}
    return [_family([item for item in by_id.values() if item.info.id in members]) for members in unique.values()]


def _family(members: Sequence[Correlation]) -> Family:
    history: dict[str, int] = {}
    reach: dict[str, int] = {}
    for item in members:
        waits = item.timespan if any(term.absent for term in item.terms) else 0
        history[item.info.id] = 2 * item.timespan + max((history.get(rule, 0) for rule in item.rules), default=0)
        reach[item.info.id] = waits + max((reach.get(rule, 0) for rule in item.rules), default=0)
    return Family(
        members=tuple(members),
        history=timedelta(seconds=max(history.values())),
        reach=timedelta(seconds=max(reach.values())),
    )
