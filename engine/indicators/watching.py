"""Indicators over a store: new ones look back over all that is stored, the others at what came since the last time.

The cursor is the ingest sequence, so late events are seen; alerts and the cursor are committed together. An indicator
stays new until its look back went through, so that one that is cut short begins again, and finds nothing twice. What
could not be read is a gap, at which all indicators are matched once it can be read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.alerts import Alert
from engine.indicators.keeping import Kept, kept, watched
from engine.indicators.matching import Matcher
from engine.runs.gaps import Gap, gap_record, look_again, note, tried, waiting
from engine.store.protocol import Missing, Record, Store

CURSOR = "indicators"
_LOOKING_BACK = "indicators/back"  # a cursor of no meaning: looking back moves none
Beside = Callable[[Sequence[Alert]], Sequence[Record]]


@dataclass(slots=True, kw_only=True)
class Sighting:
    """What a look came to: the alerts found, how many of them are new, and what could not be read.

    `still_missing` is what could not be read before, and not this time either: gaps stand for it already.
    """

    looked_back: int = 0
    alerts: list[Alert] = field(default_factory=list)
    new: int = 0
    missing: list[Missing] = field(default_factory=list)
    still_missing: list[Missing] = field(default_factory=list)


def watch(store: Store, now: datetime, beside: Beside | None = None) -> Sighting:
    """Match all that has to be matched now (see above). `beside` are the records that go with new alerts."""
    sighting = Sighting()
    _fill(store, now, sighting, beside)
    until, cursor = store.last_sequence(), store.cursor(CURSOR)
    fresh = kept(store, state="new")
    old = kept(store, state="watched") if until > cursor else []
    settled = 0
    if fresh:
        sighting.looked_back = len(fresh)
        settled = _look(store, fresh, sighting, beside, until=until)
    if old:
        settled = _look(store, old, sighting, beside, after=cursor, until=until)
    note(store, CURSOR, sighting.missing, now)  # before anything counts as seen
    watched(store, fresh)
    if settled > cursor:
        store.commit_run(CURSOR, cursor=settled, alerts=[], hits=[])
    return sighting


def _fill(store: Store, now: datetime, sighting: Sighting, beside: Beside | None) -> None:
    """Look again at the gaps whose time has come."""
    due = waiting(store, CURSOR, now)
    known = kept(store) if due else []

    def look(first: int, last: int, gaps: Sequence[Gap]) -> bool:
        part = Sighting()
        _look(store, known, part, beside, after=first - 1, until=last)
        after = [tried(gap, part.missing, now) for gap in gaps]
        store.save_records([gap_record(gap) for gap in after])
        sighting.alerts += part.alerts
        sighting.new += part.new
        sighting.still_missing += part.missing
        return any(not gap.is_open for gap in after)

    look_again(due, look)


def look_back(
    store: Store, now: datetime, since: datetime | None, before: datetime | None, beside: Beside | None = None
) -> Sighting:
    """Match every indicator against the events of a span of event time; cursors and states stay."""
    sighting = Sighting()
    known = kept(store)
    sighting.looked_back = len(known)
    _look(store, known, sighting, beside, since=since, before=before)
    note(store, CURSOR, sighting.missing, now)
    return sighting


def _look(
    store: Store,
    known: Sequence[Kept],
    sighting: Sighting,
    beside: Beside | None,
    *,
    after: int = 0,
    until: int | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
) -> int:
    """Match these against blocks of the store; return up to which sequence all was seen, or is known to be missing."""
    settled = 0
    matcher = Matcher(item.indicator for item in known)
    blocks = store.blocks(after=after, until=until, since=since, before=before, missing=sighting.missing.append)
    for block in blocks:
        found = list(matcher.match(block))
        stored = store.known_alert_ids([alert.id for alert in found]) if found else frozenset()
        fresh = [alert for alert in found if alert.id not in stored]
        if fresh:
            records = beside(fresh) if beside else ()
            sighting.new += store.commit_run(_LOOKING_BACK, cursor=0, alerts=fresh, hits=[], records=records)
        sighting.alerts += found
        settled = max(settled, block.settled)
    return max(settled, max((each.last_sequence for each in sighting.missing), default=0))
