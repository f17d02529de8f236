"""Bringing the incidents of a store in line with its alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from hashlib import sha256

from engine.alerts import Alert
from engine.events import moved
from engine.incidents.building import Basis, Changes, update
from engine.incidents.byhand import Decision, decision_to_text
from engine.incidents.model import Incident
from engine.incidents.scoring import NOTHING_KNOWN, Circumstances
from engine.runs.decisions import standing
from engine.store.protocol import Record, Store

LOOK_BACK = timedelta(days=31)  # alerts that can still be joined to an incident
_KIND, _KEY = "incidents", "basis"  # the record of what incidents were last made of


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

    Where nothing was found, and alerts, verdicts and decisions are those of the last time, nothing is done: a run that
    was killed before its incidents were saved is made good by the next.
    """
    news = list(found)
    alerts = store.alerts()
    decisions = standing(store)
    mark = _marked(alerts, decisions)
    last = store.record(_KIND, _KEY)
    if not alerts or (not news and last is not None and last.body == mark):
        return Changes(saved=(), removed=())
    before = store.incidents()
    held = {alert for item in before for alert in item.alerts}
    first = moved(min((alert.timestamp for alert in news), default=alerts[-1].timestamp), -LOOK_BACK)
    recent = [alert for alert in alerts if alert.timestamp >= first or alert.id in held]
    changes = update(before, recent, Basis(decisions=decisions, known=known))
    if changes.saved or changes.removed:
        records = beside(changes.saved) if beside else ()
        store.save_incidents(changes.saved, removed=changes.removed, records=records)
    version = last.version if last is not None else 0
    store.save_records([Record(kind=_KIND, key=_KEY, state="done", body=mark, version=version)])
    return changes


def _marked(alerts: Sequence[Alert], decisions: Sequence[Decision]) -> str:
    """Return a digest of what incidents rest on."""
    digest = sha256()
    for alert in alerts:
        digest.update(f"{alert.id} {alert.verdict}\n".encode())
    for decision in decisions:
        digest.update(decision_to_text(decision).encode())
    return digest.hexdigest()
