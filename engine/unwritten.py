"""What a run has found and not written yet: gathered over several blocks, for every commit has a price of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.alerts import Alert
from engine.sigma.correlations.hits import Hit

_EVENTS = 25_000  # looked at: what a run that is killed looks at again
_ALERTS, _HITS = 500, 10_000
_CHARACTERS = 4 * 1024 * 1024  # of raw text that alerts hold in memory


@dataclass(slots=True)
class Unwritten:
    """Alerts and hits of the `events` looked at since the last commit."""

    alerts: list[Alert] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    events: int = 0
    characters: int = 0

    def add(self, alerts: Iterable[Alert], hits: Iterable[Hit]) -> None:
        """Take in what was found in a block."""
        for alert in alerts:
            self.alerts.append(alert)
            self.characters += sum(len(event.original) for event in alert.events)
        self.hits.extend(hits)

    @property
    def is_due(self) -> bool:
        """Tell whether it is time for a commit."""
        return (
            self.events >= _EVENTS
            or len(self.alerts) >= _ALERTS
            or len(self.hits) >= _HITS
            or self.characters >= _CHARACTERS
        )
