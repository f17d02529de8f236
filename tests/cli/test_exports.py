"""`kulla incidents export`, `kulla playbooks export` and `import`: marked, without names, refused above clearance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runs import kulla, rules_folder

_RULE = """title: Web shell
id: 5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a01
status: test
level: high
tags:
  - attack.t1505.003
  - tlp.{tlp}
logsource:
  category: webserver
detection:
  selection:
    cs-uri-stem|contains: 'evil'
  condition: selection
"""


def _home(base: Path, tlp: str) -> Path:
    home = base / "home"
    second = _RULE.replace("c0a01", "c0a02").replace("t1505.003", "t1190").replace("Web shell", "Attack")
    rules_folder(base, [_RULE.format(tlp=tlp), second.format(tlp=tlp)])
    line = '203.0.113.9 - agim.hoxha [10/Mar/2026:00:00:0{} +0000] "GET /evil/{} HTTP/1.1" 200 12 "-" "curl/8.5"\n'
    (base / "access.log").write_text("".join(line.format(number, number) for number in range(3)))
    assert kulla("collect", str(base / "access.log"), home=home).code == 0
    assert kulla("detect", "--rules", str(base / "rules"), home=home).code == 0
    return home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store with one incident, of a web log with a user's name."""
    return _home(tmp_path, "green")


def _incident(home: Path) -> str:
    return str(json.loads(kulla("incidents", "list", "-f", "jsonl", home=home).out.splitlines()[0])["id"])


@pytest.mark.parametrize("kind", ["stix", "attack-flow", "misp", "openc2", "cacao"])
def test_each_format_is_json_without_names_and_the_same_each_time(home: Path, kind: str) -> None:
    number = _incident(home)
    words = ("incidents", "export", number, "--as", kind, "--playbook", "web-shell")
    first = kulla(*words, home=home)
    assert first.code == 0, first.err
    json.loads(first.out)
    assert "hoxha" not in first.out
    assert first.out == kulla(*words, home=home).out


def test_names_leave_with_a_reason_that_is_on_the_ledger(home: Path) -> None:
    number = _incident(home)
    words = ("incidents", "export", number, "--as", "stix", "--with-names", "--actor", "drita")
    refused = kulla(*words, home=home)
    assert refused.code == 2
    assert not refused.out
    told = kulla(*words, "--why", "request 12/2026", "--to", "AKSK", home=home)
    assert told.code == 0, told.err
    assert "hoxha" in told.out
    ledger = kulla("ledger", "show", "-f", "json", home=home).out
    assert "disclosure.made" in ledger
    assert "request 12/2026" in ledger
    assert "AKSK" in ledger
    assert "hoxha" not in ledger


def test_a_marking_above_the_clearance_is_refused_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    number = _incident(home)
    base = ("incidents", "export", number, "--as", "misp", "-o", "event.json")
    assert kulla(*base, "--tlp", "red", home=home).code == 2
    assert kulla(*base, "--tlp", "amber", "--clearance", "green", home=home).code == 2
    assert kulla(*base, "--tlp", "red", "--clearance", "red", home=home).code == 2
    assert not (tmp_path / "event.json").exists()
    (tmp_path / "kulla.toml").write_text('[export]\nclearance = "red"\nproducer = "CSIRT"\n')
    assert kulla(*base, "--tlp", "red", home=home).code == 0
    event = json.loads((tmp_path / "event.json").read_text())["Event"]
    assert {"name": "tlp:red"} in event["Tag"]
    assert event["Orgc"]["name"] == "CSIRT"


def test_an_export_is_not_looser_than_the_indicators_it_rests_on(tmp_path: Path) -> None:
    home = _home(tmp_path, "amber+strict")
    number = _incident(home)
    result = kulla("incidents", "export", number, "--as", "stix", "--tlp", "green", home=home)
    assert result.code == 2
    assert "AMBER+STRICT" in result.err
    assert kulla("incidents", "export", number, "--as", "stix", home=home).code == 2  # the house lets out amber


def test_a_setting_that_is_none_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "kulla.toml").write_text('[export]\nclearence = "red"\n')
    result = kulla("incidents", "export", _incident(home), "--as", "stix", home=home)
    assert result.code == 3
    assert "clearence" in result.err


def test_a_playbook_goes_out_and_comes_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert kulla("playbooks", "export", "web-shell", "--as", "cacao", "-o", "out.json", home=home).code == 0
    (tmp_path / "in").mkdir()
    back = kulla("playbooks", "import", "out.json", "-o", "in", home=home)
    assert back.code == 0, back.err
    assert (tmp_path / "in" / "web-shell.yaml").exists()
    kept = json.loads((tmp_path / "in" / "web-shell.cacao.json").read_text())
    assert kept == json.loads((tmp_path / "out.json").read_text())
    assert kulla("playbooks", "check", "in", home=home).code == 0


def test_a_foreign_playbook_is_a_draft_and_says_what_it_lacks(tmp_path: Path, shared: Path) -> None:
    example = shared / "cacao" / "examples" / "ssh-playbook.json"
    result = kulla("playbooks", "import", str(example), home=tmp_path / "home")
    assert result.code == 4
    assert "touch __path__:value" in result.out
    assert "is empty" in result.err
    assert "secrets are never carried over" in result.err


def test_what_is_no_playbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"type": "bundle"}')
    assert kulla("playbooks", "import", "x.json", home=tmp_path / "home").code == 4
    assert kulla("playbooks", "import", "gone.json", home=tmp_path / "home").code == 3
    assert kulla("playbooks", "export", "web-shell", "--as", "yaml", home=tmp_path / "home").code == 2
