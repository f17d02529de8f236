"""How long things are kept: the table `[retention]` of the settings.

    [retention]
    "xroad.*" = "30d"          # events of these datasets, from the day on which they were stored
    "*" = "400d"
    alerts = "400d"            # by event time; also correlations' kept matches
    incidents = "800d"         # closed ones, by their last event
    dead-letters = "30d"
    vault = "180d"             # pseudonyms that were not seen for so long

What is not named is kept for ever. Of several patterns that fit a dataset, the longest holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from engine.alerts import Alert
from engine.events import moved
from engine.incidents.model import Incident
from engine.tables import Table

_OWN: Final = ("alerts", "incidents", "dead-letters", "vault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Spans of time, None for what is kept for ever. `datasets` maps patterns to spans."""

    datasets: Mapping[str, timedelta] = field(default_factory=dict)
    alerts: timedelta | None = None
    incidents: timedelta | None = None
    dead_letters: timedelta | None = None
    vault: timedelta | None = None

    def of(self, dataset: str) -> timedelta | None:
        """Return how long a dataset's events are kept."""
        fitting = [pattern for pattern in self.datasets if fnmatchcase(dataset, pattern)]
        return self.datasets[max(fitting, key=len)] if fitting else None

    def __bool__(self) -> bool:
        return self != Retention()


def read_retention(values: object, where: str) -> Retention:
    """Return what the table says; raise `ConfigurationError` for what is no span of time, or shorter than a day."""
    table = Table(values, where, "retention")
    spans: dict[str, timedelta] = {}
    for name in table.keys():  # noqa: SIM118 # a table is no dictionary
        spans[name] = table.span(name)
        if spans[name] < timedelta(days=1):
            raise table.error(name, "a day is the least: events are kept and removed by days")
    return Retention(
        datasets={name: span for name, span in spans.items() if name not in _OWN},
        alerts=spans.get("alerts"),
        incidents=spans.get("incidents"),
        dead_letters=spans.get("dead-letters"),
        vault=spans.get("vault"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something past its time that was kept, because alerts of open incidents rest on it."""

    where: str
    dataset: str
    events: int
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What went, by dataset (`events`) and by kind (`others`), and what was kept although its time has passed."""

    events: Mapping[str, int]
    others: Mapping[str, int]
    held: tuple[Held, ...]

    @property
    def gone(self) -> int:
        """How many things went, all in all."""
        return sum(self.events.values()) + sum(self.others.values())


def needed_events(incidents: Sequence[Incident], alerts: Mapping[str, Alert]) -> dict[str, str]:
    """Return the events that alerts of open incidents rest on, each with its incident."""
    return {
        event.id: incident.id
        for incident in incidents
        if incident.status != "closed"
        for number in incident.alerts
        if number in alerts
        for event in alerts[number].events
    }


def expired_incidents(incidents: Sequence[Incident], span: timedelta | None, now: datetime) -> list[str]:
    """Return the closed incidents whose last event is longer ago than the span."""
    if span is None:
        return []
    limit = moved(now, -span)
    return [each.id for each in incidents if each.status == "closed" and each.last_seen < limit]


def is_past(day: str, span: timedelta | None, now: datetime) -> bool:
    """Tell whether the whole of a day (ISO 8601, UTC) is longer ago than the span."""
    return span is not None and day < moved(now, -span).date().isoformat()
