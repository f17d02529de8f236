"""`kulla report`: one incident as its own report, or a period: counted rightly, bounded, in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.alerts import Level
from engine.entities import Entity
from engine.runs.joining import refresh_incidents
from engine.store.embedded import EmbeddedStore
from tests.cli.fakes import NOW, FakeStore, an_alert, an_incident, call
from tests.cli.hostile import HOSTILE, acting
from tests.cli.runs import kulla
from tests.engine.incidents.alerts import alert

DAYS = "2026-03-01/2026-03-02"


@pytest.fixture
def store() -> FakeStore:
    alerts = [
        an_alert("sp01", number=1, level=Level.CRITICAL),
        an_alert("sp02", number=2, level=Level.HIGH),
        an_alert("sp02", number=3, level=Level.HIGH),
    ]
    return FakeStore(kept_alerts=alerts, kept_incidents=[an_incident("sp01", alerts=alerts[:2])])


def _period(store: FakeStore, tmp_path: Path, *argv: str) -> dict:
    result = call("report", *argv, "-f", "json", store=store, cwd=tmp_path)
    assert result.code == 0, result.err
    return json.loads(result.out)["period"]


def test_a_period_is_counted(store: FakeStore, tmp_path: Path) -> None:
    closed = call("alerts", "close", store.kept_alerts[2].id, "--verdict", "false-positive", "--why", "a test",
                  store=store, cwd=tmp_path)  # fmt: skip
    assert closed.code == 0, closed.err
    found = _period(store, tmp_path, "--period", DAYS)
    assert found["alerts"] == {"critical": 1, "high": 2}
    assert [row["id"] for row in found["incidents"]] == [store.kept_incidents[0].id]
    assert found["hosts"] == [{"host": "sp02", "count": 2}, {"host": "sp01", "count": 1}]
    assert sum(row["count"] for row in found["rules"]) == 3
    assert sum(row["false"] for row in found["rules"]) == 1
    assert all(row["incident"] == store.kept_incidents[0].id for row in found["clocks"])
    assert found["clocks"]
    shown = call("report", "--period", DAYS, "--lang", "sq", "--no-color", store=store, cwd=tmp_path, terminal=True).out
    assert "prej tyre në asnjë incident           1" in shown
    assert "prej tyre të pavlerësuara             2" in shown


def test_a_period_ends_before_its_end_and_knows_decisions_by_their_time(store: FakeStore, tmp_path: Path) -> None:
    before = _period(store, tmp_path, "--period", "2026-02-01/2026-03-01")
    assert (before["alerts"], before["incidents"], before["clocks"]) == ({}, [], [])
    call("incidents", "close", "inc0", "--why", "rebuilt", store=store, cwd=tmp_path)
    assert before["decisions"] == []
    today = _period(store, tmp_path, "--period", f"{NOW.date()}/{NOW.date() + timedelta(days=1)}")
    assert today["decisions"] == [{"what": "incident.closed", "times": 1}]
    assert _period(store, tmp_path, "--period", DAYS)["clocks"] == []  # of closed incidents nothing is due


def test_a_period_tells_tactics_and_decisions_by_name_in_both_languages(store: FakeStore, tmp_path: Path) -> None:
    call(
        "alerts", "close", store.kept_alerts[2].id, "--verdict", "benign", "--why", "a test", store=store, cwd=tmp_path
    )
    span = f"{DAYS[:10]}/{NOW.date() + timedelta(days=1)}"
    found = _period(store, tmp_path, "--period", span)
    assert (found["tactics"][0]["tactic"], found["decisions"][0]["what"]) == ("execution", "alert.judged")
    for lang, tactic, kind in (("en", "Execution", "alert judged"), ("sq", "Ekzekutimi", "alarm i vlerësuar")):
        for form in ("md", "html"):
            shown = call("report", "--period", span, "--lang", lang, "-f", form, store=store, cwd=tmp_path).out
            assert tactic in shown
            assert kind in shown
            assert "alert.judged" not in shown


def test_a_period_names_no_persons_and_keeps_the_clocks_of_what_went_quiet(store: FakeStore, tmp_path: Path) -> None:
    (incident,) = store.kept_incidents
    persons = (*incident.entities, Entity("user", "ann.hoxha"))
    store.kept_incidents[:] = [replace(incident, entities=persons, closed_why="told by Ann Hoxha")]
    for form in ("json", "jsonl", "md", "html"):
        shown = call("report", "--period", DAYS, "-f", form, store=store, cwd=tmp_path)
        assert shown.code == 0, shown.err
        assert "hoxha" not in shown.out.lower(), form
    later = _period(store, tmp_path, "--period", "2026-03-05/2026-03-06")
    assert (later["incidents"], {row["incident"] for row in later["clocks"]}) == ([], {incident.id})


def test_one_incident_is_its_own_report(tmp_path: Path) -> None:
    found = [alert(0, {"host.name": "sp01", "user.name": "ann"}, number=1, rule="r1", level="critical")]
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as kept:
        kept.commit_run("default", cursor=0, alerts=found, hits=[])
        refresh_incidents(kept, found)
        (incident,) = kept.incidents()
    both = [kulla(*words, incident.id, "-f", "md", home=tmp_path) for words in (("report",), ("incidents", "report"))]
    assert both[0].out == both[1].out
    assert "sp01" in both[0].out


@pytest.mark.parametrize(
    "argv",
    [(), ("inc0", "--period", "24h"), ("--period", "soon"), ("--period", "2026-03-02/2026-03-01"), ("--period", "/")],
)
def test_what_is_neither_is_refused(store: FakeStore, tmp_path: Path, argv: tuple[str, ...]) -> None:
    result = call("report", *argv, store=store, cwd=tmp_path)
    assert result.code == 2
    assert "next: " in result.err
    assert result.out == ""


@pytest.mark.parametrize("form", ["table", "md", "html", "json"])
def test_what_a_log_says_never_acts(tmp_path: Path, form: str) -> None:
    for text in HOSTILE:
        alerts = [an_alert(text)]
        store = FakeStore(kept_alerts=alerts, kept_incidents=[an_incident(text, alerts=alerts)])
        result = call("report", "--period", DAYS, "-f", form, store=store, cwd=tmp_path)
        assert result.code == 0
        assert not acting(result.out)
