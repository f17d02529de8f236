"""Alerts: what a rule found, in which events, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from hashlib import sha256
from typing import Literal

from engine.events import Value


class Level(IntEnum):
    """Sigma's rule levels, ordered."""

    INFORMATIONAL = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """Return the level as Sigma writes it."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Level:
        """Return the level called `word`; raise `ValueError` where there is none."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"no such level: {word}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """What is told of a rule beside its logic. `version` is a hash of the rule's content; `path` is `file:line`."""

    id: str
    name: str
    level: Level
    version: str
    status: str = ""
    description: str = ""
    path: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    playbooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One predicate that held: field (ECS), predicate as Sigma writes it (`endswith \\cmd.exe`), and the value seen."""

    field: str
    predicate: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRef:
    """An event that an alert rests on. `source` is `path:number`; `original` is the raw text (or its hash)."""

    id: str
    timestamp: datetime | None
    source: str
    original: str


Verdict = Literal["true-positive", "false-positive", "benign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One finding. `fields` holds the entity fields (host, user, addresses, process, URL) of the events.

    `timestamp` is the event time (of the last event, for a correlation), never the time of the run.
    """

    id: str
    timestamp: datetime
    rule: RuleInfo
    events: tuple[EventRef, ...]
    why: tuple[Reason, ...]
    fields: Mapping[str, Value]
    verdict: Verdict | None = None
    verdict_why: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has judged the alert yet."""
        return self.verdict is None


def alert_id(rule_id: str, rule_version: str, event_ids: tuple[str, ...]) -> str:
    """Return the deterministic id of an alert: 32 hex digits of SHA-256 over rule, rule version and events.

    Each part is length-prefixed, so that no two different inputs join to the same text.
    """
    return id_of(framed((rule_id, rule_version, *event_ids)))


def framed(parts: Iterable[str]) -> bytes:
    """Return the parts of an id, each length-prefixed, so that pieces framed apart may be put together."""
    return b"".join([len(part).to_bytes(4, "big") + part for part in map(str.encode, parts)])


def id_of(parts: bytes) -> str:
    """Return the id of an alert whose framed rule, rule version and events these are (see `alert_id`)."""
    return sha256(parts).hexdigest()[:32]
