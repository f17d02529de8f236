"""Whether a model still fits: how often its scores go beyond what calibration said, and how much it has to judge.

A score rests on the frozen model and the event alone, so drift is nothing of a score; it is told of the model. Each day
that it runs is kept as a tally: groups (one entity in one hour), those beyond the level that `SHARE` of calibration's
groups reach, and observations that it could judge and could not. Where there are many entities, one in so many is
followed, by its hash: runs come more often than hours end, and who was seen in the hour has to be kept.

Over the last `DAYS` days the share beyond is held against `SHARE` by Wilson's interval, and the groups a day against
calibration's. A model is drifting where the share is certainly over `FACTOR` times what it was, or the groups are that
many times more or fewer.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import pyarrow as pa

from engine.anomaly.budget import HOUR, Calibration, Groups
from engine.anomaly.fairness import wilson
from engine.anomaly.frame import ENTITY, Scores, State
from engine.anomaly.tables import text_column, times

SHARE = 0.02  # of calibration's groups
FACTOR = 2.5
DAYS = 7
LEAST = 100  # groups before anything is said
_KEPT = 35  # days
_FOLLOWED = 500  # entities of an hour
_DAY = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a model fits the last days: its state, the share of groups beyond the level, and groups a day then and now.

    `low` bounds the share from below. The state is `LEARNING` where too little was judged to say.
    """

    state: State
    groups: int
    share: float
    low: float
    a_day: float
    usual: float


@dataclass(slots=True, kw_only=True)
class Tallies:
    """Of each day (its number since 1970): groups, groups beyond the level, observations judged and not judged.

    `open` are the groups of `hour`, which later runs may still add to: whether each went beyond the level.
    """

    days: dict[int, list[int]] = field(default_factory=dict)
    hour: int = 0
    open: dict[str, bool] = field(default_factory=dict)

    def count(self, calibration: Calibration, observations: pa.Table, scores: Scores, groups: Groups) -> None:
        """Add scored observations of whole windows, and their groups; call it once for each, in order of time."""
        moments = times(observations)
        stamps, judged = moments // _DAY, scores.states != State.LEARNING
        for day in np.unique(stamps).tolist():
            cell = self.days.setdefault(day, [0, 0, 0, 0])
            cell[2] += int((judged & (stamps == day)).sum())
            cell[3] += int((~judged & (stamps == day)).sum())
        beyond = groups.largest >= calibration.threshold(calibration.per_day * SHARE)
        hours = moments[groups.first] // HOUR
        entities = text_column(observations.take(pa.array(groups.first)), ENTITY)
        every = _every(calibration)
        for hour, entity, over in sorted(zip(hours.tolist(), entities, beyond.tolist(), strict=True)):
            mark = blake2b(entity.encode(), digest_size=6).digest()
            if int.from_bytes(mark, "big") % every == 0:
                self._add(hour, mark.hex(), beyond=over)

    def _add(self, hour: int, mark: str, *, beyond: bool) -> None:
        if hour > self.hour:
            cell = self.days.setdefault(self.hour // 24, [0, 0, 0, 0]) if self.open else [0, 0]
            cell[0] += len(self.open)
            cell[1] += sum(self.open.values())
            self.hour, self.open = hour, {}
            for day in sorted(self.days)[:-_KEPT]:
                del self.days[day]
        if hour == self.hour:
            self.open[mark] = beyond or self.open.get(mark, False)

    def fit(self, calibration: Calibration, today: int) -> Fit:
        """Return how the model fits the last days before `today` and the part of it that is over."""
        recent = [cell for day, cell in self.days.items() if today - DAYS < day <= today]
        groups, beyond, judged, unjudged = (sum(cell[place] for cell in recent) for place in range(4))
        first = min(self.days, default=today)  # a part of it only: the model began to run somewhere in it
        full = [cell for day, cell in self.days.items() if max(first, today - DAYS) < day < today]
        a_day = _every(calibration) * sum(cell[0] for cell in full) / len(full) if full else calibration.per_day
        low = wilson(beyond, groups)[0] if groups else 0.0
        state = State.READY
        if groups < LEAST or unjudged > judged:
            state = State.LEARNING
        elif low > FACTOR * SHARE or not 1 / FACTOR <= a_day / max(calibration.per_day, 1e-9) <= FACTOR:
            state = State.DRIFTING
        share = beyond / groups if groups else 0.0
        return Fit(state=state, groups=groups, share=share, low=low, a_day=a_day, usual=calibration.per_day)

    def to_json(self) -> str:
        """Return the tallies as JSON."""
        days = {str(day): cell for day, cell in sorted(self.days.items())}
        return json.dumps({"days": days, "hour": self.hour, "open": self.open})

    @classmethod
    def from_json(cls, body: str) -> Tallies:
        """Return what `to_json` gave; no tallies where it is something else."""
        try:
            found = json.loads(body)
            days = {int(day): [int(number) for number in cell] for day, cell in found["days"].items()}
            if any(len(cell) != 4 for cell in days.values()):
                return cls()
            opened = {str(mark): bool(over) for mark, over in found["open"].items()}
            return cls(days=days, hour=int(found["hour"]), open=opened)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


def _every(calibration: Calibration) -> int:
    """Return of how many entities one is followed."""
    return max(1, math.ceil(calibration.per_day / 24 / _FOLLOWED))
