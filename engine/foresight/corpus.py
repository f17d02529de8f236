"""What past attacks are told to have used: the rows that foresight learns from, under ATT&CK's newest ids.

A row is one report, group or campaign with its distinct techniques. Sources: ATT&CK's groups and campaigns, and the
report-to-technique data that MITRE Engenuity's Center for Threat-Informed Defense (CTID) published with its Technique
Inference Engine (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.attack import canonical
from engine.attack.table import table

Kind = Literal["report", "group", "campaign"]
Matrix = NDArray[np.float32]
_KINDS: Mapping[str, Kind] = {"intrusion-set": "group", "campaign": "campaign"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One past attack: where it is told (`C0038`, or the number of a report), its name, and its technique ids."""

    kind: Kind
    id: str
    name: str
    techniques: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Rows over the same items (technique ids, sorted)."""

    rows: tuple[Row, ...]
    items: tuple[str, ...]

    def matrix(self) -> Matrix:
        """Return which row has which item, as zeros and ones of shape (rows, items)."""
        places = {item: place for place, item in enumerate(self.items)}
        held = np.zeros((len(self.rows), len(self.items)), np.float32)
        for number, row in enumerate(self.rows):
            held[number, [places[item] for item in row.techniques]] = 1
        return held


def known(techniques: Iterable[str]) -> frozenset[str]:
    """Return the techniques under their newest ids, without those that ATT&CK has no more."""
    there = table().techniques
    return frozenset(number for item in techniques if (number := canonical(item)) in there)


def corpus(rows: Iterable[Row]) -> Corpus:
    """Return a corpus of these rows; one with the same techniques as an earlier row, or with none, is left out."""
    distinct: dict[frozenset[str], Row] = {}
    for row in rows:
        if row.techniques:
            distinct.setdefault(row.techniques, row)
    items = sorted(set().union(*distinct)) if distinct else []
    return Corpus(rows=tuple(distinct.values()), items=tuple(items))


def attack_rows(entities: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Return the groups and campaigns of ATT&CK out of a usage file's `entities`."""
    return [
        Row(kind=_KINDS[told["type"]], id=number, name=str(told["name"]), techniques=known(told["techniques"]))
        for number, told in sorted(entities.items())
        if told["type"] in _KINDS
    ]


def report_rows(reports: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return the reports of CTID's data."""
    return [
        Row(kind="report", id=str(told["id"]), name=_name(told), techniques=known(told["mitre_techniques"]))
        for told in reports
    ]


def _name(told: Mapping[str, Any]) -> str:
    for key in ("associated_campaigns", "associated_groups", "associated_software"):
        if names := [str(name) for name in told.get(key) or ()]:
            return ", ".join(names[:3])
    return ""
