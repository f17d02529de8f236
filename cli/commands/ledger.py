"""`kulla ledger`: every decision on record, and the proof that none was changed, removed or put elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.document import Column, Listing, Row
from cli.group import sub_app
from cli.home import head_path
from cli.options import Format, Limit, Output, command
from cli.output import target
from cli.session import Session
from cli.views import to_the_second
from engine.errors import LedgerError
from engine.store.protocol import LedgerEntry

app = sub_app("Every decision on record: show it, and verify the chain.")
FIELDS = ("sequence", "at", "actor", "kind", "subject", "details", "digest")
_COLUMNS = (
    Column(field="sequence", heading="Record", number=True),
    Column(field="at", heading="Time (UTC)", whole=True, derive=to_the_second("at")),
    Column(field="actor", heading="Who"),
    Column(field="kind", heading="What"),
    Column(field="details", heading="Details"),
)
_PROBLEM_COLUMNS = (
    Column(field="sequence", heading="Record", number=True),
    Column(field="what", heading="What is wrong"),
)


@command(app, "show")
def show(
    session: Session,
    word: Annotated[
        str, typer.Argument(metavar="[WORD]", help="Only records about this incident, playbook or other subject.")
    ] = "",
    *,
    limit: Limit = 0,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List the ledger's records, oldest first; with --limit, the newest ones."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        rows = [row for entry in store.ledger() if word in str((row := _row(session, entry))["subject"])]
    shown = rows[-limit:] if limit else rows
    listing = Listing(
        name="records", title="Ledger", columns=_COLUMNS, rows=shown, fields=FIELDS, empty="the ledger is empty"
    )
    out.write(listing)
    session.hint("kulla ledger verify")


def _row(session: Session, entry: LedgerEntry) -> Row:
    from playbooks.ledger import decode, digest_of

    if digest_of(entry.body) != entry.digest:
        where = f"ledger record {entry.sequence}"
        session.issue(LedgerError("was changed: its digest does not match", where=where, hint="kulla ledger verify"))
    try:
        record = decode(entry)
    except LedgerError as error:
        session.issue(error)
        return {"sequence": entry.sequence, "subject": "", "details": entry.body, "digest": entry.digest}
    return {name: getattr(record, name) for name in FIELDS}


@command(app, "verify")
def verify(session: Session, *, fmt: Format = None, output: Output = None) -> None:
    """Check the whole chain and its end; exit with 1 and list every record that was changed, removed or reordered."""
    from playbooks.ledger import Ledger

    out = target(session, fmt, output)
    with session.open_store() as store:
        ledger = Ledger(store, head_path(session.settings), session.now)
        problems = ledger.verify()
        count = sum(1 for _ in store.ledger())
    rows = [{"sequence": problem.sequence, "what": problem.what} for problem in problems]
    listing = Listing(
        name="problems", title="Ledger", columns=_PROBLEM_COLUMNS, rows=rows, fields=("sequence", "what"), empty=""
    )
    if not problems:
        out.write(listing)
        session.say(f"the ledger holds: {count:,} records, none changed, removed or reordered")
        return
    out.write(listing)
    raise LedgerError(
        f"the ledger does not hold: {problems[0].what}",
        where=str(head_path(session.settings)),
        hint="keep the store and the head file as they are, as evidence, and compare them with a backup",
    )
