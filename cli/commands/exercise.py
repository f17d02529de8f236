"""`kulla exercise`: a real attack replayed as raw logs among a working day, and what kulla makes of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from cli import rulesets
from cli.collecting import Account, balance
from cli.document import Column, Grid, Lines, Listing, Pairs, Report, Row, Section
from cli.estate import circumstances
from cli.exercising import EVENTS, SEED, START, Result, fresh_folder, make_logs
from cli.exercising import run as run_exercise
from cli.group import sub_app
from cli.house import house_of
from cli.options import Format, Output, Rules, command, moment
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.views import SHORT
from engine.errors import UsageError
from engine.events import instant
from engine.incidents.model import Incident
from playbooks.choose import Choice, choose
from playbooks.compiler import compile_guide
from playbooks.exercises.catalogue import Exercise, exercises, find_exercise
from playbooks.exercises.scoreboard import Scoreboard, false_alert_rows, sighting_rows, total_rows
from playbooks.exercises.truth import GROUND_TRUTH, LOGS
from playbooks.loader import load_library

_COLUMNS = (
    Column(field="id", heading="Exercise", whole=True),
    Column(field="title", heading="Title"),
    Column(field="description", heading="What happens"),
)
_STEPS_SHOWN = 3

app = sub_app("Replay a real attack, from raw logs to guidance.")


@command(app, "list")
def list_exercises(session: Session, fmt: Format = None, output: Output = None) -> None:
    """List the exercises."""
    out = target(session, fmt, output)
    lang = session.lang
    rows = [{"id": item.id, "title": item.title[lang], "description": item.description[lang]} for item in exercises()]
    fields = ("id", "title", "description")
    out.write(Listing(name="exercises", title="Exercises", columns=_COLUMNS, rows=rows, fields=fields))
    session.hint(f"kulla exercise run {rows[0]['id']}")


@command(app, "run")
def run(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The exercise (kulla exercise list).")],
    *,
    logs_only: Annotated[
        str | None, typer.Option("--logs-only", metavar="DIR", help="Write only the logs and the ground truth to DIR.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Same seed, same logs to the byte.")] = SEED,
    events: Annotated[
        int, typer.Option("--events", metavar="N", min=1000, help="Benign events of the day, at least.")
    ] = EVENTS,
    start: Annotated[str | None, typer.Option("--start", metavar="DAY", help="The working day (2026-03-10).")] = None,
    rules: Rules = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Make the logs of an attack within a working day, then collect, detect, join and guide; ends with a scoreboard.

    It has a store of its own: nothing of it mixes with real events.
    """
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    exercise = find_exercise(name)
    day = moment("--start", start, session.now()) or START
    if logs_only is not None:
        _only_logs(session, session.cwd / logs_only, exercise, seed=seed, day=day, events=events)
        return
    loaded = rulesets.load(session, rules)

    from engine.sigma.engine import Engine
    from engine.store.embedded import EmbeddedStore

    rulesets.tell_broken(session, loaded)
    with fresh_folder(session.settings.home, exercise, seed) as folder:
        session.say(f"writing the logs of {exercise.title[session.lang]} to {folder / LOGS}")
        truth = make_logs(exercise, folder, seed=seed, start=day, events=events)
        with EmbeddedStore(folder / "home" / "store", session.now) as store:
            result = run_exercise(truth, folder, store, Engine(loaded), session.say, known=circumstances(session))
        out.write(_report(session, exercise.title[session.lang], result))
    _hints(session, folder / "home", result)


def _only_logs(session: Session, folder: Path, exercise: Exercise, *, seed: int, day: datetime, events: int) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("the folder is not empty", where=str(folder), hint="name a new folder")
    truth = make_logs(exercise, folder, seed=seed, start=day, events=events)
    session.say(
        f"{truth.benign:,} benign and {truth.attack:,} attack records in {len(truth.files)} logs under {folder / LOGS}",
        f"the ground truth is in {folder / GROUND_TRUTH}",
    )
    session.hint(f"kulla hunt {quote(str(folder / LOGS))}")


def _report(session: Session, title: str, result: Result) -> Report:
    board = result.board
    sections = [
        Section(heading="Collected", body=Pairs(rows=_account(result.accounts))),
        Section(
            heading="Storyboard",
            body=_grid(("No", "Seen", "Host", "What happened", "First rule that saw it"), _storyboard(board)),
        ),
        Section(heading="Incidents", body=Pairs(rows=_incidents(result))),
    ]
    sections.extend(_guidance(session, result))
    if board.false_alerts:
        rows = false_alert_rows(board)
        sections.append(
            Section(heading="False alerts on the benign day", body=_grid(("Time", "Level", "Rule", "Where"), rows))
        )
    sections.append(Section(heading="Scoreboard", body=Pairs(rows=total_rows(board))))
    record = {
        "exercise": board.exercise,
        **dict(total_rows(board)),
        "storyboard": [list(row) for row in sighting_rows(board)],
    }
    return Report(name="exercise", title=title, record=record, sections=tuple(sections), lang=session.lang)


def _storyboard(board: Scoreboard) -> tuple[tuple[str, ...], ...]:
    """Return the storyboard as people read it; `-f json` has techniques and more rules."""
    rows = []
    for sighting, (number, seen, host, _, action, _) in zip(board.sightings, sighting_rows(board), strict=True):
        others = len(sighting.rules) - 1
        first = sighting.rules[0] if sighting.rules else "-"
        rows.append((number, seen, host, action, first + (f" (+{others})" if others > 0 else "")))
    return tuple(rows)


def _grid(headings: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Grid:
    columns = tuple(Column(field=name, heading=name, whole=name in {"No", "Seen"}) for name in headings)
    shown: list[Row] = [dict(zip(headings, row, strict=True)) for row in rows]
    return Grid(columns=columns, rows=shown)


def _account(accounts: tuple[Account, ...]) -> tuple[tuple[str, object], ...]:
    sources = sorted({item.source for item in accounts if item.source})
    return (
        ("Logs", f"{len(accounts)} files: {', '.join(sources)}"),
        ("Records", balance(accounts)),
    )


def _incidents(result: Result) -> tuple[tuple[str, object], ...]:
    return tuple(
        (
            item.id[:SHORT],
            f"{_opened(item)}, {len(item.alerts)} alerts: {item.title}",
        )
        for item in result.incidents
    )


def _opened(item: Incident) -> str:
    return f"{item.severity.label}, {item.score:g} points, opened {instant(item.opened)}"


def _guidance(session: Session, result: Result) -> list[Section]:
    if not result.incidents:
        return []
    incident = result.incidents[0]
    members = set(incident.alerts)
    choices: list[Choice] = choose(incident, [item for item in result.alerts if item.id in members], load_library())
    if not choices:
        return []
    lang = session.lang
    told = [f"{item.playbook.title.in_language(lang)}: {item.reason.in_language(lang)}" for item in choices]
    guide = compile_guide(incident, choices[0].playbook, lang, house=house_of(session))
    lines: list[str] = []
    for step in guide.steps[:_STEPS_SHOWN]:
        lines.append(f"{step.number}. {step.step.title.in_language(lang)}")
        lines.extend(f"   {item.platform}: {item.text}" for item in step.commands[:2] if item.text)
    heading = f"First steps of {choices[0].playbook.id} ({len(guide.steps)} in all)"
    return [
        Section(heading=f"Playbooks for {incident.id[:SHORT]}", body=Lines(lines=told)),
        Section(heading=heading, body=Lines(lines=lines, verbatim=True)),
    ]


def _hints(session: Session, home: Path, result: Result) -> None:
    place = quote(str(home))
    if result.incidents:
        session.say(f"the exercise's own store: kulla --home {place} incidents list")
        session.hint(f"kulla --home {place} respond {result.incidents[0].id[:SHORT]}")
    else:
        session.hint(f"kulla --home {place} alerts list")
