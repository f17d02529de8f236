"""`kulla incidents leads`: what comes near an incident and is none yet; the nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.document import Column, Listing
from cli.estate import circumstances
from cli.options import Format, Output, Since, Until, command, window
from cli.output import target
from cli.session import Session
from cli.views import SHORT, alert_count, incident_row, term_rows, title_in, to_the_minute
from cli.words import words

if TYPE_CHECKING:
    from engine.incidents.model import Incident

_FIELDS = (
    "score", "wanted", "first_seen", "last_seen", "title", "entities", "tactics", "techniques", "playbooks", "alerts",
    "score_terms",
)  # fmt: skip


def register_leads(app: typer.Typer) -> None:
    """Add the command to `kulla incidents`."""
    command(app, "leads")(leads)


def leads(
    session: Session, *, since: Since = None, until: Until = None, fmt: Format = None, output: Output = None
) -> None:
    """List what comes near an incident and is none: the next to look at, for who has read the incidents.

    A single high alert is such, or lesser ones that do not move on yet; one more alert or tactic may open an incident.
    """
    from engine.incidents.building import Basis, leads_of
    from engine.runs.decisions import standing

    out = target(session, fmt, output)
    span = window(session, since, until)
    with session.open_store() as store:
        basis = Basis(decisions=standing(store), known=circumstances(session))
        found = leads_of(store.incidents(), store.alerts(before=span.before), basis)
    kept = [item for item in found if span.since is None or item.last_seen >= span.since]
    texts = words(session.lang)
    listing = Listing(
        name="leads",
        title=texts.leads,
        columns=(
            Column(field="score", heading=texts.score, number=True),
            Column(field="wanted", heading=texts.wanted, number=True),
            Column(
                field="last_seen", heading=f"{texts.last_seen} (UTC)", whole=True, derive=to_the_minute("last_seen")
            ),
            Column(field="alerts", heading=texts.alerts, number=True, derive=alert_count),
            Column(field="title", heading=texts.what, derive=lambda row: title_in(str(row["title"]), session.lang)),
        ),
        rows=[_row(item) for item in kept],
        fields=_FIELDS,
        empty=texts.no_leads,
        lang=session.lang,
    )
    out.write(listing)
    session.hint(f"kulla alerts show {kept[0].alerts[0][:SHORT]}" if kept else "kulla alerts list")


def _row(lead: Incident) -> dict[str, object]:
    from engine.incidents.scoring import OPENS_AT

    known = incident_row(lead) | {
        "wanted": round(OPENS_AT - lead.score, 1),
        "score_terms": term_rows(lead),
    }
    return {name: known[name] for name in _FIELDS}
