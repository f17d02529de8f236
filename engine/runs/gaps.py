"""Gaps: what could not be looked at completely, with the reason, until it was.

A gap of sequences (`first` to `last`) is filled by looking at these events again. A gap of time alone (nothing ran, a
source was silent) is closed by what follows it, and stays on record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from engine.events import instant
from engine.store.protocol import Missing, Record, Store

GAP = "gap"
GapKind = Literal["unreadable", "not running", "silent source", "rule limit", "left out"]
_PROBES = 3  # gaps that a run looks at before it leaves the others to the next
_BETWEEN = 50_000  # events between two gaps that are read together
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One gap of the run `name`. `subject` is what it is about (a source, a rule), `since` and `until` its time.

    `attempts` counts how often it was tried to fill it, `retry` says when it is tried next; `closed` when it was
    closed. `version` is that of its record.
    """

    name: str
    kind: GapKind
    reason: str
    noticed: datetime
    first: int = 0
    last: int = 0
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    closed: datetime | None = None
    attempts: int = 0
    retry: datetime | None = None
    version: int = 0

    @property
    def key(self) -> str:
        """Return what it is stored under."""
        if self.last:
            return f"{self.name}/{self.first}-{self.last}/{self.subject}"
        return f"{self.name}/{self.kind}/{self.subject}/{instant(self.since) if self.since else ''}"

    @property
    def is_open(self) -> bool:
        """Tell whether it has not been closed."""
        return self.closed is None


def gap_record(gap: Gap) -> Record:
    """Write a gap as a record."""
    moments = {name: getattr(gap, name) for name in ("noticed", "since", "until", "closed")}
    body = {
        **{name: getattr(gap, name) for name in ("name", "kind", "reason", "first", "last", "subject", "attempts")},
        **{name: None if moment is None else instant(moment) for name, moment in moments.items()},
    }
    state, due = ("open", gap.retry or gap.noticed) if gap.is_open else ("closed", gap.closed)
    return Record(
        kind=GAP, key=gap.key, state=state, due=due, body=json.dumps(body, sort_keys=True), version=gap.version
    )


def gap_of(record: Record) -> Gap:
    """Read a gap back."""
    body = json.loads(record.body)
    moments = {name: _moment(body[name]) for name in ("since", "until", "closed")}
    noticed = datetime.fromisoformat(body["noticed"])
    gap = Gap(**{**body, **moments, "noticed": noticed}, version=record.version)
    return replace(gap, retry=record.due if gap.is_open else None)


def unreadable(name: str, missing: Iterable[Missing], now: datetime) -> list[Record]:
    """Return the records of gaps for what a run could not read, or a rule over its limit did not look at."""
    return [
        gap_record(
            Gap(
                name=name,
                kind="rule limit" if each.subject else "unreadable",
                reason=each.reason,
                subject=each.subject,
                noticed=now,
                first=each.first_sequence,
                last=each.last_sequence,
            )
        )
        for each in missing
    ]


def note(store: Store, name: str, missing: Iterable[Missing], now: datetime) -> None:
    """Keep what a look at known events could not read as gaps; those that were closed before are open again."""
    records = unreadable(name, missing, now)
    known = {record.key: record.version for record in store.records(GAP, keys=[record.key for record in records])}
    store.save_records([replace(record, version=known.get(record.key, 0)) for record in records])


def waiting(store: Store, name: str, due: datetime | None) -> list[Gap]:
    """Return the open gaps of a name whose events can be looked at again and whose time has come; None for all.

    A gap that is to wait longer than any does was put off by a clock that has since been put right.
    """
    if due is None:
        records = store.records(GAP, state="open")
    else:  # those that rest, which may be many, are not even read
        records = [
            *store.records(GAP, state="open", due_by=due),
            *store.records(GAP, state="open", due_after=due + _LONGEST_PAUSE),
        ]
    return [gap for gap in map(gap_of, records) if gap.name == name and gap.last]


def joined(gaps: Sequence[Gap], between: int = 0) -> list[tuple[int, int, list[Gap]]]:
    """Return spans of sequences that cover these gaps, each with its gaps: neighbours are read together.

    At most `between` events lie between neighbours; to look at these again is cheaper than to read gaps one by one.
    """
    spans: list[tuple[int, int, list[Gap]]] = []
    for gap in sorted(gaps, key=lambda item: (item.first, item.last)):
        if spans and gap.first <= spans[-1][1] + 1 + between:
            first, last, held = spans[-1]
            spans[-1] = (first, max(last, gap.last), [*held, gap])
        else:
            spans.append((gap.first, gap.last, [gap]))
    return spans


def look_again(
    gaps: Sequence[Gap], look: Callable[[int, int, Sequence[Gap]], bool], *, all_of_them: bool = False
) -> None:
    """Look again at gaps; `look` is given a span of sequences with its gaps, and tells whether any was closed.

    The first few are looked at one by one: where they are still missing, so are most of the others, which are left to
    the next run (but not with `all_of_them`). Else neighbours are read together.
    """
    left, closed = list(gaps), all_of_them
    for gap in [] if all_of_them else left[:_PROBES]:
        if closed:
            break
        left.remove(gap)
        closed = look(gap.first, gap.last, [gap])
    for first, last, held in joined(left, _BETWEEN) if closed else ():
        look(first, last, held)


def tried(gap: Gap, missing: Sequence[Missing], now: datetime) -> Gap:
    """Return the gap after its events were looked at: closed, or open with the next attempt further away."""
    lacks = [
        each
        for each in missing
        if each.first_sequence <= gap.last and each.last_sequence >= gap.first and each.subject in {"", gap.subject}
    ]
    if not lacks:
        return replace(gap, closed=now, attempts=gap.attempts + 1, retry=None)
    pause = min(_FIRST_PAUSE * 2 ** min(gap.attempts, 10), _LONGEST_PAUSE)
    return replace(gap, reason=lacks[0].reason, attempts=gap.attempts + 1, retry=now + pause)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
