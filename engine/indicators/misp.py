"""Reading indicators out of MISP's JSON: an event, a list of events, a search's answer, or bare attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.alerts import Level
from engine.indicators.model import LEVELS, Indicator, Kind, NotUnderstoodError, Reading, Refused, Tlp, Trait
from engine.indicators.stix import instant_of
from engine.indicators.traits import trait_of

_TLP: Mapping[str, Tlp] = {
    "tlp:white": "clear",
    "tlp:clear": "clear",
    "tlp:green": "green",
    "tlp:amber": "amber",
    "tlp:amber+strict": "amber+strict",
    "tlp:red": "red",
}
_ORDER: tuple[Tlp, ...] = ("clear", "green", "amber", "amber+strict", "red")
_TECHNIQUE = re.compile(r'mitre-attack-pattern="[^"]{0,200} - (T\d{4}(?:\.\d{3})?)"', re.ASCII)
_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
# MISP's attribute types, by what they mean here: kind, operator, and which side of a connection
_TYPES: Mapping[str, tuple[Kind, str, str]] = {
    "ip-src": ("ip", "equals", ""),  # whose traffic it was is told the other way round as often as not
    "ip-dst": ("ip", "equals", ""),
    "domain": ("domain", "under", ""),
    "hostname": ("domain", "equals", ""),
    "url": ("url", "equals", ""),
    "uri": ("url", "equals", ""),
    "link": ("url", "equals", ""),
    "filename": ("filename", "equals", ""),
    "email": ("email", "equals", ""),
    "email-src": ("email", "equals", "source"),
    "email-dst": ("email", "equals", "destination"),
    "email-subject": ("subject", "equals", ""),
    "user-agent": ("agent", "equals", ""),
    "regkey": ("registry", "equals", ""),
    **dict.fromkeys(_HASHES, ("hash", "equals", "")),
}
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """What an event says of all its attributes."""

    source: str
    name: str
    level: Level
    tags: tuple[str, ...]


def read_misp(document: Any, where: str, *, private: bool = False) -> Reading:
    """Return the indicators of a MISP document; what is not taken is told with its UUID and the reason.

    Taken are attributes that MISP marks for detection (`to_ids`) and has not deleted.
    """
    found: list[Indicator] = []
    refused: list[Refused] = []
    for event, item in _attributes(document):
        spot = f"{where}: attribute {item.get('uuid') or item.get('id') or ''}".rstrip()
        try:
            found.append(_indicator(event, item, private=private))
        except (NotUnderstoodError, ValueError, TypeError, AttributeError) as error:
            what = f"{item.get('type', '')} {item.get('value', '')}"[:200]
            refused.append(Refused(where=spot, what=what, reason=str(error)))
    return Reading(indicators=tuple(found), refused=tuple(refused))


def is_misp(document: Any) -> bool:
    """Tell whether a document is one of MISP's."""
    if isinstance(document, list):
        return any(isinstance(item, dict) and "Event" in item for item in document)
    return isinstance(document, dict) and bool({"Event", "Attribute", "response"} & document.keys())


def _attributes(document: Any) -> Iterator[tuple[_Event, Mapping[str, Any]]]:
    if isinstance(document, list):
        for item in document:
            yield from _attributes(item)
    elif isinstance(document, dict) and "response" in document:
        yield from _attributes(document["response"])
    elif isinstance(document, dict) and isinstance(document.get("Event"), dict) and "value" not in document:
        yield from _of_event(document["Event"])
    elif isinstance(document, dict) and "Attribute" in document:
        yield from _of_event(document)


def _of_event(event: Mapping[str, Any]) -> Iterator[tuple[_Event, Mapping[str, Any]]]:
    owner = event.get("Orgc") or event.get("Org")
    told = _Event(
        source=f"MISP {owner.get('name', '')}".strip() if isinstance(owner, dict) else "MISP",
        name=str(event.get("info", "")),
        level=LEVELS.get(str(event.get("threat_level_id", "")), Level.HIGH),
        tags=_tags(event),
    )
    holders = [event, *(item for item in event.get("Object") or () if isinstance(item, dict))]
    for holder in holders:
        held = holder.get("Attribute")
        for item in held if isinstance(held, list) else [held]:
            if isinstance(item, dict):
                yield _told_itself(told, item), item


def _told_itself(told: _Event, item: Mapping[str, Any]) -> _Event:
    """Return what is said of an attribute of a search's answer, which brings its event along."""
    event = item.get("Event")
    if not isinstance(event, dict):
        return told
    name = str(event.get("info", "") or told.name)
    return _Event(source=told.source, name=name, level=told.level, tags=(*told.tags, *_tags(event)))


def _tags(item: Mapping[str, Any]) -> tuple[str, ...]:
    tags = item.get("Tag")
    return tuple(str(tag.get("name", "")) for tag in tags if isinstance(tag, dict)) if isinstance(tags, list) else ()


def _indicator(event: _Event, item: Mapping[str, Any], *, private: bool) -> Indicator:
    if item.get("to_ids") in (False, 0, "0", None):
        raise NotUnderstoodError("not marked for detection (to_ids)")
    if item.get("deleted") in (True, 1, "1"):
        raise NotUnderstoodError("deleted by whoever published it")
    tags = (*event.tags, *_tags(item))
    marks = [_TLP[tag.lower()] for tag in tags if tag.lower() in _TLP]
    comment = " ".join(str(item.get("comment", "")).split())
    name = event.name if not comment else f"{event.name} ({comment})" if event.name else comment
    return Indicator(
        source=event.source,
        name=(name or f"{item.get('type')} of MISP")[:_LONGEST_NAME],
        alternatives=_alternatives(str(item.get("type", "")), str(item.get("value", "")), private=private),
        level=event.level,
        tlp=max(marks, key=_ORDER.index, default="clear"),
        since=_moment(item.get("first_seen")),
        until=_expiry(tags),
        tags=tuple(sorted({f"attack.{match[1].lower()}" for tag in tags if (match := _TECHNIQUE.search(tag))})),
    )


def _alternatives(kind: str, value: str, *, private: bool) -> tuple[tuple[Trait, ...], ...]:
    if kind in _TYPES:
        meant, operator, side = _TYPES[kind]
        return ((trait_of(meant, operator, value, side, private=private),),)
    first, _, second = kind.partition("|")
    one, bar, other = value.partition("|")
    if not second or not bar:
        raise NotUnderstoodError(f"events here have nothing like an attribute of type {kind or '(none)'}")
    if first == "filename" and second in _HASHES:  # the name is a hint; the hash says which file it is
        return ((trait_of("hash", "equals", other),),)
    if second == "port" and first in {"ip-src", "ip-dst", "hostname"}:
        return (tuple(sorted((_single(first, one, private=private), trait_of("port", "equals", other)))),)
    if kind == "domain|ip":
        return ((_single("domain", one, private=private),), (_single("ip-dst", other, private=private),))
    if kind == "regkey|value":
        return ((trait_of("registry", "equals", one),),)
    raise NotUnderstoodError(f"events here have nothing like an attribute of type {kind}")


def _single(kind: str, value: str, *, private: bool) -> Trait:
    meant, operator, side = _TYPES[kind]
    return trait_of(meant, operator, value, side, private=private)


def _moment(value: object) -> datetime | None:
    if isinstance(value, str) and value.isdigit():
        return datetime.fromtimestamp(int(value), UTC)
    return instant_of(value)


def _expiry(tags: tuple[str, ...]) -> datetime | None:
    """Return the end of validity that a tag names (`expires="2026-12-31"`), None where none does."""
    found = [match[1] for tag in tags if (match := re.search(r'(?:expires|valid-until)="?([0-9T:+Z.-]{8,32})"?', tag))]
    return instant_of(found[0]) if found else None
