"""What is found is written after every few blocks: a run that ends in between repeats work, loses and doubles none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from engine.alerts import Alert
from engine.detecting import Detector
from engine.errors import UnreadableError
from engine.runs.leases import LeaseLostError
from engine.sigma.engine import Engine
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Block, Missing, Record
from tests.engine.sigma.test_correlation import COUNT, START, event, rules

BLOCKS = 6
FOUND = rules({**COUNT, "generate": True}, one={"a": 1})


class _Until:
    """Companions that end the run before the block of this number, with an error or in good order."""

    def __init__(self, number: int, *, fails: bool) -> None:
        self._left = number
        self._fails = fails
        self.told: list[str] = []

    def beside(self, alerts: Sequence[Alert]) -> Sequence[Record]:
        self.told += [alert.id for alert in alerts]
        return ()

    def left(self, missing: Sequence[Missing]) -> Sequence[Record]:
        raise AssertionError(missing)

    def goes_on(self) -> bool:
        self._left -= 1
        if self._left < 0 and self._fails:
            raise LeaseLostError("gone")
        return self._left >= 0


class _Cut(EmbeddedStore):
    """A store whose blocks are of two events."""

    def blocks(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        missing: Callable[[Missing], None] | None = None,
    ) -> Iterator[Block]:
        assert until is not None
        for first in range(after, until, 2):
            last = min(first + 2, until)
            yield from super().blocks(after=first, until=last, since=since, before=before, missing=missing)


def _fill(store: EmbeddedStore) -> None:
    store.append([event(number, (number * 60, {"a": "1", "u": "ann"})) for number in range(2 * BLOCKS)], [])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with _Cut(tmp_path / "store", lambda: START) as opened:
        _fill(opened)
        yield opened


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    with _Cut(tmp_path_factory.mktemp("whole") / "store", lambda: START) as whole:
        _fill(whole)
        return sorted(Detector(Engine(FOUND), whole).run().alerts.ids)


@pytest.mark.parametrize("number", range(BLOCKS + 1))
@pytest.mark.parametrize("fails", [True, False])
def test_a_run_that_ends_early_is_made_good_by_the_next(
    number: int, fails: bool, store: EmbeddedStore, expected: Sequence[str]
) -> None:
    first = _Until(number, fails=fails)
    detector = Detector(Engine(FOUND), store, companions=first)
    if fails and number < BLOCKS:
        with pytest.raises(LeaseLostError):
            detector.run()
    else:
        run = detector.run()
        assert run.unfinished == (number < BLOCKS)
        assert run.cursor == store.cursor("default")
        assert sorted(first.told) == sorted(run.alerts.ids) == sorted(each.id for each in store.alerts())
    second = _Until(BLOCKS, fails=False)
    Detector(Engine(FOUND), store, companions=second).run()
    assert sorted(each.id for each in store.alerts()) == sorted(first.told + second.told) == expected


def test_a_detector_whose_run_failed_begins_anew(store: EmbeddedStore, expected: Sequence[str]) -> None:
    companions = _Until(3, fails=True)
    detector = Detector(Engine(FOUND), store, companions=companions)
    with pytest.raises(LeaseLostError):
        detector.run()
    companions._left = BLOCKS
    assert detector.run().new == len(expected)


def test_what_stands_before_a_damaged_part_is_told(store: EmbeddedStore, tmp_path: Path) -> None:
    store.append([event(100, (10_000, {"a": "1", "u": "ann"}))], [])
    newest = max((tmp_path / "store").rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:100])
    with pytest.raises(UnreadableError):
        Detector(Engine(FOUND), store).run()
    assert len(store.alerts()) == 2 * BLOCKS
