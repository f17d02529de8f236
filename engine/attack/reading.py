"""Reading ATT&CK's own data, in the forms in which it is passed on: what one version says, as plain facts.

- A STIX 2.0 or 2.1 bundle, as MITRE publishes it (`enterprise-attack-19.1.json`).
- CTID's enrichment file: `{"version": ..., "techniques": {ID: {"name", "tactics", "groups", "campaigns"}}}`.
- A usage file: `{"version": ..., "techniques": {ID: {"name", "tactics"}}, "entities": {ID: {"type", "techniques"}}}`.
- A crosswalk: `{"map": {OLD: NEW}}`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.attack.tags import is_technique_id
from engine.errors import InputError

_LARGEST = 200 * 2**20  # bytes; the enterprise bundle has some 45 MB
_KINDS = {"intrusion-set": "groups", "campaign": "campaigns", "malware": "software", "tool": "software"}
_HINT = "an ATT&CK STIX bundle (enterprise-attack.json), or one of the compact forms of docs/foresight.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one file says. `techniques` maps ids to (name, tactics); `uses` counts users by technique and kind.

    `uuids` maps the UUIDs of STIX to technique ids, `mitigations` ids to (name, techniques). A crosswalk alone has no
    version. `counted` are the kinds of users that the file tells of at all.
    """

    version: str = ""
    techniques: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    uses: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    mitigations: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    uuids: Mapping[str, str] = field(default_factory=dict)


def read_facts(path: Path) -> Facts:
    """Read a file in any of the forms; raise `InputError` where it is none of them."""
    document = _document(path)
    try:
        if document.get("type") == "bundle":
            return facts_of_bundle(document["objects"])
        if "techniques" in document:
            return _compact(document)
        if "map" in document:
            return Facts(moved=_ids(document["map"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"not as ATT&CK's data is written ({error!r})", where=str(path), hint=_HINT) from error
    raise InputError("this is no data of ATT&CK", where=str(path), hint=_HINT)


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError("the file is too large for data of ATT&CK", where=str(path), hint=_HINT)
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot be read as JSON ({error})", where=str(path), hint=_HINT) from error
    if not isinstance(document, dict):
        raise InputError("this is no data of ATT&CK", where=str(path), hint=_HINT)
    return document


def _slug(tactic: str) -> str:
    return tactic.strip().lower().replace(" ", "-").replace("_", "-")


def _ids(pairs: Mapping[str, str]) -> dict[str, str]:
    return {old: new for old, new in pairs.items() if is_technique_id(old) and is_technique_id(new) and old != new}


def _compact(document: Mapping[str, Any]) -> Facts:
    techniques = {
        str(number): (str(told["name"]), tuple(_slug(name) for name in told["tactics"]))
        for number, told in document["techniques"].items()
        if is_technique_id(str(number))
    }
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    counted = set()
    for told in document.get("entities", {}).values():
        kind = _KINDS[told["type"]]
        counted.add(kind)
        for number in set(told["techniques"]):
            uses[number][kind] += 1
    for number, told in document["techniques"].items():
        for kind in {"groups", "campaigns"} & told.keys():
            counted.add(kind)
            uses[number][kind] = len(set(told[kind]))
    return Facts(version=str(document["version"]), techniques=techniques, uses=uses, counted=frozenset(counted))


def facts_of_bundle(objects: Iterable[Mapping[str, Any]]) -> Facts:
    """Return what a STIX bundle of ATT&CK says; objects that it marks as deprecated count only for their UUIDs."""
    found = list(objects)
    patterns = {str(item["id"]): item for item in found if item.get("type") == "attack-pattern"}
    numbers = {key: number for key, item in patterns.items() if (number := _number(item))}
    techniques = {
        numbers[key]: (str(item["name"]), tuple(_phases(item)))
        for key, item in patterns.items()
        if key in numbers and not item.get("revoked") and not item.get("x_mitre_deprecated")
    }
    living = {key for key, number in numbers.items() if number in techniques}
    current = [item for item in found if not item.get("revoked") and not item.get("x_mitre_deprecated")]
    links = [item for item in current if item.get("type") == "relationship"]
    alive = {str(item["id"]): item for item in current if "id" in item}
    return Facts(
        version=_version(found),
        techniques=techniques,
        moved=_moved(found, numbers),
        uses=_uses(links, alive, {key: numbers[key] for key in living}),
        counted=frozenset(_KINDS.values()),
        mitigations=_mitigations(links, alive, {key: numbers[key] for key in living}),
        uuids={key.partition("--")[2]: number for key, number in numbers.items()},
    )


def _number(item: Mapping[str, Any]) -> str:
    for reference in item.get("external_references", ()):
        number = str(reference.get("external_id", ""))
        if str(reference.get("source_name", "")).startswith("mitre") and number:
            return number
    return ""


def _phases(item: Mapping[str, Any]) -> list[str]:
    return [
        str(phase["phase_name"])
        for phase in item.get("kill_chain_phases", ())
        if str(phase.get("kill_chain_name", "")).startswith("mitre-attack")
    ]


def _version(found: Iterable[Mapping[str, Any]]) -> str:
    collection = next((item for item in found if item.get("type") == "x-mitre-collection"), None)
    if collection is None:
        raise ValueError("no x-mitre-collection object that names the version")
    return str(collection["x_mitre_version"])


def _moved(found: Iterable[Mapping[str, Any]], numbers: Mapping[str, str]) -> dict[str, str]:
    return _ids(
        {
            numbers[item["source_ref"]]: numbers[item["target_ref"]]
            for item in found
            if item.get("relationship_type") == "revoked-by"
            and item.get("source_ref") in numbers
            and item.get("target_ref") in numbers
        }
    )


def _uses(
    links: Iterable[Mapping[str, Any]], alive: Mapping[str, Mapping[str, Any]], numbers: Mapping[str, str]
) -> dict[str, Counter[str]]:
    users: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in links:
        user, used = str(item.get("source_ref")), str(item.get("target_ref"))
        kind = _KINDS.get(user.partition("--")[0])
        if item.get("relationship_type") == "uses" and kind and user in alive and used in numbers:
            users[numbers[used], kind].add(user)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (number, kind), held in users.items():
        counts[number][kind] = len(held)
    return counts


def _mitigations(
    links: Iterable[Mapping[str, Any]], alive: Mapping[str, Mapping[str, Any]], numbers: Mapping[str, str]
) -> dict[str, tuple[str, frozenset[str]]]:
    covered: dict[str, set[str]] = defaultdict(set)
    for item in links:
        if item.get("relationship_type") == "mitigates" and item.get("target_ref") in numbers:
            covered[str(item["source_ref"])].add(numbers[str(item["target_ref"])])
    named = {key: (_number(alive[key]), str(alive[key]["name"])) for key in covered if key in alive}
    return {number: (name, frozenset(covered[key])) for key, (number, name) in named.items() if number.startswith("M")}
