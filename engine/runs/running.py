"""One scheduled run: gaps filled first, then everything received since the cursor, then incidents and freshness.

What a run could not read stands in the store as a gap before the cursor is past it. Alerts, the messages about them
and the cursor are written together. A run that is killed at any point is taken up by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

from engine.alerts import Alert
from engine.detecting import Companions, Detector, Run
from engine.errors import KullaError
from engine.events import instant
from engine.incidents.building import Changes
from engine.incidents.model import Incident
from engine.incidents.scoring import NOTHING_KNOWN, Circumstances
from engine.runs.freshness import Freshness, observe
from engine.runs.gaps import GAP, Gap, gap_record, look_again, note, tried, unreadable, waiting
from engine.runs.history import LastRun, known_versions, last_run, remember_versions, run_record
from engine.runs.joining import Pace, refresh_incidents
from engine.runs.leases import Lease
from engine.runs.sharing import SharedDetector, Sharing
from engine.sigma.engine import Engine
from engine.store.protocol import Missing, Record, Store

_NONE = timedelta()


class Messenger(Protocol):
    """Who turns new alerts and changed incidents into rows of the outbox (see `playbooks.notify.planning`)."""

    def for_alerts(self, alerts: Sequence[Alert]) -> Sequence[Record]:
        """Return the rows for alerts that the store does not know yet."""
        ...

    def for_incidents(self, incidents: Sequence[Incident]) -> Sequence[Record]:
        """Return the rows for incidents that were opened or changed; those known already are left alone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a run goes. `now` is the present, `elapsed` a clock of seconds that never jumps.

    `every` is how often runs are planned (zero: not known), `limit` how long one may take (zero: as long as it
    needs), `expected` how long each source may be silent, by dataset (`*`: every other), `known` what the estate adds
    to incidents' scores, `sharing` how runs are shared with other processes (which knows no limit of rules),
    `rule_alerts` how many alerts a rule may make in a run (zero: any number).
    """

    now: Callable[[], datetime]
    lateness: timedelta = _NONE
    limit: timedelta = _NONE
    every: timedelta = _NONE
    expected: Mapping[str, timedelta] = field(default_factory=dict)
    known: Circumstances = NOTHING_KNOWN
    fill: bool = True
    incidents_rest: timedelta | None = None
    elapsed: Callable[[], float] = time.monotonic
    sharing: Sharing | None = None
    rule_alerts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run did: the run over new events, gaps filled and still open, incidents changed, and its record."""

    run: Run
    filled: tuple[Gap, ...]
    found_in_gaps: tuple[Alert, ...]
    open_gaps: int
    changes: Changes
    sources: tuple[Freshness, ...]
    last: LastRun


class Runner:
    """Runs a rule set under a name, again and again."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        name: str,
        setting: Setting,
        *,
        lease: Lease | None = None,
        messenger: Messenger | None = None,
    ) -> None:
        self._store = store
        self._engine = engine
        self._name = name
        self._setting = setting
        self._lease = lease
        self._messenger = messenger
        self._helper: Detector | None = None

    def run(self, planned: datetime | None = None) -> Outcome:
        """Run once; `planned` is the instant of the schedule. Raise `KullaError` where the run failed, on record."""
        now = self._setting.now()
        before = last_run(self._store, self._name)
        begun = self._begin(before, planned or now, now)
        started = self._setting.elapsed()
        absence = self._absence(before, now)
        companions = _Beside(self._name, self._setting, self._lease, self._messenger)
        detector = self._detector(companions, self._setting.rule_alerts)
        try:
            filled, found = self._fill(detector) if self._setting.fill else ([], [])
            run = detector.run()
            changes = refresh_incidents(
                self._store, chain(found, run.alerts), companions.for_incidents, self._setting.known, self._pace()
            )
            self._note_left_out(run, begun.cursor)
            sources = observe(self._store, self._setting.expected, self._setting.now())
        except KullaError as error:
            self._finish(begun, None, started, error)
            raise
        if absence is not None and not run.unfinished:
            self._store.save_records([gap_record(replace(absence, closed=self._setting.now(), version=1))])
        if known_versions(self._store, self._name) is None:
            remember_versions(self._store, self._name, self._engine.rules)
        return Outcome(
            run=run,
            filled=tuple(filled),
            found_in_gaps=tuple(found),
            open_gaps=self._store.count_records(GAP).get("open", 0),
            changes=changes,
            sources=tuple(sources),
            last=self._finish(begun, run, started, None),
        )

    def help(self) -> bool:
        """Work on a slice of a run that another process has begun under this name; tell whether there was one."""
        if self._helper is None:  # the time that a run may take is the leader's business
            unhurried = replace(self._setting, limit=_NONE)
            self._helper = self._detector(_Beside(self._name, unhurried, None, self._messenger))
        return isinstance(self._helper, SharedDetector) and self._helper.help()

    def _detector(self, companions: Companions, most: int = 0) -> Detector:
        if self._setting.sharing is not None:
            return SharedDetector(
                self._engine,
                self._store,
                self._name,
                self._setting.sharing,
                lateness=self._setting.lateness,
                now=self._setting.now,
                companions=companions,
            )
        return Detector(
            self._engine,
            self._store,
            self._name,
            lateness=self._setting.lateness,
            now=self._setting.now,
            companions=companions,
            most=most,
        )

    def _pace(self) -> Pace | None:
        rest = self._setting.incidents_rest
        return None if rest is None else Pace(now=self._setting.now(), rest=rest, seconds=self._setting.elapsed)

    def look_back(self, since: datetime | None, before: datetime | None) -> tuple[Run, Changes]:
        """Look again at a window of event time with these rules; parts that cannot be read become gaps."""
        companions = _Beside(self._name, self._setting, self._lease, self._messenger)
        run = self._detector(companions).rerun(since, before)
        if run.missing:
            note(self._store, self._name, run.missing, self._setting.now())
        return run, refresh_incidents(self._store, run.alerts, companions.for_incidents, self._setting.known)

    def fill(self) -> tuple[list[Gap], list[Alert], Changes]:
        """Look at every open gap of this name now, whenever it was tried last."""
        companions = _Beside(self._name, self._setting, self._lease, self._messenger)
        filled, found = self._fill(self._detector(companions), all_of_them=True)
        return filled, found, refresh_incidents(self._store, found, companions.for_incidents, self._setting.known)

    def _fill(self, detector: Detector, *, all_of_them: bool = False) -> tuple[list[Gap], list[Alert]]:
        closed: list[Gap] = []
        found: list[Alert] = []

        def look(first: int, last: int, held: Sequence[Gap]) -> bool:
            run = detector.fill(first, last)
            found.extend(run.alerts)
            if run.unfinished or run.left_out:
                return False
            after = [tried(gap, run.missing, self._setting.now()) for gap in held]
            self._store.save_records([gap_record(gap) for gap in after])
            closed.extend(gap for gap in after if not gap.is_open)
            return any(not gap.is_open for gap in after)

        due = None if all_of_them else self._setting.now()
        look_again(waiting(self._store, self._name, due), look, all_of_them=all_of_them)
        return closed, found

    def _begin(self, before: LastRun | None, planned: datetime, now: datetime) -> LastRun:
        begun = LastRun(
            name=self._name,
            state="running",
            planned=planned,
            started=now,
            ok_at=before.ok_at if before else None,
            failures=before.failures if before else 0,
            error=before.error if before else "",
            cursor=self._store.cursor(self._name),
            version=before.version if before else 0,
        )
        self._store.save_records([run_record(begun)])
        return replace(begun, version=begun.version + 1)

    def _finish(self, begun: LastRun, run: Run | None, started: float, error: KullaError | None) -> LastRun:
        now = self._setting.now()
        if run is None:
            after = replace(begun, state="failed", finished=now, failures=begun.failures + 1, error=str(error))
        else:
            after = replace(
                begun,
                state="unfinished" if run.unfinished else "ok",
                finished=now,
                ok_at=now,
                events=run.events,
                alerts=len(run.alerts),
                new=run.new,
                cursor=run.cursor,
                failures=0,
                error="",
            )
        after = replace(after, seconds=round(self._setting.elapsed() - started, 3))
        try:
            self._store.save_records([run_record(after)])
        except KullaError:
            if error is None:
                raise
        return after

    def _absence(self, before: LastRun | None, now: datetime) -> Gap | None:
        """Open a gap where no run has ended well for much longer than planned; this run's success closes it."""
        every = self._setting.every
        if (
            before is None
            or before.ok_at is None
            or not every
            or now - before.ok_at <= 2 * every + timedelta(minutes=1)
        ):
            return None
        why = f"the last one failed: {before.error}" if before.error else "none was started, or it was killed"
        gap = Gap(
            name=self._name,
            kind="not running",
            reason=f"no run ended well from {instant(before.ok_at)} on ({why})",
            noticed=now,
            since=before.ok_at,
            until=now,
        )
        self._store.save_records([gap_record(gap)])
        return gap

    def _note_left_out(self, run: Run, cursor: int) -> None:
        gaps = [
            Gap(
                name=self._name,
                kind="left out",
                reason=f"{count:,} matches for the correlation were left out, for want of room",
                subject=subject,
                noticed=self._setting.now(),
                first=cursor + 1,
                last=max(run.cursor, cursor + 1),
            )
            for subject, count in run.left_out.items()
        ]
        if gaps:
            self._store.save_records([gap_record(gap) for gap in gaps])


class _Beside:
    """What goes along with a run: its lease, its limit, its messages, its gaps."""

    def __init__(self, name: str, setting: Setting, lease: Lease | None, messenger: Messenger | None) -> None:
        self._name = name
        self._setting = setting
        self._lease = lease
        self._messenger = messenger
        self._started = setting.elapsed()

    def beside(self, alerts: Sequence[Alert]) -> Sequence[Record]:
        """Return the messages about new alerts."""
        return self._messenger.for_alerts(alerts) if self._messenger else ()

    def for_incidents(self, incidents: Sequence[Incident]) -> Sequence[Record]:
        """Return the messages about changed incidents."""
        return self._messenger.for_incidents(incidents) if self._messenger else ()

    def left(self, missing: Sequence[Missing]) -> Sequence[Record]:
        """Return the gaps that a run leaves."""
        return unreadable(self._name, missing, self._setting.now())

    def goes_on(self) -> bool:
        """Renew the lease; tell whether the run is within its limit."""
        if self._lease is not None:
            self._lease.keep()
        limit = self._setting.limit.total_seconds()
        return not limit or self._setting.elapsed() - self._started < limit
