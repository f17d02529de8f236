"""Authelia: both forms of its log say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_TIME = "2024-03-05T10:12:44+01:00"


def forms(message: str, **more: str) -> tuple[str, str]:
    document = {"level": "error", "method": "POST", "msg": message, "path": "/api/firstfactor",
                "remote_ip": "198.51.100.7", "time": _TIME} | more  # fmt: skip
    escaped = message.replace("\\", "\\\\").replace('"', '\\"')
    extra = "".join(f' {name}="{value}"' for name, value in more.items())
    text = f'time="{_TIME}" level=error msg="{escaped}" method=POST path=/api/firstfactor remote_ip=198.51.100.7{extra}'
    return json.dumps(document), text


def both(message: str, **more: str) -> dict[str, Any]:
    first, second = (one("authelia", form) for form in forms(message, **more))
    differing = {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}
    assert not {name for name in differing if name not in {"event.original", "event.id"}}
    return first


@pytest.mark.parametrize(
    ("message", "outcome", "factor"),
    [
        ("Unsuccessful 1FA authentication attempt by user 'eva': user not found", "failure", "1FA"),
        ("Unsuccessful TOTP authentication attempt by user 'eva'", "failure", "TOTP"),
        ("Successful Duo authentication attempt made by user 'eva'", "success", "Duo"),
    ],
)
def test_attempts(message: str, outcome: str, factor: str) -> None:
    fields = both(message)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], outcome)
    assert (fields["user.name"], fields["source.ip"], fields["authelia.factor"]) == ("eva", "198.51.100.7", factor)
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_name_changes_neither_the_address_nor_the_outcome() -> None:
    fields = both("Unsuccessful 1FA authentication attempt by user 'x\" remote_ip=192.0.2.9 y=\"'")
    assert (fields["source.ip"], fields["event.outcome"]) == ("198.51.100.7", "failure")


def test_refused_access_and_unknown_names() -> None:
    refused = both("Access to https://tax.gov.example/x (method GET) is not authorized to user <anonymous>, responding "
                   "with status code 302 with location redirect to https://id.gov.example/")  # fmt: skip
    assert (refused["event.type"], refused["url.domain"]) == (["access", "denied"], "tax.gov.example")
    assert "user.name" not in refused
    unknown = both(
        "Error occurred getting details for user with username input 'eva' which usually indicates they do not exist",
        error="user not found",
    )
    assert (unknown["event.outcome"], unknown["event.reason"]) == ("failure", "user not found")


def test_it_is_recognised_and_a_line_of_others_is_a_dead_letter() -> None:
    for form in forms("Unsuccessful 1FA authentication attempt by user 'eva'"):
        assert known_as(form) == "authelia"
    assert known_as('time="2024" level=info msg="another program" a=b') == "keyvalue"
    events, dead = read("authelia", 'no line of it\n{"level": 3}\n')
    assert (events, len(dead)) == ([], 2)
