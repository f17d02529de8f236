"""What was unusual elsewhere while a grave incident was under way, and in the day after: told with it, no part of it.

Who got in somewhere is often seen next on another machine, in a trace too small to be joined by anything. After a grave
incident such traces are worth a look: alerts on whatever host that are in no incident and were not held back as usual,
the least usual first where they are many. They score nothing, name no one in the incident, and no step is derived from
them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import timedelta

from engine.alerts import Alert
from engine.events import moved
from engine.incidents.model import Incident, Sighting
from engine.incidents.noise import Judgement

GRAVE = 30.0  # points from which what is elsewhere is told
_AFTER = timedelta(days=1)
_MOST = 50


def elsewhere(incident: Incident, others: Sequence[Alert], judgements: Mapping[str, Judgement]) -> tuple[Sighting, ...]:
    """Return what was unusual during an incident and in the day after it; `others` are in none, by time."""
    start = bisect_left(others, incident.first_seen, key=lambda alert: alert.timestamp)
    end = bisect_right(others, moved(incident.last_seen, _AFTER), key=lambda alert: alert.timestamp)
    unusual = [alert for alert in others[start:end] if _is_unusual(judgements[alert.id])]
    unusual.sort(key=lambda alert: (-judgements[alert.id].bits, -alert.rule.level, alert.timestamp, alert.id))
    kept = sorted(unusual[:_MOST], key=lambda alert: (alert.timestamp, alert.id))
    return tuple(_sighting(alert, judgements[alert.id]) for alert in kept)


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
