"""SigmaHQ's own regression cases: every case's rule matches the log that comes with it, as often as is stated."""

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
from tests.engine.sigma.comparison import Sides, rows_of

# Rules whose stated number is not that of their log, with the number that is, and why.
MISCOUNTED = {
    "0b9ad457-2554-44c1-82c2-d56a99c42377": (
        3,
        "it looks for AnyDesk\\user.conf anywhere in a name: user.conf.new, user.conf~RF2d9c20d.TMP, user.conf.new",
    ),
}
CISCO = "ef0ff092-a24a-4fbc-beea-06c08d53e085"  # its test is commented out: a raw line of a router


@dataclass(frozen=True)
class Case:
    rule: str
    log: Path
    count: int | None

    @property
    def expected(self) -> int:
        """The number of matches; where none is stated, all of the log's events are meant to match."""
        if self.rule in MISCOUNTED:
            return MISCOUNTED[self.rule][0]
        return sum(1 for _ in rows_of(self.log)) if self.count is None else self.count


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


@pytest.fixture(scope="module")
def sides(shared: Path) -> Sides:
    """The engine and the oracle with the cases' own rules."""
    wanted = {case.rule for case in cases(shared / "sigma_regression")} | {CISCO}
    files = ((str(file), file.read_bytes()) for file in sorted((shared / "sigma").rglob("*.yml")))
    return Sides((name, text) for name, text in files if any(f"id: {rule}".encode() in text for rule in wanted))


def matches(engine: Engine, log: Path) -> Counter[str]:
    reader = LogReader(log)
    found: Counter[str] = Counter()
    for item in reader.records():
        assert not isinstance(item, DeadLetter), f"{log}: {item.reason}"
        found.update(match.rule.info.id for match in engine.match(item.fields, item.record.raw))
    return found


def test_every_case_finds_its_rule_as_often_as_is_stated(engine: Engine, shared: Path) -> None:
    every = cases(shared / "sigma_regression")
    assert len(every) > 150, "the regression material is there"
    wrong = [
        f"{case.log.name}: {found} instead of {case.expected}"
        for case in every
        if (found := matches(engine, case.log)[case.rule]) != case.expected
    ]
    assert wrong == []


def test_columns_and_oracle_count_as_is_stated(sides: Sides, shared: Path) -> None:
    """One table of all cases' events: each rule is held against every other case's log as well."""
    every = cases(shared / "sigma_regression")
    rows, owner = [], []
    for number, case in enumerate(every):
        events = list(rows_of(case.log))
        rows += events
        owner += [number] * len(events)
    found = {"columns": sides.by_columns(rows), "oracle": sides.by_oracle(rows)[0], "rows": sides.by_rows(rows)}
    for way, pairs in found.items():
        counts = Counter((owner[row], rule) for row, rule in pairs)
        assert [case for number, case in enumerate(every) if counts[number, case.rule] != case.expected] == [], way
    assert found["columns"] == found["oracle"] == found["rows"]


def test_a_stated_number_that_is_wrong_is_still_wrong(shared: Path) -> None:
    """A case that SigmaHQ has put right leaves the list."""
    stated = {case.rule: case.count for case in cases(shared / "sigma_regression")}
    assert [rule for rule, (count, _) in MISCOUNTED.items() if stated[rule] == count] == []


def test_the_case_of_a_raw_line(sides: Sides, shared: Path) -> None:
    log = next((shared / "sigma_regression").rglob(f"{CISCO}.raw"))
    fields = {"event.dataset": "cisco.aaa", "event.module": "cisco"}
    rows = [(dict(fields), line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert sides.by_rows(rows) == sides.by_columns(rows) == sides.by_oracle(rows)[0] == {(0, CISCO)}
