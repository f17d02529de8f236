"""One detection run over a store, and the incidents that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cli.options import Window
from engine.alerts import Alert
from engine.detecting import Detector, Run
from engine.events import moved
from engine.incidents.building import Changes, update
from engine.sigma.engine import Engine
from engine.store.protocol import Store

RUN = "default"  # the name under which the cursor of `kulla detect` is kept
LOOK_BACK = timedelta(days=31)  # alerts that can still be joined to an incident


def detect(
    store: Store,
    engine: Engine,
    span: Window,
    *,
    lateness: timedelta = timedelta(),
    now: Callable[[], datetime] | None = None,
) -> tuple[Run, Changes]:
    """Run the rules over what the store has received since the last run, or over a window of event time.

    Then join alerts into incidents and save them. For `lateness` and `now` see `engine.correlating`.
    """
    detector = Detector(engine, store, RUN, lateness=lateness, now=now)
    windowed = span.since is not None or span.before is not None
    run = detector.rerun(span.since, span.before) if windowed else detector.run()
    return run, refresh_incidents(store, run.alerts)


def refresh_incidents(store: Store, found: Sequence[Alert]) -> Changes:
    """Bring the incidents in line with the alerts, and save what changed.

    Alerts that can still be joined are those up to `LOOK_BACK` before the earliest of this run's (`found`), and before
    the newest of all. Not before the newest alone: its time stands in a log, and one stamp of the year 9999 would keep
    every other alert out of incidents.
    """
    alerts = store.alerts()
    if not alerts:
        return Changes(saved=(), removed=())
    known = store.incidents()
    held = {alert for item in known for alert in item.alerts}
    first = moved(min((alert.timestamp for alert in found), default=alerts[-1].timestamp), -LOOK_BACK)
    recent = [alert for alert in alerts if alert.timestamp >= first or alert.id in held]
    changes = update(known, recent)
    if changes.saved or changes.removed:
        store.save_incidents(changes.saved, removed=changes.removed)
    return changes
