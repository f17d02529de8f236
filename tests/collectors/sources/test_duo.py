"""Cisco Duo: who logged in from where and how it ended, frauds that were told, administrators, messages and calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read
from tests.engine.sigma.rules import fires

_STAMP = {"isotimestamp": "2024-03-05T09:12:44+00:00", "timestamp": 1709629964}


def log_in(result: str, reason: str, **more: object) -> str:
    record: dict[str, Any] = {
        "event_type": "authentication",
        "result": result,
        "reason": reason,
        "factor": "duo_push",
        "email": "ana@portal.example",
        "user": {"name": "ana", "key": "DU1", "groups": ["officers"]},
        "application": {"key": "DI1", "name": "VPN"},
        "access_device": {"ip": "198.51.100.7", "browser": "Firefox", "os": "Linux", "location": {"city": "Tirana"}},
        "auth_device": {"ip": "192.0.2.9", "name": "phone"},
        **_STAMP,
    }
    return json.dumps(record | more)


def action(name: str, description: str = "", **more: object) -> str:
    record: dict[str, Any] = {"action": name, "description": description, "object": None, "username": "root", **_STAMP}
    return json.dumps(record | more)


@pytest.mark.parametrize(
    ("result", "reason", "outcome", "kind"),
    [
        ("success", "user_approved", "success", "event"),
        ("denied", "no_response", "failure", "event"),
        ("FAILURE", "user_mistake", "failure", "event"),
        ("fraud", "user_marked_fraud", "failure", "alert"),
    ],
)
def test_log_ins(result: str, reason: str, outcome: str, kind: str) -> None:
    fields = one("duo", log_in(result, reason))
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), outcome)
    assert (fields["event.kind"], fields["event.reason"]) == (kind, reason)
    assert (fields["user.name"], fields["user.id"], fields["source.ip"]) == ("ana", "DU1", "198.51.100.7")
    assert (fields["source.geo.city_name"], fields["service.name"]) == ("Tirana", "VPN")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_rule_for_bypasses_sees_them() -> None:
    source = {"product": "cisco", "service": "duo"}
    asked = {"selection": {"event_type": "authentication", "reason": "bypass_user"}, "condition": "selection"}
    assert fires(asked, one("duo", log_in("success", "bypass_user")), source=source)
    assert not fires(asked, one("duo", log_in("success", "user_approved")), source=source)


def test_an_administrator_who_is_refused() -> None:
    told = json.dumps({"ip_address": "198.51.100.7", "error": "wrong password", "email": "root@portal.example"})
    fields = one("duo", action("admin_login_error", told, username=""))
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), "failure")
    assert (fields["source.ip"], fields["event.reason"]) == ("198.51.100.7", "wrong password")
    assert (fields["user.email"], "user.name" in fields) == ("root@portal.example", False)


@pytest.mark.parametrize(
    ("name", "category", "kind"),
    [
        ("user_delete", "iam", ("user", "deletion")),
        ("bypass_create", "iam", ("user", "creation")),
        ("group_update", "iam", ("group", "change")),
        ("o2fa_user_deprovisioned", "iam", ("user", "deletion")),
        ("integration_delete", "configuration", ("deletion",)),
        ("policy_update", "configuration", ("change",)),
    ],
)
def test_what_is_changed(name: str, category: str, kind: tuple[str, ...]) -> None:
    fields = one("duo", action(name, "done", object="eva"))
    assert (fields["event.category"], fields["event.type"]) == ((category,), kind)
    assert (fields["event.action"], fields["event.reason"], fields["user.name"]) == (name, "done", "root")
    assert fields.get("user.target.name") == ("eva" if name == "user_delete" else None)


def test_a_description_that_is_no_object_is_text() -> None:
    assert one("duo", action("user_update", "{broken"))["event.reason"] == "{broken"


def test_messages_and_calls() -> None:
    record = {"context": "administrator login", "credits": 1, "phone": "+355000000", "type": "sms", **_STAMP}
    fields = one("duo", json.dumps(record))
    assert (fields["event.dataset"], fields["event.reason"]) == ("cisco_duo.telephony", "administrator login")


def test_it_is_recognised_and_odd_shapes_lose_nothing() -> None:
    for line in (log_in("success", "user_approved"), action("user_update")):
        assert known_as(line + "\n") == "duo"
    assert known_as('{"action": "x", "description": "y", "username": "z"}\n') != "duo"
    lines = "\n".join([log_in("success", "x", user="no object", access_device=[1]), '{"action": "us'])
    events, dead = read("duo", lines)
    assert (len(events), len(dead)) == (1, 1)
