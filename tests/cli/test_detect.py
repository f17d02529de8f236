"""`kulla detect`: a cursor that moves, runs that repeat nothing, a watch that ends when told."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from cli.commands import detect as detecting
from engine.errors import StoreError
from tests.cli.runs import access_log, kulla, rule, rules_folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def rules(tmp_path: Path) -> str:
    return str(rules_folder(tmp_path))


def _collect(home: Path, name: str, data: bytes) -> None:
    (home.parent / name).write_bytes(data)
    assert kulla("collect", name, home=home).code == 0


def _detect(home: Path, rules: str, *words: str) -> tuple[list[str], str]:
    result = kulla("detect", "--rules", rules, "-f", "jsonl", *words, home=home)
    assert result.code == 0, result.err
    return [json.loads(line)["id"] for line in result.out.splitlines()], result.err


def test_the_cursor_moves_and_nothing_is_found_twice(home: Path, rules: str) -> None:
    _collect(home, "a.log", access_log(20) + access_log(2, start=20, path="/evil"))
    first, errors = _detect(home, rules)
    assert len(first) == 2
    assert "22 events looked at, 2 alerts (2 new)" in errors
    again, errors = _detect(home, rules)
    assert again == []
    assert "0 events looked at" in errors
    rerun, errors = _detect(home, rules, "--since", "2026-03-10")
    assert sorted(rerun) == sorted(first)
    assert "2 alerts (0 new)" in errors
    _collect(home, "b.log", access_log(1, start=40, path="/evil"))
    assert len(_detect(home, rules)[0]) == 1
    assert len(kulla("alerts", "list", "-f", "jsonl", home=home).out.splitlines()) == 3


def test_detect_and_hunt_give_the_same_alerts(home: Path, rules: str) -> None:
    _collect(home, "a.log", access_log(50) + access_log(5, start=50, path="/evil"))
    hunted = kulla("hunt", "a.log", "--rules", rules, "-f", "jsonl", home=home)
    detected = kulla("detect", "--rules", rules, "-f", "jsonl", home=home)
    one, two = ([json.loads(line) for line in item.out.splitlines()] for item in (hunted, detected))
    assert len(one) == 5
    assert sorted(one, key=lambda row: row["id"]) == sorted(two, key=lambda row: row["id"])


def test_a_stamp_of_the_year_9999_keeps_no_alert_out_of_incidents(home: Path, tmp_path: Path) -> None:
    folder = str(rules_folder(tmp_path, (rule().replace("level: high", "level: critical"),)))
    _collect(home, "far.log", access_log(1, path="/evil").replace(b"/2026:", b"/9999:"))
    _detect(home, folder)
    _collect(home, "now.log", access_log(3, path="/evil"))
    found, _ = _detect(home, folder)
    incidents = [json.loads(line) for line in kulla("incidents", "list", "-f", "jsonl", home=home).out.splitlines()]
    held = {alert for item in incidents for alert in item["alerts"]}
    assert set(found) <= held


def test_a_watch_stays_until_it_is_interrupted(home: Path, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _collect(home, "a.log", access_log(3, path="/evil"))
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt
        _collect(home, "b.log", access_log(1, start=9, path="/evil"))

    monkeypatch.setattr(time, "sleep", sleep)
    result = kulla("detect", "--rules", rules, "--watch", "5m", home=home)
    assert result.code == 130
    assert all(200 < pause <= 300 for pause in pauses)  # from run to run, whatever a run takes
    assert len(result.out.splitlines()) == 4
    assert "interrupted" in result.err


def test_a_watch_may_look_more_than_once_a_second(home: Path, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(seconds: float) -> None:
        assert 0 < seconds <= 0.5
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    assert kulla("detect", "--rules", rules, "--watch", "500ms", home=home).code == 130


@pytest.mark.parametrize(("fails", "least"), [(False, 0.02), (True, 1.0)])
def test_a_watch_of_a_millisecond_leaves_others_room(
    home: Path, rules: str, monkeypatch: pytest.MonkeyPatch, *, fails: bool, least: float
) -> None:
    def fail(_: object) -> None:
        raise StoreError("away")

    def sleep(seconds: float) -> None:
        assert least <= seconds <= 1
        raise KeyboardInterrupt

    if fails:
        monkeypatch.setattr(detecting._Shift, "once", fail)
    monkeypatch.setattr(time, "sleep", sleep)
    result = kulla("detect", "--rules", rules, "--watch", "1ms", home=home)
    assert result.code == 130, result.err
    assert ("trying again within 1 seconds" in result.err) == fails


@pytest.mark.parametrize("words", [("-f", "json"), ("-f", "csv"), ("-o", "alerts.jsonl"), ("--since", "1d")])
def test_a_watch_refuses_what_a_second_run_would_overwrite(words: tuple[str, ...], home: Path, rules: str) -> None:
    result = kulla("detect", "--rules", rules, "--watch", "60s", *words, home=home)
    assert result.code == 2
    assert "next: " in result.err


def test_the_alarm_rings_whatever_is_shown(home: Path, rules: str) -> None:
    _collect(home, "a.log", access_log(3, path="/evil"))
    assert kulla("detect", "--rules", rules, "--level", "critical", "--fail-on", "high", home=home).code == 1
    assert kulla("detect", "--rules", rules, "--fail-on", "high", home=home).code == 0


def test_a_lateness_is_a_span_of_time(home: Path, rules: str) -> None:
    _collect(home, "a.log", access_log(5))
    assert _detect(home, rules, "--lateness", "5m")[0] == []
    wrong = kulla("detect", "--rules", rules, "--lateness", "soon", home=home)
    assert wrong.code == 2
    assert "--lateness" in wrong.err


def test_what_to_look_at_next_is_where_there_is_something_to_see(home: Path, tmp_path: Path, rules: str) -> None:
    _collect(home, "a.log", access_log(3, path="/evil"))
    assert "next: kulla alerts list" in kulla("detect", "--rules", rules, home=home).err  # too little for an incident
    (tmp_path / "more").mkdir()
    critical = str(rules_folder(tmp_path / "more", (rule().replace("level: high", "level: critical"),)))
    _collect(home, "b.log", access_log(2, start=9, path="/evil"))
    assert "next: kulla incidents list" in kulla("detect", "--rules", critical, home=home).err
