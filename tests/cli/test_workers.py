"""`kulla detect --workers`: the same alerts, and who only helps begins nothing."""

from __future__ import annotations

import json
from pathlib import Path

from cli.sharing import words_of
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


def test_what_workers_have_no_meaning_for_is_refused(tmp_path: Path) -> None:
    for words in (("--workers", "-1"), ("--workers", "100"), ("--workers", "2", "--since", "2026-03-01")):
        result = kulla("detect", *words, home=tmp_path / "home")
        assert result.code == 2
        assert "--workers" in result.err


def test_helpers_get_the_options_of_their_leader() -> None:
    given = {"--rules": ["a", "b"], "--lateness": "30s", "--scheduled": True, "--filters": None, "--schedule": []}
    assert words_of(given) == ["--rules", "a", "--rules", "b", "--lateness", "30s", "--scheduled"]
