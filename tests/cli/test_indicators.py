"""`kulla indicators`: imported, listed, matched in a run and back in time, removed with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runs import access_log, kulla, rules_folder

FEED = (
    "value,type,name,tlp,until\n192.0.2.1,ip,Known scanner,green,\n"
    "evil.example,domain,Loader,amber,2026-01-01\nx,mutex,,,\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    rules_folder(tmp_path)
    (tmp_path / "access.log").write_bytes(access_log(2))
    (tmp_path / "feed.csv").write_text(FEED, encoding="utf-8")
    assert kulla("collect", str(tmp_path / "access.log"), home=home).code == 0
    return home


def _import(home: Path):
    return kulla("indicators", "import", str(home.parent / "feed.csv"), "--actor", "arta", home=home)


def _detect(home: Path, *more: str):
    return kulla("detect", "--rules", str(home.parent / "rules"), *more, home=home)


def test_what_was_not_taken_is_the_data(home: Path) -> None:
    result = _import(home)
    assert result.code == 0
    assert [(row["where"], row["what"]) for row in map(json.loads, result.out.splitlines())] == [("feed.csv:4", "x")]
    assert "2 new indicators, 0 known, 1 refused" in result.err
    assert "0 new indicators, 2 known" in _import(home).err


def test_a_run_looks_back_and_its_matches_are_alerts_in_incidents(home: Path) -> None:
    assert _detect(home).code == 0
    _import(home)
    result = _detect(home, "--fail-on", "high")
    assert result.code == 1
    assert "indicators: 2 matches (2 new)" in result.err
    alerts = [json.loads(line) for line in kulla("alerts", "list", home=home).out.splitlines()]
    assert {alert["rule.name"] for alert in alerts} == {"Indicator: Known scanner"}
    assert "tlp.green" in alerts[0]["rule.tags"]
    assert "indicators:" not in _detect(home).err
    assert kulla("incidents", "list", home=home).out


def test_a_span_of_time_is_matched_without_moving_anything(home: Path) -> None:
    _import(home)
    result = kulla("indicators", "match", "--until", "2026-03-10T00:00:01Z", home=home)
    assert len(result.out.splitlines()) == 1
    assert len(kulla("indicators", "match", home=home).out.splitlines()) == 2
    assert kulla("indicators", "match", home=home).out == ""


def test_indicators_are_listed_and_removed_with_a_reason_on_the_ledger(home: Path) -> None:
    _import(home)
    rows = [json.loads(line) for line in kulla("indicators", "list", home=home).out.splitlines()]
    assert {row["looks_for"] for row in rows} == {"ip equals 192.0.2.1", "domain equals evil.example"}
    assert len(kulla("indicators", "list", "--expired", home=home).out.splitlines()) == 1
    assert kulla("indicators", "remove", "--expired", home=home).code == 2
    done = kulla("indicators", "remove", "--expired", "--why", "over", "--actor", "arta", home=home)
    assert "1 indicators removed" in done.err
    assert kulla("indicators", "remove", "zz", "--why", "x", "--actor", "arta", home=home).code == 2
    ledger = kulla("ledger", "show", "-f", "jsonl", home=home).out
    assert "indicators.removed" in ledger
    assert "indicators.imported" in ledger


def test_a_file_that_cannot_be_read_does_not_stop_the_others(home: Path) -> None:
    (home.parent / "bad.json").write_text("{", encoding="utf-8")
    files = [str(home.parent / name) for name in ("bad.json", "feed.csv")]
    result = kulla("indicators", "import", *files, "--actor", "arta", home=home)
    assert result.code == 4
    assert "bad.json" in result.err
    assert "2 new indicators" in result.err
