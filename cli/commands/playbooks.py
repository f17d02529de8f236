"""`kulla playbooks`: the library of guided answers; read them, and check ones of your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.playbooks_exchange import register_exchange
from cli.document import Column, Grid, Lines, Listing, Pairs, Report, Section
from cli.group import sub_app
from cli.options import Format, Output, command
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.settings_table import Lang
from cli.words import words
from engine.attack.words import tactic_names
from engine.errors import ConfigurationError

if TYPE_CHECKING:
    from playbooks.model import Playbook, Step

app = sub_app("Guided answers to attacks: list, show, check, export and import them.")
FIELDS = ("id", "title", "urgency", "steps", "techniques", "tactics", "version", "where")
_COLUMNS = (
    Column(field="id", heading="Playbook", whole=True),
    Column(field="urgency", heading="Urgency", number=True),
    Column(field="steps", heading="Steps", number=True),
    Column(field="title", heading="What for"),
    Column(field="techniques", heading="ATT&CK"),
)


@command(app, "list")
def list_playbooks(session: Session, *, fmt: Format = None, output: Output = None) -> None:
    """List the playbooks, the most urgent first (1: destruction is under way)."""
    from playbooks.loader import load_library

    out = target(session, fmt, output)
    found = sorted(load_library(), key=lambda item: (item.urgency, item.id))
    rows = [_row(item, session.lang) for item in found]
    out.write(Listing(name="playbooks", title="Playbooks", columns=_COLUMNS, rows=rows, fields=FIELDS))
    session.hint(f"kulla playbooks show {found[0].id}" if found else "kulla playbooks check")


def _row(playbook: Playbook, lang: Lang) -> dict[str, object]:
    return {
        "id": playbook.id,
        "title": playbook.title.in_language(lang),
        "urgency": playbook.urgency,
        "steps": len(playbook.steps),
        "techniques": playbook.fits.techniques,
        "tactics": playbook.fits.tactics,
        "version": playbook.version,
        "where": playbook.where,
    }


@command(app, "show")
def show(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The playbook's id.")],
    *,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Show a playbook: what it answers, and its steps with the commands as templates (--lang sq for Albanian)."""
    from playbooks.loader import load_library

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    playbook = load_library().get(name)
    out.write(_report(playbook, session.lang))
    session.hint("kulla respond INCIDENT --dry-run")


def _report(playbook: Playbook, lang: Lang) -> Report:
    texts = words(lang)
    head = (
        (texts.purpose, playbook.summary.in_language(lang)),
        (texts.techniques, playbook.fits.techniques),
        (texts.tactics, tactic_names(playbook.fits.tactics, lang)),
    )
    sections = [Section(heading="", body=Pairs(rows=head)), Section(heading="", body=_overview(playbook, lang))]
    for number, step in enumerate(playbook.steps, start=1):
        title = texts.step_of.format(number=number, total=len(playbook.steps), title=step.title.in_language(lang))
        rows = (
            (texts.purpose, step.purpose.in_language(lang)),
            (texts.expected, step.expected.in_language(lang)),
            (texts.risk, step.risk.words.in_language(lang)),
        )
        sections.append(Section(heading=title, body=Pairs(rows=rows)))
        for item in step.commands:
            heading = texts.command_for.format(platform=item.platform)
            lines = item.template.in_language(lang).splitlines()
            sections.append(Section(heading=heading, body=Lines(lines=lines, verbatim=item.platform != "manual")))
    record = _row(playbook, lang) | {"steps": [_step_row(step, lang) for step in playbook.steps]}
    title = playbook.title.in_language(lang)
    return Report(name="playbook", title=title, record=record, sections=tuple(sections), lang=lang)


def _overview(playbook: Playbook, lang: Lang) -> Grid:
    from playbooks.model import PHASE_NAMES

    texts = words(lang)
    columns = (
        Column(field="number", heading="#", number=True),
        Column(field="phase", heading=texts.phase, whole=True),
        Column(field="approval", heading=texts.approval, whole=True),
        Column(field="title", heading=texts.what),
    )
    rows = [
        {
            "number": number,
            "phase": PHASE_NAMES[step.phase].in_language(lang),
            "approval": step.approval,
            "title": step.title.in_language(lang),
        }
        for number, step in enumerate(playbook.steps, start=1)
    ]
    return Grid(columns=columns, rows=rows)


def _step_row(step: Step, lang: Lang) -> dict[str, object]:
    return {
        "id": step.id,
        "phase": step.phase,
        "title": step.title.in_language(lang),
        "purpose": step.purpose.in_language(lang),
        "commands": [
            {"platform": item.platform, "template": item.template.in_language(lang)} for item in step.commands
        ],
        "expected": step.expected.in_language(lang),
        "changes": step.changes,
        "risk": step.risk.level,
        "automation": int(step.automation),
        "approval": step.approval,
        "needs": step.needs,
    }


@command(app, "check")
def check(
    session: Session,
    folder: Annotated[str | None, typer.Argument(metavar="[FOLDER]", help="A folder of playbooks of your own.")] = None,
) -> None:
    """Check playbooks (kulla's own, or those of a folder): each problem with its file and line; exit 4 if there is any.

    Checked are both languages, commands and their placeholders, verification and undo of every step that changes
    something, and that every branch leads to a step that is there.
    """
    from playbooks.check import problems_in
    from playbooks.loader import read_library

    place = None if folder is None else Path(session.cwd / folder)
    if place is not None and not place.is_dir():
        raise ConfigurationError("no such folder", where=str(folder), hint="kulla playbooks check FOLDER")
    for problem in problems_in(place):
        session.issue(problem)
    count = len(read_library(place)[0])
    if not session.issues:
        session.say(f"{count} playbooks, no problem found")
    session.hint("kulla playbooks list")


register_exchange(app)
