"""Who is told what, as the table `[notify]` of `kulla.toml` says it: channels, routes, rosters, what is held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from engine.alerts import Level
from engine.tables import Table
from playbooks.notify.channel import kinds
from playbooks.notify.message import Lang

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROSTER = "roster:"
_HOUR = timedelta(hours=1)
_NEVER = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours of a day in a zone, on some days of the week; `until` before `since` goes past midnight."""

    since: time
    until: time
    zone: ZoneInfo
    days: frozenset[int] = frozenset(range(7))

    def holds(self, now: datetime) -> bool:
        """Tell whether the instant lies within; the hours after midnight belong to the day on which they began."""
        local = now.astimezone(self.zone)
        at, day = local.time(), local.weekday()
        if self.since < self.until:
            return day in self.days and self.since <= at < self.until
        return (day in self.days and at >= self.since) or ((day - 1) % 7 in self.days and at < self.until)

    def end(self, now: datetime) -> datetime:
        """Return when the hours that hold now are over (UTC)."""
        local = now.astimezone(self.zone)
        end = local.replace(hour=self.until.hour, minute=self.until.minute, second=0, microsecond=0)
        return (end if end > local else end + timedelta(days=1)).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetting:
    """One channel. At most `rate` messages go out within `per`; the rest goes into digests. `give_up` ends retries."""

    name: str
    kind: str
    table: Table
    lang: Lang
    rate: int
    per: timedelta
    quiet: Hours | None
    give_up: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which alerts are meant: all that agree with each list that is not empty (any of its words, in any case)."""

    rules: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Whom to tell when nobody has acknowledged it so long after it was planned."""

    after: timedelta
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who is told of what. `same` is how long alerts of the same rule and entities (`by`) count as one message."""

    name: str
    channels: tuple[str, ...]
    about: frozenset[str]
    level: Level
    scope: Scope
    same: timedelta
    by: tuple[str, ...]
    escalations: tuple[Escalation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Who is on duty at some hours."""

    hours: Hours
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is on duty: the first shift that holds, else the fallback."""

    shifts: tuple[Shift, ...]
    fallback: tuple[str, ...]

    def on_duty(self, now: datetime) -> tuple[str, ...]:
        """Return the channels of those on duty."""
        return next((shift.channels for shift in self.shifts if shift.hours.holds(now)), self.fallback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A reason to tell nobody: planned work (`maintenance`), or a `suppression`, which always has an end.

    It holds for events from `since` to `until`, or for `lasts` from each instant of `cron` on; alerts above `level` are
    told all the same.
    """

    name: str
    what: Literal["maintenance", "suppression"]
    owner: str
    reason: str
    scope: Scope
    level: Level
    since: datetime | None
    until: datetime | None
    cron: str
    lasts: timedelta
    zone: ZoneInfo

    def holds(self, at: datetime) -> bool:
        """Tell whether an event at this instant lies within."""
        if (self.since is not None and at < self.since) or (self.until is not None and at >= self.until):
            return False
        if not self.cron:
            return True
        if not 1970 < at.year < 9000:
            return False
        start = at.astimezone(self.zone) + timedelta(minutes=1)
        begun = next(CronSim(self.cron, start.replace(second=0, microsecond=0), reverse=True))
        return begun <= at < begun + self.lasts


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """Everything in `[notify]`. `allow` are the destinations, `link` is where incidents are read (`{id}`)."""

    channels: Mapping[str, ChannelSetting] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    allow: tuple[str, ...] = ()
    link: str = ""
    keep: timedelta = timedelta(days=90)
    health: tuple[str, ...] = ()
    dead_after: timedelta = timedelta(minutes=15)
    where: str = ""


def read_settings(values: object, where: str, *, lang: Lang = "en") -> NotifySettings:
    """Return what a table says; raise `ConfigurationError` with the key that is wrong."""
    table = Table(values, where, "notify")
    default = cast("Lang", table.word("lang", ("en", "sq"), lang))
    found = NotifySettings(
        channels={name: _channel(name, each, default) for name, each in _named(table, "channels")},
        routes=tuple(_route(each) for each in table.tables("routes")),
        rosters={name: _roster(each) for name, each in _named(table, "rosters")},
        holds=(
            *(_hold(each, "maintenance") for each in table.tables("maintenance")),
            *(_hold(each, "suppression") for each in table.tables("suppressions")),
        ),
        allow=table.texts("allow"),
        link=_link(table),
        keep=table.span("keep", timedelta(days=90)),
        health=table.texts("health"),
        dead_after=table.span("dead_after", timedelta(minutes=15)),
        where=where,
    )
    table.close()
    _check_names(table, found)
    return found


def _named(table: Table, key: str) -> list[tuple[str, Table]]:
    inner = table.table(key)
    return list(inner.named()) if inner else []


def _link(table: Table) -> str:
    link = table.text("link", "")
    try:
        valid = not link or (link.startswith("https://") and link.format(id="x") != link)
    except (KeyError, IndexError, ValueError):
        valid = False
    if not valid:
        raise table.error("link", "https://… with {id} in it is wanted")
    return link


def _check_names(table: Table, found: NotifySettings) -> None:
    """Every channel and roster that is named has to be there: a typing error must not keep anybody uninformed."""
    used = [*found.health]
    for route in found.routes:
        used += [*route.channels, *(name for step in route.escalations for name in step.channels)]
    for roster in found.rosters.values():
        used += [*roster.fallback, *(name for shift in roster.shifts for name in shift.channels)]
    for name in used:
        bare = name.removeprefix(ROSTER)
        if bare == name and name not in found.channels:
            raise table.error("channels", f"there is no channel {name!r}")
        if bare != name and bare not in found.rosters:
            raise table.error("channels", f"there is no roster {bare!r}")


def _channel(name: str, table: Table, lang: Lang) -> ChannelSetting:
    kind = table.word("kind", tuple(kinds()))
    quiet = table.text("quiet", "")
    zone = table.zone("zone")
    return ChannelSetting(
        name=name,
        kind=kind,
        table=table,
        lang=cast("Lang", table.word("lang", ("en", "sq"), lang)),
        rate=table.number("rate", 20, least=1, most=100_000),
        per=table.span("per", timedelta(minutes=10)),
        quiet=_hours(table, "quiet", quiet, zone) if quiet else None,
        give_up=table.span("give_up", timedelta(days=1)),
    )


def _route(table: Table) -> Route:
    about = table.texts("about", ("incidents",))
    for word in about:
        if word not in {"alerts", "incidents"}:
            raise table.error("about", "alerts, incidents or both are wanted")
    channels = table.texts("channels")
    if not channels:
        raise table.error("channels", "at least one channel is wanted")
    escalations = []
    for step in table.tables("escalate"):
        escalations.append(Escalation(after=step.span("after"), channels=step.texts("channels")))
        step.close()
    route = Route(
        name=table.text("name", ""),
        channels=channels,
        about=frozenset(about),
        level=table.level("level", Level.INFORMATIONAL),
        scope=_scope(table),
        same=table.span("same", _NEVER),
        by=table.texts("by", ("host.name", "user.name", "source.ip")),
        escalations=tuple(escalations),
    )
    table.close()
    return route


def _scope(table: Table) -> Scope:
    names = ("rules", "tags", "hosts", "users", "services", "datasets")
    return Scope(**{name: frozenset(word.casefold() for word in table.texts(name)) for name in names})


def _roster(table: Table) -> Roster:
    zone = table.zone("zone")
    shifts = []
    for each in table.tables("shifts"):
        days = each.texts("days", DAYS)
        if not set(days) <= set(DAYS):
            raise each.error("days", f"some of {', '.join(DAYS)} are wanted")
        hours = _hours(each, "hours", each.text("hours"), zone, frozenset(map(DAYS.index, days)))
        shifts.append(Shift(hours=hours, channels=each.texts("channels")))
        each.close()
    fallback = table.texts("fallback")
    if not fallback:
        raise table.error("fallback", "somebody has to be told when nobody is on duty")
    table.close()
    return Roster(shifts=tuple(shifts), fallback=fallback)


def _hours(table: Table, key: str, text: str, zone: ZoneInfo, days: frozenset[int] = frozenset(range(7))) -> Hours:
    try:
        since, until = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise table.error(key, "hours such as 22:00-06:00 are wanted") from None
    return Hours(since=since, until=until, zone=zone, days=days)


def _hold(table: Table, what: Literal["maintenance", "suppression"]) -> Hold:
    zone = table.zone("zone")
    cron = table.text("cron", "")
    hold = Hold(
        name=table.text("name"),
        what=what,
        owner=table.text("owner"),
        reason=table.text("reason"),
        scope=_scope(table),
        level=table.level("level", Level.HIGH),
        since=_moment(table, "since", zone),
        until=_moment(table, "until", zone),
        cron=cron,
        lasts=table.span("lasts", _HOUR) if cron else _NEVER,
        zone=zone,
    )
    table.close()
    if hold.until is None and (what == "suppression" or not cron):
        raise table.error("until", "an end is wanted: nothing is held back for ever")
    if cron:
        try:
            next(CronSim(cron, datetime(2026, 1, 1, tzinfo=zone), reverse=True))
        except (CronSimError, StopIteration) as error:
            raise table.error("cron", f"{cron!r} is no cron expression ({error})") from error
    return hold


def _moment(table: Table, key: str, zone: ZoneInfo) -> datetime | None:
    found = table.moment(key)
    if found is None:
        return None
    if not isinstance(found, datetime):  # a day: its midnight, for an end that of the next day
        found = datetime.combine(found + timedelta(days=1) if key == "until" else found, time())
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
