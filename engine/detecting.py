"""Detecting: one run of rules over what the store has received since the run's cursor.

The cursor is the ingest sequence, not event time, so late events are seen. Alerts, correlation hits and the cursor
are committed together, after every few blocks: a killed run goes on where the last commit was, and what it finds
again has the ids that it had. As blocks may overlap in sequence, the cursor moves only to where everything was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from engine.alerts import Alert, alert_id
from engine.correlating import StoreCorrelator
from engine.errors import StoreError, UnreadableError
from engine.events import Event
from engine.found_alerts import FoundAlerts
from engine.sigma.alerting import ALERT_FIELDS, burst_alert, event_alert, event_time
from engine.sigma.columns import ColumnMatcher, Hits
from engine.sigma.correlations.bursts import Burst
from engine.sigma.correlations.correlator import Correlator
from engine.sigma.correlations.hits import Hit, to_store
from engine.sigma.engine import Engine, Match
from engine.sigma.row_matching import RowMatcher
from engine.store.protocol import Block, Missing, Record, RowBlock, Store
from engine.unwritten import Unwritten

_ASKED_AT_ONCE = 5000  # events fetched whole at a time
_CORRELATED_AT_ONCE = 500_000  # groups with new hits before a very long run correlates what it has
_RECENT = 20_000  # events of correlation hits kept in memory during a run


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run did. `alerts` are those found (read from the store), `new` how many of them it did not know.

    `left_out` counts, by the name of a correlation, the hits that it did not look at for want of room (see
    `correlations.kept`): its answers are not complete. `excluded` counts the matches that each filter
    (by id) took away. `missing` are the parts of the store that could not be read, or that a rule over its limit did
    not look at. A run that is `unfinished` was
    told to stop (see `Companions.goes_on`): the next one goes on where it was.
    """

    alerts: FoundAlerts
    events: int = 0
    new: int = 0
    cursor: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    missing: list[Missing] = field(default_factory=list)
    unfinished: bool = False
    told: int = 0  # how many of the missing parts stand in the store
    made: Counter[str] = field(default_factory=Counter)  # new alerts by rule, where they are limited
    unwritten: Unwritten = field(default_factory=Unwritten)


class Companions(Protocol):
    """Who goes along with a detector: what is written with its commits, and when it has to stop."""

    def beside(self, alerts: Sequence[Alert]) -> Sequence[Record]:
        """Return what is written in the transaction of these new alerts (messages about them)."""
        ...

    def left(self, missing: Sequence[Missing]) -> Sequence[Record]:
        """Return what is written in the transaction in which the cursor moves past what could not be read."""
        ...

    def goes_on(self) -> bool:
        """Tell, before each block, whether there is time for it; raise `LeaseLostError` where the run has to stop."""
        ...


class Alone:
    """No companions: nothing is written beside alerts, and what cannot be read ends the run."""

    def beside(self, alerts: Sequence[Alert]) -> Sequence[Record]:
        """Return nothing."""
        del alerts
        return ()

    def left(self, missing: Sequence[Missing]) -> Sequence[Record]:
        """Raise `StoreError`: nobody keeps a record of what is missing."""
        raise StoreError(missing[0].reason, hint="`kulla store gaps` lists what scheduled runs had to leave")

    def goes_on(self) -> bool:
        """Return true."""
        return True


class Detector:
    """Runs a rule set over a store under a name that has its own cursor.

    `lateness` is how late events may come without any effect on correlations, which are told that much later for it;
    `now` is the present (see `correlating`). Without `companions`, what the store cannot read ends a run with
    `StoreError`; with them it is handed to them, and the cursor moves past it. Rules are tested together, in time that
    is linear in the events: what a single one can cost is its alerts. With `most`, it makes about so many in a run, and
    what it does not look at any more is missing.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        name: str = "default",
        *,
        lateness: timedelta = timedelta(),
        now: Callable[[], datetime] | None = None,
        companions: Companions | None = None,
        most: int = 0,
    ) -> None:
        self._most = most
        self._engine = engine
        self._store = store
        self._companions = companions or Alone()
        self._name = name
        self._correlated = f"{name}/correlated"
        self._again = f"{name}/again"  # a cursor of no meaning: looking again moves none
        self._matcher, self._row_matcher = ColumnMatcher(engine), RowMatcher(engine)
        self._correlator = Correlator(engine.rules)
        self._correlations = StoreCorrelator(store, self._correlator, f"{name}/waiting", lateness=lateness, now=now)
        self._recent = _Recent(_RECENT)

    def run(self) -> Run:
        """Look at everything received since the cursor, and move it.

        Correlations are evaluated once all of it was seen, so that the order of logs does not matter. They have a
        cursor of their own: where a run was killed before that, the next one takes their part up again.
        """
        cursor = self._store.cursor(self._name)
        run = self._begun(cursor)
        self._correlations.begin()
        after, until = min(cursor, self._store.cursor(self._correlated)), self._store.last_sequence()
        for block in self._blocks(run, self._name, after=after, until=until):
            seen = block.last_sequence <= cursor  # by a run that was killed before it correlated
            self._look(run, self._name, block, Counter() if seen else run.excluded)
            run.events += 0 if seen else selected(block)
            if self._correlations.groups >= _CORRELATED_AT_ONCE:
                self._write(run, self._name)
                self._correlate(run, self._again, partly=True)
        run.cursor = max(run.cursor, until if run.missing and not run.unfinished else 0)
        self._commit(run, self._name, [], [])  # the cursor, past blocks in which nothing was found
        self._correlate(run, self._correlated, partly=run.unfinished)
        return run

    def rerun(self, since: datetime | None, before: datetime | None) -> Run:
        """Look again at events of a window of event time; the cursors stay."""
        run = self._begun(self._store.cursor(self._name))
        self._correlations.begin()
        for block in self._blocks(run, self._again, until=self._store.last_sequence(), since=since, before=before):
            self._look(run, self._again, block, run.excluded)
            run.events += selected(block)
        self._correlate(run, self._again)
        return run

    def fill(self, first: int, last: int) -> Run:
        """Look again at the events with these ingest sequences; the cursors stay. What is still missing is told."""
        run = self._begun(self._store.cursor(self._name))
        self._correlations.begin()
        for block in self._blocks(run, self._again, after=first - 1, until=last):
            self._look(run, self._again, block, run.excluded)
            run.events += selected(block)
        self._correlate(run, self._again)
        return run

    def _begun(self, cursor: int) -> Run:
        return Run(alerts=FoundAlerts(self._store), cursor=cursor)

    def _blocks(
        self,
        run: Run,
        name: str,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> Iterator[Block]:
        """Yield blocks; what cannot be read is noted in the run in its place among them.

        What was found in the blocks that the caller has looked at is written in time, and all of it at the end.
        """
        missing = None if isinstance(self._companions, Alone) else run.missing.append
        found = self._store.blocks(after=after, until=until, since=since, before=before, missing=missing)
        try:
            for block in found:
                if not self._companions.goes_on():
                    run.unfinished = True
                    break
                yield block
                run.unwritten.events += block.rows
                if run.unwritten.is_due:
                    self._write(run, name)
        except UnreadableError:  # what comes before it is told, however often the run ends here
            self._write(run, name)
            raise
        self._write(run, name)

    def _write(self, run: Run, name: str) -> None:
        """Commit what was found since the last commit, where there is anything."""
        found, run.unwritten = run.unwritten, Unwritten()
        if found.alerts or found.hits:
            self._commit(run, name, found.alerts, found.hits)

    def _commit(self, run: Run, name: str, alerts: Sequence[Alert], hits: Sequence[Hit]) -> None:
        kept = [to_store(hit) for hit in hits]
        records = list(self._companions.beside(alerts)) if alerts else []
        if name == self._name and len(run.missing) > run.told:  # before the cursor is past what could not be read
            records += self._companions.left(run.missing[run.told :])
            run.told = len(run.missing)
        run.new += self._store.commit_run(name, cursor=run.cursor, alerts=alerts, hits=kept, records=records)

    def _look(self, run: Run, name: str, block: Block, excluded: Counter[str]) -> None:
        """Match a block and note what is new; only events that give new alerts, or hits, are read whole."""
        taken: Counter[str] = Counter()
        try:
            found = [kept for hits in self._hits(block) if (kept := _alerting(hits, taken)).rows.size]
            matches = self._matches(found, block) if found else {}
            wanted = [number for row in sorted(matches) for match, number in matches[row] if self._tells(match)]
            known = self._store.known_alert_ids(wanted) if wanted else frozenset()
            over, made = self._over(run, matches, known)
            held = frozenset(number for each in over.values() for number in each)
            known |= held
            needed = [row for row in sorted(matches) if any(self._needs(*item, known) for item in matches[row])]
            events = list(block.events(np.array(needed, dtype=np.int64), self._reads(matches))) if needed else []
        except UnreadableError as error:
            parts = block.apart()
            for part in parts:
                self._look(run, name, part, excluded)
            if not parts:
                self._miss(run, name, block, error)
            return
        excluded += taken
        run.made = made
        run.missing += [_limited(block, number, self._most) for number in over]
        run.cursor = max(run.cursor, block.settled) if name == self._name else run.cursor
        fresh: list[Hit] = []
        new: dict[str, Alert] = {}
        for row, event in zip(needed, events, strict=True):
            for match, number in matches[row]:
                self._take(match, event, fresh)
                if number not in known and self._tells(match):
                    new[number] = event_alert(match, event)
        run.unwritten.add(new.values(), fresh)
        run.alerts.add(number for number in wanted if number not in held)
        self._correlations.touch(fresh)

    def _hits(self, block: Block) -> Iterator[Hits]:
        return self._row_matcher.match(block) if isinstance(block, RowBlock) else self._matcher.match(block)

    def _miss(self, run: Run, name: str, block: Block, error: UnreadableError) -> None:
        if isinstance(self._companions, Alone):
            self._write(run, name)
            raise error
        run.missing.append(
            Missing(first_sequence=block.first_sequence, last_sequence=block.last_sequence, reason=str(error))
        )

    def _matches(self, found: Sequence[Hits], block: Block) -> dict[int, list[tuple[Match, str]]]:
        """Return each row's matches, with the ids of the alerts that they give."""
        rows = np.unique(np.concatenate([hits.rows for hits in found]))
        ids = dict(zip(rows.tolist(), block.ids(rows), strict=True))
        matches: dict[int, list[tuple[Match, str]]] = {}
        for hits in found:
            for row, position in zip(hits.rows.tolist(), hits.positions.tolist(), strict=True):
                match = self._engine.match_at(hits.partition, position)
                info = match.rule.info
                matches.setdefault(row, []).append((match, alert_id(info.id, info.version, (ids[row],))))
        return matches

    def _over(
        self, run: Run, matches: Mapping[int, Sequence[tuple[Match, str]]], known: Collection[str]
    ) -> tuple[dict[str, list[str]], Counter[str]]:
        """Return the alerts of each rule that is over its limit, and how many alerts each has made then."""
        if not self._most:
            return {}, run.made
        fresh: dict[str, list[str]] = {}
        for row in sorted(matches):
            for match, number in matches[row]:
                if number not in known and self._tells(match):
                    fresh.setdefault(match.rule.info.id, []).append(number)
        over = {rule: ids for rule, ids in fresh.items() if run.made[rule] + len(ids) > self._most and run.made[rule]}
        return over, run.made + Counter({rule: len(ids) for rule, ids in fresh.items() if rule not in over})

    def _tells(self, match: Match) -> bool:
        return not self._correlator.is_silent(match)

    def _needs(self, match: Match, number: str, known: Collection[str]) -> bool:
        """Tell whether the event of a match must be read whole."""
        return self._correlator.wants(match) or (number not in known and self._tells(match))

    def _reads(self, matches: Mapping[int, Sequence[tuple[Match, str]]]) -> frozenset[str] | None:
        """Return the fields of events that their alerts are made of; None where all may be asked for."""
        names = set(ALERT_FIELDS)
        found = {(match.partition, match.position): match for row in matches.values() for match, _ in row}
        for match in found.values():
            reads = match.reads
            if reads is None or self._correlator.wants(match):
                return None
            names |= reads
        return frozenset(names)

    def _take(self, match: Match, event: Event, fresh: list[Hit]) -> None:
        if self._correlator.wants(match):
            fresh.extend(self._correlator.hits(match, event.fields, event_time(event.fields), event.id))
            self._recent.keep(event)

    def _correlate(self, run: Run, name: str, *, partly: bool = False) -> None:
        """Tell the bursts that the new hits began, and those that earlier runs had to wait for."""

        def tell(bursts: Sequence[Burst]) -> None:
            events = self._events_of(bursts)
            alerts = [burst_alert(burst, events, self._correlator.names) for burst in bursts]
            ids = [alert.id for alert in alerts]
            known = self._store.known_alert_ids(ids) if ids else frozenset()
            self._commit(run, name, [alert for alert in alerts if alert.id not in known], [])
            run.alerts.add(ids)

        run.left_out += self._correlations.conclude(tell, anew=name == self._again, partly=partly)

    def _events_of(self, bursts: Sequence[Burst]) -> dict[str, Event]:
        wanted = dict.fromkeys(hit.event_id for burst in bursts for hit in burst.hits)
        events = {number: event for number in wanted if (event := self._recent.get(number)) is not None}
        missing = [number for number in wanted if number not in events]
        for start in range(0, len(missing), _ASKED_AT_ONCE):
            events.update(self._store.events_by_id(missing[start : start + _ASKED_AT_ONCE]))
        return events


def selected(block: Block) -> int:
    """Return how many of a block's events are meant."""
    return block.rows if block.selected is None else int(block.selected.sum())


def _limited(block: Block, rule: str, most: int) -> Missing:
    return Missing(
        first_sequence=block.first_sequence,
        last_sequence=block.last_sequence,
        reason=f"the rule has made more than {most:,} alerts in one run",
        subject=rule,
    )


def _alerting(hits: Hits, excluded: Counter[str]) -> Hits:
    """Return the hits that no filter takes away; the others are counted, without looking at their events."""
    filters = {place: name for place, rule in enumerate(hits.partition.rules) if (name := rule.excluded_by)}
    if not filters:
        return hits
    taken = np.isin(hits.positions, list(filters))
    for place, count in zip(*np.unique(hits.positions[taken], return_counts=True), strict=True):
        excluded[filters[int(place)]] += int(count)
    return Hits(partition=hits.partition, rows=hits.rows[~taken], positions=hits.positions[~taken])


class _Recent:
    """The events of the newest correlation hits, so that a burst's events need not be searched for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: dict[str, Event] = {}

    def keep(self, event: Event) -> None:
        while len(self._events) >= self._most:
            del self._events[next(iter(self._events))]
        self._events[event.id] = event

    def get(self, number: str) -> Event | None:
        return self._events.get(number)
