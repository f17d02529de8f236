"""Which alerts belong together: joined through what they share or caused, each join with its reason and confidence.

A tie's confidence is its strength times the chance that nothing else would have brought the two together by now:
exp(-pace x days between them), where the pace is how often *other* groups' alerts come on the same thing, learned from
what came before (a Gamma-Poisson mean). So a quiet host ties for days and a noisy one for minutes. Alerts that share
nothing are joined where both are so rare here that two of them this close by chance is unlikely.

An entity other than a host that turns up in alerts of very many hosts (a proxy, a scanner, a service account) is
weakened by how many hosts it was seen with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp

from engine.alerts import Alert, Level
from engine.entities import Entity
from engine.incidents.model import Join
from engine.incidents.noise import Judgement
from engine.incidents.phrases import BOTH_RARE, BRINGS, FIRST, SAME
from engine.incidents.ties import CAUSES, NATURES, SAID, Mark, Nature, is_inside, joining_entities, marks
from engine.incidents.traces import Key, Traces

ENOUGH = 0.45  # confidence from which an alert joins
RARE_BITS = 2.0  # alerts this rare are joined by rarity alone
RARE = Nature(strength=0.5, reach=timedelta(minutes=30), pace=1.0)
_BITS_A_LEVEL = 3.0  # so many bits of rarity say as much as a level
_SUREST = 0.99
_COMMON = 25  # hosts that an entity other than a host may be seen with before it is weakened


@dataclass(slots=True, eq=False)
class Group:
    """Alerts joined so far, oldest first, the joins that brought them in, and how much its most telling says."""

    number: int
    alerts: list[Alert] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    telling: float = 0.0


@dataclass(frozen=True, slots=True)
class _Tie:
    """One reason to join, with its confidence."""

    words: str
    confidence: float
    entity: Entity | None = None


def group(
    alerts: Iterable[Alert],
    judgements: Mapping[str, Judgement] | None = None,
    trust: Mapping[Entity, float] | None = None,
) -> list[Group]:
    """Join alerts into groups; the result depends on what is given alone, not on the order in which alerts are given.

    Without judgements no alert is taken to be rare. `trust` is by what factor things tie more or less surely.
    """
    ordered = sorted(alerts, key=lambda alert: (alert.timestamp, alert.id))
    graph = _Graph(ordered, judgements or {}, trust or {})
    for alert in ordered:
        graph.add(alert)
    return sorted(graph.groups.values(), key=lambda item: item.number)


class _Graph:
    """The groups up to now. Alerts are added in order of time."""

    def __init__(
        self, alerts: Sequence[Alert], judgements: Mapping[str, Judgement], trust: Mapping[Entity, float]
    ) -> None:
        self.groups: dict[int, Group] = {}
        self._judgements = judgements
        self._trust = trust
        self._entities = {alert.id: joining_entities(alert) for alert in alerts}
        self._spread = _hosts_of(self._entities.values())
        self._traces = Traces()
        self._made = 0

    def add(self, alert: Alert) -> None:
        """Put the alert into the group that it belongs to, with all others that it ties to it, or into a new one."""
        judged = self._judgements.get(alert.id)
        bits = judged.bits if judged else 0.0
        telling = alert.rule.level + bits / _BITS_A_LEVEL
        entities, (gives, takes) = self._entities[alert.id], marks(alert)
        ties = [*self._shared(alert, entities, telling), *self._caused(alert, gives, takes, telling)]
        found = self._candidates(alert, bits, ties)
        if found:
            target, own, confidence = found[0]
            target.joins.append(_join(alert, own, confidence))
        else:
            target = self.groups[self._made] = Group(number=self._made)
            self._made += 1
            target.joins.append(Join(alert_id=alert.id, reason=FIRST.say(), shared=(), confidence=1.0))
        for other, through, confidence in found[1:]:
            self._merge(target, other, alert, through, confidence)
        target.alerts.append(alert)
        target.telling = max(target.telling, telling)
        keys: list[Key] = [*entities, *(("gives", mark) for mark in gives), *(("takes", mark) for mark in takes)]
        self._traces.note(target.number, alert.timestamp, keys, bits if bits >= RARE_BITS else None)

    def _shared(self, alert: Alert, entities: Iterable[Entity], telling: float) -> Iterator[tuple[int, _Tie]]:
        for entity in entities:
            nature = NATURES[entity.kind]
            spread = 1 if entity.kind == "host" else max(self._spread.get(entity, 0) / _COMMON, 1)
            factor = self._trust.get(entity, 1.0) / spread
            for number, sure in self._near(entity, alert.timestamp, nature, telling):
                yield number, _Tie(f"{entity.kind} {entity.value}", min(sure * factor, _SUREST), entity)

    def _caused(
        self, alert: Alert, gives: Iterable[Mark], takes: Iterable[Mark], telling: float
    ) -> Iterator[tuple[int, _Tie]]:
        for side, found in (("gives", takes), ("takes", gives)):
            for mark in sorted(found):
                for number, sure in self._near((side, mark), alert.timestamp, CAUSES[mark.cause], telling):
                    yield number, _Tie(SAID[mark.cause].say(value=mark.value), sure)

    def _near(self, key: Key, now: datetime, nature: Nature, telling: float) -> Iterator[tuple[int, float]]:
        """Yield the groups within reach with a tie's confidence: the less either side says, the more chance counts."""
        for number, strength, chance in self._traces.near(key, now, nature):
            doubt = 2 ** (Level.HIGH - min(telling, self.groups[number].telling))
            yield number, strength * exp(-doubt * chance)

    def _candidates(
        self, alert: Alert, bits: float, ties: Sequence[tuple[int, _Tie]]
    ) -> list[tuple[Group, tuple[_Tie, ...], float]]:
        """Return the groups that the alert belongs to, the surest first, with the ties and their confidence."""
        by_group: defaultdict[int, dict[str, _Tie]] = defaultdict(dict)
        for number, tie in ties:
            by_group[number].setdefault(tie.words, tie)
        if bits >= RARE_BITS:
            for number, apart, pace, sure in self._traces.rare(alert.timestamp, bits, RARE):
                words = BOTH_RARE.say(minutes=f"{apart.total_seconds() / 60:.0f}", times=f"{pace:.2g}")
                by_group[number][""] = _Tie(words, sure)
        found = [
            (self.groups[number], tuple(each.values()), _confidence(each.values())) for number, each in by_group.items()
        ]
        sure_ones = [item for item in found if item[2] >= ENOUGH]
        return sorted(sure_ones, key=lambda item: (-item[2], item[0].alerts[0].timestamp, item[0].alerts[0].id))

    def _merge(self, target: Group, other: Group, alert: Alert, ties: Sequence[_Tie], confidence: float) -> None:
        reason = BRINGS.say(count=len(other.alerts), ties=_words(ties).removeprefix(SAME.say(things="")))
        target.joins.extend(other.joins)
        target.joins.append(Join(alert_id=alert.id, reason=reason, shared=_entities(ties), confidence=confidence))
        target.alerts = sorted([*target.alerts, *other.alerts], key=lambda item: (item.timestamp, item.id))
        target.telling = max(target.telling, other.telling)
        self._traces.merge(other.number, target.number)
        del self.groups[other.number]


def _hosts_of(together: Iterable[Sequence[Entity]]) -> dict[Entity, int]:
    """Count for each entity the hosts with which it was seen."""
    found: defaultdict[Entity, set[str]] = defaultdict(set)
    for entities in together:
        hosts = {item.value for item in entities if item.kind == "host"}
        for entity in entities:
            found[entity] |= hosts
    return {entity: len(hosts) for entity, hosts in found.items()}


def _confidence(ties: Collection[_Tie]) -> float:
    """Return how sure all ties are together; an inside address adds nothing to the host that it is seen with."""
    has_host = any(tie.entity and tie.entity.kind == "host" for tie in ties)
    doubt = 1.0
    for tie in ties:
        if not (has_host and tie.entity and is_inside(tie.entity)):
            doubt *= 1 - tie.confidence
    return round(1 - doubt, 3)


def _join(alert: Alert, ties: Sequence[_Tie], confidence: float) -> Join:
    return Join(alert_id=alert.id, reason=_words(ties), shared=_entities(ties), confidence=confidence)


def _words(ties: Sequence[_Tie]) -> str:
    shared = ", ".join(tie.words for tie in ties if tie.entity)
    return "; ".join([*([SAME.say(things=shared)] if shared else []), *(tie.words for tie in ties if not tie.entity)])


def _entities(ties: Sequence[_Tie]) -> tuple[Entity, ...]:
    return tuple(tie.entity for tie in ties if tie.entity)
