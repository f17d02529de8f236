"""Keeping to the budget while events come: what has been given moves what is let through, for all models together.

A calibration window is never quite like the weeks after it, so thresholds that were fixed beforehand give twice or a
quarter of what was promised. The keeper counts what was promised up to now and what was given; the difference, in
budgets of `REACH` days, is the power of two by which the rate of alerts that is let through grows or shrinks (integral
control, as in adaptive conformal inference: Gibbs and Candes, "Adaptive conformal inference under distribution shift",
2021). It is at most `MOST` powers either way: who floods the models with alerts raises thresholds by three bits and no
more, and after a quiet week no more than eight times the budget comes at once. All of it is causal: a decision rests on
what came before it.

Which alerts hold up is decided by LORD++ over the same stream: of every group that could be let through at all, the
chance of being as surprising among these is tested (discarding the others, as in Tian and Ramdas, "ADDIS: an adaptive
discarding algorithm for online FDR control", 2019). Of the alerts so marked, the share about nothing stays at `rate`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.anomaly.budget import HOUR, Discoveries

REACH = 0.5  # days
MOST = 3.0  # powers of two
RATE = 0.2  # of the alerts that are marked as discoveries, those about nothing
_DAY = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the keeper says of one group: whether it is an alert, at which rate a day, and whether it is a discovery."""

    alert: bool
    allowed: float
    discovery: bool


@dataclass(slots=True, kw_only=True)
class Keeper:
    """The balance of promised less given alerts, and the tests of discoveries; `at` is the instant of the last one."""

    budget: float
    balance: float = 0.0
    at: int = -1
    discoveries: Discoveries = field(default_factory=lambda: Discoveries(rate=RATE))

    def decide(self, moment: int, *, by_chance: float, share: float) -> Decision:
        """Decide on a group; call it in order of time, and only where `by_chance` is at most `loosest(share)`.

        `moment` is in microseconds since 1970, `by_chance` how many groups a day of its model are as surprising in
        ordinary life, `share` the part of the budget that the model has, in alerts a day.
        """
        self._wait(moment)
        allowed = share * math.exp2(max(-MOST, min(MOST, self.balance / (self.budget * REACH))))
        discovery = self.discoveries.decide(min(1.0, by_chance / loosest(share)))
        alert = by_chance <= allowed
        if alert:
            self.balance = max(self.balance - 1.0, -MOST * REACH * self.budget)
        return Decision(alert=alert, allowed=allowed, discovery=discovery and alert)

    def _wait(self, moment: int) -> None:
        if self.at >= 0:
            earned = self.budget * max(0, moment - self.at) / _DAY
            self.balance = min(self.balance + earned, MOST * REACH * self.budget)
        self.at = max(self.at, moment)

    def to_json(self) -> str:
        """Return its state."""
        tests = self.discoveries.state()
        return json.dumps({"balance": self.balance, "at": self.at, "tests": tests}, sort_keys=True)

    @classmethod
    def from_json(cls, body: str, budget: float) -> Keeper:
        """Return a keeper of this state and budget; a new one where the state is none."""
        try:
            found = json.loads(body)
            if not isinstance(found, Mapping):
                return cls(budget=budget)
            discoveries = Discoveries.of(RATE, found["tests"])
            return cls(budget=budget, balance=float(found["balance"]), at=int(found["at"]), discoveries=discoveries)
        except (ValueError, KeyError, TypeError):
            return cls(budget=budget)


def loosest(share: float) -> float:
    """Return the largest rate a day at which a group of a model with this share could be let through."""
    return share * math.exp2(MOST)
