"""Running promoted models over a store: an ordinary producer of alerts, within a budget.

Each model goes through closed windows of event time since the one it saw last; what is logged later than `LATENESS` is
not seen. An alert is about one entity in one hour, whatever many of its observations stand out; its id follows from
the model's version, the entity and the hour, so that a run that is repeated finds nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.alerts import Alert, EventRef, Reason, alert_id
from engine.anomaly.budget import HOUR, Calibration, groups_of, shares
from engine.anomaly.cards import card_of
from engine.anomaly.frame import ENTITY, EVENTS, MOST_EVENTS, Fitted, Model
from engine.anomaly.registry import all_models, model_called
from engine.anomaly.shelf import Shelf
from engine.anomaly.tables import text_column, times
from engine.anomaly.training import read_observations, without_calibration
from engine.entities import alert_fields
from engine.errors import InputError
from engine.events import Event, Value
from engine.store.protocol import Record, Store

LATENESS = timedelta(minutes=5)
_FIRST_LOOK = timedelta(days=1)  # back, when a model runs for the first time
_SHOWN = 8  # terms of an alert
_LEAST_WINDOW = timedelta(minutes=5)
Beside = Callable[[Sequence[Alert]], Sequence[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A model that runs, and the score from which its budget allows an alert."""

    model: Model
    version: str
    fitted: Fitted
    calibration: Calibration
    threshold: float


def watched(shelf: Shelf, budget: float, problems: list[InputError]) -> list[Watched]:
    """Return the promoted models with their thresholds; those that cannot be read become problems."""
    names = [model.name for model in all_models() if shelf.promoted(model.name)]
    share = shares(budget, names)
    found = []
    for name in names:
        try:
            found.append(loaded(shelf, name, share[name]))
        except InputError as error:
            problems.append(error)
    return found


def loaded(shelf: Shelf, name: str, per_day: float, version: str | None = None) -> Watched:
    """Return a trained model (see `Shelf.load`) that may give so many alerts a day; raise `InputError`."""
    manifest, kept = shelf.load(name, version)
    model = model_called(name)
    try:
        content, calibration = without_calibration(kept)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the model holds no calibration ({error})", hint=f"kulla models train {name}") from error
    return Watched(
        model=model,
        version=manifest.version,
        fitted=model.restore(content),
        calibration=calibration,
        threshold=calibration.threshold(per_day),
    )


def watch(store: Store, models: Sequence[Watched], now: datetime, beside: Beside | None = None) -> list[Alert]:
    """Run the models over closed windows that they have not seen; return and commit their new alerts.

    `beside` are the records that go with new alerts.
    """
    found: list[Alert] = []
    for item in models:
        window = item.model.window or _LEAST_WINDOW
        end = floor(now - LATENESS, window)
        name = f"model/{item.model.name}"
        seen = store.cursor(name)
        start = datetime.fromtimestamp(seen, UTC) if seen else floor(now - _FIRST_LOOK, window)
        alerts = list(_alerts(store, item, start, end)) if start < end else []
        known = store.known_alert_ids([alert.id for alert in alerts]) if alerts else frozenset()
        fresh = [alert for alert in alerts if alert.id not in known]
        records = beside(fresh) if beside and fresh else ()
        store.commit_run(name, cursor=max(seen, int(end.timestamp())), alerts=fresh, hits=(), records=records)
        found += fresh
    return found


def floor(moment: datetime, window: timedelta) -> datetime:
    """Return the beginning of the window that the instant lies in."""
    seconds = max(int(window.total_seconds()), 1)
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def _alerts(store: Store, item: Watched, start: datetime, end: datetime) -> Iterator[Alert]:
    for table in read_observations(store, item.model, start, end):
        scores = item.fitted.score(table)
        groups = groups_of(table, scores)
        hours, entities, ids = times(table) // HOUR, text_column(table, ENTITY), table.column(EVENTS)
        for group in np.flatnonzero(groups.largest >= item.threshold).tolist():
            rows = np.flatnonzero(groups.of_row == group)
            rows = rows[np.argsort(-scores.values[rows], kind="stable")]
            rows = rows[scores.values[rows] >= item.threshold]
            wanted = dict.fromkeys(number for row in rows.tolist() for number in ids[row].as_py() or ())
            events = store.events_by_id(list(wanted)[:MOST_EVENTS])
            key = (entities[rows[0]], str(hours[rows[0]]))
            yield _alert(item, table, int(rows[0]), key, [events[number] for number in wanted if number in events])


def _alert(item: Watched, table: pa.Table, row: int, key: tuple[str, str], events: Sequence[Event]) -> Alert:
    info = card_of(item.model.name).rule(item.version)
    value = float(item.fitted.score(table.slice(row, 1)).values[0])
    reasons = [
        Reason(
            field="kulla.model.score",
            predicate=f"at or above {item.threshold:.1f} bits (p {item.calibration.p_value(value):.2g})",
            value=f"{value:.1f}",
        )
    ]
    for term in item.fitted.explain(table, row)[:_SHOWN]:
        words = f"{term.name}, {term.bits:+.1f} bits" + (f": {term.expected}" if term.expected else "")
        reasons.append(Reason(field=term.field, predicate=words, value=term.value))
    fields: dict[str, Value] = {}
    for event in events:
        fields = alert_fields(event.fields) | fields
    return Alert(
        id=alert_id(info.id, info.version, key),
        timestamp=datetime.fromtimestamp(int(times(table)[row]) / 1_000_000, UTC),
        rule=info,
        events=tuple(_reference(event) for event in events),
        why=tuple(reasons),
        fields=fields,
    )


def _reference(event: Event) -> EventRef:
    moment = event.fields.get("@timestamp")
    return EventRef(
        id=event.id,
        timestamp=moment if isinstance(moment, datetime) else None,
        source=str(event.origin),
        original=event.original,
    )
