"""From alerts to incidents, and from yesterday's incidents to today's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.alerts import Alert, Level
from engine.entities import Entity
from engine.incidents.byhand import Decision, apply, trust
from engine.incidents.campaigns import Traits, linked
from engine.incidents.context import Background
from engine.incidents.elsewhere import GRAVE, elsewhere, unusual
from engine.incidents.grouping import group
from engine.incidents.model import Incident
from engine.incidents.noise import Judgement, judge
from engine.incidents.scoring import NEAR, NOTHING_KNOWN, OPENS_AT, Circumstances
from engine.incidents.spelling import folded
from engine.incidents.telling import id_of, opening, tell
from engine.incidents.waves import Part, divide


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What became of the incidents: those new or changed, and the ids of those merged into others."""

    saved: tuple[Incident, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What incidents are built on beside the alerts.

    `counts` says for how many an alert stands (see `engine.incidents.condensing`), `decisions` what people merged and
    split, oldest first, `known` what the estate and the world add to scores.
    """

    counts: Mapping[str, int] | None = None
    decisions: Sequence[Decision] = ()
    known: Circumstances = NOTHING_KNOWN


ALERTS_ALONE = Basis()


@dataclass(frozen=True, slots=True)
class _Made:
    """An incident with what is needed to link it to others."""

    incident: Incident
    origins: frozenset[int]


def build(alerts: Iterable[Alert], basis: Basis = ALERTS_ALONE) -> list[Incident]:
    """Return the incidents that the alerts make, the worst first; the same in whatever order the alerts are given."""
    made = _made(list(alerts), {}, frozenset(), basis)
    return _linked([item.incident for item in made], {item.incident.id: item.origins for item in made}, ())


def leads_of(known: Sequence[Incident], alerts: Iterable[Alert], basis: Basis = ALERTS_ALONE) -> list[Incident]:
    """Return what comes near an incident and is none, told like one, the nearest first; `opened` is when it came near.

    A single high alert is such, or lesser ones that do not yet move on: the next thing to look at for who has time.
    """
    every = list(alerts)
    owned = {alert for item in known if item.status != "closed" for alert in item.core}
    closed = {alert for item in known if item.status == "closed" for alert in item.core}
    grouped = _grouped(every, owned, closed, basis)
    found = []
    for part in grouped.parts:
        near = opening(part.alerts, grouped.judgements, basis.known, enough=NEAR)
        if near is not None and owned.isdisjoint(alert.id for alert in part.alerts):
            found.append(tell(part, near, grouped.judgements, basis.known))
    return sorted((item for item in found if item.score < OPENS_AT), key=lambda item: (-item.score, item.id))


def update(known: Sequence[Incident], alerts: Iterable[Alert], basis: Basis = ALERTS_ALONE) -> Changes:
    """Return what has to be saved and removed so that the incidents fit the alerts.

    An incident keeps its id, status and closing words as long as it keeps any of its alerts; where two have grown
    together the older keeps its id, and where one falls apart the part with most of its alerts does. An incident that
    is closed stays closed with the alerts it had: new alerts on the same entities open a new one. An incident stays
    one even where verdicts take its score below what opens a new one.
    """
    shut = [item for item in known if item.status == "closed"]
    closed = frozenset(alert for item in shut for alert in item.core)
    owner = {alert: item for item in known if item.status != "closed" for alert in item.core}
    made = _made(list(alerts), owner, closed, basis)
    fresh = [item.incident for item in made]
    heirs = _heirs(fresh, owner)
    taken = {item.id for item in shut} | {item.id for item in heirs.values()}
    named: list[Incident] = []
    for number, incident in enumerate(fresh):
        before = heirs.get(number)
        if before is None:
            named.append(replace(incident, id=_free_id(incident, taken)))
            taken.add(named[-1].id)
        else:
            named.append(replace(incident, id=before.id, status=before.status, closed_why=before.closed_why))
    origins = {after.id: item.origins for after, item in zip(named, made, strict=True)}
    standing = {item.id: item for item in known}
    saved = [item for item in _linked(named, origins, shut) if item != standing.get(item.id)]
    absorbed = {owner[alert].id for incident in fresh for alert in incident.core if alert in owner}
    return Changes(saved=tuple(saved), removed=tuple(sorted(absorbed - taken)))


def _heirs(fresh: Sequence[Incident], owner: Mapping[str, Incident]) -> dict[int, Incident]:
    """Return which of the fresh incidents (by number) goes on under the id of which known one."""
    shares: dict[str, Counter[int]] = {}
    for number, incident in enumerate(fresh):
        for alert in incident.core:
            if alert in owner:
                shares.setdefault(owner[alert].id, Counter())[number] += 1
    heirs: dict[int, Incident] = {}
    for before in sorted({item.id: item for item in owner.values()}.values(), key=lambda item: (item.opened, item.id)):
        counts = shares.get(before.id)
        if counts:
            number = min(counts, key=lambda item: (-counts[item], fresh[item].first_seen, fresh[item].id))
            heirs.setdefault(number, before)
    return heirs


def _free_id(incident: Incident, taken: Collection[str]) -> str:
    """Return the incident's own id, or another made from its first alert where that belongs to a known incident."""
    found, attempt = incident.id, 0
    while found in taken:
        attempt += 1
        found = id_of(f"{incident.alerts[0]}/{attempt}")
    return found


@dataclass(frozen=True, slots=True)
class _Grouped:
    """What alerts make before it is asked how bad it is: parts, how unusual each alert is, and the alerts not shut."""

    parts: Sequence[Part]
    judgements: Mapping[str, Judgement]
    free: Sequence[Alert]


def _grouped(alerts: Sequence[Alert], owned: Collection[str], closed: Collection[str], basis: Basis) -> _Grouped:
    """Join the alerts. All are learned from, those of closed incidents join no more."""
    pinned = {*owned, *(alert for item in basis.decisions for alert in item.left | item.right)}
    judgements = {
        alert: replace(judged, held=False) if judged.held and alert in pinned else judged
        for alert, judged in judge(alerts, basis.counts).items()
    }
    free = [alert for alert in alerts if alert.id not in closed]
    loud = [alert for alert in free if not judgements[alert.id].held]
    parts = apply(basis.decisions, divide(group(loud, judgements, trust(basis.decisions))))
    return _Grouped(parts, judgements, free)


def _made(alerts: Sequence[Alert], owner: Mapping[str, Incident], closed: Collection[str], basis: Basis) -> list[_Made]:
    """Return the incidents, worst first."""
    grouped = _grouped(alerts, owner.keys(), closed, basis)
    found = []
    for part in grouped.parts:
        # a known incident stays one, whatever its score has become
        known = [owner[alert.id].opened for alert in part.alerts if alert.id in owner]
        opened = opening(part.alerts, grouped.judgements, basis.known) or min(known, default=None)
        if opened is not None:
            found.append((tell(part, opened, grouped.judgements, basis.known), part))
    found.sort(key=lambda item: (-item[0].score, item[0].id))
    inside = {alert for incident, _ in found for alert in incident.alerts}
    return _with_others(found, [alert for alert in grouped.free if alert.id not in inside], grouped.judgements)


def _with_others(
    found: Sequence[tuple[Incident, Part]], others: Sequence[Alert], judgements: Mapping[str, Judgement]
) -> list[_Made]:
    """Return the incidents with what happened beside them, and the grave ones with what was unusual elsewhere."""
    background = Background(others, judgements)
    made = []
    for incident, part in found:
        around, joins = background.around(part.alerts)
        whole = sorted([*part.alerts, *around], key=lambda item: (item.timestamp, item.id))
        after = replace(
            incident,
            alerts=tuple(alert.id for alert in whole),
            context=tuple(alert.id for alert in around),
            joins=(*incident.joins, *joins),
            last_seen=max(incident.last_seen, whole[-1].timestamp),
        )
        made.append(_Made(after, part.origins))
    grave = [place for place, item in enumerate(made) if item.incident.score >= GRAVE]
    if grave:
        beside = {alert for item in made for alert in item.incident.context}
        traces = unusual((alert for alert in others if alert.id not in beside), judgements)
        for place in grave:
            incident = made[place].incident
            told = replace(incident, elsewhere=elsewhere(incident, traces, judgements))
            made[place] = replace(made[place], incident=told)
    return made


def _linked(
    incidents: Sequence[Incident], origins: Mapping[str, frozenset[int]], closed: Sequence[Incident]
) -> list[Incident]:
    """Return the incidents with their links to one another and to closed ones, in the same order."""
    everything = [*incidents, *closed]
    traits = {item.id: _traits(item, origins.get(item.id, frozenset())) for item in everything}
    return linked(everything, traits)[: len(incidents)]


def _traits(incident: Incident, origins: frozenset[int]) -> Traits:
    return Traits(
        origins=origins,
        entities=frozenset(Entity(item.kind, folded(item)) for item in incident.entities),
        way=frozenset(moment.rule_id for moment in incident.timeline if moment.level >= Level.HIGH),
    )
