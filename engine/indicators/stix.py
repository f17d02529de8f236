"""Reading indicators out of a STIX 2.1 bundle (and 2.0, where its patterns are alike)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.alerts import Level
from engine.indicators.model import Indicator, NotUnderstoodError, Reading, Refused, Tlp, Trait
from engine.indicators.patterns import alternatives

# the marking definitions that STIX 2.1 and TLP 2.0's extension give for TLP, by their fixed ids
_MARKINGS: Mapping[str, Tlp] = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "clear",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "amber",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "clear",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "green",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "amber",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "amber+strict",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "red",
}
_TLPS: Mapping[str, Tlp] = {
    "white": "clear",
    "clear": "clear",
    "green": "green",
    "amber": "amber",
    "amber+strict": "amber+strict",
    "red": "red",
}


def read_bundle(objects: Sequence[Any], where: str, *, private: bool = False) -> Reading:
    """Return the indicators of a bundle's objects; what is not taken is told with its id and the reason."""
    markings = dict(_MARKINGS)
    names: dict[str, str] = {}
    techniques: dict[str, str] = {}
    for item in _objects(objects):
        number = str(item.get("id", ""))
        if item.get("type") == "marking-definition" and (tlp := _tlp_of_definition(item)):
            markings[number] = tlp
        elif item.get("type") == "identity":
            names[number] = str(item.get("name", ""))
        elif item.get("type") == "attack-pattern" and (technique := _technique(item)):
            techniques[number] = technique
    told = _indicated(objects, techniques)
    found: list[Indicator] = []
    refused: list[Refused] = []
    for place, item in enumerate(objects):
        number = str(item.get("id", "")) if isinstance(item, dict) else ""
        spot = f"{where}: {number or f'object {place + 1}'}"
        if not isinstance(item, dict):
            refused.append(Refused(where=spot, what=str(item)[:80], reason="not an object of STIX"))
        elif item.get("type") == "indicator":
            try:
                found.append(_indicator(item, markings, names, alternatives(_pattern(item), private=private), told))
            except (NotUnderstoodError, ValueError, TypeError, AttributeError) as error:
                refused.append(Refused(where=spot, what=str(item.get("pattern", ""))[:200], reason=str(error)))
    return Reading(indicators=tuple(found), refused=tuple(refused))


def _objects(objects: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    return (item for item in objects if isinstance(item, dict))


def _tlp_of_definition(item: Mapping[str, Any]) -> Tlp | None:
    definition = item.get("definition")
    word = str(definition.get("tlp", "")) if isinstance(definition, dict) else ""
    return _TLPS.get((word or str(item.get("name", ""))).lower().removeprefix("tlp:"))


def _technique(item: Mapping[str, Any]) -> str:
    references = item.get("external_references")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and str(reference.get("source_name", "")).startswith("mitre-attack"):
            return str(reference.get("external_id", ""))
    return ""


def _indicated(objects: Sequence[Any], techniques: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the tags of the techniques that each indicator is said to indicate."""
    found: dict[str, list[str]] = {}
    for item in _objects(objects):
        if item.get("type") == "relationship" and item.get("relationship_type") == "indicates":
            technique = techniques.get(str(item.get("target_ref", "")))
            if technique:
                found.setdefault(str(item.get("source_ref", "")), []).append(f"attack.{technique.lower()}")
    return {number: tuple(sorted(set(tags))) for number, tags in found.items()}


def _pattern(item: Mapping[str, Any]) -> str:
    kind = str(item.get("pattern_type", "stix"))
    if kind != "stix":
        raise NotUnderstoodError(f"a pattern of {kind}, not of STIX")
    if item.get("revoked"):
        raise NotUnderstoodError("revoked by whoever published it")
    pattern = item.get("pattern")
    if not isinstance(pattern, str):
        raise NotUnderstoodError("it has no pattern")
    return pattern


def _indicator(
    item: Mapping[str, Any],
    markings: Mapping[str, Tlp],
    names: Mapping[str, str],
    looked_for: tuple[tuple[Trait, ...], ...],
    told: Mapping[str, tuple[str, ...]],
) -> Indicator:
    references = item.get("external_references")
    links = [entry for entry in (references if isinstance(references, list) else ()) if isinstance(entry, dict)]
    name = str(item.get("name") or item.get("description") or item.get("pattern"))
    return Indicator(
        source=names.get(str(item.get("created_by_ref", "")), "") or "STIX",
        name=" ".join(name.split())[:200],
        alternatives=looked_for,
        level=_level(item.get("confidence")),
        tlp=_strictest(item.get("object_marking_refs"), markings),
        since=instant_of(item.get("valid_from")),
        until=instant_of(item.get("valid_until")),
        tags=told.get(str(item.get("id", "")), ()),
        references=tuple(str(entry["url"]) for entry in links if entry.get("url"))[:10],
    )


def _strictest(marks: object, markings: Mapping[str, Tlp]) -> Tlp:
    order: tuple[Tlp, ...] = ("clear", "green", "amber", "amber+strict", "red")
    found = [markings[str(mark)] for mark in marks if str(mark) in markings] if isinstance(marks, list) else []
    return max(found, key=order.index, default="clear")


def _level(confidence: object) -> Level:
    """Return a level for STIX's confidence, 0 to 100 (its appendix: low, medium, high); high where none is given."""
    if not isinstance(confidence, int) or isinstance(confidence, bool):
        return Level.HIGH
    return Level.LOW if confidence < 30 else Level.MEDIUM if confidence < 70 else Level.HIGH


def instant_of(value: object) -> datetime | None:
    """Return an instant written in ISO 8601, None where there is none; raise `ValueError` where it is no instant."""
    if value in (None, ""):
        return None
    moment = datetime.fromisoformat(str(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
