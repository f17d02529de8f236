"""What the commands of models share: the shelf of this home, windows of training, and running models after rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pyarrow as pa

from cli.estate import circumstances
from cli.notifying import planner
from cli.options import Window
from cli.session import Session
from engine.alerts import Alert
from engine.anomaly.frame import Model
from engine.anomaly.shelf import Shelf
from engine.anomaly.training import read_observations
from engine.anomaly.watching import watch, watched
from engine.errors import InputError, NotFoundError
from engine.runs.joining import refresh_incidents
from engine.store.protocol import Store

WINDOW = timedelta(days=30)
QUARANTINE = timedelta(days=3)  # before the present: what is under way may be an attack


def shelf(session: Session) -> Shelf:
    """Return where the models of this home are kept."""
    home = session.settings.home
    return Shelf(home / "models", home / "keys")


def training_window(session: Session, span: Window) -> tuple[datetime, datetime]:
    """Return the window that a model is trained on: 30 days up to three days ago, where none is named."""
    before = span.before or session.now() - QUARANTINE
    return span.since or before - WINDOW, before


def observed(store: Store, model: Model, since: datetime, before: datetime) -> pa.Table:
    """Return a model's observations of stored events; raise `NotFoundError` where there are none."""
    tables = [table for table in read_observations(store, model, since, before) if table.num_rows]
    if not tables:
        what = f"the store holds nothing from {since:%Y-%m-%d} to {before:%Y-%m-%d} that {model.name} looks at"
        raise NotFoundError(what, hint="kulla store status shows what there is; --since and --until choose the window")
    return pa.concat_tables(tables)


def events_of_incidents(store: Store) -> frozenset[str]:
    """Return the ids of the events of incidents: they are not ordinary life."""
    held = {alert for incident in store.incidents() for alert in incident.alerts}
    found = store.known_alerts(list(held)) if held else {}
    return frozenset(event.id for alert in found.values() for event in alert.events)


def run_models(session: Session, store: Store) -> Sequence[Alert]:
    """Run the promoted models over what they have not seen, and join their alerts into incidents."""
    place = shelf(session)
    problems: list[InputError] = []
    models = watched(place, place.budget, problems)
    for problem in problems:
        session.issue(problem)
    if not models:
        return ()
    messenger = planner(session, store)
    beside = messenger.for_alerts if messenger else None
    found = watch(store, models, session.now(), beside, budget=place.budget)
    if found:
        refresh_incidents(store, found, messenger.for_incidents if messenger else None, circumstances(session))
    session.say(f"models: {len(models)} run, {len(found):,} alerts (budget: {place.budget:g} alerts a day)")
    return found
