"""What was unusual elsewhere while a grave incident was under way, and in the day after: told with it, no part of it.

Who got in somewhere is often seen next on another machine, in a trace too small to be joined by anything. After a grave
incident such traces are worth a look: alerts on whatever host that are in no incident and were not held back as usual,
the least usual first where they are many. They score nothing, name no one in the incident, and no step is derived from
them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from engine.alerts import Alert
from engine.events import moved
from engine.incidents.model import Incident, Sighting
from engine.incidents.noise import Judgement

GRAVE = 30.0  # points from which what is elsewhere is told
_AFTER = timedelta(days=1)
_MOST = 50


def unusual(others: Iterable[Alert], judgements: Mapping[str, Judgement]) -> list[Alert]:
    """Return the unusual ones of alerts that are in no incident, by time."""
    return sorted((alert for alert in others if _is_unusual(judgements[alert.id])), key=_by_time)


def elsewhere(incident: Incident, traces: Sequence[Alert], judgements: Mapping[str, Judgement]) -> tuple[Sighting, ...]:
    """Return what of these (see `unusual`) was during an incident and in the day after it, the least usual of many."""
    start = bisect_left(traces, incident.first_seen, key=lambda alert: alert.timestamp)
    end = bisect_right(traces, moved(incident.last_seen, _AFTER), key=lambda alert: alert.timestamp)
    rarest = sorted(
        traces[start:end], key=lambda alert: (-judgements[alert.id].bits, -alert.rule.level, _by_time(alert))
    )
    return tuple(_sighting(alert, judgements[alert.id]) for alert in sorted(rarest[:_MOST], key=_by_time))


def _by_time(alert: Alert) -> tuple[datetime, str]:
    return alert.timestamp, alert.id


def _is_unusual(judged: Judgement) -> bool:
    return judged.bits > 0 and not judged.held


def _sighting(alert: Alert, judged: Judgement) -> Sighting:
    return Sighting(
        timestamp=alert.timestamp,
        alert_id=alert.id,
        rule_id=alert.rule.id,
        rule_name=alert.rule.name,
        level=alert.rule.level,
        place=judged.place,
        reason=judged.reason,
    )
