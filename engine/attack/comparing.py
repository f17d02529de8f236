"""Comparing techniques over the versions of ATT&CK: what an id is called today, and how well two of them fit."""

from __future__ import annotations

from difflib import get_close_matches
from enum import Enum

from engine.attack.table import Table, table
from engine.attack.tags import is_technique_id

_LONGEST_WAY = 8  # an id has been given up twice at most so far; a wrong file must not lead in circles


class Fit(Enum):
    """How well one technique covers another, as a weight: the same one, its parent, or not at all."""

    EXACT = 1.0
    PARENT = 0.5
    NONE = 0.0


def canonical(technique: str, within: Table | None = None) -> str:
    """Return what the newest version calls a technique (`T1086` is `T1059.001`); an unknown id is returned as it is."""
    known = within or table()
    number = technique.upper()
    for _ in range(_LONGEST_WAY):
        successor = known.moved.get(number)
        if successor is None:
            break
        number = successor
    return number


def parent(technique: str) -> str:
    """Return the technique that a sub-technique belongs to, the technique itself where it is none."""
    return technique.partition(".")[0]


def fit(own: str, technique: str, within: Table | None = None) -> Fit:
    """Tell how well `own` (of a playbook, a rule) covers `technique`, in whichever version each is written.

    A technique covers its sub-techniques, less than they do themselves; a sub-technique does not cover its parent.
    """
    one, other = own.upper(), technique.upper()
    if one == other or canonical(one, within) == canonical(other, within):
        return Fit.EXACT
    covered = {parent(other), parent(canonical(other, within))}
    return Fit.PARENT if covered & {one, canonical(one, within)} and "." not in one else Fit.NONE


def technique_fault(technique: str, within: Table | None = None) -> str:
    """Return why there is no technique of this id (`T1059.003`), empty where there is one in any version known."""
    known = within or table()
    if technique in known.techniques:
        return ""
    if not is_technique_id(technique):
        return "no id of a technique"
    if successor := known.moved.get(technique):
        return f"given up by ATT&CK: it is {canonical(successor, known)} now"
    near = get_close_matches(technique, known.techniques, n=1, cutoff=0.85)
    versions = " and ".join(f"v{version}" for version in known.versions)
    hint = f" (nearest: {near[0]} {known.techniques[near[0]].name})" if near else ""
    return f"no technique of ATT&CK {versions}{hint}"


def display(technique: str, within: Table | None = None) -> str:
    """Return a technique as people read it: `T1059.001 PowerShell`, with its parent's name where it has one."""
    known = within or table()
    number = technique.upper()
    found = known.techniques.get(number) or known.techniques.get(canonical(number, known))
    if found is None:
        return number
    above = known.techniques.get(parent(found.id)) if "." in found.id else None
    return f"{number} {above.name}: {found.name}" if above else f"{number} {found.name}"
