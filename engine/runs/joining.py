"""Bringing the incidents of a store in line with its alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from engine.alerts import Alert
from engine.events import moved
from engine.incidents.building import Basis, Changes, update
from engine.incidents.model import Incident
from engine.incidents.scoring import NOTHING_KNOWN, Circumstances
from engine.runs.decisions import standing
from engine.store.protocol import Record, Store

LOOK_BACK = timedelta(days=31)  # alerts that can still be joined to an incident


def refresh_incidents(
    store: Store,
    found: Iterable[Alert],
    beside: Callable[[Sequence[Incident]], Sequence[Record]] | None = None,
    known: Circumstances = NOTHING_KNOWN,
) -> Changes:
    """Bring the incidents in line with the alerts and with what people decided about them, and save what changed.

    Alerts that can still be joined are those up to `LOOK_BACK` before the earliest of this run's (`found`), and before
    the newest of all. Not before the newest alone: its time stands in a log, and one stamp of the year 9999 would keep
    every other alert out of incidents. What `beside` returns for changed incidents is written in their transaction.
    """
    alerts = store.alerts()
    if not alerts:
        return Changes(saved=(), removed=())
    before = store.incidents()
    held = {alert for item in before for alert in item.alerts}
    first = moved(min((alert.timestamp for alert in found), default=alerts[-1].timestamp), -LOOK_BACK)
    recent = [alert for alert in alerts if alert.timestamp >= first or alert.id in held]
    changes = update(before, recent, Basis(decisions=standing(store), known=known))
    if changes.saved or changes.removed:
        records = beside(changes.saved) if beside else ()
        store.save_incidents(changes.saved, removed=changes.removed, records=records)
    return changes
