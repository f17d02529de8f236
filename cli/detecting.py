"""One detection run over a store, and the incidents that follow from it."""

from __future__ import annotations

from datetime import timedelta

from cli.options import Window
from engine.detecting import Detector, Run
from engine.incidents.building import Changes, update
from engine.sigma.engine import Engine
from engine.store.protocol import Store

RUN = "default"  # the name under which the cursor of `kulla detect` is kept
LOOK_BACK = timedelta(days=31)  # alerts that can still be joined to an incident


def detect(store: Store, engine: Engine, span: Window) -> tuple[Run, Changes]:
    """Run the rules over what the store has received since the last run, or over a window of event time.

    Then join alerts into incidents and save them.
    """
    detector = Detector(engine, store, RUN)
    windowed = span.since is not None or span.before is not None
    run = detector.rerun(span.since, span.before) if windowed else detector.run()
    return run, refresh_incidents(store)


def refresh_incidents(store: Store) -> Changes:
    """Bring the incidents in line with the alerts, and save what changed."""
    newest = max((alert.timestamp for alert in store.alerts()), default=None)
    if newest is None:
        return Changes(saved=(), removed=())
    known = store.incidents()
    held = {alert for item in known for alert in item.alerts}
    recent = [alert for alert in store.alerts() if alert.timestamp >= newest - LOOK_BACK or alert.id in held]
    changes = update(known, recent)
    if changes.saved or changes.removed:
        store.save_incidents(changes.saved, removed=changes.removed)
    return changes
