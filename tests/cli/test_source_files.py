"""`--source-file`, `--check` and the folder of user-written sources in the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runs import kulla

SOURCE = """name: desk
title: Service desk
patterns: ['%{timestamp:time} desk %{ip:source.ip} %{word:event.action}']
timestamp: time
tests:
  - line: '2026-03-10T08:15:02Z desk 192.0.2.1 OPEN'
    fields: {source.ip: 192.0.2.1, event.action: OPEN}
"""
LOG = "2026-03-10T08:15:02Z desk 192.0.2.1 OPEN\n2026-03-10T08:15:03Z desk 192.0.2.2 CLOSE\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "desk.yml").write_text(SOURCE)
    (tmp_path / "desk.log").write_text(LOG)
    return tmp_path / "home"


def test_a_log_is_parsed_as_the_file_says(home: Path) -> None:
    result = kulla("parse", "--source-file", "desk.yml", "desk.log", home=home)
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, result.err) == (0, "")
    assert [row["event"]["action"] for row in rows] == ["OPEN", "CLOSE"]
    assert rows[0]["event"]["dataset"] == "desk.log"


def test_a_log_is_collected_as_the_file_says(home: Path) -> None:
    result = kulla("collect", "--source-file", "desk.yml", "desk.log", "-f", "jsonl", home=home)
    row = json.loads(result.out)
    assert (result.code, row["source"], row["stored"]) == (0, "desk", 2)


def test_a_folder_in_the_settings_is_recognised(home: Path) -> None:
    (home.parent / "sources").mkdir()
    (home.parent / "desk.yml").rename(home.parent / "sources" / "desk.yml")
    (home.parent / "kulla.toml").write_text('[collectors]\nsources = ["sources"]\n')
    result = kulla("parse", "desk.log", home=home)
    assert (result.code, len(result.out.splitlines())) == (0, 2)
    named = kulla("parse", "--source", "desk", "desk.log", home=home)
    assert named.out == result.out


def test_the_settings_sources_are_listed(home: Path) -> None:
    (home.parent / "kulla.toml").write_text('[collectors]\nsources = ["desk.yml"]\n')
    result = kulla("sources", "desk", "-f", "jsonl", home=home)
    assert [json.loads(line)["datasets"] for line in result.out.splitlines()] == [["desk.log"]]


def test_hunting_reads_as_the_file_says(home: Path, tmp_path: Path) -> None:
    rule = (
        "title: Closed\nlogsource: {product: desk}\ndetection: {a: {event.action: CLOSE}, condition: a}\nlevel: high\n"
    )
    (tmp_path / "rule.yml").write_text(rule)
    result = kulla("hunt", "--source-file", "desk.yml", "--rules", "rule.yml", "desk.log", "-f", "jsonl", home=home)
    assert result.code == 0
    assert [json.loads(line)["source.ip"] for line in result.out.splitlines()] == ["192.0.2.2"]


def test_without_the_folder_the_log_is_unknown(home: Path) -> None:
    result = kulla("parse", "--source", "desk", "desk.log", home=home)
    assert result.code == 2
    assert "no log source is called desk" in result.err


def test_checking_runs_the_tests_of_the_file(home: Path) -> None:
    result = kulla("parse", "--source-file", "desk.yml", "--check", home=home)
    assert result.code == 0
    assert [json.loads(line)["result"] for line in result.out.splitlines()] == ["ok"]
    assert "1 tests hold, 0 do not" in result.err


def test_a_test_that_fails_is_an_issue_with_its_line(home: Path) -> None:
    (home.parent / "desk.yml").write_text(SOURCE.replace("OPEN}", "SHUT}"))
    result = kulla("parse", "--source-file", "desk.yml", "--check", home=home)
    assert result.code == 4
    assert "desk.yml:6: event.action: SHUT is expected, OPEN was read" in result.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("parse",), 2, "no log is named"),
        (("parse", "--check"), 2, "--source-file FILE --check"),
        (("parse", "--source-file", "no.yml", "desk.log"), 3, "no such file"),
        (("parse", "--source-file", "broken.yml", "desk.log"), 3, "broken.yml:3"),
        (("collect", "--source-file", "broken.yml", "desk.log"), 3, "look-around"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(home: Path, words: tuple[str, ...], code: int, told: str) -> None:
    (home.parent / "broken.yml").write_text("name: desk\ntitle: x\npatterns: ['(?<=a)b']\n")
    result = kulla(*words, home=home)
    assert result.code == code
    assert told in result.err
