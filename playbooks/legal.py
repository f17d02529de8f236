"""Legal clocks: what must have been sent when, from deadlines that are data (kulla's own files, and the user's).

A deadline counts from awareness, or from another deadline: from when that paper was sent, else from when it was due. It
is never moved because it falls on a holiday: the earlier hour is the safe one. Steps of playbooks name deadlines by
their ids. Sources: `playbooks/deadlines/` (NIS2 23(4), GDPR 33 and 34, Albania's laws 25/2024 and 124/2024).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Literal, cast

from engine.tables import span_of
from engine.yaml_document import DocumentError, Value, read_document
from playbooks.document import read_text
from playbooks.texts import Text

Where = Literal["always", "personal-data", "high-risk"]
State = Literal["running", "overdue", "sent", "sent-late", "no-hour"]
AWARENESS = "awareness"
NO_HOUR = "no hour"
_KEYS = ("id", "title", "to", "basis", "from", "within", "where")
_WHERE = ("always", "personal-data", "high-risk")
_MONTHS = re.compile(r"([1-9][0-9]?) months?")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One deadline: what, to whom, by which rule, counted from what.

    `start` is `awareness` or another deadline's id. `within` and `months` are both empty where no hour is named
    ("without undue delay"). `place` is the `file:line` it was written at.
    """

    id: str
    title: Text
    to: Text
    basis: str
    start: str
    within: timedelta | None
    months: int
    where: Where
    place: str

    def due(self, start: datetime) -> datetime | None:
        """Return the latest instant, None where no hour is named."""
        if self.months:
            return months_after(start, self.months)
        return None if self.within is None else start + self.within


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A deadline of one incident: when it ends, and when its paper was sent (by which ledger record)."""

    rule: Rule
    due: datetime | None
    sent: datetime | None = None
    record: int = 0

    def state(self, now: datetime) -> State:
        """Return where it stands at `now`."""
        if self.sent is not None:
            return "sent-late" if self.due is not None and self.sent > self.due else "sent"
        if self.due is None:
            return "no-hour"
        return "overdue" if now > self.due else "running"


@cache
def own_rules() -> tuple[Rule, ...]:
    """Return the deadlines that kulla carries."""
    folder = resources.files("playbooks") / "deadlines"
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name)
    return checked(rule for item in files for rule in read_rules(item.read_bytes(), item.name))


def known_clocks() -> tuple[str, ...]:
    """Return the ids of the deadlines that a step may name."""
    return tuple(rule.id for rule in own_rules())


def read_rules(content: bytes, file: str) -> tuple[Rule, ...]:
    """Return the deadlines of one YAML file; raise `DocumentError` for its first problem."""
    root = read_document(content, file).mapping(required=("deadlines",))
    return tuple(_rule(item) for item in root["deadlines"].items())


def checked(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules, later ones in place of earlier ones of the same id.

    Raise `DocumentError` where one counts from what is not there, or in the end from itself.
    """
    found = {rule.id: rule for rule in rules}
    for rule in found.values():
        seen, start = {rule.id}, rule.start
        while start != AWARENESS:
            if start not in found or start in seen:
                why = "counts from itself" if start in seen else f"counts from `{start}`, which is no deadline"
                raise DocumentError(f"`{rule.id}` {why}", where=rule.place, hint="from: awareness")
            seen.add(start)
            start = found[start].start
    return tuple(found.values())


def _rule(item: Value) -> Rule:
    entries = item.mapping(required=_KEYS)
    name = entries["id"].text()
    if not _ID.fullmatch(name) or name == AWARENESS:
        raise entries["id"].error(f"`{name}` is no id", "small letters, digits and hyphens")
    within, months = _span(entries["within"])
    return Rule(
        id=name,
        title=read_text(entries["title"]),
        to=read_text(entries["to"]),
        basis=entries["basis"].text(),
        start=entries["from"].text(),
        within=within,
        months=months,
        where=cast("Where", entries["where"].choice(_WHERE)),
        place=entries["id"].where,
    )


def _span(value: Value) -> tuple[timedelta | None, int]:
    word = value.text()
    if word == NO_HOUR:
        return None, 0
    if months := _MONTHS.fullmatch(word):
        return None, int(months[1])
    span = span_of(word)
    if span is None:
        raise value.error(f"`{word}` is no time", f"24h, 3d, 2w, 1 month or {NO_HOUR}")
    return span, 0


def clocks(
    rules: Sequence[Rule], aware: datetime, sent: Mapping[str, tuple[datetime, int]] | None = None
) -> tuple[Clock, ...]:
    """Return the clocks of an incident, the earliest first, those without an hour last.

    `sent` says by a deadline's id when its paper went out, and which ledger record says so. Raise `ValueError` for an
    instant without its zone.
    """
    done = sent or {}
    if aware.tzinfo is None or any(at.tzinfo is None for at, _ in done.values()):
        raise ValueError("an instant without its time zone cannot start a legal clock")
    known = {rule.id: rule for rule in rules}

    def started(name: str) -> datetime:
        if name == AWARENESS:
            return aware
        if name in done:
            return done[name][0]
        begun = started(known[name].start)
        return known[name].due(begun) or begun

    found = [
        Clock(
            rule=rule,
            due=rule.due(started(rule.start)),
            sent=done[rule.id][0] if rule.id in done else None,
            record=done[rule.id][1] if rule.id in done else 0,
        )
        for rule in rules
    ]
    last = max((clock.due for clock in found if clock.due), default=aware)
    return tuple(sorted(found, key=lambda clock: (clock.due is None, clock.due or last, clock.rule.id)))


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same day so many calendar months on, or the last of a month that has no such day (31 January)."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
