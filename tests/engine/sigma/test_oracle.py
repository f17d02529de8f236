"""The engine, by rows and by columns, and a plain row-by-row oracle agree on every (rule, event) pair.

By default on seeded samples. `KULLA_FULL_ORACLE=1` takes every rule and every event (minutes; `tests/bench/oracle.py`
does the same and prints the figures).
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.types import SpecialChars

from tests.bench.oracle import SEED, Extent, collected, run
from tests.engine.sigma import invention, oracle_values
from tests.engine.sigma.comparison import Sides, rows_from_rules, rows_of, rule_files

FULL = os.environ.get("KULLA_FULL_ORACLE") == "1"
MANY, ONE = SpecialChars.WILDCARD_MULTI, SpecialChars.WILDCARD_SINGLE


def some(folder: Path, count: int, only: str = "") -> list[tuple[str, bytes]]:
    files = [file for file in rule_files(folder) if f"/{only}/" in file[0] or not only]
    return sorted(Random(SEED).sample(files, count))


def test_on_real_events(shared: Path) -> None:
    sides = Sides(some(shared / "sigma", 600, "windows"))
    logs = sorted((shared / "evtx").rglob("*.evtx"))
    tally = sides.compare([row for log in logs[::3] for row in rows_of(log, 3)])
    print(f"{tally.pairs:,} pairs, {tally.matches:,} matches")
    assert tally.differing == []
    assert tally.matches > 10, "the sample says something"


def test_on_events_made_from_rules(shared: Path) -> None:
    sides = Sides(some(shared / "sigma", 300))
    tally = sides.compare(rows_from_rules(sides, sides.oracles, 4, SEED))
    print(f"{len(sides.oracles):,} rules, {tally.events:,} events, {tally.matches:,} matches")
    assert tally.differing == []
    known = len(sides.oracles) - len(sides.engine.unreachable())
    assert len(tally.rules) > 0.8 * known, "the made events match the rules they were made from"


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_on_rules_and_events_made_up_by_chance(seed: int) -> None:
    sides = Sides(invention.rules(120, Random(seed)))
    tally = sides.compare(rows_from_rules(sides, sides.oracles, 4, seed))
    print(f"{len(sides.oracles):,} rules, {tally.events:,} events, {tally.matches:,} matches")
    assert tally.differing == []
    assert len(sides.oracles) > 90, [str(issue) for issue in sides.rules.issues]
    assert len(tally.rules) > 0.6 * len(sides.oracles)


@pytest.mark.skipif(not FULL, reason="takes minutes; set KULLA_FULL_ORACLE=1")
@pytest.mark.timeout(3600)
def test_on_everything(shared: Path) -> None:
    found = collected(run(shared, os.cpu_count() or 1, Extent(each=8, invented=4800, seed=SEED)))
    for corpus, (rules, tally, _) in found.items():
        print(f"{corpus}: {rules:,} rules, {tally.events:,} events, {tally.pairs:,} pairs, {tally.matches:,} matches")
    assert [line for _, tally, _ in found.values() for line in tally.differing] == []
    assert len(found) == 4


def walked(pattern: list[str | SpecialChars], text: str) -> bool:
    """Tell by the definition whether a pattern takes a text, one character after the other."""
    if not pattern:
        return text == ""
    first, *rest = pattern
    if first is MANY:
        return any(walked(rest, text[place:]) for place in range(len(text) + 1))
    return text != "" and (first is ONE or first == text[0]) and walked(rest, text[1:])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([MANY, MANY, ONE, "a", "b"]), max_size=7), st.text("ab", max_size=7))
def test_the_oracle_reads_wildcards_as_they_are_defined(pattern: list[str | SpecialChars], text: str) -> None:
    assert oracle_values.like(pattern, cased=False)(text) is walked(pattern, text)
