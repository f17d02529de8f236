"""Enrichment on the way into the store, as the settings have it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runs import kulla
from tests.collectors.enrichment import mmdb

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
LINE = f'198.51.100.7 - - [10/Mar/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 12 "-" "{FIREFOX}"\n'
QUERY = 'SELECT "user_agent.name", "source.geo.city_name", "source.as.number", "source.asset.name" FROM events'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "access.log").write_text(LINE)
    city = {"city": {"names": {"en": "Tirana"}}, "autonomous_system_number": 64500}
    mmdb.write(tmp_path / "city.mmdb", {"198.51.100.0/24": city})
    (tmp_path / "assets.csv").write_text("match,name\n198.51.100.0/28,guest network\n")
    return tmp_path / "home"


def configure(home: Path, text: str) -> None:
    (home.parent / "kulla.toml").write_text(text)


def stored(home: Path) -> list[object]:
    assert kulla("collect", "access.log", home=home).code == 0
    rows = kulla("search", "--sql", QUERY, "-f", "jsonl", home=home).out.splitlines()
    return list(json.loads(rows[0]).values())


def test_what_values_say_is_stored_with_the_event(home: Path) -> None:
    configure(home, '[enrich]\naddresses = ["city.mmdb"]\nassets = "assets.csv"\n')
    assert stored(home) == ["Firefox", "Tirana", 64500, "guest network"]


@pytest.mark.parametrize("words", [(), ("--privacy",)])
def test_parse_prints_events_as_they_would_be_stored(home: Path, words: tuple[str, ...]) -> None:
    configure(home, '[enrich]\naddresses = ["city.mmdb"]\nassets = "assets.csv"\n')
    found = json.loads(kulla("parse", "access.log", *words, home=home).out)
    assert found["user_agent"]["name"] == "Firefox"
    assert found["source"]["asset"]["name"] == "guest network"


@pytest.mark.parametrize("words", [(), ("--privacy",)])
def test_parse_prints_the_log_alone_where_that_is_asked_for(home: Path, words: tuple[str, ...]) -> None:
    found = json.loads(kulla("parse", "access.log", "--no-enrich", *words, home=home).out)
    assert "name" not in found["user_agent"]


def test_databases_are_opened_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collectors.enrichment import assets

    configure(home, '[enrich]\naddresses = ["city.mmdb"]\nassets = "assets.csv"\n')
    opened: list[Path] = []
    real = assets.load_assets
    monkeypatch.setattr(assets, "load_assets", lambda path: opened.append(path) or real(path))
    assert stored(home)[-1] == "guest network"
    assert len(opened) == 1


@pytest.mark.parametrize("setting", ['addresses = ["nothing.mmdb"]', 'assets = "nothing.csv"'])
def test_a_file_that_is_not_there_is_told_before_anything_is_stored(home: Path, setting: str) -> None:
    configure(home, f"[enrich]\n{setting}\n")
    result = kulla("collect", "access.log", home=home)
    assert result.code == 3
    assert "nothing" in result.err
    assert "next:" in result.err
