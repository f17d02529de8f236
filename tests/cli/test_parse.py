"""`kulla parse`: NDJSON of ECS documents, nothing stored, and an end that is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.hostile import HOSTILE, acting
from tests.cli.runs import access_log, child, kulla


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_each_line_is_a_document_that_points_at_its_record(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(access_log(5))
    result = kulla("parse", "a.log", home=home)
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, result.err) == (0, "")
    assert [row["log"]["file"]["line"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0]["log"]["file"]["path"] == str(tmp_path / "a.log")
    assert rows[0]["url"]["original"] == "/page/0"
    assert not (home / "store").exists()


def test_hostile_values_come_back_as_they_were_and_act_nowhere(home: Path, tmp_path: Path) -> None:
    texts = [text for text in HOSTILE if text.isprintable() or "\x1b" in text or "\u202e" in text]
    lines = [json.dumps({"@timestamp": "2026-03-10T00:00:00Z", "message": text, "event": {}}) for text in texts]
    (tmp_path / "a.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = kulla("parse", "--source", "json", "a.json", home=home)
    assert [json.loads(line)["message"] for line in result.out.splitlines()] == texts
    assert acting(result.out) == []


@pytest.mark.parametrize("fmt", ["table", "csv", "md", "html"])
def test_formats_without_a_meaning_are_refused(fmt: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(access_log(5))
    result = kulla("parse", "a.log", "-f", fmt, home=home)
    assert result.code == 2
    assert "one of: jsonl, json" in result.err


def test_a_reader_that_leaves_early_is_no_error(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(access_log(20_000))
    process = child("parse", str(tmp_path / "a.log"), home=home)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_damaged_windows_logs_give_every_record_that_is_whole(home: Path, tmp_path: Path, shared: Path) -> None:
    whole = min((path for path in (shared / "evtx").rglob("*.evtx") if path.stat().st_size > 65536), key=str)
    data = whole.read_bytes()
    all_of_it = len(kulla("parse", str(whole), home=home).out.splitlines())
    assert all_of_it
    for name, broken in (("cut", data[: 4096 + 30_000]), ("hit", data[:9000] + b"\xff" * 64 + data[9064:])):
        (tmp_path / f"{name}.evtx").write_bytes(broken)
        result = kulla("parse", f"{name}.evtx", home=home)
        assert result.code == 4
        assert "next: " in result.err
        assert "Traceback" not in result.err
        assert len(result.out.splitlines()) <= all_of_it
