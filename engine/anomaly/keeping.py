"""Keeping to the budget while events come: what has been given moves what is let through, for all models together.

A calibration window is never quite like the weeks after it, so thresholds that were fixed beforehand give twice or a
quarter of what was promised. The keeper counts what was promised up to now and what was given; the difference, in
budgets of `REACH` days, is the power of two by which the rate of alerts that is let through grows or shrinks (integral
control, as in adaptive conformal inference: Gibbs and Candes, "Adaptive conformal inference under distribution shift",
2021). It is at most `MOST` powers either way: who floods the models with alerts raises thresholds by three bits and no
more, and after a quiet week no more than eight times the budget comes at once. All of it is causal: a decision rests on
what came before it.

What an attack costs the others is bounded. What a model says of an entity is paid for `PAID` times: what follows is a
repetition until a day has passed since the last payment; it is shown, costs nothing, and is held to no stricter level
than its share. And each model has an account of its own: what it gives beyond its share, and beyond `OWN` times `REACH`
days of the whole budget, is paid by itself alone. A flood of one model about thousands of entities raises its own
threshold by three bits (`MOST`), those of all other models by two (`OWN`).

Which alerts hold up is decided by LORD++ over the same stream: of every group that could be let through at all, the
chance of being as surprising among these is tested (discarding the others, as in Tian and Ramdas, "ADDIS: an adaptive
discarding algorithm for online FDR control", 2019). Of the alerts so marked, the share about nothing stays at `rate`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from engine.anomaly.budget import HOUR, Discoveries

REACH = 0.5  # days
MOST = 3.0  # powers of two
RATE = 0.2  # of the alerts that are marked as discoveries, those about nothing
_DAY = 24 * HOUR
PAID = 3  # alerts about an entity that count, until a day has passed since the last of them
OWN = 2.0  # powers of two that one model can take from all
_REMEMBERED = 2_000  # entities of a day, the newest; what is older is paid for again


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the keeper says of one group: whether it is an alert, at which rate a day, and whether it is a discovery.

    It is `free` where its entity was paid for often enough.
    """

    alert: bool
    allowed: float
    discovery: bool
    free: bool


@dataclass(slots=True, kw_only=True)
class Keeper:
    """The balance of promised less given alerts, and the tests of discoveries; `at` is the instant of the last one.

    `spent` is what each model gave beyond its share, `paid` when an entity (its mark) was paid for.
    """

    budget: float
    balance: float = 0.0
    at: int = -1
    discoveries: Discoveries = field(default_factory=lambda: Discoveries(rate=RATE))
    spent: dict[str, float] = field(default_factory=dict)
    paid: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def decide(self, moment: int, *, by_chance: float, share: float, model: str, entity: str) -> Decision:
        """Decide on a group; call it in order of time, and only where `by_chance` is at most `loosest(share)`.

        `moment` is in microseconds since 1970, `by_chance` how many groups a day of its model are as surprising in
        ordinary life, `share` the part of the budget that the model has, in alerts a day.
        """
        self._wait(moment, share)
        powers = max(-MOST, min(MOST, self.balance / self._reach - self._beyond(model)))
        mark = _mark(model, entity)
        free = len(self.paid.get(mark, ())) >= PAID
        allowed = share * math.exp2(max(powers, 0.0) if free else powers)
        discovery = self.discoveries.decide(min(1.0, by_chance / loosest(share)))
        alert = by_chance <= allowed
        if alert and not free:
            self._pay(model, mark, moment)
        return Decision(alert=alert, allowed=allowed, discovery=discovery and alert, free=free)

    @property
    def _reach(self) -> float:
        return REACH * self.budget  # alerts that move levels by one power of two

    def _beyond(self, model: str) -> float:
        """Return by how many powers of two the model's own account is overdrawn."""
        return max(0.0, self.spent.get(model, 0.0) / self._reach - OWN)

    def _pay(self, model: str, mark: str, moment: int) -> None:
        if not self._beyond(model):
            self.balance = max(self.balance - 1.0, -MOST * self._reach)
        self.spent[model] = min(self.spent.get(model, 0.0) + 1.0, (OWN + MOST) * self._reach)
        self.paid[mark] = (*self.paid.pop(mark, ()), moment)
        while len(self.paid) > _REMEMBERED:
            del self.paid[next(iter(self.paid))]

    def _wait(self, moment: int, share: float) -> None:
        if self.at >= 0:
            days = max(0, moment - self.at) / _DAY
            self.balance = min(self.balance + self.budget * days, MOST * self._reach)
            self.spent = {name: more - share * days for name, more in self.spent.items() if more > share * days}
        self.at = max(self.at, moment)
        while self.paid and self.paid[oldest := next(iter(self.paid))][-1] <= self.at - _DAY:
            del self.paid[oldest]

    def to_json(self) -> str:
        """Return its state."""
        state = {"balance": self.balance, "at": self.at, "spent": self.spent, "paid": self.paid}
        return json.dumps(state | {"tests": self.discoveries.state()})

    @classmethod
    def from_json(cls, body: str, budget: float) -> Keeper:
        """Return a keeper of this state and budget; a new one where the state is none."""
        try:
            found = json.loads(body)
            if not isinstance(found, Mapping):
                return cls(budget=budget)
            return cls(
                budget=budget,
                balance=float(found["balance"]),
                at=int(found["at"]),
                discoveries=Discoveries.of(RATE, found["tests"]),
                spent={str(name): float(more) for name, more in found.get("spent", {}).items()},
                paid={str(mark): tuple(map(int, moments)) for mark, moments in found.get("paid", {}).items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(budget=budget)


def _mark(model: str, entity: str) -> str:
    """Return a short mark of an entity in a model: what an attacker can make long must not fill the state."""
    return blake2b(f"{model}\0{entity}".encode(errors="surrogatepass"), digest_size=8).hexdigest()


def loosest(share: float) -> float:
    """Return the largest rate a day at which a group of a model with this share could be let through."""
    return share * math.exp2(MOST)
