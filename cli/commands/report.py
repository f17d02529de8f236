"""`kulla report`: everything about one incident on one page, or what happened in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.incidents_report import WithNames
from cli.commands.incidents_report import report as incident_report
from cli.decisions import Actor, open_ledger
from cli.group import single_app
from cli.options import Format, Output, command, moment
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.views import SHORT
from engine.errors import LedgerError, UsageError
from engine.events import instant

if TYPE_CHECKING:
    from cli.period_report import Period
    from engine.incidents.model import Incident
    from engine.store.protocol import Store
    from playbooks.ledger import Record

app = single_app()


@command(app, "report")
def report(
    session: Session,
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The incident's id, or the beginning of it.")
    ] = None,
    *,
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="PERIOD", help="Over this: 24h, 7d, or 2026-03-01/2026-03-08."),
    ] = None,
    names: WithNames = False,
    actor: Actor = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Report on one incident (as `kulla incidents report`), or on a period: what came in, what was done, what is due.

    -o report.html is one file that loads nothing from elsewhere; -o report.md is Markdown. A period names no persons.
    """
    if (identifier is None) == (period is None):
        raise UsageError("one incident, or a period", hint="kulla report INC-1234, or kulla report --period 24h")
    if identifier is not None:
        incident_report(session, identifier, names=names, actor=actor, fmt=fmt, output=output)
        return
    from cli.period_report import period_report

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    span = _span(session, str(period))
    with session.open_store() as store:
        found = _gathered(session, store, *span)
    out.write(period_report(found, session.lang))
    worst = next((item for item in found.incidents if item.status != "closed"), None)
    session.hint(f"kulla report {worst.id[:SHORT]}" if worst else "kulla incidents list")


def _span(session: Session, word: str) -> tuple[datetime, datetime]:
    """Return the period: from so long ago until now, or from one instant to another."""
    first, between, last = word.partition("/")
    now = session.now()
    since, before = moment("--period", first, now), moment("--period", last, now) if between else now
    if since is None or before is None or since >= before:
        raise UsageError("the period is empty: it does not begin before its end", where="--period", hint="--period 24h")
    return since, before


def _gathered(session: Session, store: Store, since: datetime, before: datetime) -> Period:
    from cli.house import house_of
    from cli.period_report import Period
    from playbooks.awareness import clocks_of

    everything = store.incidents()
    known = [item for item in everything if item.first_seen < before]
    incidents = [item for item in known if item.last_seen >= since]
    records, rules = _records(session, store), house_of(session).deadlines
    waiting = [item for item in known if item.status != "closed"]
    first, last = instant(since), instant(before)
    return Period(
        since=since,
        before=before,
        now=session.now(),
        incidents=sorted(incidents, key=lambda item: (-item.severity, -item.score, item.id)),
        alerts=store.alerts(since=since, before=before),
        records=[item for item in records if first <= item.at < last],
        clocks={item.id: clocks_of(item, rules, found) for item, found in _with_records(waiting, everything, records)},
    )


def _with_records(
    waiting: Sequence[Incident], known: Sequence[Incident], records: Sequence[Record]
) -> Iterator[tuple[Incident, Sequence[Record]]]:
    """Yield incidents with the records about them, and about those that were merged into them, in order."""
    from engine.incidents.telling import ids_before
    from playbooks.awareness import incident_in

    by_incident: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_incident[incident_in(record.subject)].append(record)
    gone = by_incident.keys() - {item.id for item in known}
    for item in waiting:
        names = {item.id, *(gone & ids_before(item))}
        yield item, sorted((own for name in names for own in by_incident[name]), key=lambda own: own.sequence)


def _records(session: Session, store: Store) -> tuple[Record, ...]:
    """Return the whole ledger; what can be read of it (an issue) where it is broken."""
    found: list[Record] = []
    try:
        found.extend(open_ledger(session, store).records())
    except LedgerError as error:
        session.issue(error)
    return tuple(found)
