"""Matching indicators for a command: as a part of a run, with the incidents brought in line after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.options import Window
from cli.session import Session
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.alerts import Alert
    from engine.indicators.watching import Sighting
    from engine.store.protocol import Store

NO_SPAN = Window(since=None, before=None)


def match_stored(session: Session, store: Store, span: Window = NO_SPAN) -> Sighting:
    """Match indicators against stored events, and join what was found into incidents.

    Without a span: new indicators against everything, the others against what came since the last time. What could
    not be read is an issue and a gap, at which the next runs look again.
    """
    from cli.estate import circumstances
    from cli.notifying import planner
    from engine.indicators.watching import look_back, watch
    from engine.runs.joining import refresh_incidents

    messenger = planner(session, store)
    beside = messenger.for_alerts if messenger else None
    if span.since is None and span.before is None:
        sighting = watch(store, session.now(), beside)
    else:
        sighting = look_back(store, session.now(), span.since, span.before, beside)
    if sighting.new:
        told = messenger.for_incidents if messenger else None
        refresh_incidents(store, sighting.alerts, told, circumstances(session))
    for missing in [*sighting.missing, *sighting.still_missing][:10]:
        session.issue(InputError(f"not matched against indicators: {missing.reason}", hint="kulla store gaps"))
    return sighting


def match_in_run(session: Session, store: Store) -> Sequence[Alert]:
    """Do the same as a part of `kulla detect`, where there are indicators at all; return the alerts."""
    from engine.indicators.keeping import KIND

    if not store.count_records(KIND):
        return ()
    sighting = match_stored(session, store)
    if sighting.looked_back or sighting.alerts:
        session.say(
            f"indicators: {len(sighting.alerts):,} matches ({sighting.new:,} new); "
            f"{sighting.looked_back:,} new indicators looked back over all that is stored"
        )
    return sighting.alerts
