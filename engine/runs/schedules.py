"""Schedules: which rules run when, by cron expressions, and which of them are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from engine.tables import Table

_NONE = timedelta()
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A rule set and its times. Lower `priority` runs first. `rules`, `level` and `status` narrow as in `kulla detect`.

    `limit` ends a run that takes longer (the next one goes on where it was); `rule_alerts` is how many alerts a rule
    may make in one run (what it does not look at is a gap). Zero is none.
    """

    name: str
    cron: str
    zone: ZoneInfo
    priority: int = 50
    rules: tuple[str, ...] = ()
    level: str = ""
    status: tuple[str, ...] = ()
    lateness: timedelta = _NONE
    limit: timedelta = _NONE
    rule_alerts: int = 0


def read_schedules(values: object, where: str) -> tuple[Schedule, ...]:
    """Return the schedules of the table `[schedules.NAME]`, by priority and name; raise `ConfigurationError`."""
    found = [_schedule(name, table) for name, table in Table(values, where, "schedules").named()]
    return tuple(sorted(found, key=lambda item: (item.priority, item.name)))


def _schedule(name: str, table: Table) -> Schedule:
    if not set(name) <= _NAME or name in {"", "default"}:
        raise table.error("name", "letters a to z, digits, - and _ are wanted, and not `default`")
    schedule = Schedule(
        name=name,
        cron=table.text("cron"),
        zone=table.zone("zone"),
        priority=table.number("priority", 50, most=1000),
        rules=table.texts("rules"),
        level=table.text("level", ""),
        status=table.texts("status"),
        lateness=table.span("lateness", _NONE),
        limit=table.span("limit", _NONE),
        rule_alerts=table.number("rule_alerts", 10_000, least=0, most=1_000_000),
    )
    table.close()
    try:
        CronSim(schedule.cron, datetime(2026, 1, 1, tzinfo=schedule.zone))
        latest(schedule, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise table.error("cron", f"{schedule.cron!r} is no cron expression ({error})") from error
    except StopIteration:
        raise table.error("cron", f"{schedule.cron!r} never comes") from None
    return schedule


def latest(schedule: Schedule, now: datetime) -> datetime:
    """Return the newest instant of the schedule that is not after `now` (UTC)."""
    minute = now.astimezone(schedule.zone).replace(second=0, microsecond=0, tzinfo=None)
    start = minute.replace(tzinfo=schedule.zone, fold=now.astimezone(schedule.zone).fold) + timedelta(minutes=1)
    return next(CronSim(schedule.cron, start, reverse=True)).astimezone(UTC)


def interval(schedule: Schedule, now: datetime) -> timedelta:
    """Return how long it is from the newest instant of the schedule to the one after it."""
    last = latest(schedule, now)
    following = next(CronSim(schedule.cron, last.astimezone(schedule.zone))).astimezone(UTC)
    return following - last


def is_due(schedule: Schedule, last: datetime | None, now: datetime) -> bool:
    """Tell whether the schedule has to run: `last` is the instant for which it ran last.

    Instants that were missed make one run: it looks at everything since the cursor. After a clock was put back, the
    schedule runs again by the new time.
    """
    return last is None or last > now or last < latest(schedule, now)
