"""`kulla attack`: the table is shown, and updated from a file."""

from __future__ import annotations

import json
from pathlib import Path

from engine.attack.table import PACKAGED, prefer
from tests.cli.runs import kulla


def test_a_technique_of_an_older_version_is_shown_with_what_it_is_now(tmp_path: Path) -> None:
    result = kulla("attack", "show", "t1562.001", "-f", "json", home=tmp_path / "home")
    record = json.loads(result.out)
    found = record.get("technique", record)
    assert (found["asked"], found["now"]) == ("T1562.001", "T1685")
    assert any(item["id"].startswith("D3-") for item in found["measures"])


def test_an_unknown_technique_is_told(tmp_path: Path) -> None:
    result = kulla("attack", "show", "T9999", home=tmp_path / "home")
    assert result.code == 2
    assert "no technique of ATT&CK" in result.err


def test_techniques_are_listed_by_use(tmp_path: Path) -> None:
    result = kulla("attack", "list", "powershell", "-f", "jsonl", home=tmp_path / "home")
    assert next(json.loads(line)["id"] for line in result.out.splitlines()) == "T1059.001"


def test_an_update_adds_a_version_and_a_bad_file_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    newer = {"version": "20.0", "techniques": {"T7777": {"name": "Something new", "tactics": ["Impact"]}}}
    (tmp_path / "newer.json").write_text(json.dumps(newer), encoding="utf-8")
    (tmp_path / "bad.json").write_text('{"nothing": 1}', encoding="utf-8")
    try:
        assert kulla("attack", "show", "T7777", home=home).code == 2
        assert kulla("attack", "update", str(tmp_path / "bad.json"), home=home).code == 4
        assert not (home / "attack.json").exists()
        assert kulla("attack", "update", str(tmp_path / "newer.json"), home=home).code == 0
        assert "Something new" in kulla("attack", "show", "T7777", "-f", "md", home=home).out
        assert "PowerShell" in kulla("attack", "show", "T1059.001", "-f", "md", home=home).out
    finally:
        prefer(PACKAGED)
