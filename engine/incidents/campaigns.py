"""Which incidents belong to one campaign: what they share long after it would still join alerts, and how they work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from engine.entities import Entity, Kind
from engine.incidents.model import Incident, Link
from engine.incidents.phrases import AND_MORE, BOTH_HAVE, GREW_OUT, SAME_WAY
from engine.incidents.waves import alike

LINKS_AT = 0.5
# How surely one shared thing of a kind makes two incidents one campaign, whenever they were.
_SHARED: Mapping[Kind, float] = {"hash": 0.9, "mailbox": 0.4, "ip": 0.35, "domain": 0.35, "user": 0.3, "host": 0.2}
_GREW_OUT, _WAY = 0.95, 0.6
_SHOWN = 4
_FEW = 20  # incidents that may have a thing in common and still be linked through it

_Trait = int | str | Entity  # a group, a rule, a thing


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
    ordered = [item.id for item in sorted(incidents, key=lambda item: (item.first_seen, item.id))]
    holders = _holders(ordered, traits)
    shared = {trait: len(names) for trait, names in holders.items()}
    links: defaultdict[str, list[Link]] = defaultdict(list)
    for first, second in _pairs(ordered, holders):
        found = _link(traits[first], traits[second], shared)
        if found is not None:
            links[first].append(replace(found, incident=second))
            links[second].append(replace(found, incident=first))
    campaigns = _campaigns(ordered, links)
    return [replace(item, links=tuple(links[item.id]), campaign=campaigns.get(item.id, "")) for item in incidents]


def _holders(ordered: Sequence[str], traits: Mapping[str, Traits]) -> dict[_Trait, list[str]]:
    """Return which incidents have what: the groups they came from, their entities, their rules of high level."""
    found: defaultdict[_Trait, list[str]] = defaultdict(list)
    for name in ordered:
        own = traits[name]
        linking = frozenset(entity for entity in own.entities if entity.kind in _SHARED)
        for trait in own.origins | linking | own.way:
            found[trait].append(name)
    return found


def _pairs(ordered: Sequence[str], holders: Mapping[_Trait, Sequence[str]]) -> list[tuple[str, str]]:
    """Return the pairs that have something in common that few have, the older first."""
    place = {name: number for number, name in enumerate(ordered)}
    found = {pair for names in holders.values() if len(names) <= _FEW for pair in combinations(names, 2)}
    return sorted(found, key=lambda pair: (place[pair[0]], place[pair[1]]))


def _link(first: Traits, second: Traits, shared: Mapping[_Trait, int]) -> Link | None:
    """Return the link between two, with the second's id still to be filled in."""
    doubt, reasons = 1.0, []
    if first.origins & second.origins:
        doubt *= 1 - _GREW_OUT
        reasons.append(GREW_OUT.say())
    common = sorted(
        (entity for entity in first.entities & second.entities if shared.get(entity, _FEW + 1) <= _FEW),
        key=lambda item: (-_SHARED[item.kind] / (shared[item] - 1), item),
    )
    for entity in common:
        doubt *= 1 - _SHARED[entity.kind] / (shared[entity] - 1)
    if common:
        things = ", ".join(f"{item.kind} {item.value}" for item in common[:_SHOWN])
        if len(common) > _SHOWN:
            things = AND_MORE.say(things=things, count=len(common) - _SHOWN)
        reasons.append(BOTH_HAVE.say(things=things))
    same = alike(first.way, second.way)
    if same:
        doubt *= 1 - _WAY * same
        reasons.append(SAME_WAY.say(count=len(first.way & second.way)))
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
