"""Building the table of ATT&CK out of facts: a version beside those known, ids given up, and what prevents what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.attack.reading import Facts
from engine.attack.table import FORMAT

NOTICE = (
    "ATT&CK: (c) The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE "
    "Corporation. ATT&CK is a registered trademark of The MITRE Corporation. D3FEND: (c) The MITRE Corporation, MIT."
)
_KINDS = ("groups", "campaigns", "software")
Document = dict[str, Any]  # the table as JSON, described in `engine.attack.table`


def empty() -> Document:
    """Return a table without anything in it."""
    return {
        "format": FORMAT,
        "notice": NOTICE,
        "versions": [],
        "techniques": {},
        "moved": {},
        "mitigations": {},
        "countermeasures": {},
    }


def add(document: Document, facts: Facts) -> Document:
    """Return the table with one file's facts added; a version that it had already is replaced."""
    made = dict(document)
    if facts.version:
        made = _with_version(made, facts)
    moved = {**made["moved"], **facts.moved}
    newest = len(made["versions"]) - 1
    rows = made["techniques"]
    # an id that the newest version has was not given up, whatever a file about another version says
    kept = {old for old, row in rows.items() if newest >= 0 and row[1 + newest] is not None}
    made["moved"] = {old: moved[old] for old in sorted(moved) if old not in kept}
    made["techniques"] = {number: list(row) for number, row in rows.items()}
    _inherit(made["techniques"], facts.moved)
    if facts.mitigations:
        made["mitigations"] = {
            number: [name, " ".join(sorted(covered))] for number, (name, covered) in sorted(facts.mitigations.items())
        }
    return made


def _with_version(document: Document, facts: Facts) -> Document:
    old = list(document["versions"])
    versions = sorted({*old, facts.version}, key=version_order)
    place = versions.index(facts.version)
    newest = place == len(versions) - 1
    rows: dict[str, list[Any]] = {}
    for number in sorted({*document["techniques"], *facts.techniques}):
        row = document["techniques"].get(number)
        held = dict(zip(old, row[1:-1], strict=True)) if row else {}
        told = facts.techniques.get(number)
        held[facts.version] = list(told[1]) if told else None
        if not any(held.values()):
            continue  # the version that is replaced was the only one to have it
        name = told[0] if told and (newest or not row) else row[0]
        counts = _counts(facts, number, row[-1] if row else [0, 0, 0]) if told and (newest or not row) else row[-1]
        rows[number] = [name, *(held.get(version) for version in versions), counts]
    return {**document, "versions": versions, "techniques": rows}


def _counts(facts: Facts, number: str, before: Sequence[int]) -> list[int]:
    told = facts.uses.get(number, {})
    return [told.get(kind, 0) if kind in facts.counted else before[place] for place, kind in enumerate(_KINDS)]


def _inherit(rows: dict[str, list[Any]], moved: Mapping[str, str]) -> None:
    """Give techniques the counts of those that they were, as far as no file counted them under their new ids."""
    for new in sorted(set(moved.values()) & rows.keys()):
        before = [rows[old][-1] for old, successor in moved.items() if successor == new and old in rows]
        if before:
            most = [max(counts) for counts in zip(*before, strict=True)]
            rows[new][-1] = [own or inherited for own, inherited in zip(rows[new][-1], most, strict=True)]


def version_order(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by: `9.0` comes before `18.1`."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def with_countermeasures(document: Document, galaxy: Mapping[str, Any], uuids: Mapping[str, str]) -> Document:
    """Return the table with D3FEND's countermeasures, out of MISP's galaxy of it; `uuids` name ATT&CK's techniques."""
    held: dict[str, list[str]] = {}
    for item in galaxy["values"]:
        meta = item["meta"]
        covered = {uuids[link["dest-uuid"]] for link in item.get("related", ()) if link["dest-uuid"] in uuids}
        if covered:
            kind = str(meta["kill_chain"][0]).partition(":")[0]
            held[str(meta["external_id"])] = [str(item["value"]), kind, " ".join(sorted(covered))]
    return {**document, "countermeasures": dict(sorted(held.items()))}


def as_text(document: Document) -> str:
    """Return the table as it is written into its file: one line for each row, always the same bytes."""
    parts = []
    for key, value in document.items():
        if isinstance(value, dict) and value:
            lines = ",\n".join(f"{json.dumps(name)}:{_compact(row)}" for name, row in value.items())
            parts.append(f"{json.dumps(key)}:{{\n{lines}\n}}")
        else:
            parts.append(f"{json.dumps(key)}:{_compact(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
