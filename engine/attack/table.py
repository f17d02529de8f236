"""kulla's table of ATT&CK: ids, names, tactics and use counts of techniques over its versions, and what became of ids.

The table is a JSON document of some 110 kB, read at first use:

    {"format": 1, "notice": "...", "versions": ["18.1", "19.1"],
     "techniques": {"T1059.001": ["PowerShell", ["execution"], ["execution"], [127, 17, 160]]},
     "moved": {"T1086": "T1059.001", "T1562.001": "T1685"},
     "mitigations": {"M1038": ["Execution Prevention", "T1059.001 ..."]},
     "countermeasures": {"D3-EAL": ["Executable Allowlisting", "Harden", "T1059.001 ..."]}}

A technique's row holds its name in the newest version, its tactics in each version (null where that version does not
have it), and how many groups, campaigns and pieces of software use it. ATT&CK's content is used under its terms (see
`NOTICE` beside the table): ids, names and counts, none of its prose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import ConfigurationError

FORMAT = 1
PACKAGED = Path(__file__).parent / "data" / "attack.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How many of ATT&CK's groups, campaigns and pieces of software use a technique, in the newest version told."""

    groups: int
    campaigns: int
    software: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """One technique. `tactics` maps each version of ATT&CK that has it to its tactics there."""

    id: str
    name: str
    tactics: Mapping[str, tuple[str, ...]]
    use: Use

    @property
    def newest_tactics(self) -> tuple[str, ...]:
        """Return its tactics in the newest version that has it."""
        return list(self.tactics.values())[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What prevents or answers techniques: a mitigation of ATT&CK (`M1038`) or a countermeasure of D3FEND (`D3-EAL`).

    `kind` is D3FEND's tactic (`Harden`, `Isolate`, `Detect`, `Evict`, `Deceive`, `Restore`, `Model`), or `Mitigation`.
    """

    id: str
    name: str
    kind: str
    techniques: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All of it. `moved` maps ids that were given up to their successors, step by step; `versions` are oldest first."""

    versions: tuple[str, ...]
    techniques: Mapping[str, Technique]
    moved: Mapping[str, str]
    measures: tuple[Measure, ...]
    notice: str


_preferred: list[Path] = []


def prefer(path: Path) -> None:
    """Read the table from this file instead, where it exists (`kulla attack update` writes it)."""
    if _preferred != [path]:
        _preferred[:] = [path]
        table.cache_clear()


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the table in use: the preferred one where its file exists, else the one that kulla carries."""
    path = next((path for path in _preferred if path.is_file()), PACKAGED)
    return read_table(path)


def read_table(path: Path) -> Table:
    """Read a table; raise `ConfigurationError` where the file is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ConfigurationError("a table of another format", where=str(path), hint="kulla attack update FILE")
        return _table(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ConfigurationError(
            f"this is no table of ATT&CK ({error})", where=str(path), hint="delete it, or: kulla attack update FILE"
        ) from error


def _table(document: dict[str, Any]) -> Table:
    versions = tuple(document["versions"])
    techniques = {}
    for number, (name, *places, counts) in document["techniques"].items():
        tactics = {version: tuple(held) for version, held in zip(versions, places, strict=True) if held is not None}
        use = Use(groups=counts[0], campaigns=counts[1], software=counts[2])
        techniques[number] = Technique(id=number, name=name, tactics=tactics, use=use)
    mitigations = [
        Measure(id=number, name=name, kind="Mitigation", techniques=frozenset(covered.split()))
        for number, (name, covered) in document["mitigations"].items()
    ]
    countermeasures = [
        Measure(id=number, name=name, kind=kind, techniques=frozenset(covered.split()))
        for number, (name, kind, covered) in document["countermeasures"].items()
    ]
    return Table(
        versions=versions,
        techniques=techniques,
        moved=document["moved"],
        measures=(*mitigations, *countermeasures),
        notice=document["notice"],
    )
