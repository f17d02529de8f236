"""Planning: which rows of the outbox new alerts and changed incidents make, and which of them are held back, and why.

Rows are written in the transaction of their alert, so that none is lost and none is made twice. What is held back stays
in the outbox with its reason, and repeated alerts are counted and told as a number: nothing is silent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from engine.alerts import Alert, Level
from engine.events import Value, instant, texts
from engine.incidents.model import Incident
from engine.store.protocol import Record, Store
from playbooks.notify.outbox import Row, row_key, to_record
from playbooks.notify.settings import NotifySettings, Route, Scope

SAME = "same"
_FIELDS = {"hosts": "host.name", "users": "user.name", "services": "service.name", "datasets": "event.dataset"}
_KINDS = {"hosts": "host", "users": "user", "services": "service"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repeats:
    """Alerts of one rule and entities for one channel: the first one, which was told, and how many more there were."""

    key: str
    first: str
    at: datetime
    channel: str
    level: Level
    held: int
    due: datetime
    version: int


class Planner:
    """A `Messenger` (see `engine.runs.running`) over a store."""

    def __init__(self, settings: NotifySettings, store: Store, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._now = now

    def for_alerts(self, alerts: Sequence[Alert]) -> Sequence[Record]:
        """Return the rows for alerts that the store does not know yet."""
        routes = [route for route in self._settings.routes if "alerts" in route.about]
        pairs = [(alert, route) for alert in alerts for route in routes if _meant(alert, route)]
        if not pairs:
            return ()
        repeats = self._repeats(pairs)
        rows: dict[str, Row] = {}
        for alert, route in pairs:
            for row in self._rows_of(alert, route, repeats, rows):
                rows.setdefault(row.key, row)
        return [*map(to_record, rows.values()), *(_repeats_record(item) for item in repeats.values())]

    def _rows_of(self, alert: Alert, route: Route, repeats: dict[str, _Repeats], known: Mapping[str, Row]) -> list[Row]:
        now = self._now()
        held = self._held(alert)
        rows: list[Row] = []
        for channel in route.channels:
            row = _row("alert", alert.id, channel, alert.rule.level, now, route)
            if row.key in known:
                continue
            if held:
                row = replace(row, state="held", note=held)
            elif route.same:
                row, more = _same(row, alert, route, repeats)
                rows += [more] if more else []
            rows.append(row)
        return [*rows, *(_escalated(rows, route, now) if any(row.state == "pending" for row in rows) else [])]

    def _held(self, alert: Alert) -> str:
        for hold in self._settings.holds:
            if alert.rule.level <= hold.level and _fits(alert, hold.scope) and hold.holds(alert.timestamp):
                return f"{hold.what} {hold.name} ({hold.owner}): {hold.reason}"
        return ""

    def _repeats(self, pairs: Sequence[tuple[Alert, Route]]) -> dict[str, _Repeats]:
        keys = {_same_key(alert, route, channel) for alert, route in pairs if route.same for channel in route.channels}
        return {record.key: _repeats_of(record) for record in self._store.records(SAME, keys=keys)} if keys else {}

    def for_incidents(self, incidents: Sequence[Incident]) -> Sequence[Record]:
        """Return the rows for incidents: one when an incident is opened, one more each time it becomes worse."""
        now = self._now()
        rows: dict[str, Row] = {}
        for incident in incidents:
            if incident.status == "closed":
                continue
            held = self._incident_held(incident)
            for route in self._settings.routes:
                if "incidents" not in route.about or not _incident_meant(incident, route):
                    continue
                part = incident.severity.label
                made = [
                    replace(_row("incident", incident.id, channel, incident.severity, now, route, part), note=held)
                    for channel in route.channels
                ]
                made = [replace(row, state="held") if held else row for row in made]
                made += [] if held else _escalated(made, route, now)
                for row in made:
                    rows.setdefault(row.key, row)
        return [to_record(row) for row in rows.values()]

    def _incident_held(self, incident: Incident) -> str:
        for hold in self._settings.holds:
            moments = (incident.first_seen, incident.last_seen)
            if (
                incident.severity <= hold.level
                and _incident_fits(incident, hold.scope)
                and all(map(hold.holds, moments))
            ):
                return f"{hold.what} {hold.name} ({hold.owner}): {hold.reason}"
        return ""


def _row(  # noqa: PLR0917 # what makes its key, in this order, then when and by which route
    about: str, subject: str, channel: str, level: Level, now: datetime, route: Route, part: str = ""
) -> Row:
    return Row(
        key=row_key(about, subject, channel, part),
        state="pending",
        about=about,
        subject=subject,
        channel=channel,
        level=level,
        created=now,
        due=now,
        route=route.name,
    )


def _escalated(rows: Sequence[Row], route: Route, now: datetime) -> list[Row]:
    """Return the rows of those who are told later if nobody acknowledges."""
    if not rows:
        return []
    first = rows[-1]
    return [
        replace(
            first,
            key=row_key(first.about, first.subject, channel, f"{first.level.label}/escalation {number}"),
            state="pending",
            note="",
            channel=channel,
            due=now + step.after,
            unless_acknowledged=True,
        )
        for number, step in enumerate(route.escalations, start=1)
        for channel in step.channels
    ]


def _same(row: Row, alert: Alert, route: Route, repeats: dict[str, _Repeats]) -> tuple[Row, Row | None]:
    """Return the row, held where an alert like it was told; with it the count of an earlier series that ends here."""
    key = _same_key(alert, route, row.channel)
    known = repeats.get(key)
    if known is not None and known.first != alert.id and abs(alert.timestamp - known.at) <= route.same:
        repeats[key] = replace(known, held=known.held + 1)
        return replace(row, state="held", note=f"the same as {known.first[:12]}, which was told"), None
    more = more_row(known, row.created) if known is not None and known.held and known.first != alert.id else None
    if known is None or known.first != alert.id:
        repeats[key] = _Repeats(
            key=key,
            first=alert.id,
            at=alert.timestamp,
            channel=row.channel,
            level=row.level,
            held=0,
            due=row.created + route.same,
            version=known.version if known else 0,
        )
    return row, more


def more_row(item: _Repeats, now: datetime) -> Row:
    """Return the row that tells how many more there were."""
    return Row(
        key=row_key("more", item.first, item.channel),
        state="pending",
        about="more",
        subject=item.first,
        channel=item.channel,
        level=item.level,
        created=now,
        due=now,
        count=item.held,
    )


def ended_series(store: Store, now: datetime) -> list[Record]:
    """Return what is to be saved for series of repeats whose time is over: their counts, told."""
    records: list[Record] = []
    for record in store.records(SAME, state="open", due_by=now):
        item = _repeats_of(record)
        if item.held:
            records.append(to_record(more_row(item, now)))
        records.append(replace(record, state="closed"))
    return records


def _repeats_record(item: _Repeats) -> Record:
    body = {"first": item.first, "at": instant(item.at), "channel": item.channel, "level": int(item.level)}
    return Record(
        kind=SAME,
        key=item.key,
        state="open",
        due=item.due,
        body=json.dumps({**body, "held": item.held}),
        version=item.version,
    )


def _repeats_of(record: Record) -> _Repeats:
    body = json.loads(record.body)
    at = datetime.fromisoformat(body["at"])
    return _Repeats(
        key=record.key,
        first=body["first"],
        at=at,
        channel=body["channel"],
        level=Level(body["level"]),
        held=body["held"] if record.state == "open" else 0,
        due=record.due or at,
        version=record.version,
    )


def _same_key(alert: Alert, route: Route, channel: str) -> str:
    parts = [channel, alert.rule.id]
    for name in route.by:
        parts += [name, *sorted(value.casefold() for value in texts(alert.fields.get(name)))]
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _meant(alert: Alert, route: Route) -> bool:
    return alert.rule.level >= route.level and _fits(alert, route.scope)


def _fits(alert: Alert, scope: Scope) -> bool:
    names = {alert.rule.id.casefold(), alert.rule.name.casefold()}
    if scope.rules and not scope.rules & names:
        return False
    if scope.tags and not scope.tags & {tag.casefold() for tag in alert.rule.tags}:
        return False
    return all(_has(getattr(scope, key), alert.fields.get(name)) for key, name in _FIELDS.items())


def _has(wanted: frozenset[str], value: Value | None) -> bool:
    return not wanted or any(text.casefold() in wanted for text in texts(value))


def _incident_meant(incident: Incident, route: Route) -> bool:
    return incident.severity >= route.level and _incident_fits(incident, route.scope)


def _incident_fits(incident: Incident, scope: Scope) -> bool:
    rules = {word.casefold() for line in incident.timeline for word in (line.rule_id, line.rule_name)}
    if scope.rules and not scope.rules & rules:
        return False
    tags = {f"attack.{word}".casefold() for word in (*incident.tactics, *incident.techniques)}
    if scope.tags and not scope.tags & tags:
        return False
    found = {
        key: {each.value.casefold() for each in incident.entities if each.kind == kind} for key, kind in _KINDS.items()
    }
    return all(not (wanted := getattr(scope, key)) or bool(wanted & found[key]) for key in _KINDS)
