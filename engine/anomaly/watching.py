"""Running promoted models over a store: an ordinary producer of alerts, within a budget.

Each model goes through closed windows of event time since the one it saw last; what is logged later than `LATENESS` is
not seen. An alert is about one entity in one hour, however many of its observations stand out; its id follows from
the model's version, the entity and the hour, so that a run that is repeated finds nothing twice. What stands out in any
model goes by one keeper in order of time (see `engine.anomaly.keeping`), whose state is a record of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.alerts import Alert, EventRef, Reason, alert_id
from engine.anomaly.budget import HOUR, Calibration, Groups, groups_of, lot_of, shares
from engine.anomaly.cards import card_of
from engine.anomaly.drift import Fit, Tallies
from engine.anomaly.frame import ENTITY, EVENTS, MOST_EVENTS, Fitted, Model, Scores
from engine.anomaly.keeping import RATE, Decision, Keeper, loosest
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
_KIND, _KEEPER = "models", "keeper"
Beside = Callable[[Sequence[Alert]], Sequence[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A model that runs, its share of the budget (alerts a day), and the score from which that allows an alert."""

    model: Model
    version: str
    fitted: Fitted
    calibration: Calibration
    share: float

    @property
    def threshold(self) -> float:
        """Return the score from which it alerts where as much was given as was promised."""
        return self.calibration.threshold(self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """One entity in one hour that may become an alert: its rows (the most surprising first) and their scores."""

    item: Watched
    id: str
    moment: int
    rows: pa.Table
    scores: tuple[float, ...]


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
        share=per_day,
    )


def watch(
    store: Store, models: Sequence[Watched], now: datetime, beside: Beside | None = None, *, budget: float
) -> list[Alert]:
    """Run the models over closed windows that they have not seen; return and commit their new alerts.

    `budget` is that of all models together, in alerts a day; `beside` are the records that go with new alerts.
    """
    cursors: dict[str, int] = {}
    records: dict[str, list[Record]] = {}
    candidates: list[_Candidate] = []
    for item in models:
        window = item.model.window or _LEAST_WINDOW
        end = floor(now - LATENESS, window)
        seen = store.cursor(_run(item))
        start = datetime.fromtimestamp(seen, UTC) if seen else floor(now - _FIRST_LOOK, window)
        if start < end:
            kept = _record(store, item.model.name, item.version)
            tallies = Tallies.from_json(kept.body)
            candidates += _candidates(store, item, start, end, tallies)
            records[_run(item)] = [replace(kept, body=tallies.to_json())]
        cursors[_run(item)] = max(seen, int(end.timestamp()))
    state = _record(store, _KEEPER)
    keeper = Keeper.from_json(state.body, budget)
    found = _decided(store, candidates, keeper)
    alerts, together = found, [*beside(found)] if beside and found else []
    together += [replace(state, body=keeper.to_json())] if candidates else []
    for name, cursor in cursors.items():  # all alerts and what they cost go with the first: none is given uncounted
        store.commit_run(name, cursor=cursor, alerts=alerts, hits=(), records=[*together, *records.get(name, ())])
        alerts, together = [], []
    return found


def fit_of(store: Store, item: Watched, now: datetime) -> Fit:
    """Return how a running model fits the days before now; see `engine.anomaly.drift`."""
    tallies = Tallies.from_json(_record(store, item.model.name, item.version).body)
    return tallies.fit(item.calibration, int(now.timestamp()) // 86_400)


def _record(store: Store, *names: str) -> Record:
    key = "/".join(names)
    return store.record(_KIND, key) or Record(kind=_KIND, key=key, state="kept", body="")


def _run(item: Watched) -> str:
    return f"model/{item.model.name}"


def _decided(store: Store, candidates: Sequence[_Candidate], keeper: Keeper) -> list[Alert]:
    """Return the alerts that the keeper lets through, in order of time; those that are stored already pass it by."""
    known = set(store.known_alert_ids([one.id for one in candidates]) if candidates else ())
    found = []
    for one in sorted(candidates, key=lambda one: (one.moment, one.item.model.name, one.id)):
        if one.id not in known:
            name, entity = one.item.model.name, text_column(one.rows, ENTITY)[0]
            by_chance = one.item.calibration.by_chance(one.scores[0], lot_of(name, entity, one.moment))
            decision = keeper.decide(one.moment, by_chance=by_chance, share=one.item.share, model=name, entity=entity)
            if decision.alert:
                known.add(one.id)  # an hour that was read in two pieces gives one alert
                found.append(_alert(store, one, decision))
    return found


def floor(moment: datetime, window: timedelta) -> datetime:
    """Return the beginning of the window that the instant lies in."""
    seconds = max(int(window.total_seconds()), 1)
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def _candidates(store: Store, item: Watched, start: datetime, end: datetime, tallies: Tallies) -> Iterator[_Candidate]:
    lowest = item.calibration.threshold(loosest(item.share))
    info = card_of(item.model.name).rule(item.version)
    for table in read_observations(store, item.model, start, end):
        scores = item.fitted.score(table)
        groups = groups_of(table, scores)
        tallies.count(item.calibration, table, scores, groups)
        stamps, entities = times(table), text_column(table, ENTITY)
        for rows in _standing_out(groups, scores, lowest):
            key = (entities[rows[0]], str(int(stamps[rows[0]]) // HOUR))
            yield _Candidate(
                item=item,
                id=alert_id(info.id, info.version, key),
                moment=int(stamps[rows[0]]),
                rows=table.take(pa.array(rows)),
                scores=tuple(scores.values[rows].tolist()),
            )


def _standing_out(groups: Groups, scores: Scores, lowest: float) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each group that score as high, the most surprising first."""
    high = np.flatnonzero((groups.of_row >= 0) & (scores.values >= lowest))
    high = high[np.lexsort((-scores.values[high], groups.of_row[high]))]
    if high.size:
        yield from np.split(high, np.flatnonzero(np.diff(groups.of_row[high])) + 1)


def _alert(store: Store, one: _Candidate, decision: Decision) -> Alert:
    item, table, value = one.item, one.rows, one.scores[0]
    threshold = min(
        item.calibration.threshold(decision.allowed), value
    )  # by lot it may be among the best of its equals
    wanted = dict.fromkeys(
        number
        for ids, score in zip(table.column(EVENTS).to_pylist(), one.scores, strict=True)
        if score >= threshold
        for number in ids or ()
    )
    stored = store.events_by_id(list(wanted)[:MOST_EVENTS])
    events = [stored[number] for number in wanted if number in stored]
    holds = "holds" if decision.discovery else "does not hold"
    reasons = [
        Reason(
            field="kulla.model.score",
            predicate=f"at or above {threshold:.1f} bits (p {item.calibration.p_value(value):.2g}; {holds} at a false "
            f"discovery rate of {RATE:.0%})",
            value=f"{value:.1f}",
        )
    ]
    for term in item.fitted.explain(table, 0)[:_SHOWN]:
        words = f"{term.name}, {term.bits:+.1f} bits" + (f": {term.expected}" if term.expected else "")
        reasons.append(Reason(field=term.field, predicate=words, value=term.value))
    fields: dict[str, Value] = {}
    for event in events:
        fields = alert_fields(event.fields) | fields
    return Alert(
        id=one.id,
        timestamp=datetime.fromtimestamp(one.moment / 1_000_000, UTC),
        rule=card_of(item.model.name).rule(item.version),
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
