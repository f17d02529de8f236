"""What an exercise ends in: the espionage and the destruction are two incidents of one campaign, first every day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.alerts import Alert
from engine.incidents.building import build
from engine.incidents.model import Incident
from engine.store.embedded import EmbeddedStore
from playbooks.exercises.scoreboard import score
from playbooks.exercises.truth import Truth, read_truth
from tests.cli.runs import NOW, kulla

DESTRUCTION = 16  # from this event of the storyboard on


@pytest.fixture(scope="module", params=[2022])
def run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Truth, list[Alert]]:
    """Run the exercise; return its truth and its alerts."""
    home: Path = tmp_path_factory.mktemp("exercise") / "home"
    seed = str(request.param)
    result = kulla("exercise", "run", "homeland-justice", "--events", "1000", "--seed", seed, home=home)
    assert result.code == 0, result.err
    folder = home / "exercises" / f"homeland-justice-{seed}"
    with EmbeddedStore(folder / "home" / "store", lambda: NOW) as store:
        return read_truth(folder), list(store.alerts())


def _events(truth: Truth, alerts: Sequence[Alert]) -> dict[str, set[int]]:
    """Return the storyboard events of each alert, none for those of the ordinary day."""
    places = {(record.file, record.line): record.number for record in truth.records}
    found: dict[str, set[int]] = {}
    for alert in alerts:
        hits = set()
        for event in alert.events:
            path, _, line = event.source.rpartition(":")
            hits.add(places.get((path.partition("/logs/")[2], int(line)), 0))
        found[alert.id] = hits - {0}
    return found


def _core(incident: Incident) -> set[str]:
    return set(incident.alerts) - set(incident.context)


def test_espionage_and_destruction_are_two_incidents_of_one_campaign(run: tuple[Truth, list[Alert]]) -> None:
    truth, alerts = run
    events = _events(truth, alerts)
    wave, espionage = build(alerts)
    early, late = ([number for alert in _core(item) for number in events[alert]] for item in (espionage, wave))
    assert max(early) < DESTRUCTION <= min(late)
    assert {1, 5, 8, 12, 13} <= set(early)
    assert {17, 20, 22, 25, 28} <= set(late)
    assert espionage.campaign == wave.campaign != ""
    assert [link.incident for link in wave.links] == [espionage.id]


def test_the_ordinary_day_is_in_no_incident(run: tuple[Truth, list[Alert]]) -> None:
    truth, alerts = run
    events = _events(truth, alerts)
    false = {name for name, hits in events.items() if not hits}
    assert false
    for incident in build(alerts):
        assert not _core(incident) & false
    assert build([alert for alert in alerts if alert.id in false]) == []


def test_it_is_open_by_event_5_and_first_on_each_day_from_then(run: tuple[Truth, list[Alert]]) -> None:
    truth, alerts = run
    events = _events(truth, alerts)
    assert score(truth, alerts, build(alerts)).opened_by(5)
    hour = min(alert.timestamp for alert in alerts if events[alert.id]) + timedelta(minutes=15)
    end: datetime = max(alert.timestamp for alert in alerts)
    while hour < end:
        found = build([alert for alert in alerts if alert.timestamp <= hour])
        assert any(events[alert] for alert in _core(found[0]))
        hour += timedelta(hours=4)
