"""How well clusters of alerts fit two attacks: pairs, fragments, phases, rank, incidents a day.

A pair of alerts is right where both are of one attack. Precision is over the pairs of clusters that touch an attack
(pairs with and of false alerts are wrong), recall over the pairs of each attack; alerts in no cluster are in no pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.grouping.organisation import Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """One method on one organisation. `fragments` is per attack found; `rank` of the first cluster that is the
    intrusion (0: never); `phases` how many of the intrusion's phases are in the best cluster, of how many.
    """

    precision: float
    recall: float
    f1: float
    fragments: Mapping[str, int]
    a_day: float
    false_share: float
    rank: int
    phases: tuple[int, int]


def measure(organisation: Organisation, clusters: Sequence[Sequence[str]]) -> Measures:
    """Return the measures of clusters (of alert ids), which stand in order of rank."""
    inside = [Counter(organisation.attack(alert) for alert in cluster) for cluster in clusters]
    touching = [counts for counts in inside if counts["intrusion"] or counts["theft"]]
    attacks = Counter(organisation.attack(alert.id) for alert in organisation.alerts)
    right = sum(_pairs(counts[attack]) for counts in touching for attack in ("intrusion", "theft"))
    made = sum(_pairs(counts.total()) for counts in touching)
    real = _pairs(attacks["intrusion"]) + _pairs(attacks["theft"])
    precision, recall = right / max(made, 1), right / max(real, 1)
    best = max(range(len(clusters)), key=lambda n: (inside[n]["intrusion"], -n), default=None)
    held = set() if best is None else {organisation.phase[alert] for alert in clusters[best]}
    known = {phase for alert, phase in organisation.phase.items() if organisation.attack(alert) == "intrusion"}
    return Measures(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if right else 0.0,
        fragments={attack: sum(counts[attack] > 0 for counts in inside) for attack in ("intrusion", "theft")},
        a_day=len(clusters) / organisation.days,
        false_share=sum(counts[""] for counts in touching) / max(sum(counts.total() for counts in touching), 1),
        rank=0 if best is None or not inside[best]["intrusion"] else best + 1,
        phases=(len(held & known), len(known)),
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
