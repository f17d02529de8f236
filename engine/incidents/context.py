"""What else happened on an incident's hosts while it was under way: shown with it, scoring nothing.

These are alerts that were held back as usual, and lesser ones that came to no incident of their own; the lesser traces
of an attack are among them. An incident that shows on a quarter of the estate concerns all of it. What goes on for so
long that it becomes usual (a beacon) goes on in its incident: alerts of at least high level by the same rule in the
same place. Where two incidents were under way on one host, the graver one shows what else happened there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from engine.alerts import Alert, Level
from engine.incidents.model import Join
from engine.incidents.noise import Judgement
from engine.incidents.phrases import CONTEXT, HELD, TOO_LITTLE
from engine.incidents.ties import joining_entities

_CONFIDENCE = 0.25
_MOST = 5000  # of one incident
_WIDE, _HOSTS = 0.25, 3  # share of the estate's places, and how many at least, from which an incident is everywhere


class Background:
    """The alerts that are in no incident, by place; each is given out once."""

    def __init__(self, alerts: Iterable[Alert], judgements: Mapping[str, Judgement]) -> None:
        self._judgements = judgements
        self._by_place: defaultdict[str, list[Alert]] = defaultdict(list)
        self._given: set[str] = set()
        self._estate = len({judged.place for judged in judgements.values()})
        for alert in sorted(alerts, key=lambda item: (item.timestamp, item.id)):
            self._by_place[judgements[alert.id].place].append(alert)

    def around(self, alerts: Sequence[Alert]) -> tuple[list[Alert], list[Join]]:
        """Return what else happened around these alerts, by place and time, with its joins."""
        first, last = alerts[0].timestamp, alerts[-1].timestamp
        places = {self._judgements[alert.id].place for alert in alerts}
        places |= {entity.value for alert in alerts for entity in joining_entities(alert) if entity.kind == "host"}
        is_wide = len(places) >= max(_WIDE * self._estate, _HOSTS)
        found = []
        for place in sorted(self._by_place.keys() if is_wide else places & self._by_place.keys()):
            here = self._by_place[place]
            start = bisect_left(here, first, key=lambda item: item.timestamp)
            found += here[start : bisect_right(here, last, key=lambda item: item.timestamp)]
        found += self._going_on({(alert.rule.id, self._judgements[alert.id].place) for alert in alerts}, last)
        found = self._telling([alert for alert in found if alert.id not in self._given])
        self._given.update(alert.id for alert in found)
        return found, [self._join(alert) for alert in found]

    def _telling(self, alerts: list[Alert]) -> list[Alert]:
        """Return the least usual of too many, by time."""
        if len(alerts) <= _MOST:
            return alerts
        kept = sorted(alerts, key=lambda item: (-self._judgements[item.id].days, item.timestamp, item.id))[:_MOST]
        return sorted(kept, key=lambda item: (item.timestamp, item.id))

    def _going_on(self, series: set[tuple[str, str]], last: datetime) -> list[Alert]:
        """Return what the same rules told of the same places after the last alert."""
        return [
            alert
            for place in sorted({place for _, place in series} & self._by_place.keys())
            for alert in self._by_place[place]
            if alert.timestamp > last and alert.rule.level >= Level.HIGH and (alert.rule.id, place) in series
        ]

    def _join(self, alert: Alert) -> Join:
        judged = self._judgements[alert.id]
        why = HELD.say(usual=judged.reason) if judged.held else TOO_LITTLE.say()
        reason = CONTEXT.say(place=judged.place, held=why)
        return Join(alert_id=alert.id, reason=reason, shared=(), confidence=_CONFIDENCE)
