"""`kulla store gaps` and `kulla store backfill`: what could not be looked at, why, and looking at it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import rulesets
from cli.document import Column, Listing, Row
from cli.options import Format, Output, Rules, command
from cli.output import target
from cli.session import Session
from engine.events import instant

if TYPE_CHECKING:
    from cli.detecting import Plan
    from engine.runs.gaps import Gap
    from engine.store.protocol import Store

_PARTS = ("kind", "name", "subject", "first", "last", "attempts", "reason", "key")
_MOMENTS = ("since", "until", "noticed", "closed")
_FIELDS = ("state", *_PARTS, *_MOMENTS)
_COLUMNS = (
    Column(field="state", heading="State", whole=True),
    Column(field="kind", heading="Kind", whole=True),
    Column(field="name", heading="Run", derive=lambda row: str(row["subject"] or row["name"])),
    Column(field="noticed", heading="Noticed (UTC)", whole=True, derive=lambda row: str(row["noticed"])[:16]),
    Column(field="attempts", heading="Tries", number=True),
    Column(field="reason", heading="Reason"),
)


def register_gaps(app: typer.Typer) -> None:
    """Add the two commands to `kulla store`."""
    command(app, "gaps")(list_gaps)
    command(app, "backfill")(backfill)


def list_gaps(
    session: Session,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also gaps that were closed.")] = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List what scheduled runs could not look at completely, with the reason; later runs fill it by themselves."""
    from engine.runs.gaps import GAP, gap_of

    out = target(session, fmt, output)
    with session.open_store() as store:
        records = store.records(GAP) if everything else store.records(GAP, state="open")
        gaps = sorted((gap_of(record) for record in records), key=lambda gap: (gap.noticed, gap.key))
    rows = [_row(gap) for gap in gaps]
    out.write(Listing(name="gaps", title="Gaps", columns=_COLUMNS, rows=rows, fields=_FIELDS, empty="no gaps"))
    session.hint("kulla store backfill" if any(gap.is_open for gap in gaps) else "kulla detect")


def _row(gap: Gap) -> Row:
    moments = {name: getattr(gap, name) for name in _MOMENTS}
    return {
        "state": "open" if gap.is_open else "closed",
        **{name: getattr(gap, name) for name in _PARTS},
        **{name: None if moment is None else instant(moment) for name, moment in moments.items()},
    }


def backfill(session: Session, *, rules: Rules = None) -> None:
    """Look again at every open gap now, of any length, with the rules of the run that left it."""
    from cli.detecting import RUN, Plan, leased, scheduled_plans, schedules
    from engine.sigma.engine import Engine

    plans: list[Plan] = scheduled_plans(session) if schedules(session) else []
    loaded = rulesets.load(session, rules)
    plans.append(Plan(name=RUN, rules=loaded, engine=Engine(loaded)))
    with session.open_store() as store, leased(session, store) as lease:
        if lease is None:
            return
        for plan in plans:
            _fill(session, store, plan)
        left = store.count_records("gap").get("open", 0)
    session.say(f"{left:,} gaps are still open")
    session.hint("kulla store gaps" if left else "kulla incidents list")


def _fill(session: Session, store: Store, plan: Plan) -> None:
    from cli.detecting import runner

    filled, found, changes = runner(session, store, plan, None).fill()
    if filled:
        name = plan.name.removeprefix("schedule/")
        session.say(f"{name}: {len(filled):,} gaps filled, {len(found):,} alerts, {len(changes.saved):,} incidents")
