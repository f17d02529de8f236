"""`kulla store retain`: removing what is past its time."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.document import Column, Listing
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from engine.errors import UsageError

_COLUMNS = (
    Column(field="what", heading="What"),
    Column(field="removed", heading="Removed", number=True),
    Column(field="kept_for_days", heading="Kept (days)", number=True),
)


def register_retention(app: typer.Typer) -> None:
    """Add the command to `kulla store`."""
    command(app, "retain")(retain)
    command(app, "retention", hidden=True)(retain)


def retain(
    session: Session,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go, and remove nothing.")] = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Remove events, alerts, incidents, dead letters and vault entries past their time ([retention] of kulla.toml).

    Nothing goes that an alert of an open incident rests on. Scheduled runs do this once a day by themselves.
    """
    from cli.retaining import plan_of, retained

    out = target(session, fmt, output)
    plan = plan_of(session)
    if not plan:
        raise UsageError(
            "the settings do not say how long anything is kept", where="[retention]", hint='"xroad.*" = "30d"'
        )
    with session.open_store() as store:
        done = retained(session, store, plan, dry_run=dry_run)
    spans = {"alerts": plan.alerts, "hits": plan.alerts, "incidents": plan.incidents}
    spans |= {"dead_letters": plan.dead_letters, "vault": plan.vault}
    found = [(f"events of {name or '(none)'}", count, plan.of(name)) for name, count in done.events.items()]
    found += [(name, count, spans.get(name)) for name, count in sorted(done.others.items())]
    rows = [{"what": what, "removed": count, "kept_for_days": span.days if span else 0} for what, count, span in found]
    fields = ("what", "removed", "kept_for_days")
    title = "Would be removed" if dry_run else "Removed"
    out.write(
        Listing(
            name="removed", title=title, columns=_COLUMNS, rows=rows, fields=fields, empty="nothing is past its time"
        )
    )
    session.hint("kulla store retain" if dry_run and done.gone else "kulla store status")
