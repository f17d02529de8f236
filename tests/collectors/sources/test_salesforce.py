"""Salesforce: log-ins in both forms, and what administrators set up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def logged(kind: str = "Login", **more: object) -> str:
    return json.dumps(
        {
            "EVENT_TYPE": kind,
            "ORGANIZATION_ID": "00D",
            "TIMESTAMP": "20240305091244.591",
            "TIMESTAMP_DERIVED": "2024-03-05T09:12:44.591Z",
            "USER_ID_DERIVED": "005A",
            "SOURCE_IP": "192.0.2.2",
            **more,
        }
    )


def seen(text: str) -> dict[str, Any]:
    return one("salesforce", text)


@pytest.mark.parametrize(
    ("status", "outcome"), [("LOGIN_NO_ERROR", "success"), ("LOGIN_ERROR_INVALID_PASSWORD", "failure")]
)
def test_a_log_in_has_account_address_and_outcome(status: str, outcome: str) -> None:
    fields = seen(logged(LOGIN_STATUS=status, USER_NAME="ana@example.org", TLS_PROTOCOL="TLSv1.2", URI="/index.jsp"))
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), outcome)
    assert (fields["user.name"], fields["user.id"], fields["source.ip"]) == ("ana@example.org", "005A", "192.0.2.2")
    assert (fields["tls.version"], fields["event.url"]) == ("1.2", "/index.jsp")
    assert (fields["@timestamp"], fields["event.dataset"]) == (at("2024-03-05T09:12:44.591"), "salesforce.login_rest")
    assert fields.get("event.reason") == (None if outcome == "success" else status)


def test_a_streamed_log_in_is_read_alike() -> None:
    fields = seen(
        json.dumps(
            {
                "EventIdentifier": "e1",
                "EventDate": "2024-03-05T09:12:44.000Z",
                "LoginKey": "k",
                "LoginType": "Application",
                "Status": "Invalid Password",
                "Username": "ana@example.org",
                "UserId": "005A",
                "SourceIp": "192.0.2.2",
                "CountryIso": "AL",
            }
        )
    )
    assert (fields["event.dataset"], fields["event.outcome"]) == ("salesforce.login_stream", "failure")
    assert (fields["event.reason"], fields["source.geo.country_iso_code"]) == ("Invalid Password", "AL")


def test_a_log_out_ends_the_session() -> None:
    fields = seen(logged("Logout"))
    assert (fields["event.type"], fields["event.action"]) == (("info", "end"), "logout")


@pytest.mark.parametrize(
    ("action", "section", "category", "kind"),
    [
        ("createdUser", "Manage Users", "iam", "creation"),
        ("deletedProfile", "Manage Users", "iam", "deletion"),
        ("changedCompanySetting", "Company Information", "configuration", "change"),
    ],
)
def test_set_up_says_category_and_type(action: str, section: str, category: str, kind: str) -> None:
    document = {
        "Id": "1",
        "Action": action,
        "Section": section,
        "Display": "what was done",
        "CreatedDate": "2024-03-05T09:12:44.000+0000",
        "CreatedById": "005B",
    }
    fields = seen(json.dumps(document))
    assert (fields["event.category"], fields["event.type"]) == ((category,), (kind,))
    assert (fields["user.id"], fields["event.reason"]) == ("005B", "what was done")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_other_kinds_of_events_are_kept() -> None:
    fields = seen(logged("ApexExecution"))
    assert (fields["event.dataset"], fields["event.action"]) == ("salesforce.event", "apexexecution")
    assert known_as(logged()) == "salesforce"


def test_what_is_no_event_is_a_dead_letter() -> None:
    events, dead = read("salesforce", logged() + '\n{"EVENT_TYPE": "Login"}\n')
    assert (len(events), len(dead)) == (1, 1)
