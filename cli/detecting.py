"""What the detection commands share: one run over a store, its lease, and who is told about its alerts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cli.options import Window
from engine.detecting import Detector, Run
from engine.incidents.building import Changes
from engine.runs.joining import refresh_incidents
from engine.sigma.engine import Engine
from engine.store.protocol import Store

RUN = "default"  # the name under which the cursor of `kulla detect` is kept


def detect(
    store: Store,
    engine: Engine,
    span: Window,
    *,
    lateness: timedelta = timedelta(),
    now: Callable[[], datetime] | None = None,
) -> tuple[Run, Changes]:
    """Run the rules over what the store has received since the last run, or over a window of event time.

    Then join alerts into incidents and save them. For `lateness` and `now` see `engine.correlating`. This is the plain
    run of exercises; `kulla detect` runs through `engine.runs.running`, which keeps a record of it.
    """
    detector = Detector(engine, store, RUN, lateness=lateness, now=now)
    windowed = span.since is not None or span.before is not None
    run = detector.rerun(span.since, span.before) if windowed else detector.run()
    return run, refresh_incidents(store, run.alerts)
