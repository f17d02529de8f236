"""The engine and a plain row-by-row oracle agree on every (rule, event) pair.

`KULLA_FULL_ORACLE=1` takes every rule and every event instead of seeded samples (tens of minutes).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from collectors.reader import LogReader, Parsed
from engine.events import Value
from engine.sigma import modifiers
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.logsources import covers
from engine.sigma.rules import LogSource
from tests.engine.sigma.oracle import Oracle, View
from tests.engine.sigma.synthesis import Maker

FULL = os.environ.get("KULLA_FULL_ORACLE") == "1"
SEED = 20260822


@dataclass(frozen=True)
class Both:
    """The same rules, compiled by the engine and read by the oracle."""

    engine: Engine
    oracles: dict[str, Oracle]
    sources: dict[LogSource, list[Oracle]]


def rule_files(folder: Path, *, count: int, only: str = "") -> list[Path]:
    files = sorted(file for file in folder.rglob("*.yml") if only in file.parts or not only)
    return files if FULL else sorted(Random(SEED).sample(files, count))


def both(files: Iterable[Path]) -> Both:
    modifiers.install()
    contents = [(str(file), file.read_bytes()) for file in files]
    rules = compile_files(contents)
    loaded = {rule.info.id for rule in rules.rules}
    oracles = {}
    for _, content in contents:
        try:
            oracle = Oracle(SigmaRule.from_yaml(content.decode()))
        except SigmaError:
            continue
        if oracle.id in loaded:
            oracles[oracle.id] = oracle
    assert oracles.keys() == loaded
    sources: dict[LogSource, list[Oracle]] = {}
    for oracle in oracles.values():
        sources.setdefault(oracle.source, []).append(oracle)
    return Both(Engine(rules), oracles, sources)


def differing(pair: Both, fields: dict[str, Value], original: str) -> Iterator[str]:
    found = {match.rule.info.id for match in pair.engine.match(fields, original)}
    seen = View(fields, original)
    wanted = {
        oracle.id
        for source, oracles in pair.sources.items()
        if covers(source, seen.kind)
        for oracle in oracles
        if oracle.matches(seen)
    }
    for name in sorted(found ^ wanted):
        yield f"{name}: engine {name in found}, on {fields!r} {original[:200]!r}"


def events(folder: Path, step: int) -> Iterator[tuple[dict[str, Value], str]]:
    number = 0
    for file in sorted(folder.rglob("*.evtx")):
        for item in LogReader(file).records():
            number += 1
            if isinstance(item, Parsed) and number % step == 0:
                yield item.fields, item.record.raw.decode("utf-8", "replace")


@pytest.mark.timeout(3600 if FULL else 300)
def test_on_real_events(shared: Path) -> None:
    pair = both(rule_files(shared / "sigma", count=300, only="windows"))
    wrong, pairs, hits = [], 0, 0
    for fields, original in events(shared / "evtx", 1 if FULL else 10):
        pairs += len(pair.oracles)
        hits += len(pair.engine.match(fields, original))
        wrong.extend(differing(pair, fields, original))
    print(f"{pairs:,} pairs, {hits:,} matches")
    assert wrong == []
    assert hits > 10, "the sample says something"


@pytest.mark.timeout(3600 if FULL else 300)
def test_on_events_made_from_rules(shared: Path) -> None:
    pair = both(rule_files(shared / "sigma", count=400))
    chance = Random(SEED)
    wrong, hits, own = [], 0, set()
    for name, oracle in pair.oracles.items():
        for _ in range(4):
            made = Maker(oracle, chance)
            found = {match.rule.info.id for match in pair.engine.match(made.fields, made.original)}
            hits += len(found)
            own |= found & {name}
            wrong.extend(differing(pair, made.fields, made.original))
    print(f"{len(pair.oracles):,} rules, {4 * len(pair.oracles):,} events, {hits:,} matches, {len(own):,} rules hit")
    assert wrong == []
    known = len(pair.oracles) - len(pair.engine.unreachable())
    assert len(own) > 0.6 * known, "the made events match the rules they were made from"
