"""Proportions: how surprising so many of so many are, where the share itself is uncertain."""

from __future__ import annotations

import math


def beta_tail(count: int, trials: int, share: float, certain: float) -> float:
    """Return -log2 of the chance of `count` or more of `trials` under a beta-binomial of this mean.

    `certain` is the weight of the beta in trials. Summed from the count upwards in a fixed order.
    """
    share = min(max(share, 1e-4), 1.0 - 1e-4)
    a, b = share * certain, (1.0 - share) * certain
    log_first = (
        math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
        + math.lgamma(count + a) + math.lgamma(trials - count + b) - math.lgamma(trials + a + b)
        + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    )  # fmt: skip
    term = tail = 1.0
    for number in range(count, trials):
        term *= (trials - number) * (number + a) / ((number + 1) * (trials - number - 1 + b))
        tail += term
        if term < tail * 1e-13:
            break
    return max(0.0, -(log_first + math.log(tail)) / math.log(2.0))
