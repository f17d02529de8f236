"""`kulla models score` and `explain`: what a model says of stored events, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.document import Column, Grid, Listing, Pairs, Report, Section
from cli.options import Format, Limit, Output, Since, Until, command, window
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from engine.errors import NotFoundError
from engine.events import instant

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.anomaly.watching import Watched

_FIELDS = ("@timestamp", "entity", "score", "p_value", "alert", "state", "events", "what")
_COLUMNS = (
    Column(field="@timestamp", heading="Time (UTC)", whole=True),
    Column(field="entity", heading="Who or what"),
    Column(field="score", heading="Bits", number=True),
    Column(field="p_value", heading="p", number=True),
    Column(field="alert", heading="Alert", whole=True),
    Column(field="what", heading="Largest term"),
)
_TERM_COLUMNS = (
    Column(field="bits", heading="Bits", number=True),
    Column(field="name", heading="Term"),
    Column(field="field", heading="Field"),
    Column(field="value", heading="Value"),
    Column(field="expected", heading="Usual"),
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's name (kulla models list).")]
Version = Annotated[str | None, typer.Option("--version", metavar="ID", help="Its version; the one that runs.")]


def register_score(app: typer.Typer) -> None:
    """Add the commands to `kulla models`."""

    @command(app, "score")
    def score(
        session: Session,
        name: Name,
        *,
        since: Since = None,
        until: Until = None,
        version: Version = None,
        limit: Limit = 20,
        fmt: Format = None,
        output: Output = None,
    ) -> None:
        """Score stored events with a trained model, the most surprising first (the last day, unless told otherwise).

        Nothing is alerted. `learning` means that there is not enough data to say anything.
        """
        from cli.modelling import observed

        out = target(session, fmt, output)
        model = chosen(session, name, version)
        span = window(session, since, until)
        before = span.before or session.now()
        with session.open_store() as store:
            table = observed(store, model.model, span.since or before - timedelta(days=1), before)
        rows = _rows(model, table, limit)
        out.write(Listing(name="scores", title=f"Scores of {name}", columns=_COLUMNS, rows=rows, fields=_FIELDS))
        session.say(f"{table.num_rows:,} observations; alerts from {model.threshold:.1f} bits on")
        session.hint(f"kulla models explain {name} EVENT")

    @command(app, "explain")
    def explain(
        session: Session,
        name: Name,
        event: Annotated[str, typer.Argument(metavar="EVENT", help="The id of a stored event.")],
        *,
        version: Version = None,
        fmt: Format = None,
        output: Output = None,
    ) -> None:
        """Explain the score of the observation that an event belongs to: every term, and what had been learned."""
        out = target(session, fmt, output, allowed=REPORT_FORMATS)
        model = chosen(session, name, version)
        table, row = _found(session, model, event)
        out.write(_explained(model, table, row))


def chosen(session: Session, name: str, version: str | None) -> Watched:
    """Return a trained model with its share of the budget: this version, else the one that runs, else the newest."""
    from cli.modelling import budget_of, shelf
    from engine.anomaly.registry import all_models, model_called
    from engine.anomaly.watching import loaded

    place = shelf(session)
    running = sum(place.promoted(model.name) is not None for model in all_models())
    return loaded(place, model_called(name).name, budget_of(session, place) / max(running, 1), version)


def _rows(model: Watched, table: pa.Table, limit: int) -> list[dict[str, object]]:
    import numpy as np

    from engine.anomaly.frame import ENTITY, EVENTS, State
    from engine.anomaly.tables import text_column

    scores = model.fitted.score(table)
    order = np.argsort(-scores.values, kind="stable")
    entities, stamps, ids = text_column(table, ENTITY), table.column("@timestamp"), table.column(EVENTS)
    rows = []
    for row in order[: limit or len(order)].tolist():
        value = float(scores.values[row])
        terms = model.fitted.explain(table, row)
        rows.append(
            {
                "@timestamp": instant(stamps[row].as_py()),
                "entity": entities[row],
                "score": round(value, 2),
                "p_value": float(f"{model.calibration.p_value(value):.3g}"),
                "alert": "yes" if value >= model.threshold else "no",
                "state": State(int(scores.states[row])).name.lower(),
                "events": ids[row].as_py(),
                "what": f"{terms[0].name} {terms[0].field}: {terms[0].value}" if terms else "",
            }
        )
    return rows


def _found(session: Session, model: Watched, event: str) -> tuple[pa.Table, int]:
    """Return the observations around an event and the row that rests on it; raise `NotFoundError`."""
    from cli.modelling import observed
    from engine.anomaly.frame import EVENTS
    from engine.anomaly.watching import floor

    window = model.model.window or timedelta(minutes=5)
    with session.open_store() as store:
        known = store.events_by_id([event])
        moment = known[event].fields.get("@timestamp") if event in known else None
        if moment is None:
            raise NotFoundError(
                f"no stored event has the id {event}", hint="kulla search EXPRESSION -f jsonl shows ids"
            )
        start = floor(moment, window)  # type: ignore[arg-type] # an event's instant
        table = observed(store, model.model, start, start + window)
    for row, ids in enumerate(table.column(EVENTS).to_pylist()):
        if event in (ids or ()):
            return table, row
    raise NotFoundError("the model does not look at this event", hint=f"kulla models show {model.model.name}")


def _explained(model: Watched, table: pa.Table, row: int) -> Report:
    from engine.anomaly.frame import ENTITY, State

    scores = model.fitted.score(table.slice(row, 1))
    value, state = float(scores.values[0]), State(int(scores.states[0]))
    terms: list[dict[str, object]] = [
        {
            "bits": round(t.bits, 4),
            "name": t.name,
            "field": t.field,
            "value": t.value,
            "expected": t.expected,
            "layer": t.layer,
        }
        for t in model.fitted.explain(table, row)
    ]
    short = value - model.threshold
    head = (
        ("Model", f"{model.model.name} {model.version}"),
        ("Who or what", str(table.column(ENTITY)[row].as_py())),
        ("State", "not enough data to judge it" if state == State.LEARNING else state.name.lower()),
        ("Score", f"{value:.2f} bits (p {model.calibration.p_value(value):.2g})"),
        ("Alert", f"yes, {short:.1f} bits above the threshold" if short >= 0 else f"no, {-short:.1f} bits below it"),
        ("Would change it", _counterfactual(terms, short)),
    )
    record = {"score": value, "state": state.name.lower(), "threshold": model.threshold, "terms": terms}
    sections = (
        Section(heading="", body=Pairs(rows=head)),
        Section(heading="Terms", body=Grid(columns=_TERM_COLUMNS, rows=terms)),
    )
    return Report(name="explanation", title="Why this score", record=record, sections=sections)


def _counterfactual(terms: list[dict[str, object]], short: float) -> str:
    """Return which terms, taken away, would take the score below the threshold."""
    left, named = short, []
    for term in terms if short >= 0 else ():
        left -= float(str(term["bits"]))
        named.append(f"{term['name']} of {term['field']}")
        if left < 0:
            return "no alert without " + " and ".join(named)
    return ""
