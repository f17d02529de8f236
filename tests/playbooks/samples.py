"""Incidents, stores and clocks that the tests of playbooks share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from engine.alerts import Alert, Level, RuleInfo
from engine.entities import Entity
from engine.errors import StoreError
from engine.incidents.model import Incident
from engine.store.protocol import LedgerEntry

START = datetime(2022, 7, 15, 8, 30, tzinfo=UTC)

EVERYTHING = (
    Entity("host", "prt01.gov.example"),
    Entity("host", "SPWEB02"),
    Entity("user", "GOV\\a.hoxha"),
    Entity("user", "e.k'rasniqi@gov.example"),
    Entity("user", "PRT01$"),
    Entity("mailbox", "ministri@gov.example"),
    Entity("ip", "203.0.113.9"),
    Entity("ip", "10.1.2.3"),
    Entity("domain", "evil.example"),
    Entity("url", "/_layouts/15/pickers.aspx?x=1"),
    Entity("file", "C:\\inetpub\\wwwroot\\Dokumente të reja\\error4.aspx"),
    Entity("file", "/var/www/html/it's here $(id).php"),
    Entity("process", "C:\\Windows\\Temp\\cl.exe"),
    Entity("process", "C:\\Windows\\System32\\cmd.exe"),
    Entity("process", "/tmp/.x/kworker"),
    Entity("hash", "AB" * 32),
    Entity("service", "RawDisk3"),
)


def incident(*entities: Entity, **changes: object) -> Incident:
    """Return an incident about `entities` (all kinds where none is given)."""
    values: dict[str, object] = {
        "id": "inc-2022-0007",
        "title": "Wiper on the print server",
        "status": "open",
        "severity": Level.CRITICAL,
        "score": 10.0,
        "score_terms": (),
        "first_seen": START,
        "last_seen": START + timedelta(hours=2),
        "opened": START,
        "alerts": (),
        "joins": (),
        "entities": entities or EVERYTHING,
        "tactics": (),
        "techniques": (),
        "playbooks": (),
    }
    return Incident(**{**values, **changes})  # type: ignore[arg-type]


def alert(*, rule: str = "a rule", playbooks: tuple[str, ...] = ()) -> Alert:
    """Return an alert of a rule that names playbooks."""
    info = RuleInfo(id=rule, name=rule, level=Level.HIGH, version="1", playbooks=playbooks)
    return Alert(id="a1", timestamp=START, rule=info, events=(), why=(), fields={})


@dataclass
class Clock:
    """A clock that moves a second at each look."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class FakeStore:
    """The ledger of a store, in memory, that refuses a sequence number twice."""

    entries: list[LedgerEntry] = field(default_factory=list)

    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        taken = {entry.sequence for entry in self.entries}
        for entry in entries:
            if entry.sequence in taken:
                raise StoreError(f"sequence {entry.sequence} is taken")
        self.entries.extend(entries)

    def ledger(self) -> Iterator[LedgerEntry]:
        return iter(tuple(self.entries))
