"""`kulla rules list` and `kulla rules coverage` tell of every rule whether it can fire here, and why not."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from collectors.datasets import datasets_of
from collectors.registry import delivered, sources
from collectors.source import Source
from tests.cli.runs import ROOT, access_log, kulla

RULES = {
    "web": ("category: webserver", "cs-uri-query|contains: union", "attack.initial-access, attack.t1190"),
    "start": ("{product: windows, category: process_creation}", "Image: x", "attack.execution, attack.t1059.001"),
    "lost": ("{product: windows, service: nosuch}", "EventID: 1", "attack.impact, attack.t1486"),
    "needs": ("{product: windows, category: file_rename}", "SourceFilename: x", "attack.impact, attack.t1486"),
    "typo": ("{product: windows, category: process_creation}", "Commandline: x", "attack.execution, attack.t1059.003"),
    "waits": ("{product: aws, service: cloudtrail}", "eventName|expand: '%nobody%'", "attack.impact"),
}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for number, (name, (source, selection, tags)) in enumerate(RULES.items(), 1):
        parts = source.strip("{}").replace(", ", "\n  ")
        (folder / f"{name}.yml").write_text(
            f"title: {name}\nid: 00000000-0000-4000-8000-{number:012d}\nstatus: test\nlevel: high\n"
            f"tags: [{tags}]\nlogsource:\n  {parts}\ndetection:\n  s:\n    {selection}\n  condition: s\n"
        )
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def listed(home: Path, rules: Path, *words: str) -> dict[str, tuple[str, str]]:
    result = kulla("rules", "list", "--rules", str(rules), "-f", "jsonl", *words, home=home)
    assert result.code == 0, result.err
    rows = [json.loads(line) for line in result.out.splitlines()]
    return {row["name"]: (row["state"], row["why"]) for row in rows}


def test_every_rule_that_cannot_fire_is_told_with_the_reason(home: Path, rules: Path) -> None:
    found = listed(home, rules)
    assert found["web"] == ("loaded", "")
    assert found["start"] == ("loaded", "")
    assert found["lost"][0] == "no source"
    assert found["needs"][0] == "no field"
    assert "SourceFilename: the event carries the new path alone" in found["needs"][1]
    assert found["typo"][0] == "loaded"
    assert "Commandline" in found["typo"][1]
    assert sum(state == "not loaded" for state, _ in found.values()) == 1
    told = listed(home, rules, "--not-loaded")
    assert {name for name in told if name in RULES} == {"lost", "needs"}


def test_with_the_store_it_tells_whose_events_were_never_collected(home: Path, rules: Path, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(access_log(3))
    assert kulla("collect", str(log), home=home).code == 0
    found = listed(home, rules, "--stored")
    assert found["web"][0] == "loaded"
    assert found["start"] == ("no events", "no collected event belongs to windows/process_creation/*")


def test_coverage_by_log_source(home: Path, rules: Path) -> None:
    result = kulla("rules", "coverage", "--rules", str(rules), "-f", "json", home=home)
    assert result.code == 0, result.err
    rows = {(row["product"], row["category"], row["service"]): row for row in json.loads(result.out)["coverage"]}
    start = rows["windows", "process_creation", ""]
    assert (start["rules"], start["loaded"], start["can_fire"]) == (2, 2, 2)
    assert (start["fields"], start["mapped"], start["mapped_share"], start["unknown"]) == (2, 1, 0.5, ["Commandline"])
    assert {"evtx", "json", "windows"} <= set(start["collectors"])
    assert start["techniques"] == ["T1059.001", "T1059.003"]
    assert rows["windows", "file_rename", ""]["can_fire"] == 0
    assert rows["windows", "file_rename", ""]["techniques"] == []
    assert rows["windows", "", "nosuch"]["collectors"] == []
    waits = rows["aws", "", "cloudtrail"]  # its one rule could not be loaded
    assert (waits["rules"], waits["loaded"], waits["can_fire"]) == (1, 0, 0)


def test_coverage_by_tactic_counts_techniques_that_can_be_found(home: Path, rules: Path) -> None:
    result = kulla("rules", "coverage", "--by", "tactic", "--rules", str(rules), "-f", "csv", home=home)
    assert result.code == 0, result.err
    rows = {row["tactic"]: row for row in csv.DictReader(io.StringIO(result.out))}
    assert rows["execution"]["can_fire"] == "2"
    assert rows["execution"]["covered"] == "T1059.001, T1059.003"
    assert (rows["impact"]["rules"], rows["impact"]["can_fire"], rows["impact"]["uncovered"]) == ("2", "0", "T1486")
    assert rows["exfiltration"]["rules"] == "0"


def test_coverage_for_people_fits_a_screen(home: Path, rules: Path) -> None:
    result = kulla("rules", "coverage", "--rules", str(rules), home=home, terminal=True)
    assert result.code == 0
    assert "windows" in result.out
    assert "process_creation" in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    assert "can fire" in result.err


def test_a_wrong_word_is_a_usage_error(home: Path) -> None:
    result = kulla("rules", "coverage", "--by", "tactics", home=home)
    assert result.code == 2
    assert "did you mean tactic?" in result.err


@pytest.mark.parametrize("source", [pytest.param(source, id=source.name) for source in sources()])
def test_every_source_says_what_it_delivers(source: Source) -> None:
    assert datasets_of(source)
    assert delivered()[source.name] == datasets_of(source)


def test_coverage_by_technique_tells_four_strengths(home: Path, rules: Path) -> None:
    words = ("rules", "coverage", "--by", "technique", "--rules", str(rules), "-f", "json")
    rows = {row["technique"]: row for row in json.loads(kulla(*words, home=home).out)["coverage"]}
    assert [rows["T1059.001"][name] for name in ("exists", "can_fire", "did_fire", "proven")] == [1, 1, 0, 0]
    assert [rows["T1486"][name] for name in ("exists", "can_fire")] == [2, 0]
    blind = {row["technique"] for row in json.loads(kulla(*words, "--blind", home=home).out)["coverage"]}
    assert "T1486" in blind
    assert "T1059.001" not in blind
    assert len(blind) > 600


def test_layers_for_the_navigator(home: Path, rules: Path, tmp_path: Path) -> None:
    result = kulla("rules", "coverage", "--rules", str(rules), "--layers", "layers", home=home)
    assert result.code == 0, result.err
    found = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "layers").iterdir()}
    assert set(found) == {"exists", "can-fire", "did-fire", "proven"}
    for layer in found.values():
        assert layer["versions"] == {"attack": "19", "navigator": "5.1.0", "layer": "4.5"}
        assert layer["domain"] == "enterprise-attack"
    scores = {item["techniqueID"]: item.get("score") for item in found["exists"]["techniques"]}
    assert scores == {"T1059": None, "T1059.001": 1, "T1059.003": 1, "T1190": 1, "T1486": 2}
    assert "T1486" not in {item["techniqueID"] for item in found["can-fire"]["techniques"]}
    assert found["proven"]["techniques"] == []


def test_own_rules_are_proven(home: Path) -> None:
    words = ("rules", "coverage", "--by", "technique", "--rules", str(ROOT / "detections/rules/xroad"), "-f", "json")
    rows = [row for row in json.loads(kulla(*words, home=home).out)["coverage"] if row["exists"]]
    assert rows
    assert all(row["proven"] == row["exists"] for row in rows)


def test_before_and_after_a_change(home: Path, rules: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    (before / "web.yml").write_bytes((rules / "web.yml").read_bytes())
    words = ("rules", "coverage", "--rules", str(rules), "--before", str(before), "-f", "json")
    rows = {row["technique"]: row for row in json.loads(kulla(*words, home=home).out)["coverage"]}
    assert set(rows) == {"T1059.001", "T1059.003", "T1486"}
    assert (rows["T1059.001"]["can_fire_before"], rows["T1059.001"]["can_fire"]) == (0, 1)


def test_log_formats_that_no_rule_looks_at_are_blind_spots(home: Path, rules: Path) -> None:
    result = kulla("rules", "coverage", "--blind", "--rules", str(rules), "-f", "json", home=home)
    rows = json.loads(result.out)["coverage"]
    assert "log format postfix" in {row["service"] for row in rows}
    assert all(row["can_fire"] == 0 for row in rows)
