"""`kulla incidents report`: everything about one incident on one page, as HTML or Markdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.decisions import Actor, IncidentId, actor_of, open_ledger
from cli.naming import incident_named
from cli.options import Format, Output, command
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.views import SHORT
from engine.events import instant

if TYPE_CHECKING:
    from cli.incident_report import Standing
    from playbooks.ledger import Ledger


WithNames = Annotated[bool, typer.Option("--with-names", help="With names instead of pseudonyms; on record.")]


def register_report(app: typer.Typer) -> None:
    """Add the command to `kulla incidents`."""
    command(app, "report")(cast("Callable[..., None]", report))


def report(
    session: Session,
    identifier: IncidentId,
    *,
    names: WithNames = False,
    actor: Actor = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Write everything about an incident on one page: timeline, entities, tactics, steps, decisions, proofs, score.

    -o report.html is one file that loads nothing from elsewhere, for screen and paper; -o report.md is Markdown.
    """
    from cli.casefile import gather
    from cli.formats.report import page
    from cli.incident_report import Teller
    from cli.report_words import report_words
    from playbooks.awareness import INCIDENTS, about

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        ledger = open_ledger(session, store)
        if names:
            subject, details = about(incident.id), {"paper": "report", "disclosed": "names"}
            ledger.preload(INCIDENTS)  # so that the whole of it is read once
            ledger.append(actor=actor_of(session, actor), kind="incident.paper-named", subject=subject, details=details)
        case = gather(session, store, ledger, incident, courses=3)
        told = Teller(case, _standing(ledger), session.lang, names=names).tell()
    words = report_words(session.lang)
    if out.format == "html":
        out.write_parts(page(told.document, told.drawings, words, made=instant(session.now())))
    else:
        out.write(told.document)
    session.hint(words.next.format(id=incident.id[:SHORT]))


def _standing(ledger: Ledger) -> Standing:
    """Return what the ledger looks like as a whole, its first problem in words."""
    from cli.incident_report import Standing

    walk = ledger.examine()
    problem = f"{walk.problems[0].sequence}: {walk.problems[0].what}" if walk.problems else ""
    return Standing(size=walk.frontier.size, root=walk.frontier.root().hex(), problem=problem)
