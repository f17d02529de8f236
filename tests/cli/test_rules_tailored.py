"""Filters, placeholders, explain and convert on the command line, over real logs and a real store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.hostile import HOSTILE, acting
from tests.cli.runs import access_log, kulla, rule, rules_folder

RULE_ID = "5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01"
FILTER = (
    "title: The scanner is ours\nid: 00000000-0000-0000-0000-00000000f001\nlogsource: {category: webserver}\n"
    f"filter:\n  rules: [{RULE_ID}]\n  known: {{c-ip|cidr: 192.0.2.0/24, cs-uri-stem|endswith: /7}}\n"
    "  condition: not known\nkulla: {owner: SOC, reason: agreed, expires: 2026-12-31}\n"
)
BURST = (
    "title: Many at once\nid: 9d7a6c35-1111-4f5e-9d0b-6f6b8d1c0a02\nlevel: critical\ncorrelation:\n"
    f"  type: event_count\n  rules: [{RULE_ID}]\n  group-by: [source.ip]\n  timespan: 5s\n  generate: true\n"
    "  condition: {gte: 10}\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def rules(tmp_path: Path) -> str:
    return str(rules_folder(tmp_path, [rule(), BURST]))


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "a.log"
    path.write_bytes(access_log(10, path="/evil") + access_log(5, start=10))
    return str(path)


@pytest.fixture
def filters(tmp_path: Path) -> str:
    path = tmp_path / "filters" / "ours.yml"
    path.parent.mkdir()
    path.write_text(FILTER, encoding="utf-8")
    return str(path)


def test_a_hunt_tells_what_filters_took_away(home: Path, rules: str, log: str, filters: str) -> None:
    plain = kulla("hunt", log, "--rules", rules, home=home)
    result = kulla("hunt", log, "--rules", rules, "--filters", filters, home=home)
    assert (len(plain.out.splitlines()), len(result.out.splitlines())) == (10, 9)
    assert "1 match excluded by filters: 1 by The scanner is ours" in result.err


def test_filters_come_from_the_configuration_too(home: Path, rules: str, log: str, filters: str) -> None:
    (home.parent / "kulla.toml").write_text(f'[rules]\nfilters = ["{filters}"]\n', encoding="utf-8")
    kulla("collect", log, home=home)
    run = kulla("detect", "--rules", rules, home=home)
    assert "1 match excluded by filters" in run.err
    listed = kulla("rules", "filters", "--rules", rules, "-f", "jsonl", home=home)
    row = json.loads(listed.out)
    assert (row["state"], row["applied_to"], row["owner"], row["expires"]) == ("applied", 1, "SOC", "2026-12-31")


def test_an_expired_filter_is_told_by_every_run(home: Path, rules: str, log: str, filters: str) -> None:
    Path(filters).write_text(FILTER.replace("2026-12-31", "2026-01-31"), encoding="utf-8")
    result = kulla("hunt", log, "--rules", rules, "--filters", filters, home=home)
    assert "filters expired and not applied: The scanner is ours" in result.err
    assert "excluded" not in result.err
    assert result.code == 0


@pytest.mark.parametrize("flag", ["--filters", "--placeholders", "--pipeline"])
def test_a_file_that_is_not_there_stops_the_run(flag: str, home: Path, rules: str, log: str) -> None:
    result = kulla("hunt", log, "--rules", rules, flag, "nosuch.yml", home=home)
    assert result.code == 3
    assert "nosuch.yml" in result.err
    assert "next: " in result.err


def test_placeholders_from_the_configuration_and_a_file(home: Path, log: str, tmp_path: Path) -> None:
    text = rule(field="cs-uri-stem|contains|expand", value="%Paths%")
    folder = str(rules_folder(tmp_path, [text]))
    waiting = kulla("rules", "list", "--rules", folder, "--not-loaded", "-f", "jsonl", home=home)
    assert "%Paths% has no value" in waiting.out
    assert "[rules.placeholders] Paths" in waiting.err
    (tmp_path / "kulla.toml").write_text('[rules.placeholders]\nPaths = ["nosuch"]\n', encoding="utf-8")
    assert kulla("hunt", log, "--rules", folder, home=home).out == ""
    (tmp_path / "words.yml").write_text("Paths: [evil]\n", encoding="utf-8")
    found = kulla("hunt", log, "--rules", folder, "--placeholders", "words.yml", home=home)
    assert len(found.out.splitlines()) == 10


def test_explain_says_what_held_and_what_did_not(home: Path, rules: str, log: str, filters: str) -> None:
    asked = ("rules", "explain", RULE_ID, "--rules", rules, "--event", log, "-f", "jsonl")
    fires = json.loads(kulla(*asked, home=home).out)
    assert fires["fires"] is True
    assert fires["condition"]["name"] == "selection"
    assert fires["condition"]["found"] == ["/evil/0"]
    missed = json.loads(kulla(*asked, "--number", "12", home=home).out)
    assert missed["fires"] is False
    assert missed["nearest"][0]["found"] == ["/page/11"]
    taken = json.loads(kulla(*asked, "--number", "8", "--filters", filters, home=home).out)
    assert taken["result"] == "does not fire: a filter takes the match away"
    assert kulla(*asked, "--number", "99", home=home).code == 2


@pytest.mark.parametrize("fmt", ["table", "json", "jsonl", "md", "html"])
def test_explain_shows_hostile_values_without_acting(fmt: str, home: Path, rules: str, tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        raw = text.encode("utf-8", "surrogatepass").replace(b"\n", b"%0a").replace(b"\r", b"").replace(b'"', b"")
        path = tmp_path / f"h{number}.log"
        path.write_bytes(access_log(1).replace(b"GET /page", b"GET /evil" + raw.replace(b" ", b"+")))
        result = kulla("rules", "explain", RULE_ID, "--rules", rules, "--event", str(path), "-f", fmt, home=home)
        assert acting(result.out) == []
        assert acting(result.err) == []


def test_a_table_of_an_explanation_fits_eighty_columns(home: Path, rules: str, log: str) -> None:
    result = kulla("rules", "explain", RULE_ID, "--rules", rules, "--event", log, "-f", "table", home=home)
    assert max(map(len, result.out.splitlines())) <= 80
    assert "yes    selection: cs-uri-stem (url.path) contains evil" in result.out


def test_a_correlation_is_explained_by_group_window_and_count(home: Path, rules: str, log: str) -> None:
    result = kulla("rules", "explain", "9d7a6c35", "--rules", rules, "--event", log, "-f", "jsonl", home=home)
    told = json.loads(result.out)
    assert told["fires"] is False
    (window,) = told["windows"]
    assert (window["group"], window["hits"], window["measured"], window["asked"]) == (["192.0.2.1"], 6, "6", "gte 10")


def test_an_alert_is_explained_from_its_stored_event(home: Path, rules: str, log: str) -> None:
    kulla("collect", log, home=home)
    kulla("detect", "--rules", rules, home=home)
    first = json.loads(kulla("alerts", "list", "-f", "jsonl", home=home).out.splitlines()[0])
    told = json.loads(kulla("alerts", "explain", first["id"], "--rules", rules, "-f", "jsonl", home=home).out)
    assert told["rule.since"] == "unchanged"
    assert told["events"][0]["condition"]["found"] == ["/evil/0"]
    gone = json.loads(kulla("alerts", "explain", first["id"], "--rules", "own", "-f", "jsonl", home=home).out)
    assert "not loaded now" in gone["rule.since"]
    assert gone["why"] == told["why"]
    asked = ("alerts", "explain", first["id"], "--rules", rules, "--lang", "sq")
    shown = kulla(*asked, "-f", "md", home=home).out
    assert all(word in shown for word in ("Pse u ndez atëherë", "i pandryshuar", "Kushti", "ndizet"))
    assert "Rule" not in shown
    assert json.loads(kulla(*asked, "-f", "jsonl", home=home).out) == told  # what programs read has one language


def test_convert_names_the_package_of_a_missing_backend(home: Path, rules: str) -> None:
    result = kulla("rules", "convert", rules, "--target", "splunk", home=home)
    assert result.code == 2
    assert "pip install pysigma-backend-splunk" in result.err
    assert kulla("rules", "convert", rules, "--target", "nosuch", home=home).code == 2
    listed = kulla("rules", "convert", "--list", "-f", "jsonl", home=home).out
    assert "pysigma-backend-elasticsearch" in listed


def test_convert_hands_rules_and_filters_to_an_installed_backend(
    home: Path, rules: str, filters: str, tmp_path: Path
) -> None:
    # pySigma brings a backend for its own tests, which it shows only there
    asked = ("rules", "convert", f"{rules}/rule0.yml", "--target", "text_query_test")
    plain = kulla(*asked, home=home)
    assert plain.code == 0, plain.err
    assert "evil" in plain.out
    filtered = kulla(*asked, "--filters", filters, home=home)
    assert "not" in filtered.out.lower()
    kulla(*asked, "-o", "out.txt", home=home)
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == plain.out
    assert kulla(*asked, "--format", "nosuch", home=home).code == 2
    (tmp_path / "bad.yml").write_text("transformations: [{type: command_placeholders}]\n", encoding="utf-8")
    refused = kulla(*asked, "--pipeline", "bad.yml", home=home)
    assert refused.code == 3
    assert "it runs a program" in refused.err
