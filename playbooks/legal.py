"""Legal clocks: when an authority or the persons concerned must have been told, counted from awareness.

Sources: Directive (EU) 2022/2555 (NIS2), Article 23(4); Regulation (EU) 2016/679 (GDPR), Articles 33 and 34.
Albania's laws 25/2024 (cyber security) and 124/2024 (personal data) follow them; where a national rule is shorter, it
goes before these.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from playbooks.texts import Text

Clock = Literal["nis2-early-warning", "nis2-notification", "nis2-final-report", "gdpr-authority", "gdpr-persons"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One legal duty: what must be sent, to whom and when, and where that is written.

    `within` counts from awareness; None stands for one calendar month after the notification (NIS2's final report)
    or for "without undue delay" (`undated`).
    """

    clock: Clock
    title: Text
    basis: str
    within: timedelta | None
    undated: bool = False


DUTIES: dict[Clock, Duty] = {
    "nis2-early-warning": Duty(
        clock="nis2-early-warning",
        title=Text(
            en="Early warning to the cyber-security authority (is it malicious, does it cross borders)",
            sq="Paralajmërim i hershëm te autoriteti i sigurisë kibernetike (a është me dashje, a kalon kufijtë)",
        ),
        basis="NIS2 23(4)(a)",
        within=timedelta(hours=24),
    ),
    "nis2-notification": Duty(
        clock="nis2-notification",
        title=Text(
            en="Incident notification to the cyber-security authority (severity, impact, indicators)",
            sq="Njoftim i incidentit te autoriteti i sigurisë kibernetike (rëndësia, ndikimi, treguesit)",
        ),
        basis="NIS2 23(4)(b)",
        within=timedelta(hours=72),
    ),
    "nis2-final-report": Duty(
        clock="nis2-final-report",
        title=Text(
            en="Final report to the cyber-security authority, one month after the notification",
            sq="Raporti përfundimtar te autoriteti i sigurisë kibernetike, një muaj pas njoftimit",
        ),
        basis="NIS2 23(4)(d)",
        within=None,
    ),
    "gdpr-authority": Duty(
        clock="gdpr-authority",
        title=Text(
            en="Notification of a personal data breach to the data protection authority",
            sq="Njoftim i cenimit të të dhënave personale te autoriteti i mbrojtjes së të dhënave",
        ),
        basis="GDPR 33(1)",
        within=timedelta(hours=72),
    ),
    "gdpr-persons": Duty(
        clock="gdpr-persons",
        title=Text(
            en="Word to the persons concerned where their risk is high, without undue delay",
            sq="Njoftim i personave të prekur kur rreziku për ta është i lartë, pa vonesë të paarsyeshme",
        ),
        basis="GDPR 34(1)",
        within=None,
        undated=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A duty with its latest instant; `due` is None where the law names no hour ("without undue delay")."""

    duty: Duty
    due: datetime | None

    def remaining(self, now: datetime) -> timedelta | None:
        """Return the time left at `now` (negative when it has passed), None where no hour is named."""
        return None if self.due is None else self.due - now

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether the hour has passed."""
        return self.due is not None and now > self.due


def month_after(moment: datetime) -> datetime:
    """Return the same day of the next calendar month, or its last day where it has no such day (31 January)."""
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def deadline(clock: Clock, aware: datetime, *, notified: datetime | None = None) -> Deadline:
    """Return the deadline of one clock. Instants must carry their time zone (`ValueError` otherwise).

    The final report's month starts with the notification: `notified` when it was sent, else its own latest instant.
    """
    if aware.tzinfo is None or (notified is not None and notified.tzinfo is None):
        raise ValueError("an instant without its time zone cannot start a legal clock")
    duty = DUTIES[clock]
    if duty.within is not None:
        return Deadline(duty=duty, due=aware + duty.within)
    if duty.undated:
        return Deadline(duty=duty, due=None)
    latest = DUTIES["nis2-notification"].within or timedelta()
    return Deadline(duty=duty, due=month_after(notified or aware + latest))


def deadlines(aware: datetime, *, notified: datetime | None = None) -> tuple[Deadline, ...]:
    """Return all deadlines, the earliest first, those without an hour last."""
    found = [deadline(clock, aware, notified=notified) for clock in DUTIES]
    dated = [(item.due, item.duty.clock, item) for item in found if item.due is not None]
    return (*(item for _, _, item in sorted(dated, key=lambda row: row[:2])), *(i for i in found if i.due is None))
