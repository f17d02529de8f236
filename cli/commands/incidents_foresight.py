"""`kulla incidents foresight`: the likely next techniques, where each would show, and what prevents it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli import coverage, rulesets
from cli.decisions import IncidentId
from cli.document import Column, Grid, Pairs, Report, Section
from cli.foresight_words import ForesightWords, foresight_words
from cli.naming import incident_named
from cli.options import Format, Output, Rules
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.settings_table import Lang
from cli.views import SHORT, title_in
from engine.attack.comparing import canonical, display
from engine.attack.words import tactic_names

if TYPE_CHECKING:
    from engine.foresight.predicting import Nearest, Prediction
    from engine.foresight.showing import Lookout, Showing
    from engine.incidents.model import Incident
    from engine.store.protocol import Store

_TOLD = 6  # names in one line


def foresight(
    session: Session,
    identifier: IncidentId,
    *,
    most: Annotated[int, typer.Option("-n", "--limit", metavar="N", min=1, max=50, help="How many techniques.")] = 5,
    rules: Rules = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Tell which techniques are likely next, in which logs each would show, which are blind, and what prevents it."""
    from engine.foresight.predicting import packaged

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        lookout = _lookout(session, store, rules)
    model = packaged()
    predictions = model.predict(incident.techniques, most)
    told = [(item, lookout.look(item.technique)) for item in predictions]
    seen = set(model.seen(incident.techniques))
    unknown = tuple(item for item in incident.techniques if canonical(item) not in seen)
    texts = foresight_words(session.lang)
    if not predictions:
        session.say(texts.nothing)
    out.write(_report(incident, told, unknown, lookout, session.lang))
    session.hint(texts.next.format(id=incident.id[:SHORT]))


def _lookout(session: Session, store: Store, rules: list[str] | None) -> Lookout:
    from engine.foresight.showing import Lookout
    from engine.sigma.coverage import kinds_in

    loaded = rulesets.load(session, rules)
    survey = coverage.surveyor(session, loaded, stored=False)
    firing = {item.rule.info.id for item in coverage.standings(loaded, survey) if item.state == "loaded"}
    return Lookout(loaded, firing, kinds_in(store))


def _report(
    incident: Incident,
    told: Sequence[tuple[Prediction, Showing]],
    unknown: tuple[str, ...],
    lookout: Lookout,
    lang: Lang,
) -> Report:
    texts = foresight_words(lang)
    head: tuple[tuple[str, object], ...] = (
        (texts.incident, title_in(incident.title, lang)),
        (texts.seen, tuple(display(item) for item in incident.techniques if item not in unknown)),
        (texts.not_known, unknown),
        (texts.meaning, texts.meaning_text),
        (texts.collected, lookout.datasets),
    )
    columns = (
        Column(field="probability", heading=texts.probability, number=True),
        Column(field="technique", heading=texts.technique),
        Column(field="tactics", heading=texts.tactic),
        Column(field="shows", heading=texts.shows),
    )
    rows = [_line(*item, texts, lang) for item in told]
    sections = [Section(heading="", body=Pairs(rows=head))]
    if rows:
        sections.append(Section(heading=texts.likely, body=Grid(columns=columns, rows=rows)))
    sections += [
        Section(heading=display(item.technique), body=Pairs(rows=_reasons(item, showing, texts)))
        for item, showing in told
    ]
    record = {
        "incident": incident.id,
        "seen": list(incident.techniques),
        "unknown": list(unknown),
        "collected": list(lookout.datasets),
        "predictions": [_record(*item) for item in told],
    }
    return Report(name="foresight", title=texts.title, record=record, sections=tuple(sections), lang=lang)


def _line(item: Prediction, showing: Showing, texts: ForesightWords, lang: Lang) -> dict[str, object]:
    return {
        "probability": f"{item.probability:.0%}",
        "technique": display(item.technique),
        "tactics": tactic_names(item.tactics, lang),
        "shows": _shows(showing, texts),
    }


def _shows(showing: Showing, texts: ForesightWords) -> object:
    datasets = sorted({name for place in showing.places for name in place.collected})
    if datasets:
        return _few(datasets)
    if showing.places:
        return texts.not_collected.format(sources=", ".join(_few([str(place.logsource) for place in showing.places])))
    return texts.no_rule


def _reasons(item: Prediction, showing: Showing, texts: ForesightWords) -> tuple[tuple[str, object], ...]:
    nearest = [
        texts.nearest.format(name=_name(past, texts), likeness=past.likeness) for past in item.nearest if past.likeness
    ]
    companions = [
        texts.companion.format(technique=display(other.technique), together=other.together, of=other.of)
        for other in item.companions
    ]
    found_by = [name for place in showing.places if place.collected for name in place.rules]
    elsewhere = [str(place.logsource) for place in showing.places if not place.collected]
    return (
        (texts.like, tuple(nearest)),
        (texts.together, tuple(companions)),
        (texts.shows, _shows(showing, texts)),
        (texts.rules, _few(list(dict.fromkeys(found_by)))),
        (texts.elsewhere, _few(elsewhere)),
        (texts.blind, _few(list(showing.blind))),
        (texts.prevented_by, _few([f"{measure.id} {measure.name}" for measure in showing.prevented_by])),
    )


def _name(past: Nearest, texts: ForesightWords) -> str:
    if past.kind == "report":
        return f"{texts.report} {past.id}{f' ({past.name})' if past.name else ''}"
    return f"{past.id} {past.name}"


def _few(names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - _TOLD
    return tuple(names) if more <= 0 else (*names[:_TOLD], f"+{more}")


def _record(item: Prediction, showing: Showing) -> dict[str, object]:
    return {
        "technique": item.technique,
        "tactics": list(item.tactics),
        "probability": round(item.probability, 4),
        "parts": {name: round(value, 4) for name, value in item.parts},
        "nearest": [
            {
                "kind": past.kind,
                "id": past.id,
                "name": past.name,
                "likeness": past.likeness,
                "shared": list(past.shared),
            }
            for past in item.nearest
        ],
        "companions": [
            {"technique": other.technique, "together": other.together, "of": other.of} for other in item.companions
        ],
        "shows": [
            {"logsource": str(place.logsource), "collected": list(place.collected), "rules": list(place.rules)}
            for place in showing.places
        ],
        "is_seen": showing.is_seen,
        "blind": list(showing.blind),
        "prevented_by": [
            {"id": measure.id, "name": measure.name, "kind": measure.kind} for measure in showing.prevented_by
        ],
    }
