"""The next step that a command names: one that works, for what was asked, and one after every command that lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.runs import access_log, kulla, rules_folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.mark.parametrize(
    "words",
    [
        ("approvals", "list"),
        ("automation", "list"),
        ("automation", "list", "--all"),
        ("notify", "send"),
        ("store", "compact"),
        ("store", "dead-letters"),
        ("ledger", "challenges"),
        ("ledger", "keys"),
        ("config", "check"),
    ],
)
def test_commands_that_end_well_name_the_next_one(home: Path, words: tuple[str, ...]) -> None:
    result = kulla(*words, home=home)
    assert (result.code, result.err.splitlines()[-1][:6]) == (0, "next: "), result.err


def test_a_hunt_is_gone_on_with_over_the_same_logs_and_rules(home: Path, tmp_path: Path) -> None:
    rules = str(rules_folder(tmp_path))
    names = [str(tmp_path / f"a log {number}") for number in range(5)]
    for name in names:
        Path(name).write_bytes(access_log(2, path="/evil"))
    said = kulla("hunt", *names[:2], "--rules", rules, "-f", "table", home=home).err.splitlines()[-1]
    assert said == f"next: kulla hunt '{names[0]}' '{names[1]}' --rules {rules} --level high -f jsonl"
    assert "next: kulla collect PATH..." in kulla("hunt", *names, "--rules", rules, "-f", "jsonl", home=home).err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("notify", "retry", "zzzz"), "no message that was given up begins with `zzzz`"),
        (("collect", "ftp://files/x"), "nothing is pulled from ftp://"),
        (("rules", "show", "nothing"), "no rule has the id or title `nothing`"),
        (("indicators", "import", "/nowhere/x", "--actor", "arta"), "/nowhere/x: cannot be read (No such file"),
    ],
)
def test_what_is_not_there_is_no_success(home: Path, words: tuple[str, ...], what: str) -> None:
    result = kulla(*words, home=home)
    assert result.code == (4 if "import" in words else 2)
    assert what in result.err
    assert len([line for line in result.err.splitlines() if line.strip().startswith("next: ")]) == 1


def test_coverage_and_the_list_of_rules_count_alike(home: Path) -> None:
    listed = kulla("rules", "list", "--rules", "own", home=home)
    covered = kulla("rules", "coverage", "--rules", "own", "-f", "json", home=home)
    numbers = [int(word) for word in re.findall(r"\d+", covered.err.replace(",", "").splitlines()[0])]
    rules, can_fire, correlations = numbers
    assert rules >= can_fire > 0
    assert f"{rules + correlations:,} rules loaded" in listed.err
