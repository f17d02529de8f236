"""The scoreboard counts what was seen, tells when the incident opened, and lists false alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.alerts import Alert, EventRef, Level, RuleInfo
from engine.incidents.model import Incident
from playbooks.exercises.scoreboard import Scoreboard, false_alert_rows, score, sighting_rows, total_rows
from playbooks.exercises.truth import FileCount, StoryEvent, Truth, TruthRecord

START = datetime(2026, 3, 10, 9, tzinfo=UTC)


def record(number: int, file: str, line: int, minutes: int) -> TruthRecord:
    return TruthRecord(
        number=number,
        techniques=("T1190",),
        host="SP01",
        file=file,
        line=line,
        timestamp=START + timedelta(minutes=minutes),
    )


TRUTH = Truth(
    exercise="homeland-justice",
    seed=1,
    start=START,
    events=tuple(
        StoryEvent(number=number, action=f"deed {number}", host="SP01", techniques=("T1190",), is_inject=number == 3)
        for number in (1, 2, 3, 5, 16)
    ),
    records=(
        record(1, "iis/a.log", 5, 0),
        record(1, "iis/a.log", 6, 1),
        record(2, "windows/APP1.ndjson", 12, 2),
        record(5, "windows/APP1.ndjson", 30, 9),
        record(16, "windows/APP1.ndjson", 40, 95),
    ),
    files=(
        FileCount(file="iis/a.log", benign=90, attack=2, headers=4),
        FileCount(file="windows/APP1.ndjson", benign=100, attack=3, headers=0),
    ),
)


def alert(name: str, minutes: int, *sources: str) -> Alert:
    moment = START + timedelta(minutes=minutes)
    return Alert(
        id=f"{name}-{minutes}",
        timestamp=moment,
        rule=RuleInfo(id=name, name=name, level=Level.HIGH, version="1"),
        events=tuple(EventRef(id=source, timestamp=moment, source=source, original="") for source in sources),
        why=(),
        fields={},
    )


def incident(opened: int, *alerts: Alert) -> Incident:
    moment = START + timedelta(minutes=opened)
    return Incident(
        id=f"incident-{opened}",
        title="Web shell on SP01",
        status="open",
        severity=Level.HIGH,
        score=1.0,
        score_terms=(),
        first_seen=moment,
        last_seen=moment,
        opened=moment,
        alerts=tuple(item.id for item in alerts),
        joins=(),
        entities=(),
        tactics=(),
        techniques=(),
        playbooks=(),
    )


SHELL = alert("web shell", 1, "/tmp/x/iis/a.log:6")
BURST = alert("burst", 9, "/tmp/x/windows/APP1.ndjson:29", "/tmp/x/windows/APP1.ndjson:30")
FALSE = alert("scan", 3, "/tmp/x/iis/a.log:7")


def board(opened: int = 9) -> Scoreboard:
    return score(TRUTH, [FALSE, BURST, SHELL], [incident(opened, SHELL, BURST, FALSE)])


def test_events_are_seen_by_the_records_of_alerts() -> None:
    seen = {sighting.number: sighting for sighting in board().sightings}
    assert {number for number, sighting in seen.items() if sighting.is_seen} == {1, 5}
    assert seen[1].rules == ("web shell",)
    assert (seen[1].records, seen[1].records_seen) == (2, 1)
    assert seen[5].first_alert == BURST.timestamp
    assert seen[3].is_inject
    assert seen[3].first_record is None
    assert (board().seen, board().visible) == (2, 4)


def test_an_alert_is_false_where_none_of_its_events_is_of_the_attack() -> None:
    found = board()
    assert [item.rule for item in found.false_alerts] == ["scan"]
    assert (found.alerts, found.true_alerts) == (3, 2)
    assert false_alert_rows(found) == (("2026-03-10T09:03:00.000Z", "high", "scan", "/tmp/x/iis/a.log:7"),)


def test_opens_by_event_five_means_at_or_before_its_first_record() -> None:
    assert board(9).opened_by(5)
    assert not board(10).opened_by(5)
    assert board(94).opened_before(16)
    assert not board(95).opened_before(16)
    assert board(95).opened_by(16)


def test_the_opening_names_the_event_under_way() -> None:
    assert [board(minutes).openings[0].at_event for minutes in (0, 2, 8, 9, 200)] == [1, 2, 2, 5, 16]
    opening = board().openings[0]
    assert (opening.true_alerts, opening.false_alerts) == (2, 1)


def test_incidents_of_false_alerts_alone_are_no_opening() -> None:
    found = score(TRUTH, [FALSE], [incident(0, FALSE)])
    assert found.openings == ()
    assert found.opened is None
    assert not found.opened_by(5)


def test_a_file_of_the_same_name_elsewhere_is_another_file() -> None:
    stranger = alert("stranger", 1, "/tmp/x/a.log:5", "iis/a.log", "iis/a.log:x", "")
    assert score(TRUTH, [stranger], []).true_alerts == 0
    plain = alert("plain", 1, "iis/a.log:5")
    windows = alert("windows", 1, "C:\\logs\\iis\\a.log:5")
    assert score(TRUTH, [plain, windows], []).true_alerts == 2


def test_rows_are_texts_of_one_width() -> None:
    rows = sighting_rows(board())
    assert {len(row) for row in rows} == {6}
    assert [row[1] for row in rows] == ["yes", "no", "inject", "yes", "no"]
    totals = dict(total_rows(board()))
    assert totals["storyboard events seen"] == "2 of 5 (4 leave records)"
    assert totals["incident opened"] == "2026-03-10T09:09:00.000Z, at event 5"
    assert totals["alerts on the benign day"] == "1"
    assert dict(total_rows(score(TRUTH, [], [])))["incident opened"] == "never"
