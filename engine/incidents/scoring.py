"""How bad a group of alerts is: a sum of named points that anyone can add up again, each with the alerts it rests on.

A rule counts once by its level, and half as much for each further host it fired on (up to five; two where no other
rule fired); the rarer it is here, the more it counts. Each ATT&CK tactic after the first adds points, where another
rule speaks for it: an attack moves on and noise does not. What is known of the estate (how critical a host or service
is, how sensitive its data) and of the world (indicators, the likely next impact) adds points of its own. More evidence
never lowers a score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.alerts import Alert, Level
from engine.attack import tactics
from engine.entities import CRITICALITY_FIELDS, ENTITY_FIELDS, Entity, entities_of
from engine.events import texts
from engine.incidents.model import Term
from engine.incidents.noise import Judgement
from engine.incidents.phrases import CHANGES, TERMS, TOO_LITTLE_LEFT
from engine.incidents.spelling import folded

POINTS: Mapping[Level, float] = {
    Level.INFORMATIONAL: 0.0,
    Level.LOW: 1.0,
    Level.MEDIUM: 4.0,
    Level.HIGH: 10.0,
    Level.CRITICAL: 20.0,
}
PER_TACTIC = 3.0
# Points for each bit of rarity (see `engine.incidents.noise`): a new rule after months is worth six times this.
PER_BIT: Mapping[Level, float] = {
    Level.INFORMATIONAL: 0.25,
    Level.LOW: 0.5,
    Level.MEDIUM: 0.75,
    Level.HIGH: 1.0,
    Level.CRITICAL: 1.0,
}
# Points from which a group is an incident: a critical alert, a high one with anything beside it (a second rule, another
# host, rarity), or several lesser ones that move on. A single high alert of which nothing else is known is not one.
OPENS_AT = 12.0
NEAR = 9.0  # points from which a group comes near one: a single high alert, three quarters of the way in others
PER_CRITICALITY = 2.0  # for each grade above 3 of the most critical thing
PER_SENSITIVITY = 2.0  # for each grade of the most sensitive data
_GRADES = frozenset("12345")
_MORE_HOSTS, _MORE_HOSTS_ALONE = 5, 2  # hosts that count for a rule; fewer where it is the only one (a round of upkeep)

Provider = Callable[[Sequence[Alert]], Iterable[Term]]


def _nothing(_: Sequence[Alert]) -> Iterable[Term]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known beside the alerts.

    `criticality` (1 to 5, 3 is ordinary) and `sensitivity` (0 to 3) are of entities, spelled as
    `engine.incidents.spelling` does; the former goes before what alerts themselves say (`*.asset.criticality`).
    `intelligence` gives terms for alerts that match known indicators, `foresight` terms for the impact that is likely
    next, asked for what is an incident already; neither may give less for more alerts.
    """

    criticality: Mapping[Entity, int] = field(default_factory=dict)
    sensitivity: Mapping[Entity, int] = field(default_factory=dict)
    intelligence: Provider = _nothing
    foresight: Provider = _nothing


NOTHING_KNOWN = Circumstances()


def terms(
    alerts: Sequence[Alert],
    judgements: Mapping[str, Judgement] | None = None,
    known: Circumstances = NOTHING_KNOWN,
) -> tuple[Term, ...]:
    """Return the points of a group, most first. Alerts judged to be false, and those held back, count nothing."""
    judged = judgements or {}
    counted = [alert for alert in alerts if _counts(alert, judged)]
    by_rule: dict[str, list[Alert]] = {}
    for alert in counted:
        by_rule.setdefault(alert.rule.id, []).append(alert)
    most = _MORE_HOSTS if len(by_rule) > 1 else _MORE_HOSTS_ALONE
    found = [term for items in by_rule.values() for term in _of_rule(items, judged, most)]
    found += _progress(counted)
    found += _of_things(counted, {**_assets(counted), **known.criticality}, "criticality", 3, PER_CRITICALITY)
    found += _of_things(counted, known.sensitivity, "sensitivity", 0, PER_SENSITIVITY)
    if counted:
        found += known.intelligence(counted)
    if total(found) >= OPENS_AT:  # what may come ranks an incident; it never makes one
        found += known.foresight(counted)
    return tuple(sorted((item for item in found if item.points), key=lambda item: (-item.points, item.name)))


def total(found: Iterable[Term]) -> float:
    """Return the score that the terms add up to."""
    return round(sum(term.points for term in found), 6)


def severity(score: float, worst: Level) -> Level:
    """Return an incident's severity: that of its worst alert, raised where much came together."""
    if score >= 100:
        return Level.CRITICAL
    if score >= 30:
        return max(worst, Level.HIGH)
    return max(worst, Level.MEDIUM)


def what_would_change(term: Term, score: float) -> str:
    """Return what the score would be without this term, and what would take it away."""
    without = round(score - term.points, 6)
    what = CHANGES.get(term.kind, CHANGES[""]).say()
    opens = "" if (without >= OPENS_AT) == (score >= OPENS_AT) else TOO_LITTLE_LEFT.say()
    return f"{without:.1f} {what}{opens}"


def _counts(alert: Alert, judgements: Mapping[str, Judgement]) -> bool:
    judged = judgements.get(alert.id)
    return alert.verdict in {None, "true-positive"} and not (judged and judged.held)


def _of_rule(alerts: Sequence[Alert], judgements: Mapping[str, Judgement], most: int) -> list[Term]:
    gravest = max(alerts, key=lambda alert: alert.rule.level)  # the first of them; a rule's level may change
    rule = gravest.rule
    points = POINTS[rule.level]
    hosts: dict[str, str] = {}  # with the first alert on each
    for alert in alerts:
        hosts.setdefault(str(alert.fields.get("host.name", "")), alert.id)
    more = min(len(hosts) - 1, most)
    found = [
        Term(
            kind="severity",
            name=TERMS["severity"].say(level=rule.level.label, rule=rule.name),
            points=points,
            alerts=(gravest.id,),
        )
    ]
    if more and points:
        name = TERMS["spread"].say(count=more, rule=rule.name)
        found.append(
            Term(kind="spread", name=name, points=points / 2 * more, alerts=tuple(hosts.values())[1 : more + 1])
        )
    seen = [(judgements[alert.id].bits, alert) for alert in alerts if alert.id in judgements]
    bits, rarest = max(seen, key=lambda item: item[0], default=(0.0, alerts[0]))
    if bits:
        name = TERMS["rarity"].say(rule=rule.name, usual=judgements[rarest.id].reason)
        worth = round(bits * PER_BIT[rule.level], 6)
        found.append(Term(kind="rarity", name=name, points=worth, alerts=(rarest.id,)))
    return found


def _progress(alerts: Sequence[Alert]) -> list[Term]:
    """Return the points for tactics after the first. One rule with two tactics is no progress: it needs another."""
    first: dict[str, str] = {}
    rules: set[str] = set()
    for alert in alerts:  # a tactic counts where an alert of at least medium level speaks for it
        named = tactics(alert.rule.tags) if alert.rule.level >= Level.MEDIUM else ()
        if named:
            rules.add(alert.rule.id)
        for name in named:
            first.setdefault(name, alert.id)
    steps = min(len(first), len(rules))
    if steps <= 1:
        return []
    shown = tuple(dict.fromkeys(first.values()))
    return [
        Term(kind="progress", name=TERMS["progress"].say(count=steps), points=PER_TACTIC * (steps - 1), alerts=shown)
    ]


def _things(alert: Alert) -> set[Entity]:
    return {Entity(item.kind, folded(item)) for item in entities_of(alert.fields)}


def _assets(alerts: Iterable[Alert]) -> dict[Entity, int]:
    """Return the criticality that the organisation's list of assets gave the things of alerts when they came in."""
    found: dict[Entity, int] = {}
    for alert in alerts:
        for name, told in CRITICALITY_FIELDS.items():
            level, kind = alert.fields.get(told), ENTITY_FIELDS[name]
            if not isinstance(level, str) or level not in _GRADES:
                continue
            for value in texts(alert.fields.get(name)):
                entity = Entity(kind, folded(Entity(kind, value)))
                found[entity] = max(int(level), found.get(entity, 0))
    return found


def _of_things(
    alerts: Sequence[Alert], grades: Mapping[Entity, int], kind: str, ordinary: int, points: float
) -> list[Term]:
    if not grades:
        return []
    met = {entity: alert.id for alert in reversed(alerts) for entity in _things(alert) if entity in grades}
    worst = max(met, key=lambda item: (grades[item], item), default=None)
    if worst is None or grades[worst] <= ordinary:
        return []
    name = TERMS[kind].say(grade=grades[worst], things=f"{worst.kind} {worst.value}")
    return [Term(kind=kind, name=name, points=points * (grades[worst] - ordinary), alerts=(met[worst],))]
