"""An incident with one thing of each kind, in names kept for examples, to fill a playbook with before any happens."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.alerts import Level
from engine.entities import Entity
from engine.incidents.model import Incident

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ENTITIES = (
    Entity("host", "srv01.gov.example"),
    Entity("user", "GOV\\a.example"),
    Entity("mailbox", "a.example@gov.example"),
    Entity("ip", "203.0.113.1"),
    Entity("ip", "10.0.0.1"),
    Entity("domain", "attacker.example"),
    Entity("url", "/example.aspx"),
    Entity("file", "C:\\inetpub\\wwwroot\\example.aspx"),
    Entity("file", "/var/www/html/example.php"),
    Entity("process", "C:\\Windows\\Temp\\example.exe"),
    Entity("process", "/opt/example/run"),
    Entity("hash", "0" * 64),
    Entity("service", "example"),
)


def example_incident() -> Incident:
    """Return the incident."""
    return Incident(
        id="example",
        title="example",
        status="open",
        severity=Level.HIGH,
        score=0.0,
        score_terms=(),
        first_seen=_WHEN,
        last_seen=_WHEN,
        opened=_WHEN,
        alerts=(),
        joins=(),
        entities=ENTITIES,
        tactics=(),
        techniques=(),
        playbooks=(),
    )
