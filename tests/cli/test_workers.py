"""`kulla detect --workers`: the same alerts, and who only helps begins nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli import sharing
from cli.sharing import words_of
from engine.runs.leases import LEASE
from tests.cli.runs import access_log, kulla, rules_folder


def test_workers_find_what_one_finds(tmp_path: Path) -> None:
    home, rules = tmp_path / "home", str(rules_folder(tmp_path))
    (tmp_path / "a.log").write_bytes(access_log(20) + access_log(2, start=20, path="/evil"))
    assert kulla("collect", "a.log", home=home).code == 0
    helped = kulla("detect", "--rules", rules, "--workers", "0", home=home)
    assert (helped.code, helped.out) == (0, "")
    assert "0 slices" in helped.err
    result = kulla("detect", "--rules", rules, "-f", "jsonl", "--workers", "2", home=home)
    assert result.code == 0, result.err
    assert len({json.loads(line)["id"] for line in result.out.splitlines()}) == 2


def test_helpers_run_nothing_that_lies_in_the_folder_of_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_WORTHWHILE", 1)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    home, rules = tmp_path / "home", str(rules_folder(tmp_path))
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    (tmp_path / "orjson.py").write_text(trap)
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").write_text(trap)
    (tmp_path / "a.log").write_bytes(access_log(5))
    assert kulla("collect", "a.log", home=home).code == 0
    started: list[subprocess.Popen[bytes]] = []
    start = sharing.Crew._start
    monkeypatch.setattr(sharing.Crew, "_start", lambda crew: started.append(start(crew)) or started[-1])
    assert kulla("detect", "--rules", rules, "--workers", "2", home=home).code == 0
    assert [each.returncode for each in started] == [0]
    assert not (tmp_path / "sprung").exists()


def test_helpers_are_called_to_what_is_due_and_under_the_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_WORTHWHILE", 1)
    called: list[bool] = []
    home, rules = tmp_path / "home", str(rules_folder(tmp_path))
    (tmp_path / "a.log").write_bytes(access_log(5))
    assert kulla("collect", "a.log", home=home).code == 0
    settings = f'[schedules.night]\ncron = "0 3 * * *"\nrules = ["{rules}"]\nrule_alerts = 5\n'
    (tmp_path / "kulla.toml").write_text(settings)

    def start(crew: sharing.Crew) -> subprocess.Popen[bytes]:
        with crew.session.open_store() as store:
            called.append(store.record(LEASE, "detection") is not None)
        return subprocess.Popen(["true"])

    monkeypatch.setattr(sharing.Crew, "_start", start)
    first = kulla("detect", "--scheduled", "--workers", "3", home=home)
    assert (first.code, called) == (0, [True, True]), first.err
    assert "night: rule_alerts has no effect with --workers" in first.err
    (tmp_path / "b.log").write_bytes(access_log(5, start=50))
    assert kulla("collect", "b.log", home=home).code == 0
    assert kulla("detect", "--scheduled", "--workers", "3", home=home).code == 0  # the same minute: nothing is due
    assert len(called) == 2


def test_helpers_that_do_not_end_are_ended_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_PATIENCE", 0.05)
    monkeypatch.setattr(sharing, "_LAST_WORDS", 0.05)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    children = [subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) for _ in range(2)]
    for each in children:
        assert each.stdout is not None
        each.stdout.readline()
        each.stdout.close()
    sharing._end(children)
    assert [each.returncode for each in children] == [-9, -9]


def test_what_workers_have_no_meaning_for_is_refused(tmp_path: Path) -> None:
    for words in (("--workers", "-1"), ("--workers", "100"), ("--workers", "2", "--since", "2026-03-01")):
        result = kulla("detect", *words, home=tmp_path / "home")
        assert result.code == 2
        assert "--workers" in result.err


def test_helpers_get_the_options_of_their_leader() -> None:
    given = {"--rules": ["a", "b"], "--lateness": "30s", "--scheduled": True, "--filters": None, "--schedule": []}
    assert words_of(given) == ["--rules", "a", "--rules", "b", "--lateness", "30s", "--scheduled"]
