"""Bringing the incidents of a store in line with its alerts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from engine.alerts import Alert
from engine.events import instant, moved
from engine.incidents.building import Basis, Changes, update
from engine.incidents.byhand import Decision, decision_to_text
from engine.incidents.model import Incident
from engine.incidents.scoring import NOTHING_KNOWN, Circumstances
from engine.runs.decisions import standing
from engine.store.protocol import Record, Store

LOOK_BACK = timedelta(days=31)  # alerts that can still be joined to an incident
_RESTS = 9  # times as long as a look took, incidents are left alone after it
_KIND, _KEY = "incidents", "basis"  # the record of what incidents were last made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often incidents are looked at, for runs that follow one another closely; `seconds` is a clock of seconds.

    They are left alone for `rest` after the last look, and for nine times as long as that took: what is to be joined
    waits so long, and the run's next alerts do not.
    """

    now: datetime
    rest: timedelta
    seconds: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """The last look: the digest of what it rested on, when it was and how long it took.

    `waiting` is the time of the earliest alert that has come since and was not joined.
    """

    mark: str = ""
    at: datetime | None = None
    took: float = 0.0
    waiting: datetime | None = None
    version: int = 0


def refresh_incidents(
    store: Store,
    found: Iterable[Alert],
    beside: Callable[[Sequence[Incident]], Sequence[Record]] | None = None,
    known: Circumstances = NOTHING_KNOWN,
    pace: Pace | None = None,
) -> Changes:
    """Bring the incidents in line with the alerts and with what people decided about them, and save what changed.

    Alerts that can still be joined are those up to `LOOK_BACK` before the earliest of this run's (`found`), and before
    the newest of all. Not before the newest alone: its time stands in a log, and one stamp of the year 9999 would keep
    every other alert out of incidents. What `beside` returns for changed incidents is written in their transaction.

    Where nothing was found, and alerts, verdicts and decisions are those of the last time, nothing is done: a run that
    was killed before its incidents were saved is made good by the next. With a `pace`, so is one that came too soon.
    """
    last = _last(store)
    earliest = min((alert.timestamp for alert in found), default=None)
    if earliest is None or (last.waiting is not None and last.waiting < earliest):
        earliest = last.waiting
    if pace is not None and _too_soon(last, pace):
        if earliest != last.waiting:
            _note(store, replace(last, waiting=earliest))
        return Changes(saved=(), removed=())
    begun = pace.seconds() if pace else 0.0
    mark, changes = _refreshed(store, earliest, last.mark, Basis(decisions=standing(store), known=known), beside)
    took = pace.seconds() - begun if pace else 0.0
    if mark != last.mark or pace or last.waiting:
        _note(store, replace(last, mark=mark, at=pace.now if pace else None, took=took, waiting=None))
    return changes


def _refreshed(
    store: Store,
    earliest: datetime | None,
    known_mark: str,
    basis: Basis,
    beside: Callable[[Sequence[Incident]], Sequence[Record]] | None,
) -> tuple[str, Changes]:
    """Save what changed since `known_mark`; return what all rests on now, and the changes."""
    alerts = store.alerts()
    mark = _marked(alerts, basis.decisions)
    if not alerts or (earliest is None and known_mark == mark):
        return mark, Changes(saved=(), removed=())
    before = store.incidents()
    held = {alert for item in before for alert in item.alerts}
    first = moved(earliest or alerts[-1].timestamp, -LOOK_BACK)
    changes = update(before, [alert for alert in alerts if alert.timestamp >= first or alert.id in held], basis)
    if changes.saved or changes.removed:
        records = beside(changes.saved) if beside else ()
        store.save_incidents(changes.saved, removed=changes.removed, records=records)
    return mark, changes


def _too_soon(last: _Last, pace: Pace) -> bool:
    if last.at is None:
        return False
    rest = max(pace.rest, timedelta(seconds=_RESTS * last.took))
    return last.at <= pace.now < last.at + rest


def _last(store: Store) -> _Last:
    record = store.record(_KIND, _KEY)
    if record is None:
        return _Last()
    if not record.body.startswith("{"):  # as it was written before there was a pace
        return _Last(mark=record.body, version=record.version)
    body = json.loads(record.body)
    return _Last(
        mark=body["mark"],
        at=_moment(body["at"]),
        took=body["took"],
        waiting=_moment(body["waiting"]),
        version=record.version,
    )


def _note(store: Store, last: _Last) -> None:
    moments = {name: instant(at) if at else None for name, at in (("at", last.at), ("waiting", last.waiting))}
    body = json.dumps({"mark": last.mark, "took": last.took, **moments})
    store.save_records([Record(kind=_KIND, key=_KEY, state="done", body=body, version=last.version)])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _marked(alerts: Sequence[Alert], decisions: Sequence[Decision]) -> str:
    """Return a digest of what incidents rest on."""
    digest = sha256()
    for alert in alerts:
        digest.update(f"{alert.id} {alert.verdict}\n".encode())
    for decision in decisions:
        digest.update(decision_to_text(decision).encode())
    return digest.hexdigest()
