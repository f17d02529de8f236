"""`kulla notify`: messages to people; what waits, was sent, held back or given up, and a test of each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.document import Column, Listing, Row
from cli.group import sub_app
from cli.naming import incident_named
from cli.options import Format, Limit, Output, choice, command
from cli.output import target
from cli.session import Session
from engine.errors import NotFoundError
from engine.events import instant

if TYPE_CHECKING:
    from playbooks.notify.outbox import Row as OutboxRow

app = sub_app("Messages to people: send, list, retry, acknowledge, test.")
_STATES = ("pending", "sending", "sent", "held", "digested", "dead", "cancelled")
_FIELDS = (
    "key",
    "state",
    "channel",
    "level",
    "about",
    "subject",
    "due",
    "created",
    "attempts",
    "count",
    "note",
    "error",
)
_COLUMNS = (
    Column(field="key", heading="Message", whole=True, derive=lambda row: str(row["key"])[:12]),
    Column(field="state", heading="State", whole=True),
    Column(field="channel", heading="Channel", whole=True),
    Column(field="level", heading="Level", whole=True),
    Column(field="subject", heading="About", derive=lambda row: f"{row['about']} {str(row['subject'])[:12]}"),
    Column(field="note", heading="Why", derive=lambda row: str(row["error"] or row["note"])),
)


@command(app, "send")
def send(session: Session) -> None:
    """Send every message that is due now, and tidy up old ones; kulla detect does it after each run."""
    from cli.notifying import deliver, notify_settings
    from playbooks.notify.delivery import tidy

    with session.open_store() as store:
        deliver(session, store)
        tidy(store, notify_settings(session), session.now())
        counts = store.count_records("outbox")
    session.say(", ".join(f"{count:,} {state}" for state, count in counts.items()) or "no messages")
    session.hint("kulla notify list --state dead" if counts.get("dead") else "kulla notify list")


@command(app, "list")
def list_rows(
    session: Session,
    *,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="pending, sent, held, digested, dead or cancelled.")
    ] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="NAME", help="Only this channel.")] = None,
    limit: Limit = 100,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List messages, the newest first: waiting, sent, held back (with the reason), given up."""
    from playbooks.notify.outbox import OUTBOX, to_row

    out = target(session, fmt, output)
    wanted = None if state is None else choice("--state", state, _STATES)
    with session.open_store() as store:
        rows = [to_row(record) for record in store.records(OUTBOX, state=wanted)]
        counts = store.count_records(OUTBOX)
    rows = [row for row in rows if channel is None or row.channel == channel]
    rows.sort(key=lambda row: (row.created, row.key), reverse=True)
    shown = [_shown(row) for row in rows[: limit or None]]
    out.write(
        Listing(name="messages", title="Messages", columns=_COLUMNS, rows=shown, fields=_FIELDS, empty="no messages")
    )
    session.say(", ".join(f"{count:,} {name}" for name, count in counts.items()) or "nothing was ever planned")
    session.hint("kulla notify retry --all" if counts.get("dead") else "kulla notify send")


def _shown(row: OutboxRow) -> Row:
    return {
        "key": row.key,
        "state": row.state,
        "channel": row.channel,
        "level": row.level.label,
        "about": row.about,
        "subject": row.subject,
        "due": instant(row.due),
        "created": instant(row.created),
        "attempts": row.attempts,
        "count": row.count or len(row.members),
        "note": row.note,
        "error": row.error,
    }


@command(app, "retry")
def retry(
    session: Session,
    keys: Annotated[list[str] | None, typer.Argument(metavar="[MESSAGE]...", help="Beginnings of keys.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every message that was given up.")] = False,
) -> None:
    """Try messages again that were given up; they go out under the same keys."""
    from playbooks.notify.delivery import retry as put_back

    if not keys and not everything:
        raise NotFoundError("no message was named", hint="kulla notify list --state dead, or --all")
    with session.open_store() as store:
        count = put_back(store, None if everything else keys, session.now())
    session.say(f"{count:,} messages are waiting again")
    session.hint("kulla notify send")


@command(app, "ack")
def acknowledge(
    session: Session,
    subject: Annotated[str, typer.Argument(metavar="ID", help="An incident or alert, or the beginning of its id.")],
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who takes it on.")],
) -> None:
    """Take an incident or alert on: nobody else is told that it waits."""
    from playbooks.notify.delivery import acknowledge as note

    with session.open_store() as store:
        try:
            number = store.alert(subject).id  # its digits alone may name an incident as well
        except NotFoundError:
            number = incident_named(session, store, subject).id
        first = note(store, number, by, session.now())
    session.say(f"{number} is with {by}" if first else f"{number} was taken on before")
    session.hint(f"kulla respond {number}")


@command(app, "test")
def test(
    session: Session,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="A channel of [notify.channels].")],
) -> None:
    """Send a test message through a channel now, and say whether it was taken."""
    from cli.notifying import notify_settings, open_channels
    from playbooks.notify.composing import Composer
    from playbooks.notify.outbox import row_key

    settings = notify_settings(session)
    setting = settings.channels.get(channel)
    if setting is None:
        names = ", ".join(settings.channels) or "none"
        raise NotFoundError(f"there is no channel {channel!r}", hint=f"[notify.channels] has {names}")
    now = session.now()
    key = row_key("test", channel, instant(now))
    open_channels(session, settings)[channel].send(Composer(lang=setting.lang).test(channel, key, now))
    session.say(f"{channel} has taken the message ({key[:12]})")


@command(app, "channels")
def channels(session: Session, fmt: Format = None, output: Output = None) -> None:
    """List the channels of the settings, and whether each can be opened (secrets, destinations)."""
    from cli.notifying import notify_settings, open_channels

    out = target(session, fmt, output)
    settings = notify_settings(session)
    rows: list[Row] = [
        {
            "channel": item.name,
            "kind": item.kind,
            "lang": item.lang,
            "routes": [route.name or "-" for route in settings.routes if item.name in route.channels],
        }
        for item in settings.channels.values()
    ]
    columns = tuple(Column(field=name, heading=name.capitalize()) for name in ("channel", "kind", "lang", "routes"))
    fields = ("channel", "kind", "lang", "routes")
    out.write(
        Listing(name="channels", title="Channels", columns=columns, rows=rows, fields=fields, empty="no channels")
    )
    open_channels(session, settings)
    session.hint("kulla notify test CHANNEL")
