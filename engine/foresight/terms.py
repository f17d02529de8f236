"""What foresight adds to an incident's score: points for the impact that past attacks led to from where this one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from engine.alerts import Alert, Level
from engine.attack import canonical, techniques
from engine.attack.comparing import display
from engine.attack.table import table
from engine.foresight.predicting import Companion, packaged
from engine.incidents.model import Term
from engine.incidents.phrases import TERMS

POINTS = 8.0  # for an impact that always followed
_FEWEST = 10  # past attacks with the technique, below which its share says little
_LEAST = 0.2  # share of past attacks that led to the impact, below which it is no more likely than ever


def next_impact(alerts: Sequence[Alert]) -> Iterable[Term]:
    """Yield the term of the likeliest impact next, if any. More alerts never give less: the surest pair counts.

    Only alerts of medium level and above speak for a technique, as they do for tactics.
    """
    behind: dict[str, list[str]] = {}
    for alert in alerts:
        if alert.rule.level >= Level.MEDIUM:
            for technique in techniques(alert.rule.tags):
                behind.setdefault(canonical(technique), []).append(alert.id)
    known = likely_impacts()
    pairs = [(known[technique], technique) for technique in behind if technique in known]
    if not pairs:
        return
    (impact, seen), technique = max(pairs, key=lambda pair: (pair[0][1].together / pair[0][1].of, pair[1]))
    yield Term(
        kind="foresight",
        name=TERMS["foresight"].say(
            impact=display(impact), count=seen.together, most=seen.of, technique=display(technique)
        ),
        points=round(POINTS * seen.together / seen.of, 3),
        alerts=tuple(sorted(set(behind[technique]))),
    )


@lru_cache(maxsize=1)
def likely_impacts() -> Mapping[str, tuple[str, Companion]]:
    """Return for each technique the impact that followed it most often, with the counts, where that says anything."""
    model = packaged()
    impacts = [item for item in model.corpus.items if "impact" in table().techniques[item].newest_tactics]
    found: dict[str, tuple[str, Companion]] = {}
    for item in model.corpus.items:
        if model.told(item) < _FEWEST:
            continue
        pairs = [(model.companion(item, impact), impact) for impact in impacts if impact != item]
        best, impact = max(pairs, key=lambda pair: (pair[0].together, pair[1]))
        if best.together / best.of >= _LEAST:
            found[item] = (impact, best)
    return found
