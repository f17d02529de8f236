"""PingOne: log-ins, and who changed which person, group or setting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def activity(kind: str, status: str = "SUCCESS", **more: object) -> str:
    return json.dumps(
        {
            "id": "a1",
            "recordedAt": "2024-03-05T09:12:44.518Z",
            "createdAt": "2024-03-05T09:12:45Z",
            "action": {"type": kind, "description": "x"},
            "actors": {"client": {"id": "c1", "name": "worker"}},
            "resources": [{"type": "GROUP", "id": "g1", "name": "m", "href": "https://api.example/v1/groups/g1"}],
            "result": {"status": status, "description": "done"},
            **more,
        }
    )


def seen(text: str) -> dict[str, Any]:
    return one("ping_one", text)


@pytest.mark.parametrize(
    ("kind", "category", "types"),
    [
        ("GROUP.CREATED", ("iam", "configuration"), ("creation", "group")),
        ("USER.DELETED", ("iam", "configuration"), ("deletion", "user")),
        ("APPLICATION.UPDATED", ("configuration",), ("change",)),
        ("PASSWORD.CHECK_FAILED", ("authentication",), ("start",)),
        ("SESSION.DELETED", ("authentication",), ("end",)),
    ],
)
def test_an_action_says_category_and_type(kind: str, category: tuple[str, ...], types: tuple[str, ...]) -> None:
    fields = seen(activity(kind))
    assert (fields["event.category"], fields["event.type"]) == (category, types)
    assert fields["event.action"] == kind.lower()


def test_a_program_that_did_it_is_the_client() -> None:
    fields = seen(activity("GROUP.CREATED"))
    assert (fields["client.user.id"], fields["client.user.name"]) == ("c1", "worker")
    assert (fields["url.domain"], fields["url.path"]) == ("api.example", "/v1/groups/g1")
    assert (fields["event.outcome"], fields["@timestamp"]) == ("success", at("2024-03-05T09:12:44.518"))


def test_a_failed_password_is_of_the_person_that_it_is_about() -> None:
    person = [{"type": "USER", "id": "u1", "name": "ana"}]
    fields = seen(
        activity(
            "PASSWORD.CHECK_FAILED",
            "FAILED",
            resources=person,
            source={"ipAddress": "192.0.2.8", "userAgent": "curl/8"},
        )
    )
    assert (fields["user.name"], fields["user.id"], fields["event.outcome"]) == ("ana", "u1", "failure")
    assert (fields["source.ip"], fields["user_agent.original"]) == ("192.0.2.8", "curl/8")


def test_a_person_who_did_it_is_the_user() -> None:
    fields = seen(activity("USER.UPDATED", actors={"user": {"id": "u7", "name": "eva"}}))
    assert (fields["user.id"], fields["user.name"]) == ("u7", "eva")


def test_it_is_known_by_its_fields() -> None:
    assert known_as(activity("USER.CREATED")) == "ping_one"
    assert known_as('{"action": {"name": "x"}, "actors": {}, "recordedAt": "2024", "result": {}}') != "ping_one"


def test_what_is_no_activity_is_a_dead_letter() -> None:
    events, dead = read("ping_one", activity("USER.CREATED") + '\n{"id": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)
