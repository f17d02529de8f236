"""`kulla exercise`: from nothing to a scoreboard; logs that are the same by seed; runs that do not meet."""

from __future__ import annotations

import fcntl
import json
from hashlib import sha256
from pathlib import Path

from tests.cli.hostile import acting
from tests.cli.runs import kulla

SMALL = ("exercise", "run", "homeland-justice", "--events", "1000")


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_only_the_logs_the_same_bytes_by_seed_and_truth_beside_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("a", "b"):
        assert kulla(*SMALL, "--seed", "5", "--logs-only", name, home=home).code == 0
    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["ground_truth.jsonl", "injects.jsonl", "logs"]
    refused = kulla(*SMALL, "--logs-only", "a", home=home)
    assert refused.code == 2
    assert "the folder is not empty" in refused.err


def test_a_run_ends_with_a_scoreboard_and_can_be_run_again_after_it_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    half = home / "exercises" / "homeland-justice-2022"
    (half / "logs").mkdir(parents=True)
    (half / ".kulla-exercise").touch()
    (half / "logs" / "half").write_bytes(b"x")
    result = kulla(*SMALL, "-f", "table", home=home)
    assert result.code == 0, result.err
    assert acting(result.out) == []
    assert "None" not in result.out
    assert not (half / "logs" / "half").exists()
    folded = [line for line in result.out.splitlines() if not line.startswith("    ")]
    assert max(map(len, folded)) <= 80
    for words in ("Collected", "Incidents", "Scoreboard", "storyboard events seen", "opened before event 16    yes"):
        assert words in result.out
    seen = result.out.partition("storyboard events seen")[2].split()[0]
    assert int(seen) >= 20


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = home / "exercises"
    folder.mkdir(parents=True)
    with (folder / "homeland-justice-2022.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = kulla(*SMALL, home=home)
    assert result.code == 3
    assert "another run of this exercise is under way" in result.err
    assert not (folder / "homeland-justice-2022").exists()


def test_a_folder_that_no_exercise_made_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    mine = home / "exercises" / "homeland-justice-2022" / "mine"
    mine.mkdir(parents=True)
    result = kulla(*SMALL, home=home)
    assert result.code == 3
    assert mine.exists()


def test_the_list_names_the_exercise(tmp_path: Path) -> None:
    result = kulla("exercise", "list", "-f", "json", home=tmp_path / "home")
    assert [item["id"] for item in json.loads(result.out)["exercises"]] == ["homeland-justice"]
