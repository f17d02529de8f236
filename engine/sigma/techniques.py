"""Coverage by technique, told in four strengths: rules exist, can fire on what is collected, did fire, are proven.

A rule that exists says little: its log source may not be collected, its field may be absent, nobody may ever have seen
it fire. So the four are counted apart, under the technique's id in the newest ATT&CK that kulla knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.attack import canonical, techniques
from engine.attack.table import Table
from engine.sigma.coverage import Standing, firing
from engine.sigma.rules import RuleSet

Strength = Literal["exists", "can-fire", "did-fire", "proven"]
STRENGTHS: tuple[Strength, ...] = ("exists", "can-fire", "did-fire", "proven")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alerting rule or correlation, and which strengths hold of it."""

    id: str
    name: str
    level: int
    techniques: tuple[str, ...]
    strengths: frozenset[Strength]


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueCoverage:
    """What there is for one technique: the rules of each strength, the most severe first."""

    technique: str
    name: str
    tactics: tuple[str, ...]
    rules: Mapping[Strength, tuple[Told, ...]]


def told(
    rules: RuleSet, standings: Iterable[Standing], *, fired: Collection[str], proven: Collection[str]
) -> list[Told]:
    """Return every rule that can raise an alert, with what holds of it."""
    can = firing(rules, standings)
    silent = rules.silent()
    infos = [*(rule.info for rule in rules.alerting), *(item.info for item in rules.correlations)]
    found = []
    for info in infos:
        if info.id in silent:
            continue
        holds: dict[Strength, bool] = {
            "exists": True,
            "can-fire": info.id in can,
            "did-fire": info.id in fired,
            "proven": info.id in proven,
        }
        numbers = tuple(dict.fromkeys(canonical(number) for number in techniques(info.tags)))
        strengths = frozenset(name for name, value in holds.items() if value)
        found.append(Told(id=info.id, name=info.name, level=info.level, techniques=numbers, strengths=strengths))
    return found


def by_technique(items: Iterable[Told], table: Table) -> list[TechniqueCoverage]:
    """Return the coverage of every technique of the newest ATT&CK, by id; what rules name beyond it is left out."""
    groups: defaultdict[str, list[Told]] = defaultdict(list)
    for item in items:
        for number in item.techniques:
            groups[number].append(item)
    newest = table.versions[-1]
    return [
        TechniqueCoverage(
            technique=number,
            name=technique.name,
            tactics=technique.tactics[newest],
            rules={strength: _of(groups[number], strength) for strength in STRENGTHS},
        )
        for number, technique in sorted(table.techniques.items())
        if newest in technique.tactics
    ]


def _of(items: Iterable[Told], strength: Strength) -> tuple[Told, ...]:
    return tuple(
        sorted((item for item in items if strength in item.strengths), key=lambda each: (-each.level, each.name))
    )
