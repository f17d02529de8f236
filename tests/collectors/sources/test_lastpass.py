"""LastPass: log-ins, changes, accounts and shared folders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def event(action: str) -> dict[str, str]:
    return {"Action": action, "IP_Address": "192.0.2.4", "Time": "2024-03-05 09:12:44", "Username": "ana@example.org"}


_USER = {"id": "101", "username": "ana@example.org", "fullname": "Ana Hoxha", "mpstrength": "100",
         "neverloggedin": False, "groups": ["Admins"]}  # fmt: skip
_FOLDER = {"id": "7", "sharedfoldername": "Shared", "users": {"username": "ana@example.org"}}


def seen(document: object) -> dict[str, Any]:
    return one("lastpass", json.dumps(document))


@pytest.mark.parametrize(
    ("action", "category", "types", "outcome"),
    [
        ("Failed Login Attempt", "authentication", ("access", "start"), "failure"),
        ("Log in", "authentication", ("access", "start"), "success"),
        ("Master Password Changed", "iam", ("change",), None),
        ("Employee Account Deleted", "iam", ("deletion",), None),
        ("Site Accessed", "iam", ("access",), None),
    ],
)
def test_an_action_says_what_was_done(action: str, category: str, types: object, outcome: str | None) -> None:
    fields = seen(event(action))
    assert (fields["event.category"], fields["event.type"], fields.get("event.outcome")) == (
        (category,),
        types,
        outcome,
    )
    assert (fields["user.name"], fields["source.ip"]) == ("ana@example.org", "192.0.2.4")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_accounts_and_folders_are_states() -> None:
    user, folder = seen(_USER), seen(_FOLDER)
    assert (user["event.kind"], user["user.full_name"], user["user.group.name"]) == ("state", "Ana Hoxha", ["Admins"])
    assert (folder["event.kind"], folder["user.email"]) == ("state", "ana@example.org")


@pytest.mark.parametrize("document", [event("Log in"), _USER, _FOLDER])
def test_each_is_known(document: object) -> None:
    assert known_as(json.dumps(document)) == "lastpass"


def test_what_is_none_of_them_is_a_dead_letter() -> None:
    events, dead = read("lastpass", json.dumps(_USER) + '\n{"Action": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)
