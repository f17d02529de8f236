"""The scoreboard of an exercise: what was seen, by which rules, when the incident opened, and what was a false alert.

A pure function of the truth, the alerts and the incidents. An alert's events are found in the truth by the file and
line in `EventRef.source` (`path:number`), wherever the logs' folder lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.alerts import Alert
from engine.events import instant
from engine.incidents.model import Incident
from playbooks.exercises.truth import Truth, TruthRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One storyboard event on the scoreboard. `first_record` is None for an inject, which leaves no record.

    `rules` are the names of the rules that saw it, `first_alert` the event time of the first alert that did.
    """

    number: int
    action: str
    host: str
    techniques: tuple[str, ...]
    is_inject: bool
    first_record: datetime | None
    records: int
    records_seen: int
    rules: tuple[str, ...]
    first_alert: datetime | None

    @property
    def is_seen(self) -> bool:
        """Tell whether at least one alert rests on a record of this event."""
        return bool(self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One incident with alerts of the attack.

    `opened` is when it was open and held an alert of the attack (an incident that a false alert opened before does not
    count before that). `at_event` is the storyboard event that was under way then: the last one whose first record is
    at or before `opened`.
    """

    incident: str
    title: str
    opened: datetime
    at_event: int
    true_alerts: int
    false_alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlert:
    """An alert none of whose events belongs to the attack."""

    alert: str
    rule: str
    level: str
    timestamp: datetime
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """The result of an exercise. `openings` are in order of time; `events` leaves injects out of the counts."""

    exercise: str
    sightings: tuple[Sighting, ...]
    openings: tuple[Opening, ...]
    false_alerts: tuple[FalseAlert, ...]
    alerts: int
    true_alerts: int
    benign_records: int
    attack_records: int

    @property
    def seen(self) -> int:
        """Return how many storyboard events were seen."""
        return sum(sighting.is_seen for sighting in self.sightings)

    @property
    def visible(self) -> int:
        """Return how many storyboard events left a record that could be seen."""
        return sum(sighting.records > 0 for sighting in self.sightings)

    @property
    def opened(self) -> datetime | None:
        """Return when the first incident of the attack opened."""
        return self.openings[0].opened if self.openings else None

    def opened_by(self, number: int) -> bool:
        """Tell whether an incident opened at or before the first record of storyboard event `number`."""
        goal = next((s.first_record for s in self.sightings if s.number == number), None)
        return goal is not None and self.opened is not None and self.opened <= goal

    def opened_before(self, number: int) -> bool:
        """Tell whether an incident opened before the first record of storyboard event `number`."""
        goal = next((s.first_record for s in self.sightings if s.number == number), None)
        return goal is not None and self.opened is not None and self.opened < goal


class _Places:
    """Finds the storyboard event of a `path:number`, whatever folder stands before the exercise's file names."""

    def __init__(self, truth: Truth) -> None:
        self._files = frozenset(count.file for count in truth.files)
        self._records = {(record.file, record.line): record for record in truth.records}

    def find(self, source: str) -> TruthRecord | None:
        path, _, number = source.rpartition(":")
        if not number.isdecimal():
            return None
        file = self._file(path.replace("\\", "/"))
        return self._records.get((file, int(number))) if file else None

    def _file(self, path: str) -> str | None:
        parts = path.split("/")
        tails = ("/".join(parts[index:]) for index in range(len(parts)))
        return next((tail for tail in tails if tail in self._files), None)


def score(truth: Truth, alerts: Sequence[Alert], incidents: Sequence[Incident]) -> Scoreboard:
    """Return the scoreboard of one run. An alert is true where at least one of its events belongs to the attack."""
    places = _Places(truth)
    found = {alert.id: _records(places, alert) for alert in alerts}
    ordered = sorted(alerts, key=lambda alert: (alert.timestamp, alert.id))
    true_ids = frozenset(identifier for identifier, records in found.items() if records)
    sightings = _sightings(truth, ordered, found)
    return Scoreboard(
        exercise=truth.exercise,
        sightings=sightings,
        openings=_openings(
            sightings, incidents, {alert.id: alert.timestamp for alert in ordered if alert.id in true_ids}
        ),
        false_alerts=tuple(_false_alert(alert) for alert in ordered if alert.id not in true_ids),
        alerts=len(found),
        true_alerts=len(true_ids),
        benign_records=truth.benign,
        attack_records=truth.attack,
    )


def _records(places: _Places, alert: Alert) -> tuple[TruthRecord, ...]:
    hits = (places.find(event.source) for event in alert.events)
    return tuple(record for record in hits if record is not None)


def _sightings(
    truth: Truth, alerts: Iterable[Alert], found: dict[str, tuple[TruthRecord, ...]]
) -> tuple[Sighting, ...]:
    rules: dict[int, dict[str, None]] = {}
    first: dict[int, datetime] = {}
    seen: dict[int, set[tuple[str, int]]] = {}
    for alert in alerts:
        for record in found[alert.id]:
            rules.setdefault(record.number, {})[alert.rule.name] = None
            first.setdefault(record.number, alert.timestamp)
            seen.setdefault(record.number, set()).add((record.file, record.line))
    begun: dict[int, datetime] = {}
    count: dict[int, int] = {}
    techniques: dict[int, tuple[str, ...]] = {}
    for record in truth.records:
        begun[record.number] = min(record.timestamp, begun.get(record.number, record.timestamp))
        count[record.number] = count.get(record.number, 0) + 1
        techniques[record.number] = record.techniques
    return tuple(
        Sighting(
            number=event.number,
            action=event.action,
            host=event.host,
            techniques=event.techniques or techniques.get(event.number, ()),
            is_inject=event.is_inject,
            first_record=begun.get(event.number),
            records=count.get(event.number, 0),
            records_seen=len(seen.get(event.number, ())),
            rules=tuple(rules.get(event.number, ())),
            first_alert=first.get(event.number),
        )
        for event in truth.events
    )


def _openings(
    sightings: Sequence[Sighting], incidents: Sequence[Incident], true_times: Mapping[str, datetime]
) -> tuple[Opening, ...]:
    openings = []
    for incident in incidents:
        own = [true_times[identifier] for identifier in incident.alerts if identifier in true_times]
        if own:
            opened = max(incident.opened, min(own))
            openings.append(
                Opening(
                    incident=incident.id,
                    title=incident.title,
                    opened=opened,
                    at_event=_under_way(sightings, opened),
                    true_alerts=len(own),
                    false_alerts=len(incident.alerts) - len(own),
                )
            )
    return tuple(sorted(openings, key=lambda opening: (opening.opened, opening.incident)))


def _under_way(sightings: Sequence[Sighting], moment: datetime) -> int:
    begun = (s.number for s in sightings if s.first_record is not None and s.first_record <= moment)
    return max(begun, default=0)


def _false_alert(alert: Alert) -> FalseAlert:
    return FalseAlert(
        alert=alert.id,
        rule=alert.rule.name,
        level=alert.rule.level.label,
        timestamp=alert.timestamp,
        sources=tuple(event.source for event in alert.events),
    )


def sighting_rows(board: Scoreboard) -> tuple[tuple[str, ...], ...]:
    """Return one row a storyboard event: number, seen (`yes`, `no`, `inject`), host, techniques, action, rules.

    Values come from the storyboard and the rules; what shows them escapes them for its own output.
    """
    return tuple(
        (
            str(sighting.number),
            _word(sighting),
            sighting.host,
            ", ".join(sighting.techniques),
            sighting.action,
            _few(sighting.rules, 3),
        )
        for sighting in board.sightings
    )


def _word(sighting: Sighting) -> str:
    if sighting.is_inject:
        return "inject"
    return "yes" if sighting.is_seen else "no"


def total_rows(board: Scoreboard) -> tuple[tuple[str, str], ...]:
    """Return the totals, one (name, value) a row."""
    first = board.openings[0] if board.openings else None
    return (
        ("storyboard events seen", f"{board.seen} of {len(board.sightings)} ({board.visible} leave records)"),
        ("incident opened", f"{instant(first.opened)}, at event {first.at_event}" if first else "never"),
        ("opened by event 5", "yes" if board.opened_by(5) else "no"),
        ("opened before event 16", "yes" if board.opened_before(16) else "no"),
        ("incidents of the attack", str(len(board.openings))),
        ("alerts", f"{board.alerts} ({board.true_alerts} on the attack)"),
        ("alerts on the benign day", str(len(board.false_alerts))),
        ("records", f"{board.benign_records:,} benign, {board.attack_records:,} of the attack"),
    )


def false_alert_rows(board: Scoreboard) -> tuple[tuple[str, ...], ...]:
    """Return one row a false alert: time, level, rule, where its events stand."""
    return tuple(
        (instant(alert.timestamp), alert.level, alert.rule, _few(alert.sources, 1)) for alert in board.false_alerts
    )


def _few(words: Sequence[str], most: int) -> str:
    more = len(words) - most
    return ", ".join(words[:most]) + (f" (+{more})" if more > 0 else "")
