"""Alerts for tests of incidents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from engine.alerts import Alert, EventRef, Level, RuleInfo, Verdict
from engine.events import Value

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def alert(
    seconds: float,
    fields: Mapping[str, Value],
    *,
    number: int | None = None,
    rule: str = "r",
    level: str = "medium",
    tags: tuple[str, ...] = (),
    playbooks: tuple[str, ...] = (),
    verdict: Verdict | None = None,
) -> Alert:
    """Make an alert `seconds` after START; its id is `a` and its number (the seconds where none is given)."""
    moment = START + timedelta(seconds=seconds)
    name = f"a{int(seconds) if number is None else number}"
    info = RuleInfo(id=rule, name=f"rule {rule}", level=Level.parse(level), version="1", tags=tags, playbooks=playbooks)
    reference = EventRef(id=f"e-{name}", timestamp=moment, source="x.log:1", original="x")
    return Alert(
        id=name, timestamp=moment, rule=info, events=(reference,), why=(), fields=dict(fields), verdict=verdict
    )
