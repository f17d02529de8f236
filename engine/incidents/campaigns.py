"""Which incidents belong to one campaign: what they share long after it would still join alerts, and how they work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.entities import Entity, Kind
from engine.incidents.model import Incident, Link
from engine.incidents.waves import alike

LINKS_AT = 0.5
# How surely one shared thing of a kind makes two incidents one campaign, whenever they were.
_SHARED: Mapping[Kind, float] = {"hash": 0.9, "mailbox": 0.4, "ip": 0.35, "domain": 0.35, "user": 0.3, "host": 0.2}
_GREW_OUT, _WAY = 0.95, 0.6
_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What incidents are compared by: the groups they came from, their joining entities, their way of working."""

    origins: frozenset[int]
    entities: frozenset[Entity]
    way: frozenset[str]


def linked(incidents: Sequence[Incident], traits: Mapping[str, Traits]) -> list[Incident]:
    """Return the incidents with their links, and one campaign's id on all that hang together.

    An entity that is in very many incidents links none: each counts by how few it is shared with.
    """
    shared = _in_how_many(incidents, traits)
    links: defaultdict[str, list[Link]] = defaultdict(list)
    ordered = sorted(incidents, key=lambda item: (item.first_seen, item.id))
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 :]:
            found = _link(traits[first.id], traits[second.id], shared)
            if found is not None:
                links[first.id].append(replace(found, incident=second.id))
                links[second.id].append(replace(found, incident=first.id))
    campaigns = _campaigns([item.id for item in ordered], links)
    return [replace(item, links=tuple(links[item.id]), campaign=campaigns.get(item.id, "")) for item in incidents]


def _in_how_many(incidents: Iterable[Incident], traits: Mapping[str, Traits]) -> dict[Entity, int]:
    counts: defaultdict[Entity, int] = defaultdict(int)
    for item in incidents:
        for entity in traits[item.id].entities:
            counts[entity] += 1
    return counts


def _link(first: Traits, second: Traits, shared: Mapping[Entity, int]) -> Link | None:
    """Return the link between two, with the second's id still to be filled in."""
    doubt, reasons = 1.0, []
    if first.origins & second.origins:
        doubt *= 1 - _GREW_OUT
        reasons.append("one grew out of the other")
    common = sorted(
        (entity for entity in first.entities & second.entities if entity.kind in _SHARED),
        key=lambda item: (-_SHARED[item.kind] / (shared[item] - 1), item),
    )
    for entity in common:
        doubt *= 1 - _SHARED[entity.kind] / (shared[entity] - 1)
    if common:
        more = f" and {len(common) - _SHOWN} more" if len(common) > _SHOWN else ""
        reasons.append("both have " + ", ".join(f"{item.kind} {item.value}" for item in common[:_SHOWN]) + more)
    same = alike(first.way, second.way)
    if same:
        doubt *= 1 - _WAY * same
        reasons.append(f"the same way of working: {len(first.way & second.way)} rules fired in both")
    sure = round(1 - doubt, 3)
    return Link(incident="", reason="; ".join(reasons), confidence=sure) if sure >= LINKS_AT else None


def _campaigns(ordered: Sequence[str], links: Mapping[str, Sequence[Link]]) -> dict[str, str]:
    """Return the campaign of each linked incident, called after the oldest of it."""
    found: dict[str, str] = {}
    for first in ordered:
        waiting = [first] if links.get(first) and first not in found else []
        while waiting:
            number = waiting.pop()
            if number not in found:
                found[number] = first.replace("INC-", "CAM-")
                waiting += [link.incident for link in links.get(number, ())]
    return found
