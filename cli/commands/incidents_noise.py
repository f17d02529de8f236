"""`kulla incidents noise`: what was held back as usual, and why; the least usual first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cli.document import Column, Listing
from cli.options import Format, Output, Since, Until, command, window
from cli.output import target
from cli.session import Session
from cli.views import SHORT, to_the_minute
from engine.errors import UsageError
from engine.events import instant

if TYPE_CHECKING:
    from engine.alerts import Alert
    from engine.incidents.noise import Judgement

_FIELDS = ("rule.level", "rule.name", "place", "held", "a_day", "first", "last", "reason", "rule.id", "alerts")
_COLUMNS = (
    Column(field="rule.level", heading="Level", whole=True),
    Column(field="held", heading="Held back", number=True),
    Column(field="a_day", heading="A day", number=True),
    Column(field="last", heading="Last (UTC)", whole=True, derive=to_the_minute("last")),
    Column(field="place", heading="Where"),
    Column(field="rule.name", heading="Rule"),
)
_ORDERS = ("rarity", "count", "level")


def register_noise(app: typer.Typer) -> None:
    """Add the command to `kulla incidents`."""
    command(app, "noise")(noise)


def noise(
    session: Session,
    *,
    since: Since = None,
    until: Until = None,
    order: Annotated[
        str, typer.Option("--order", metavar="BY", help="rarity (the least usual first), count or level.")
    ] = "rarity",
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List what was held back as usual, by rule and place: how often it fires there, since when, and the alerts.

    Nothing is lost by being held back: the alerts are stored, and shown in incidents that were under way around them.
    """
    from engine.incidents.noise import held_back, judge

    if order not in _ORDERS:
        raise UsageError(f"no such order: {order}", where="--order", hint=", ".join(_ORDERS))
    out = target(session, fmt, output)
    span = window(session, since, until)
    with session.open_store() as store:
        alerts = store.alerts(before=span.before)
        made_of = {alert for item in store.incidents() for alert in item.core}
    judged = judge(alerts)
    held = [
        item
        for item in held_back(judged, alerts)
        if item.id not in made_of and (span.since is None or item.timestamp >= span.since)
    ]
    rows = _rows(held, judged, order)
    listing = Listing(
        name="noise",
        title="Held back",
        columns=_COLUMNS,
        rows=rows,
        fields=_FIELDS,
        empty="nothing was held back",
    )
    out.write(listing)
    session.say(f"{len(held):,} of {len(alerts):,} alerts are held back")
    session.hint(f"kulla alerts show {held[0].id[:SHORT]}" if held else "kulla incidents list")


def _rows(held: Iterable[Alert], judged: Mapping[str, Judgement], order: str) -> list[dict[str, object]]:
    """Return one row for each rule and place, in the order asked for."""
    series: dict[tuple[str, str], list[Alert]] = {}
    for alert in held:  # the least usual first
        series.setdefault((alert.rule.id, judged[alert.id].place), []).append(alert)
    groups = list(series.values())
    if order == "count":
        groups.sort(key=len, reverse=True)
    if order == "level":
        groups.sort(key=lambda items: items[0].rule.level, reverse=True)
    return [_row(items, judged) for items in groups]


def _row(items: list[Alert], judged: Mapping[str, Judgement]) -> dict[str, object]:
    ordered = sorted(items, key=lambda item: (item.timestamp, item.id))
    latest = judged[ordered[-1].id]
    return {
        "rule.level": ordered[-1].rule.level.label,
        "rule.name": ordered[-1].rule.name,
        "rule.id": ordered[-1].rule.id,
        "place": latest.place,
        "held": len(ordered),
        "a_day": float(f"{1 / latest.days:.3g}"),
        "first": instant(ordered[0].timestamp),
        "last": instant(ordered[-1].timestamp),
        "reason": latest.reason,
        "alerts": [item.id for item in ordered],
    }
