"""Mattermost's audit log in both of its forms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def flat(event: str, status: str = "success") -> str:
    return json.dumps(
        {
            "timestamp": "2024-03-05 09:12:44.051 Z",
            "event": event,
            "status": status,
            "user_id": "u1",
            "session_id": "s1",
            "ip_address": "192.0.2.4",
            "api_path": "/api/v4/config",
            "client": "curl/8",
        }
    )


def nested(event: str, status: str = "success") -> str:
    return json.dumps(
        {
            "timestamp": "2024-03-05 09:12:44.051 Z",
            "event_name": event,
            "status": status,
            "actor": {"user_id": "u1", "session_id": "s1", "client": "curl/8", "ip_address": "192.0.2.4"},
            "event": {"parameters": {}},
            "meta": {"api_path": "/api/v4/config", "cluster_id": "c"},
            "error": {"description": "no"} if status == "fail" else {},
        }
    )


@pytest.mark.parametrize("form", [flat, nested])
def test_both_forms_say_the_same(form: Any) -> None:
    fields = one("mattermost", form("updateConfig"))
    assert (fields["event.category"], fields["event.type"]) == (("configuration",), ("change",))
    assert (fields["user.id"], fields["source.ip"], fields["url.path"]) == ("u1", "192.0.2.4", "/api/v4/config")
    assert (fields["event.outcome"], fields["user_agent.original"]) == ("success", "curl/8")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.051")
    assert known_as(form("updateConfig")) == "mattermost"


@pytest.mark.parametrize(
    ("event", "category", "kind"),
    [
        ("login", "authentication", "start"),
        ("logout", "authentication", "end"),
        ("createUser", "iam", "creation"),
        ("revokeSession", "iam", "deletion"),
        ("updateUserRoles", "iam", "change"),
        ("uploadFile", "file", "creation"),
        ("getConfig", "configuration", "access"),
    ],
)
def test_an_event_says_category_and_type(event: str, category: str, kind: str) -> None:
    fields = one("mattermost", nested(event, "fail"))
    assert (fields["event.category"], fields["event.type"]) == ((category,), (kind,))
    assert (fields["event.outcome"], fields["error.message"]) == ("failure", "no")


def test_what_is_no_event_is_a_dead_letter() -> None:
    events, dead = read("mattermost", flat("login") + '\n{"event": "login"}\n')
    assert (len(events), len(dead)) == (1, 1)
