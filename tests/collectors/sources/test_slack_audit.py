"""Slack's audit log: log-ins, accounts, files and anomalies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_ANA = {"id": "W1", "email": "ana@example.org", "name": "Ana"}


def event(action: str, entity: dict[str, object] | None = None, **more: object) -> str:
    return json.dumps(
        {
            "id": "e1",
            "date_create": 1709629964,
            "action": action,
            "actor": {"type": "user", "user": _ANA},
            "entity": entity or {"type": "user", "user": _ANA},
            "context": {"ip_address": "192.0.2.4", "ua": "curl/8", "location": {"domain": "gov"}},
            **more,
        }
    )


def seen(text: str) -> dict[str, Any]:
    return one("slack_audit", text)


@pytest.mark.parametrize(
    ("action", "kind", "outcome"),
    [
        ("user_login", "start", "success"),
        ("user_login_failed", "start", "failure"),
        ("user_logout", "end", "success"),
    ],
)
def test_log_ins_are_told_with_the_account(action: str, kind: str, outcome: str) -> None:
    fields = seen(event(action))
    assert fields["event.category"] == ("authentication",)
    assert (fields["event.type"], fields["event.outcome"]) == ((kind,), outcome)
    assert (fields["user.name"], fields["user.id"], fields["source.ip"]) == ("ana@example.org", "W1", "192.0.2.4")
    assert (fields["@timestamp"], fields["event.id"]) == (at("2024-03-05T09:12:44"), "e1")
    assert "user.target.id" not in fields


@pytest.mark.parametrize(
    ("action", "category", "kind"),
    [
        ("user_created", "iam", "creation"),
        ("user_deactivated", "iam", "deletion"),
        ("role_assigned", "iam", "change"),
        ("file_downloaded", "file", "access"),
        ("app_installed", "configuration", "creation"),
        ("pref.two_factor_auth_changed", "configuration", "change"),
    ],
)
def test_an_action_says_category_and_type(action: str, category: str, kind: str) -> None:
    fields = seen(event(action))
    assert (fields["event.category"], fields["event.type"]) == ((category,), (kind,))


def test_another_person_is_the_target_and_a_file_is_named() -> None:
    other = {"type": "user", "user": {"id": "W2", "email": "eva@example.org", "name": "Eva"}}
    assert seen(event("user_created", other))["user.target.email"] == "eva@example.org"
    assert (
        seen(event("file_downloaded", {"type": "file", "file": {"id": "F1", "name": "a.xls"}}))["file.name"] == "a.xls"
    )


def test_an_anomaly_is_an_alert() -> None:
    fields = seen(event("anomaly", details={"reason": ["tor", "excessive_downloads"]}))
    assert (fields["event.kind"], fields["event.reason"]) == ("alert", "tor, excessive_downloads")


def test_it_is_known_by_its_fields() -> None:
    assert known_as(event("user_login")) == "slack_audit"
    assert known_as('{"action": "x", "date_create": 1709629964, "actor": "y", "entity": "z"}') != "slack_audit"


def test_what_is_no_event_is_a_dead_letter() -> None:
    events, dead = read("slack_audit", event("user_login") + '\n{"action": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)
