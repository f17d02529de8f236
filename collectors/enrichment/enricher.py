"""Adds to an event what its values say: user agent, registered domain, place and network, asset and service.

What a log says itself is never overwritten. Each distinct value is looked up once (as many as the caches hold).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

from collectors.enrichment.agents import Agents
from collectors.enrichment.assets import Asset, Assets
from collectors.enrichment.domains import Domains
from collectors.enrichment.places import Places
from engine.events import Event, Fields, Value

_REMEMBERED: Final = 65_536  # distinct values of each kind
_LONGEST: Final = 400  # characters of those, so that the memory of them stays bounded
_ENDS: Final = ("source", "destination", "client", "server")
_NAMED: Final = ("url", *_ENDS)  # groups of fields with a `domain`

Facts: TypeAlias = Mapping[str, str | int]
Lookup: TypeAlias = Callable[[str], Facts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One thing to look up: the field whose value is asked about, and what the found names begin with."""

    field: str
    under: str
    look_up: Lookup


class Enricher:
    """Enriches events one by one. `places` and `assets` are what the user has; without them these stay away.

    `values` says whether user agents and domains are read. `asked` is what is looked up, in order: what was found
    first stays.
    """

    def __init__(self, *, places: Places | None = None, assets: Assets | None = None, values: bool = True) -> None:
        asked = _asked_of_values() if values else []
        if places is not None:
            place = _remembered(places.describe)
            asked += [Asked(field=f"{name}.ip", under=f"{name}.", look_up=place) for name in _ENDS]
        if assets is not None:
            asked += _asked_of_assets(assets)
        self.asked: Sequence[Asked] = tuple(asked)

    def enriched(self, event: Event) -> Event:
        """Return the event with what was found; the same one where nothing was."""
        added: Fields = {}
        for item in self.asked:
            value = event.fields.get(item.field)
            if value is not None:
                _add(added, event.fields, item, value)
        return replace(event, fields={**event.fields, **added}) if added else event


def _add(added: Fields, known: Mapping[str, Value], item: Asked, value: Value) -> None:
    first = value if isinstance(value, str) else value[0] if isinstance(value, Sequence) and len(value) else None
    if not isinstance(first, str):
        return
    for name, fact in item.look_up(first).items():
        whole = item.under + name
        if whole not in known and whole not in added:
            added[whole] = fact


def _asked_of_values() -> list[Asked]:
    agent = _remembered(Agents().describe)
    domain = _remembered(Domains().describe)
    found = [Asked(field="user_agent.original", under="user_agent.", look_up=agent)]
    found += [Asked(field="dns.question.name", under="dns.question.", look_up=domain)]
    found += [Asked(field=f"{name}.domain", under=f"{name}.", look_up=domain) for name in _NAMED]
    return found


def _asked_of_assets(assets: Assets) -> list[Asked]:
    address = _remembered(lambda text: _facts(assets.of_address(text)))
    host = _remembered(lambda text: _facts(assets.of_host(text)))
    found = [Asked(field="host.name", under="host.asset.", look_up=host)]
    found += [Asked(field="host.ip", under="host.asset.", look_up=address)]
    found += [Asked(field=f"{name}.ip", under=f"{name}.asset.", look_up=address) for name in _ENDS]
    return found


def _facts(asset: Asset | None) -> Facts:
    if asset is None:
        return {}
    told = {"name": asset.name, "criticality": asset.criticality, "service": asset.service, "owner": asset.owner}
    return {name: text for name, text in told.items() if text}


def _remembered(look_up: Lookup) -> Lookup:
    kept = lru_cache(maxsize=_REMEMBERED)(look_up)
    return lambda text: kept(text) if len(text) <= _LONGEST else look_up(text)
