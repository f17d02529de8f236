"""Runs that several processes share, on one machine or many: the window is cut into slices, which lie in the store.

Who holds the right to run posts the slices and works on them like everybody else who has the same rules; when all are
done it moves the cursor, once, and correlates. A slice is held under a lease of its own: where its holder is gone,
another one does it again, and as alerts have ids that follow from rule and events, none is told twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from engine.detecting import Companions, Detector, Run, selected
from engine.errors import KullaError
from engine.found_alerts import FoundAlerts
from engine.runs.leases import LASTS, Holder
from engine.sigma.correlations.hits import Hit
from engine.sigma.engine import Engine
from engine.store.protocol import Block, Missing, Record, Store

SLICE, RESULT = "slice", "slice-result"  # records: what there is to do, and under the same keys what it came to
SIZE = 25_000  # events of a slice, about
_OPEN, _HELD, _DONE = "open", "held", "done"
_ASKED = 64  # slices that a worker asks for at a time
_EVER = datetime.max.replace(tzinfo=UTC)


class SliceLostError(KullaError):
    """Another process has taken the slice over: this one was away for longer than its lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How this process takes part. `gone` tells that a holder is surely no longer there, `pause` waits a little.

    `token` makes a name that no other run has.
    """

    holder: Holder
    now: Callable[[], datetime]
    pause: Callable[[], None]
    gone: Callable[[Holder], bool] = lambda _: False
    size: int = SIZE
    token: Callable[[], str] = lambda: token_hex(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a slice came to. `touched` are the earliest new hits of groups: correlation, group and instant."""

    events: int = 0
    new: int = 0
    alerts: tuple[str, ...] = ()
    touched: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    excluded: dict[str, int] = field(default_factory=dict)
    missing: tuple[tuple[int, int, str], ...] = ()


@dataclass(slots=True)
class Held:
    """A slice in this process's hands: sequences from `first` to `last`."""

    record: Record
    first: int
    last: int
    since: datetime


class Board:
    """The slices of one run's name and rules, as records in the store."""

    def __init__(self, store: Store, name: str, engine: Engine, sharing: Sharing) -> None:
        self._store = store
        self._name = name
        self._rules = engine.digest
        self._sharing = sharing

    def left(self, begin: int) -> tuple[int, int] | None:
        """Return the window (after, until) of the slices that lie here, where they are whole and leave nothing out.

        Slices of other rules, with holes between them, without the results of those that are done, or of a window that
        begins after `begin` are taken away.
        """
        records = self._store.records(SLICE)
        if not records:
            return None
        bodies = [json.loads(record.body) for record in records]
        after, until = min(int(body["first"]) for body in bodies) - 1, max(int(body["last"]) for body in bodies)
        done = {record.key for record in records if record.state == _DONE}
        if after <= begin and self._cover(bodies, after, until) and done <= self._told().keys():
            return after, until
        self.clear()
        return None

    def _cover(self, bodies: Sequence[dict[str, Any]], after: int, until: int) -> bool:
        """Tell whether these are slices of this run's rules without a hole in `after < sequence <= until`."""
        for first, last in sorted((int(body["first"]), int(body["last"])) for body in bodies):
            if first > after + 1:
                return False
            after = max(after, last)
        return after >= until and all(map(self._is_mine, bodies))

    def _told(self) -> dict[str, Record]:
        return {record.key: record for record in self._store.records(RESULT)}

    def post(self, after: int, until: int) -> None:
        """Cut `after < sequence <= until` into slices."""
        run = self._sharing.token()  # a key that was used before may not be written again
        records = []
        for first in range(after + 1, until + 1, self._sharing.size):
            last = min(first + self._sharing.size - 1, until)
            body = {"name": self._name, "rules": self._rules, "first": first, "last": last}
            records.append(Record(kind=SLICE, key=f"{first:020} {run}", state=_OPEN, body=json.dumps(body)))
        if self._store.save_records(records):
            raise SliceLostError("another process shares out the same run", where=self._name)

    def take(self) -> Held | None:
        """Take a slice that nobody works on; None where there is none."""
        for state in (_OPEN, _HELD):
            for record in self._store.records(SLICE, state=state, limit=_ASKED if state == _OPEN else None):
                body = json.loads(record.body)
                if not self._is_mine(body) or not self._is_free(record, body):
                    continue
                held = Held(record, int(body["first"]), int(body["last"]), self._sharing.now())
                if self._write(held, body | {"holder": self._sharing.holder.text()}):
                    return held
        return None

    def keep(self, held: Held) -> None:
        """Renew the hold where a third of it is over; raise `SliceLostError` where somebody else has the slice."""
        if not timedelta() <= self._sharing.now() - held.since < LASTS / 3:
            self._renew(held)

    def _renew(self, held: Held) -> None:
        if not self._write(held, json.loads(held.record.body)):
            raise SliceLostError("another process has taken the slice over", where=held.record.key)

    def finish(self, held: Held, result: Result) -> None:
        """Write what the slice came to, then that it is done; raise `SliceLostError` where somebody else has it."""
        self._renew(held)  # first: what it came to is the holder's to tell
        key, body = held.record.key, json.dumps(_written(result))
        known = self._store.record(RESULT, key)  # of somebody who was killed in between
        told = Record(kind=RESULT, key=key, state=_DONE, due=held.since, body=body)
        self._store.save_records([replace(told, version=known.version if known else 0)])
        self._store.save_records([replace(held.record, state=_DONE, due=held.since)])

    def give_back(self, held: Held) -> None:
        """Leave the slice to others."""
        self._store.save_records([replace(held.record, state=_OPEN, due=None)])

    def results(self, after: int, until: int) -> list[Result] | None:
        """Return what all slices came to; None while some are not done.

        Raise `SliceLostError` where they are not those of this window: another process leads the run by now.
        """
        counts = self._store.count_records(SLICE)
        if counts.get(_OPEN) or counts.get(_HELD):
            return None
        records, told = self._store.records(SLICE), self._told()
        keys = [record.key for record in records if record.key in told]
        whole = self._cover([json.loads(record.body) for record in records], after, until)
        if not whole or len(keys) < len(records):
            raise SliceLostError("another process has taken the run over", where=self._name)
        return [_read(json.loads(told[key].body)) for key in keys]

    def clear(self) -> None:
        """Take all slices and results away."""
        left = [replace(record, state=_DONE, due=self._sharing.now()) for record in self._store.records(SLICE)]
        self._store.save_records(left)
        for kind in (SLICE, RESULT):
            self._store.forget_records(kind, _DONE, before=_EVER)

    def _is_mine(self, body: dict[str, object]) -> bool:
        return body["name"] == self._name and body["rules"] == self._rules

    def _is_free(self, record: Record, body: dict[str, str]) -> bool:
        if record.state != _HELD:
            return record.state == _OPEN
        lapsed = record.due is None or record.due <= self._sharing.now()
        return lapsed or self._sharing.gone(Holder.of(body["holder"]))

    def _write(self, held: Held, body: dict[str, object]) -> bool:
        now = self._sharing.now()
        record = replace(held.record, state=_HELD, body=json.dumps(body), due=now + LASTS)
        if self._store.save_records([record]):
            return False
        held.record, held.since = replace(record, version=record.version + 1), now
        return True


class SharedDetector(Detector):
    """A detector whose runs over what is new are shared; everything else it does alone."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        name: str,
        sharing: Sharing,
        *,
        lateness: timedelta = timedelta(),
        now: Callable[[], datetime] | None = None,
        companions: Companions | None = None,
    ) -> None:
        super().__init__(engine, store, name, lateness=lateness, now=now, companions=companions)
        self._sharing = sharing
        self.board = Board(store, name, engine, sharing)
        self._held: Held | None = None

    def run(self) -> Run:
        """Look at everything received since the cursor together with whoever helps, and move it."""
        cursor = self._store.cursor(self._name)
        self._correlations.begin()
        begin = min(cursor, self._store.cursor(self._correlated))
        left = self.board.left(begin)  # of a run that was killed
        after, posted = left or (begin, begin)
        until = max(posted, self._store.last_sequence())
        if left is None and until - after < 2 * self._sharing.size:
            return super().run()
        self.board.post(posted, until)
        run = self._begun(cursor)
        results = self._results(after, until)
        if results is None:
            run.unfinished = True
            return run
        self._gather(run, results)
        run.cursor = max(cursor, until)
        self._commit(run, self._name, [], [])
        self._correlate(run, self._correlated)
        self.board.clear()
        return run

    def help(self) -> bool:
        """Work on a slice of somebody else's run; tell whether there was one."""
        held = self.board.take()
        if held is not None:
            self._work(held)
        return held is not None

    def _results(self, after: int, until: int) -> Sequence[Result] | None:
        """Work until all slices are done; None where the time is over before that."""
        while (results := self.board.results(after, until)) is None:
            if not self._companions.goes_on():
                return None
            if not self.help():
                self._sharing.pause()
        return results

    def _work(self, held: Held) -> None:
        self._held = held
        self._correlations.taken()
        run = Run(alerts=FoundAlerts(self._store))
        try:
            for block in self._blocks(run, self._again, after=held.first - 1, until=held.last):
                self._look(run, self._again, block, run.excluded)
                run.events += selected(block)
            if run.unfinished:
                self.board.give_back(held)
            else:
                self.board.finish(held, _result(run, self._correlations.taken()))
        except SliceLostError:
            return
        finally:
            self._held = None

    def _look(self, run: Run, name: str, block: Block, excluded: Counter[str]) -> None:
        if self._held is not None:
            self.board.keep(self._held)
        super()._look(run, name, block, excluded)

    def _gather(self, run: Run, results: Sequence[Result]) -> None:
        for each in results:
            run.events += each.events
            run.new += each.new
            run.alerts.add(each.alerts)
            run.excluded.update(each.excluded)
            run.missing += [Missing(first_sequence=a, last_sequence=b, reason=why) for a, b, why in each.missing]
            self._correlations.touch(_hits(each))


def _result(run: Run, touched: Sequence[Hit]) -> Result:
    return Result(
        events=run.events,
        new=run.new,
        alerts=tuple(run.alerts.ids),
        touched=tuple((hit.correlation, hit.group, hit.timestamp.isoformat()) for hit in touched),
        excluded=dict(run.excluded),
        missing=tuple((each.first_sequence, each.last_sequence, each.reason) for each in run.missing),
    )


def _hits(result: Result) -> Iterator[Hit]:
    for correlation, group, moment in result.touched:
        stamp = datetime.fromisoformat(moment)
        yield Hit(correlation=correlation, rule="", timestamp=stamp, group=group, event_id="")


def _written(result: Result) -> dict[str, object]:
    return {name: getattr(result, name) for name in Result.__slots__}


def _read(body: dict[str, Any]) -> Result:
    return Result(
        events=body["events"],
        new=body["new"],
        alerts=tuple(body["alerts"]),
        touched=tuple((key, tuple(group), moment) for key, group, moment in body["touched"]),
        excluded=body["excluded"],
        missing=tuple((first, last, reason) for first, last, reason in body["missing"]),
    )
