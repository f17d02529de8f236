"""Measures of detection: recall at a share of false alerts, F1 at a frozen threshold, ROC, average precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def level_at(ordinary: Values, share: float) -> float:
    """Return the score that at most this share of ordinary scores exceeds."""
    ordered = np.sort(ordinary)[::-1]
    return float(ordered[min(int(share * len(ordered)), len(ordered) - 1)])


def recall_at(attacks: Values, ordinary: Values, share: float) -> float:
    """Return the share of attacks above the score that `share` of ordinary ones exceed."""
    return float((attacks > level_at(ordinary, share)).mean())


def f1_at(attacks: Values, ordinary: Values, threshold: float) -> float:
    """Return F1 of alerting at or above a threshold."""
    found, false = int((attacks >= threshold).sum()), int((ordinary >= threshold).sum())
    return 2 * found / (found + false + len(attacks)) if len(attacks) else 0.0


def best_f1(attacks: Values, ordinary: Values) -> float:
    """Return the best F1 of any threshold: what papers report, which looks at the answers."""
    levels = np.unique(np.concatenate([np.sort(ordinary)[-400:], np.quantile(ordinary, np.linspace(0, 1, 200))]))
    return max(f1_at(attacks, ordinary, float(level) + 1e-9) for level in levels)


def roc(attacks: Values, ordinary: Values) -> float:
    """Return the area under the ROC curve."""
    every = np.concatenate([attacks, ordinary])
    _, place, counts = np.unique(every, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = float(ranks[: len(attacks)].sum()) - len(attacks) * (len(attacks) + 1) / 2
    return above / (len(attacks) * len(ordinary))


def average_precision(attacks: Values, ordinary: Values) -> float:
    """Return the average precision; of equal scores the ordinary ones come first."""
    scores = np.concatenate([ordinary, attacks])
    is_attack = np.concatenate([np.zeros(len(ordinary)), np.ones(len(attacks))])
    ordered = is_attack[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    return float((precision * ordered).sum() / len(attacks))
