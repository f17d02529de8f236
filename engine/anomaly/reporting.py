"""The weekly report of the budget: how many alerts were promised and given, by model, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.alerts import Alert

ALL = "all models"
WITHIN = 0.2  # of what was promised
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days of one model (or `ALL`): alerts promised and given, and verdicts on them."""

    begin: datetime
    end: datetime
    model: str
    promised: float
    given: int
    true: int
    false: int

    @property
    def kept(self) -> bool:
        """Tell whether what was given is within a fifth of what was promised, or one alert of it."""
        return abs(self.given - self.promised) <= max(WITHIN * self.promised, 1.0)


def model_of(alert: Alert) -> str:
    """Return the model that gave an alert; empty where it came of a rule."""
    return alert.rule.id.removeprefix("model/") if alert.rule.id.startswith("model/") else ""


def weeks(
    alerts: Iterable[Alert], shares: Mapping[str, float], since: datetime, now: datetime, most: int
) -> list[Week]:
    """Return the last weeks back from `now`, the newest first, each model by name after all of them together.

    `shares` are alerts a day of the models that run; `since` is when the first of them was put to run: nothing was
    promised before.
    """
    by_model = [(model, alert) for alert in alerts if (model := model_of(alert))]
    found = []
    for number in range(most):
        end = now - number * _WEEK
        begin = max(end - _WEEK, since)
        if begin >= end:
            break
        days = (end - begin) / timedelta(days=1)
        inside = [(model, alert) for model, alert in by_model if begin <= alert.timestamp < end]
        names = sorted({*shares, *(model for model, _ in inside)})
        rows = [(name, shares.get(name, 0.0), [one for model, one in inside if model == name]) for name in names]
        every = (ALL, sum(shares.values()), [one for _, one in inside])
        found += [_week(begin, end, name, share * days, given) for name, share, given in (every, *rows)]
    return found


def _week(begin: datetime, end: datetime, model: str, promised: float, given: Sequence[Alert]) -> Week:
    return Week(
        begin=begin,
        end=end,
        model=model,
        promised=promised,
        given=len(given),
        true=sum(alert.verdict == "true-positive" for alert in given),
        false=sum(alert.verdict in {"false-positive", "benign"} for alert in given),
    )
