"""SigmaHQ's own regression cases: every case's rule matches the log that comes with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from collectors.reader import LogReader
from engine.events import DeadLetter
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules


@dataclass(frozen=True)
class Case:
    rule: str
    log: Path
    count: int | None


def cases(folder: Path) -> list[Case]:
    found = []
    for info in sorted(folder.rglob("info.yml")):
        content = yaml.safe_load(info.read_text(encoding="utf-8"))
        rule = content["rule_metadata"][0]["id"]
        for test in content.get("regression_tests_info") or ():
            log = info.parent / Path(test["path"]).name
            found.append(Case(rule=rule, log=log, count=test.get("match_count")))
            twin = log.with_suffix(".json")
            if twin.exists() and twin != log:
                found.append(Case(rule=rule, log=twin, count=test.get("match_count")))
    return found


@pytest.fixture(scope="module")
def engine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(load_rules([shared / "sigma"], cache_folder=tmp_path_factory.mktemp("cache")))


def matches(engine: Engine, log: Path) -> Counter[str]:
    reader = LogReader(log)
    found: Counter[str] = Counter()
    for item in reader.records():
        assert not isinstance(item, DeadLetter), f"{log}: {item.reason}"
        found.update(match.rule.info.id for match in engine.match(item.fields, item.record.raw))
    return found


def test_every_case_finds_its_rule(engine: Engine, shared: Path) -> None:
    every = cases(shared / "sigma_regression")
    assert len(every) > 150, "the regression material is there"
    missed = [f"{case.log.name}: {case.rule}" for case in every if not matches(engine, case.log)[case.rule]]
    assert missed == []
