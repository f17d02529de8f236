"""Hunting: rules over events as they are read, without any store.

A `Hunter` looks at one stream of events; correlations are evaluated when everything was seen. Several hunters (one a
process) can share the work: their `hits` and `kept` events are joined before `conclude`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from engine.alerts import Alert
from engine.events import Event, Fields
from engine.sigma.alerting import burst_alert, event_alert, event_time
from engine.sigma.correlations.correlator import Correlator
from engine.sigma.correlations.hits import Hit
from engine.sigma.correlations.kept import KeptHits
from engine.sigma.engine import Engine
from engine.sigma.filter_info import without_excluded
from engine.sigma.screening import Screen

MAX_KEPT = 50_000  # events kept whole for the alerts of correlations; hits beyond are counted, their events not shown


@dataclass(slots=True)
class Findings:
    """What hunting leaves for correlations: hits, and the events they rest on (the first `MAX_KEPT`).

    `excluded` counts the matches that each filter (by id) took away.
    """

    hits: KeptHits = field(default_factory=lambda: KeptHits({}))
    events: dict[str, Event] = field(default_factory=dict)
    excluded: Counter[str] = field(default_factory=Counter)

    def add(self, other: Findings) -> None:
        """Join the findings of another stream; an event that both have stays where it was read first."""
        self.hits.join(other.hits)
        self.excluded.update(other.excluded)
        for event in other.events.values():
            self.keep(event)

    def keep(self, event: Event) -> None:
        """Keep an event, within bounds; one that is there already stays as it is."""
        if len(self.events) < MAX_KEPT:
            self.events.setdefault(event.id, event)


class Hunter:
    """Looks at events one by one. `findings` grows with the matches that correlations ask for.

    `may_match` tells from a sketch (see `engine.sketches`) whether an event need be looked at at all.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._correlator = Correlator(engine.rules)
        self.may_match = Screen(engine).may_match
        self.findings = self._none()

    def look(self, fields: Fields, raw: bytes, whole: Callable[[], Event]) -> list[Alert]:
        """Return the alerts of one event; `whole` makes the complete event and is called only where a rule matched."""
        matches = without_excluded(self._engine.match(fields, raw), self.findings.excluded)
        if not matches:
            return []
        event = whole()
        alerts = []
        for match in matches:
            if self._correlator.wants(match):
                self._remember(self._correlator.hits(match, fields, event_time(event.fields), event.id), event)
            if not self._correlator.is_silent(match):
                alerts.append(event_alert(match, event))
        return alerts

    def _remember(self, hits: Iterable[Hit], event: Event) -> None:
        kept = [self.findings.hits.add(hit) for hit in hits]
        if any(kept):
            self.findings.keep(event)

    def _none(self) -> Findings:
        return Findings(hits=KeptHits(self._correlator.bounds))

    def take(self) -> Findings:
        """Return the findings so far and begin anew, for another file."""
        findings, self.findings = self.findings, self._none()
        return findings

    def conclude(self) -> list[Alert]:
        """Return the alerts of all correlations over everything seen."""
        return conclude(self._correlator, self.findings.hits, self.findings.events)


def conclude(correlator: Correlator, hits: Iterable[Hit], events: Mapping[str, Event]) -> list[Alert]:
    """Return the alerts of correlations over these hits."""
    return [burst_alert(burst, events, correlator.names) for burst in correlator.bursts(hits)]
