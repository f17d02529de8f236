"""An attacker who floods the engine with values, profiles, kinds or hostile text gains neither memory nor time."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from random import Random
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Event
from engine.sigma import engine as engine_module
from engine.sigma import partitions, signatures
from engine.sigma.columns import ColumnMatcher
from engine.sigma.engine import Engine
from engine.sigma.keyword_scan import KeywordScan
from engine.sigma.loader import load_rules
from engine.sigma.matching import ValueTester
from engine.sigma.needles import Needles
from engine.sigma.predicates import Predicate
from engine.sigma.signatures import Signatures
from tests.engine.sigma.rules import ACME, compiled, document

WORDS = [f"word{number}" for number in range(12)]


@pytest.fixture
def flooded(monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(signatures, "MAX_VALUES", 50)
    monkeypatch.setattr(partitions, "MAX_LAYOUTS", 50)
    monkeypatch.setattr(partitions, "MAX_PROFILES", 60)
    monkeypatch.setattr(engine_module, "MAX_KINDS", 40)
    monkeypatch.setattr(engine_module, "MAX_PARTITIONS", 20)
    rules = [document({"s": {"f|contains": word}, "condition": "s"}, number=n) for n, word in enumerate(WORDS, start=1)]
    rules.append(document({"s": {"g": None}, "k": "needle", "condition": "s and k"}, number=50))
    windows = document({"k": ["needle", "word1"], "condition": "k"}, number=60, source={"product": "windows"})
    return Engine(compiled(*rules, windows))


class TableBlock:
    """A piece of a store that is one table, and keeps nothing."""

    first_sequence, last_sequence, settled, selected = 1, 100, 100, None

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self.rows: int = table.num_rows
        self.names: Sequence[str] = table.column_names

    def read(self, names: Collection[str]) -> pa.Table:
        return self._table.select([name for name in self._table.column_names if name in names])

    def ids(self, rows: npt.NDArray[np.int64]) -> list[str]:
        return [str(row) for row in rows]

    def events(self, rows: npt.NDArray[np.int64], names: Collection[str] | None = None) -> Iterator[Event]:
        return iter(())

    def recall(self, key: str) -> bytes | None:
        return None

    def keep(self, key: str, content: bytes) -> None: ...

    def apart(self) -> Sequence[TableBlock]:
        return ()


def every_table(engine: Engine) -> list[Signatures]:
    found = []
    for partition in engine._by_rules.values():
        found += [*partition.tables, *([partition.keywords] if partition.keywords else [])]
    return found


def text(chance: Random) -> tuple[str, set[str]]:
    """Return a text with a random choice of words (thousands of different sets) and the rules it makes true."""
    chosen = [word for word in WORDS if chance.random() < 0.5]
    true = {f"rule {n}" for n, word in enumerate(WORDS, start=1) if any(word in item for item in chosen)}
    return f"{chance.random()} {' '.join(chosen)} {'x' * chance.choice([1, 2000])}", true


def test_memory_stays_bounded_and_matching_right(flooded: Engine) -> None:
    chance = Random(1)
    for turn in range(2000):
        value, true = text(chance)
        fields = {"event.dataset": f"acme.{turn % 3}", "event.module": "acme", "f": value}
        needle = turn % 2 == 0
        found = {match.rule.info.name for match in flooded.match(fields, "a needle" if needle else "hay")}
        assert found == true | ({"rule 50"} if needle else set())
    for partition in flooded._by_rules.values():
        assert len(partition._memo) <= 60
    for table in every_table(flooded):
        assert len(table.numbers) <= 50
        assert len(table._long) <= 50
        assert len(table.true) <= 2 * 60 + 2
        assert len(table.true) == len(table._sets)


def test_a_long_value_that_comes_again_is_not_tested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tested: list[int] = []
    test = ValueTester.test
    monkeypatch.setattr(ValueTester, "test", lambda own, value: tested.append(len(value)) or test(own, value))
    engine = Engine(compiled(document({"s": {"f|endswith": "end"}, "condition": "s"})))
    for value in ["x" * 5000 + "end", "x" * 5000 + "eng", "\ud800" * 5000 + "end"] * 3:
        found = engine.match({"event.dataset": "acme.a", "event.module": "acme", "f": value})
        assert len(found) == value.endswith("end")
    assert tested == [5003] * 3


def test_windows_keywords_stay_bounded(flooded: Engine) -> None:
    chance = Random(2)
    for turn in range(1000):
        fields = {
            "winlog.channel": "System",
            f"winlog.event_data.n{turn}": f"{chance.random()} {'needle' * (turn % 2)}",
        }
        assert len(flooded.match(fields)) == turn % 2
    (partition,) = [item for item in flooded._by_rules.values() if item.rules]
    assert partition.keywords is not None
    assert len(partition.keywords.numbers) <= 50
    assert len(partition._layouts) <= 50


def test_layouts_of_very_many_names_are_not_kept(flooded: Engine) -> None:
    for turn in range(3):
        for count in (10, 1000):
            fields = {f"{turn} {number}": "x" for number in range(count)}
            assert [m.rule.info.name for m in flooded.match({**fields, "f": "word3", "event.dataset": "acme.1"})]
    (partition,) = [item for item in flooded._by_rules.values() if item.rules]
    assert sorted(len(names) for names in partition._layouts) == [12] * 3


def test_columns_stay_bounded_and_right(flooded: Engine) -> None:
    chance = Random(3)
    matcher = ColumnMatcher(flooded)
    for _ in range(10):
        made = [text(chance) for _ in range(100)]
        columns = {
            "event.dataset": ["acme.log"] * 100,
            "f": [value for value, _ in made],
            "event.original": ["x"] * 100,
        }
        expected = {(row, name) for row, (_, true) in enumerate(made) for name in true}
        found = set()
        for hits in matcher.match(TableBlock(pa.table(columns))):
            pairs = zip(hits.rows.tolist(), hits.positions.tolist(), strict=True)
            found = {(row, hits.partition.rules[position].info.name) for row, position in pairs}
        assert found == expected
    for table in every_table(flooded):
        assert len(table.numbers) <= 50
        assert len(table.true) <= 60 + 2 * 100 + 2


@pytest.mark.parametrize("dataset", ["acme.{}", "made.up.{}", "linux.{}"])
def test_kinds_stay_bounded(flooded: Engine, dataset: str) -> None:
    for turn in range(300):
        fields = {"event.dataset": dataset.format(turn), "event.module": f"m{turn}", "f": "word3"}
        assert len(flooded.match(fields)) == dataset.startswith("acme")
        assert len(flooded._partitions) <= 40
        assert len(flooded._by_rules) <= 20


def test_channels_and_ids_that_no_log_source_names_are_one_kind(flooded: Engine) -> None:
    for turn in range(300):
        flooded.match({"winlog.channel": f"Made-up/{turn}", "event.code": str(turn)})
        flooded.match({"winlog.channel": "Security", "event.code": str(turn)})
    assert len(flooded._partitions) < 5


HOSTILE = ["a" * 20_000, "\\" * 20_000, "(" * 20_000, "A1" * 10_000, "'+'" * 6_666, "%20" * 6_666, "\x00" * 20_000,
           " " * 20_000, "^" * 20_000, "é" * 10_000, "cmd /c set x=" + "s^e^t" * 4000, "${env:" * 3_333]  # fmt: skip


def test_no_pattern_of_sigmahq_is_slow_on_hostile_text(shared: Path) -> None:
    rules = load_rules([shared / "sigma" / "rules" / "windows"])
    patterns = [item for item in rules.predicates if item.operator == "re"]
    assert len(patterns) > 50
    from engine.sigma.matching import ValueTester

    slow = []
    for item in Random(4).sample(patterns, 40):
        tester = ValueTester([(0, item)])
        tester.test("warm")
        for value in HOSTILE:
            before = time.process_time()
            tester.test(value)
            spent = time.process_time() - before
            if spent > 0.1:  # a guard against exponential time, no benchmark
                slow.append((spent, item.value, value[:10]))
    assert slow == []


@pytest.mark.parametrize("value", HOSTILE)
def test_wildcards_on_hostile_text_take_linear_time(value: str) -> None:
    wildcards = "*".join(["", *"aaaaaaaaaaaaaaaaaaaaaaaa", "b"])
    engine = Engine(compiled(document({"s": {"f": [wildcards, "*?" * 30 + "b"]}, "condition": "s"})))
    engine.match({**ACME, "f": "warm"})
    before = time.process_time()
    engine.match({**ACME, "f": value})
    assert time.process_time() - before < 0.5


_PARTS = st.text(st.sampled_from("abk\u00e9"), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["contains", "startswith", "endswith", "eq", "re"]), _PARTS)),
    st.text("abk\u00e9"),
)
def test_a_long_value_is_the_same_a_stretch_at_a_time(asked: list[tuple[str, str]], value: str) -> None:
    tester = ValueTester(enumerate(Predicate("", operator, text) for operator, text in asked))
    whole = tester.test(value)
    with patch("engine.sigma.matching._STRETCH", 3):
        assert tester.test(value) == whole


def test_a_value_full_of_findings_takes_little_memory() -> None:
    tester = ValueTester([(0, Predicate("", "contains", "ab")), (1, Predicate("", "endswith", "b"))])
    value = "ab" * 2_000_000
    tracemalloc.start()
    found = tester.test(value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == {0, 1}
    assert peak < 40 * len(value)


def test_what_is_too_long_to_be_searched_is_tested() -> None:
    needles, scan = (
        Needles([Predicate("", "contains", "mimikatz")]),
        KeywordScan([Predicate("", "contains", "mimikatz")]),
    )
    with patch("engine.sigma.needles._AT_ONCE", 20):
        assert needles.touched(pa.array(["x", "y" * 30, "a mimikatz", "z"])).tolist() == [1, 2]
    with patch("engine.sigma.keyword_scan._LONGEST", 20):
        assert [scan.may_hold(b"y" * size) for size in (20, 21)] == [False, True]
        assert [scan.may_stand_in("y" * size) for size in (20, 21)] == [False, True]
