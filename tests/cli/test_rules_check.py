"""`kulla rules check` and `kulla rules test`: gates, reports, harmless logs, and rules tried over the store."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.runs import NOW, access_log, kulla, rule

ID = "5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01"
TESTS = """\
kulla:
  playbook: web-shell
  blind_spots: [evil under another name]
  tests:
    - name: evil
      match: true
      events:
        - {"@timestamp": '2026-03-04T08:00:00Z', event.module: nginx, event.dataset: nginx.access, url.path: /evil}
    - name: a page
      match: false
      events:
        - {"@timestamp": '2026-03-04T08:00:00Z', event.module: nginx, event.dataset: nginx.access, url.path: /page}
"""
WHOLE = rule().replace("fields: []\n", "") + (
    "description: Somebody asks for evil things.\nauthor: test\ndate: 2026-03-01\n"
    "references: ['https://example.org']\nfalsepositives: [a page of that name]\n"
    "tags: [attack.initial-access, attack.t1190]\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - what kulla itself wrote


def write(tmp_path: Path, **texts: str) -> str:
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return str(folder)


def found(home: Path, folder: str, *words: str) -> dict[str, set[str]]:
    """Return the findings: severities by check, and the messages under `messages`."""
    result = kulla("rules", "check", folder, "--notes", "-f", "json", *words, home=home)
    rows = json.loads(result.out)["findings"]
    told: dict[str, set[str]] = {"messages": {row["message"] for row in rows}}
    for row in rows:
        told.setdefault(row["check"], set()).add(row["severity"])
    return told


def test_a_whole_rule_passes_every_gate(home: Path, tmp_path: Path) -> None:
    folder = write(tmp_path, evil=WHOLE + TESTS)
    result = kulla("rules", "check", folder, "--notes", "--strict", "-f", "json", home=home)
    assert json.loads(result.out) == {"findings": [], "issues": []}
    assert result.code == 0


@pytest.mark.parametrize(
    ("old", "new", "check", "severity"),
    [
        ("title: Evil asked for\n", "", "schema", "error"),
        ("status: test", "status: done", "schema", "warning"),
        (f"id: {ID}", "id: 7", "load", "error"),
        ("  condition: selection", "  other:\n    c-ip: 192.0.2.1\n  condition: selection", "unused", "warning"),
        ("title: Evil asked for", "title: Evil asked for.", "naming", "note"),
        ("attack.t1190", "attack.t9999", "tags", "warning"),
        ("attack.t1190", "attack.T1190", "tags", "warning"),
        ("cs-uri-stem|contains", "cs-uri-stam|contains", "fields", "warning"),
        ("description: Somebody asks for evil things.\n", "", "documentation", "warning"),
        ("category: webserver", "category: nosuch", "fields", "warning"),
        ("cs-uri-stem|contains: 'evil'", "cs-uri-stem|re: '[a-z]+'", "cost", "note"),
    ],
)
def test_each_gate_finds_its_fault(  # noqa: PLR0917 - fixtures and the case
    home: Path, tmp_path: Path, old: str, new: str, check: str, severity: str
) -> None:
    assert old in WHOLE
    told = found(home, write(tmp_path, evil=WHOLE.replace(old, new, 1)))
    assert severity in told.get(check, set()), told


def test_the_same_logic_in_other_words_is_a_double(home: Path, tmp_path: Path) -> None:
    one = WHOLE.replace(
        "  condition: selection", "  b:\n    c-ip: 192.0.2.1\n  condition: not (not selection or not b)"
    )
    two = WHOLE.replace("  condition: selection", "  a:\n    c-ip: 192.0.2.1\n  condition: a and selection")
    two = two.replace(ID, ID.replace("5c", "6d")).replace("Evil asked", "Evil things asked")
    told = found(home, write(tmp_path, one=one, two=two))
    assert told["duplicate"] == {"warning"}
    other = two.replace("192.0.2.1", "192.0.2.2")
    assert "duplicate" not in found(home, write(tmp_path, two=other))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("match: false", "match: true", "it has no event that it must not find (a near miss)"),
        ("url.path: /evil", "url.path: /good", "it should find: evil"),
        ("playbook: web-shell", "playbook: none-such", "its playbook 'none-such' is none that there is"),
        ("match: true", "match: 1", "test 1: match has to be true or false"),
    ],
)
def test_what_a_rule_promises_is_held(home: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = write(tmp_path, evil=WHOLE + TESTS.replace(old, new, 1))
    assert message in found(home, folder)["messages"]
    assert kulla("rules", "check", folder, home=home).code == 4


def test_warnings_fail_a_strict_run_alone(home: Path, tmp_path: Path) -> None:
    folder = write(tmp_path, evil=WHOLE.replace("attack.t1190", "attack.t9999"))
    assert kulla("rules", "check", folder, home=home).code == 0
    assert kulla("rules", "check", folder, "--strict", home=home).code == 4


def test_junit_and_sarif_say_the_same(home: Path, tmp_path: Path) -> None:
    folder = write(tmp_path, evil=WHOLE.replace(ID, "7"), good=WHOLE, odd=WHOLE.replace("test\n", "done\n", 1))
    kulla("rules", "check", folder, "-o", "out.sarif", home=home)
    kulla("rules", "check", folder, "-o", "out.xml", home=home)
    run = json.loads((tmp_path / "out.sarif").read_text())["runs"][0]
    errors = [item for item in run["results"] if item["level"] == "error"]
    names = [item["id"] for item in run["tool"]["driver"]["rules"]]
    assert all(names[item["ruleIndex"]] == item["ruleId"] for item in run["results"])
    place = errors[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "rules/evil.yml", "uriBaseId": "%SRCROOT%"}
    suite = _xml((tmp_path / "out.xml").read_text()).find("testsuite")
    assert suite is not None
    assert len(suite.findall("testcase/failure")) == len(errors) > 0
    assert int(suite.get("tests", "0")) >= 3


def test_hostile_text_stays_text_in_junit(home: Path, tmp_path: Path) -> None:
    folder = write(tmp_path, evil=WHOLE.replace("title: Evil asked for", 'title: "<x>&\\x1b[31m\\u202e\\"."'))
    result = kulla("rules", "check", folder, "--notes", "-f", "junit", home=home)
    case = _xml(result.out).find("testsuite/testcase")
    assert case is not None
    assert case.get("name") == '<x>&\\x1b[31m\\u202e".'


def test_tests_are_reported_as_junit(home: Path, tmp_path: Path) -> None:
    folder = write(tmp_path, evil=WHOLE + TESTS.replace("url.path: /page", "url.path: /evil"))
    result = kulla("rules", "test", folder, "-f", "junit", home=home)
    suite = _xml(result.out).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert result.code == 4


def test_harmless_logs_must_not_alert_above_low(home: Path, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(access_log(3) + access_log(2, path="/evil"))
    loud, quiet = write(tmp_path, evil=WHOLE), WHOLE.replace("level: high", "level: low")
    result = kulla("rules", "test", loud, "--benign", "access.log", "-f", "json", home=home)
    assert result.code == 4
    (row,) = json.loads(result.out)["tests"]
    assert row["name"].startswith("2 alerts of level high on harmless logs, the first in")
    write(tmp_path, evil=quiet)
    assert kulla("rules", "test", loud, "--benign", "access.log", "-f", "json", home=home).code == 0


def test_a_rule_is_tried_over_the_store_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(access_log(30) + access_log(9, start=100, path="/evil"))
    assert kulla("collect", "access.log", home=home).code == 0
    folder = write(tmp_path, evil=WHOLE + TESTS)
    result = kulla("rules", "test", f"{folder}/evil.yml", "--over", "7d", "-f", "json", home=home)
    trial = json.loads(result.out)["trial"]
    assert (trial["alerts"], trial["events"], trial["hosts"]) == (9, 39, 0)
    assert trial["by_day"] == {"2026-03-10": 9}
    assert trial["cost"] == "medium"
    assert kulla("alerts", "list", "-f", "jsonl", home=home).out == ""
    outside = kulla("rules", "test", f"{folder}/evil.yml", "--over", "1h", "-f", "json", home=home)
    assert json.loads(outside.out)["trial"]["alerts"] == 0
    assert NOW.day == 11, "the log is of the day before"


def test_suggested_filters_hide_what_they_say_and_never_the_rule_s_own_tests(home: Path, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(access_log(9, path="/evil"))
    kulla("collect", "access.log", home=home)
    folder = write(tmp_path, evil=WHOLE + TESTS)
    asked = ("rules", "test", f"{folder}/evil.yml", "--over", "7d", "-f", "json")
    (first, *_) = json.loads(kulla(*asked, home=home).out)["trial"]["suggestions"]
    assert (first["alerts"], first["of"]) == (9, 9)
    assert first["conditions"]["source.ip"] == "192.0.2.1"
    (tmp_path / "filter.yml").write_text(first["filter"], encoding="utf-8")
    after = json.loads(kulla(*asked, "--filters", "filter.yml", home=home).out)["trial"]
    assert after["alerts"] == 0
    hides = WHOLE + TESTS.replace(
        "url.path: /evil}", "url.path: /evil, source.ip: 192.0.2.1, user_agent.original: curl/8.5}"
    )
    write(tmp_path, evil=hides)
    left = json.loads(kulla(*asked, home=home).out)["trial"]["suggestions"]
    assert left == []


def test_noise_of_all_rules_is_a_table(home: Path, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(access_log(4, path="/evil"))
    kulla("collect", "access.log", home=home)
    second = WHOLE.replace(ID, ID.replace("5c", "6d")).replace("Evil asked", "Page asked").replace("'evil'", "'page'")
    folder = write(tmp_path, evil=WHOLE, page=second)
    result = kulla("rules", "test", "--over", "2d", "--rules", folder, "-f", "json", home=home)
    (row,) = json.loads(result.out)["rules"]
    assert (row["name"], row["alerts"], row["per_day"]) == ("Evil asked for", 4, 2.0)


def test_options_that_do_not_go_together(home: Path) -> None:
    assert kulla("rules", "test", "--over", "7d", "--benign", "x", home=home).code == 2
    assert kulla("rules", "test", "--rules", "own", home=home).code == 2
    assert kulla("rules", "list", "-f", "sarif", home=home).code == 2
