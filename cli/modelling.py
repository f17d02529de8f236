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
from engine.anomaly.frame import Model, State
from engine.anomaly.shelf import Shelf
from engine.anomaly.training import read_observations
from engine.anomaly.watching import Watched, fit_of, watch, watched
from engine.errors import InputError, NotFoundError
from engine.runs.joining import refresh_incidents
from engine.store.protocol import Store

WINDOW = timedelta(days=30)
QUARANTINE = timedelta(days=3)  # before the present: what is under way may be an attack


def shelf(session: Session) -> Shelf:
    """Return where the models of this home are kept."""
    home = session.settings.home
    return Shelf(home / "models", home / "keys")


def budget_of(session: Session, place: Shelf) -> float:
    """Return how many alerts a day all models may give: the setting, else what was told at a promotion, else 10."""
    return session.settings.models_budget or place.budget


def running(session: Session) -> list[Watched]:
    """Return the models that run, with their shares of the budget; those that cannot be read become issues."""
    place = shelf(session)
    problems: list[InputError] = []
    found = watched(place, budget_of(session, place), problems)
    for problem in problems:
        session.issue(problem)
    return found


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
    models, budget = running(session), budget_of(session, shelf(session))
    if not models:
        return ()
    messenger = planner(session, store)
    beside = messenger.for_alerts if messenger else None
    found = watch(store, models, session.now(), beside, budget=budget)
    if found:
        refresh_incidents(store, found, messenger.for_incidents if messenger else None, circumstances(session))
    session.say(f"models: {len(models)} run, {len(found):,} alerts (budget: {budget:g} alerts a day)")
    drifting = [item.model.name for item in models if fit_of(store, item, session.now()).state == State.DRIFTING]
    if drifting:
        session.say(f"models that no longer fit what they see: {', '.join(drifting)} (kulla models show NAME)")
    return found
