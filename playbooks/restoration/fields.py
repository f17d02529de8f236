"""One service's entries as text with their place, whatever file they come from; and the service made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast

from engine.errors import ConfigurationError
from playbooks.restoration.model import (
    CONTAMINATIONS,
    STEPS,
    Contamination,
    LegalDate,
    Service,
    Step,
    Weekdays,
    Work,
)
from playbooks.texts import Text

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LISTS = ("depends_on", "legal")
NAMES: tuple[str, ...] = (
    *("id", "name_en", "name_sq", "owner", "criticality", "users", *(f"users_{day}" for day in DAYS)),
    *("legal", "rto_hours", "rpo_hours", "depends_on", "contamination"),
    *(f"{step}_{part}" for step in STEPS for part in ("skill", "hours")),
    *("health_command", "health_expected", "backup_taken", "backup_place", "fallback_en", "fallback_sq"),
)
MOST_HOURS = 2000.0
MOST_USERS = 10**9
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_NUMBER = re.compile(r"[0-9]{1,10}(\.[0-9]{1,6})?")
_LEGAL = re.compile(
    r"(?:(?P<monthly>monthly) (?P<monthday>[0-9]{1,2})|yearly (?P<month>[0-9]{2})-(?P<yearday>[0-9]{2})"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}))(?:: ?(?P<what>.{1,200}))?"
)


class CatalogueError(ConfigurationError):
    """A catalogue or a crew file that does not say what it must: `where` is `file:line (entry)`."""


class RefusedError(CatalogueError):
    """A file with faults: it says the first one, and `others` are the rest, in the order in which they were found."""

    def __init__(self, faults: Sequence[ConfigurationError]) -> None:
        super().__init__(faults[0].message, where=faults[0].where, hint=faults[0].hint)
        self.others = tuple(faults[1:])


@dataclass(frozen=True, slots=True)
class Field:
    """The words of one entry (several only for lists), and where they stand."""

    words: tuple[str, ...]
    where: str

    def error(self, message: str, hint: str) -> CatalogueError:
        """Return an error about this entry."""
        return CatalogueError(message, where=self.where, hint=hint)

    @property
    def text(self) -> str:
        """Return the entry as one text."""
        return " ".join(self.words)

    def number(self, most: float) -> float:
        """Return a number from 0 to `most`."""
        if not _NUMBER.fullmatch(self.text) or float(self.text) > most:
            raise self.error(f"`{self.text}` is no number from 0 to {most:g}", "write it with digits, as in 0.5")
        return float(self.text)


class Entries:
    """The entries of one service; `where` is the place of the whole."""

    def __init__(self, fields: Mapping[str, Field], where: str) -> None:
        self._fields = {name: field for name, field in fields.items() if field.text.strip()}
        self.where = where

    def get(self, name: str) -> Field | None:
        """Return an entry, None where it is absent or empty."""
        return self._fields.get(name)

    def need(self, name: str, example: str) -> Field:
        """Return an entry that has to be there."""
        found = self._fields.get(name)
        if found is None:
            raise CatalogueError(f"lacks `{name}`", where=self.where, hint=f"add {name}, for example {example}")
        return found

    def text(self, name: str) -> str:
        """Return an entry's text, empty where it is absent."""
        found = self._fields.get(name)
        return found.text if found else ""


def service_of(entries: Entries, place: int) -> Service:
    """Return the service that the entries describe; raise `CatalogueError` with the place of what is wrong."""
    contamination = _contamination(entries)
    service = Service(
        id=_identifier(entries.need("id", "vat-return")),
        name=Text(
            en=entries.need("name_en", '"VAT return"').text, sq=entries.need("name_sq", '"Deklarimi i TVSH-së"').text
        ),
        owner=entries.need("owner", '"Tax administration"').text,
        criticality=_criticality(entries.need("criticality", "3")),
        users=_users(entries),
        work=_work(entries),
        depends_on=_dependencies(entries.get("depends_on")),
        legal=_legal(entries.get("legal")),
        rto=_span(entries.get("rto_hours")),
        rpo=_span(entries.get("rpo_hours")),
        health_command=entries.text("health_command"),
        health_expected=entries.text("health_expected"),
        backup_taken=_instant(entries.get("backup_taken")),
        backup_place=entries.text("backup_place"),
        contamination=contamination,
        fallback=_fallback(entries),
        place=place,
        where=entries.where,
    )
    _reviewed(service, entries)
    return service


def _reviewed(service: Service, entries: Entries) -> None:
    """Refuse what does not fit together: clean-before-live needs a way to get clean, a check its expected answer."""
    if service.contamination == "contaminated" and "restore" not in service.work:
        raise CatalogueError(
            f"`{service.id}` is contaminated and nothing restores it",
            where=entries.where,
            hint="add restore_skill and restore_hours: nothing goes live before it is clean",
        )
    if bool(service.health_command) != bool(service.health_expected):
        raise CatalogueError(
            f"`{service.id}` has half a health check",
            where=entries.where,
            hint="health_command and health_expected belong together",
        )


def _identifier(field: Field) -> str:
    if not _ID.fullmatch(field.text):
        raise field.error(
            f"`{field.text[:60]}` is no id", "letters, digits, `.`, `_`, `/`, `-`; a letter or digit first"
        )
    return field.text


def _criticality(field: Field) -> int:
    if field.text not in {"1", "2", "3", "4", "5"}:
        raise field.error(f"criticality `{field.text[:20]}` is none", "1 (can wait) to 5 (lives depend on it)")
    return int(field.text)


def _users(entries: Entries) -> Weekdays:
    whole = entries.get("users")
    if whole is not None:
        return (round(whole.number(MOST_USERS)),) * 7
    days = [entries.get(f"users_{day}") for day in DAYS]
    if not any(days):
        entries.need("users", "1200, or users by weekday (mon to sun)")
    return cast("Weekdays", tuple(round(day.number(MOST_USERS)) if day else 0 for day in days))


def _work(entries: Entries) -> dict[Step, Work]:
    found: dict[Step, Work] = {}
    for step in STEPS:
        skill, hours = entries.get(f"{step}_skill"), entries.get(f"{step}_hours")
        if step == "restore" and skill is None and hours is None:
            continue
        skill = skill or entries.need(f"{step}_skill", "security")
        hours = hours or entries.need(f"{step}_hours", "0.5")
        minutes = -(-round(hours.number(MOST_HOURS) * 60 * 1000) // 1000)
        if minutes == 0:
            raise hours.error(f"{step} takes no time", "at least 0.02 hours: somebody has to do it")
        found[step] = Work(skill=skill.text, minutes=minutes)
    return found


def _dependencies(field: Field | None) -> tuple[str, ...]:
    if field is None:
        return ()
    for word in field.words:
        if field.words.count(word) > 1:
            raise field.error(f"depends on `{word}` twice", "name it once")
    return tuple(sorted(field.words))


def _legal(field: Field | None) -> tuple[LegalDate, ...]:
    return tuple(_legal_date(field, word) for word in field.words) if field else ()


def _legal_date(field: Field, word: str) -> LegalDate:
    hint = "`monthly 14: VAT`, `yearly 03-31: income tax` or `2026-03-31`"
    found = _LEGAL.fullmatch(word.strip())
    if found is None:
        raise field.error(f"`{word[:60]}` is no legal date", hint)
    what = (found["what"] or "").strip()
    try:
        if found["monthly"]:
            date(2000, 1, int(found["monthday"]))
            return LegalDate(day=int(found["monthday"]), what=what)
        if found["date"]:
            day = date.fromisoformat(found["date"])
            return LegalDate(day=day.day, month=day.month, year=day.year, what=what)
        date(2000, int(found["month"]), int(found["yearday"]))
        return LegalDate(day=int(found["yearday"]), month=int(found["month"]), what=what)
    except ValueError:
        raise field.error(f"`{word[:60]}` names no day of a calendar", hint) from None


def _span(field: Field | None) -> int | None:
    return round(field.number(MOST_HOURS * 10) * 60) if field else None


def _instant(field: Field | None) -> datetime | None:
    if field is None:
        return None
    try:
        stamp = datetime.fromisoformat(field.text)
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise field.error(f"`{field.text[:40]}` is no instant", "2026-03-09T02:00:00+01:00") from None


def _contamination(entries: Entries) -> Contamination:
    field = entries.get("contamination")
    if field is None:
        return "unknown"
    if field.text not in CONTAMINATIONS:
        raise field.error(f"`{field.text[:30]}` is no state of contamination", f"one of: {', '.join(CONTAMINATIONS)}")
    return field.text


def _fallback(entries: Entries) -> Text | None:
    if entries.get("fallback_en") is None and entries.get("fallback_sq") is None:
        return None
    return Text(en=entries.need("fallback_en", '"paper form"').text, sq=entries.need("fallback_sq", '"formular"').text)
