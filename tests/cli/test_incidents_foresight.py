"""`kulla incidents foresight`: what may come next, where it would show, what is blind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runs import access_log, kulla, rules_folder

_RULE = """title: {title}
id: {id}
status: test
level: high
tags:
  - attack.{technique}
logsource:
{source}
detection:
  selection:
    {field}: '{value}'
  condition: selection
"""


def _rule(number: int, technique: str, source: str, field: str = "cs-uri-stem|contains", value: str = "evil") -> str:
    return _RULE.format(
        title=f"Rule {number}",
        id=f"5c6b2a53-6f1d-4f5e-9d0b-6f6b8d1c0a{number:02}",
        technique=technique,
        source=source,
        field=field,
        value=value,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store with one incident, of web logs."""
    home = tmp_path / "home"
    web, windows = "  category: webserver", "  product: windows\n  category: process_creation"
    rules_folder(
        tmp_path,
        [
            _rule(1, "t1505.003", web),
            _rule(2, "t1059.001", windows, "CommandLine|contains", "x"),
            _rule(3, "t1190", web),
        ],
    )
    (tmp_path / "access.log").write_bytes(access_log(3, path="/evil"))
    assert kulla("collect", str(tmp_path / "access.log"), home=home).code == 0
    assert kulla("detect", "--rules", str(tmp_path / "rules"), home=home).code == 0
    return home


def _incident(home: Path) -> str:
    return str(json.loads(kulla("incidents", "list", "-f", "jsonl", home=home).out.splitlines()[0])["id"])


def test_each_technique_says_where_it_would_show(home: Path) -> None:
    rules = str(home.parent / "rules")
    result = kulla("incidents", "foresight", _incident(home), "--rules", rules, "-n", "50", "-f", "json", home=home)
    record = json.loads(result.out)
    record = record.get("foresight", record)
    assert record["seen"] == ["T1190", "T1505.003"]
    assert record["collected"] == ["nginx.access"]
    told = {item["technique"]: item for item in record["predictions"]}
    assert "T1190" not in told
    powershell = told["T1059.001"]
    assert not powershell["is_seen"]
    assert [(item["logsource"], item["collected"]) for item in powershell["shows"]] == [
        ("windows/process_creation/*", [])
    ]
    assert powershell["blind"] == ["nginx.access"]
    assert {item["kind"] for item in powershell["prevented_by"]} <= {"Mitigation", "Harden", "Isolate"}
    assert all(item["nearest"] and 0 < item["probability"] < 1 for item in told.values())


@pytest.mark.parametrize(("lang", "word"), [("en", "Would show in"), ("sq", "Do të dukej në")])
def test_it_is_told_in_both_languages(home: Path, lang: str, word: str) -> None:
    rules = str(home.parent / "rules")
    result = kulla(
        "incidents", "foresight", _incident(home), "--rules", rules, "--lang", lang, home=home, terminal=True
    )
    assert result.code == 0
    assert word in result.out
    assert max(map(len, result.out.splitlines())) <= 80
