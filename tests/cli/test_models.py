"""`kulla models` over a real store: from training to an alert, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.runs import NOW, kulla

_LINE = '10.0.{net}.{host} - - [{stamp}] "GET {target} HTTP/1.1" 200 512 "-" "Mozilla/5.0"\n'


def _log(folder: Path) -> Path:
    """Write 25 days of ordinary requests, and one injection half an hour ago."""
    lines = []
    for number in range(1200):
        stamp = NOW - timedelta(days=28) + timedelta(minutes=33 * number)
        towns = ("tirana", "vlora", "korca")
        target = f"/search?id={10_000 + number * 61 % 89_999}&town={towns[number % 3]}" if number % 2 else "/index.jsp"
        lines.append(_line(number, stamp.strftime("%d/%b/%Y:%H:%M:%S +0000"), target))
    stamp = NOW - timedelta(minutes=30)
    lines.append(_line(7, stamp.strftime("%d/%b/%Y:%H:%M:%S +0000"), "/search?id=1%27%20OR%20%271%27=%271&town=vlora"))
    path = folder / "access.log"
    path.write_text("".join(lines), encoding="ascii")
    return path


def _line(number: int, stamp: str, target: str) -> str:
    return _LINE.format(net=number % 4, host=number % 199 + 1, stamp=stamp, target=target)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    assert kulla("collect", str(_log(tmp_path)), "--source", "nginx", home=home).code == 0
    return home


def test_from_training_to_an_alert_that_is_found_once(home: Path) -> None:
    trained = kulla("models", "train", "web-requests", home=home)
    assert trained.code == 0, trained.err
    assert kulla("models", "promote", "web-requests", "--budget", "2", home=home).code == 0
    first = kulla("detect", "--rules", "own", "--rules-level", "critical", "-f", "jsonl", home=home)
    assert first.code == 0, first.err
    alerts = [json.loads(line) for line in first.out.splitlines()]
    (alert,) = [item for item in alerts if item["rule.id"] == "model/web-requests" and "%27" in item["url.original"]]
    assert any(reason["field"] == "url.query:id" for reason in alert["why"])
    again = kulla("detect", "--rules", "own", "--rules-level", "critical", "-f", "jsonl", home=home)
    assert "model/web-requests" not in again.out
    explained = kulla("models", "explain", "web-requests", alert["event.id"], "-f", "json", home=home)
    told = json.loads(explained.out)["explanation"]
    assert abs(sum(term["bits"] for term in told["terms"]) - told["score"]) < 0.01


def test_what_is_not_trained_says_so(home: Path) -> None:
    refused = kulla("models", "promote", "generated-names", home=home)
    assert refused.code == 2
    assert "kulla models train generated-names" in refused.err
    nothing = kulla("models", "train", "generated-names", home=home)
    assert nothing.code == 2
    assert "kulla store status" in nothing.err


def test_every_model_has_a_card_in_both_languages(tmp_path: Path) -> None:
    home = tmp_path / "home"
    listed = kulla("models", "list", "-f", "jsonl", home=home)
    names = [json.loads(line)["name"] for line in listed.out.splitlines()]
    assert {"web-requests", "generated-names", "beacons"} <= set(names)
    english = kulla("models", "show", "web-requests", "-f", "md", home=home)
    albanian = kulla("models", "show", "web-requests", "--lang", "sq", "-f", "md", home=home)
    assert (english.code, albanian.code) == (0, 0)
    assert "Known failures" in english.out
    assert "Dobësitë e njohura" in albanian.out


def test_the_week_is_reported_and_the_setting_comes_first(home: Path) -> None:
    assert kulla("models", "train", "web-requests", home=home).code == 0
    assert kulla("models", "promote", "web-requests", "--budget", "2", home=home).code == 0
    assert kulla("detect", "--rules", "own", "--rules-level", "critical", "-f", "jsonl", home=home).code == 0
    (listed,) = [
        row
        for line in kulla("models", "list", "-f", "jsonl", home=home).out.splitlines()
        if (row := json.loads(line))["name"] == "web-requests"
    ]
    assert (listed["state"], listed["promised_7d"], listed["alerts_7d"]) == ("learning", 14.0, 1)
    weeks = kulla("models", "budget", "--weeks", "1", "-f", "jsonl", home=home)
    assert weeks.code == 0, weeks.err
    assert [json.loads(line)["model"] for line in weeks.out.splitlines()] in ([], ["all models", "web-requests"])
    (home.parent / "kulla.toml").write_text("[models]\nbudget = 5\n", encoding="ascii")
    more = kulla("models", "list", "-f", "jsonl", home=home)
    assert '"promised_7d": 35.0' in more.out
    shown = kulla("models", "show", "web-requests", "-f", "md", home=home)
    assert "beyond the usual" in shown.out


def test_training_anew_does_not_hide_the_weeks_before(home: Path) -> None:
    for now in (NOW - timedelta(days=10), NOW):
        assert kulla("models", "train", "web-requests", home=home, now=now).code == 0
        assert kulla("models", "promote", "web-requests", "--budget", "2", home=home, now=now).code == 0
    later = NOW + timedelta(days=1)
    weeks = kulla("models", "budget", "--weeks", "2", "-f", "jsonl", home=home, now=later).out.splitlines()
    assert [row["promised"] for line in weeks if (row := json.loads(line))["model"] == "web-requests"] == [14.0, 8.0]


def test_fairness_is_told_by_shift_in_cells_that_hide_nobody(home: Path) -> None:
    assert kulla("models", "train", "web-requests", home=home).code == 0
    since = (NOW - timedelta(days=20)).isoformat()
    told = kulla("models", "fairness", "web-requests", "--by", "shift", "--since", since, "-f", "jsonl", home=home)
    assert told.code == 0, told.err
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert len(rows) == 3
    assert all(row["observations"] >= 20 and row["low"] <= row["rate"] <= row["high"] for row in rows)
