"""An incident with alerts, and small CACAO workflows, for the tests of the formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from engine.alerts import Alert, EventRef, Level, RuleInfo
from engine.entities import Entity
from engine.incidents.model import Moment
from playbooks.standards.case import Case
from tests.playbooks.samples import START, alert, incident

HOSTILE = "x' OR '1'='1] \\' \u202e\n\x00{{host}}"


def case(*extra: Entity) -> Case:
    """Return an incident of two alerts on one machine, with `extra` entities."""
    first = _alert("a1", 0, {"host.name": "web01.gov.example", "source.ip": "203.0.113.9", "user.name": "GOV\\a.hoxha"})
    second = _alert("a2", 5, {"host.name": "web01.gov.example", "file.path": "C:\\Temp\\x' y.aspx"})
    timeline = (
        _moment("a1", 0, "T1190", "initial-access", "request by a.hoxha"),
        _moment("a2", 5, "T1505.003", "persistence", "file written"),
    )
    entities = (
        Entity("host", "web01.gov.example"),
        Entity("user", "GOV\\a.hoxha"),
        Entity("mailbox", "a.hoxha@gov.example"),
        Entity("ip", "203.0.113.9"),
        Entity("ip", "10.1.2.3"),
        Entity("domain", "evil.example"),
        Entity("domain", "portal.gov.example"),
        Entity("file", "C:\\Temp\\x' y.aspx"),
        Entity("hash", "AB" * 32),
        *extra,
    )
    found = incident(
        *entities,
        alerts=("a1", "a2"),
        timeline=timeline,
        techniques=("T1190", "T1505.003"),
        tactics=("initial-access", "persistence"),
        playbooks=("web-shell", "not-there"),
    )
    return Case(incident=found, alerts=(first, second), producer="CSIRT Example")


def _alert(number: str, minutes: int, fields: Mapping[str, Any]) -> Alert:
    event = EventRef(id=f"e-{number}", timestamp=START, source="x:1", original="raw line of a.hoxha")
    rule = RuleInfo(id=number, name=f"rule {number}", level=Level.HIGH, version="1")
    return replace(
        alert(), id=number, rule=rule, timestamp=START + timedelta(minutes=minutes), events=(event,), fields=fields
    )


def _moment(number: str, minutes: int, technique: str, tactic: str, summary: str) -> Moment:
    return Moment(
        timestamp=START + timedelta(minutes=minutes),
        alert_id=number,
        rule_id=number,
        rule_name=f"rule {number}",
        level=Level.HIGH,
        host="web01.gov.example",
        summary=summary,
        tactics=(tactic,),
        techniques=(technique,),
    )


def node(kind: str, name: str) -> str:
    """Return the id of a node of a workflow."""
    return f"{kind}--{uuid5(NAMESPACE_URL, name)}"


def action(name: str, following: str, **more: object) -> dict[str, object]:
    """Return an action that leads to `following`."""
    return {
        "type": "action",
        "name": name,
        "commands": [{"type": "manual", "command": f"do {name}"}],
        "agent": node("group", "us"),
        "on_completion": following,
        **more,
    }


def foreign(workflow: Mapping[str, object], first: str, **more: object) -> dict[str, object]:
    """Return a playbook that begins with the node `first` of `workflow`."""
    start = node("start", "start")
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": node("playbook", "p"),
        "name": "Foreign",
        "created_by": node("identity", "i"),
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": start,
        "workflow": {start: {"type": "start", "on_completion": first}, **workflow},
        "agent_definitions": {node("group", "us"): {"type": "group", "name": "us"}},
        **more,
    }
