"""Entra ID: who signed in, people and applications alike, and which group an account joined."""

from __future__ import annotations

import json

import pytest

from tests.collectors.reading import one

STAMP = "2024-03-05T09:12:44Z"


def test_a_sign_in_has_the_name_that_other_logs_know() -> None:
    record = {
        "time": STAMP,
        "category": "SignInLogs",
        "operationName": "Sign-in activity",
        "resultType": "50126",
        "properties": {"userPrincipalName": "anna@gov.example", "userId": "u1", "userDisplayName": "Anna A"},
    }
    fields = one("entra", json.dumps(record))
    assert (fields["user.name"], fields["user.domain"]) == ("anna", "gov.example")
    assert (fields["user.full_name"], fields["user.email"]) == ("Anna A", "anna@gov.example")


def test_an_application_that_signs_in_by_itself_is_read() -> None:
    record = {
        "createdDateTime": STAMP,
        "servicePrincipalId": "sp1",
        "servicePrincipalName": "Sync",
        "appId": "a9",
        "ipAddress": "203.0.113.66",
        "status": {"errorCode": 0},
    }
    fields = one("entra", json.dumps(record))
    assert (fields["user.id"], fields["user.name"], fields["source.ip"]) == ("sp1", "Sync", "203.0.113.66")
    assert fields["event.outcome"] == "success"


@pytest.mark.parametrize("category", ["ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"])
def test_a_service_principal_is_who_signs_in(category: str) -> None:
    record = {
        "time": STAMP,
        "category": category,
        "operationName": "Sign-in activity",
        "resultType": "7000215",
        "callerIpAddress": "203.0.113.66",
        "properties": {"userId": None, "servicePrincipalId": "sp1", "servicePrincipalName": "Backup", "appId": "a9"},
    }
    fields = one("entra", json.dumps(record))
    assert (fields["user.id"], fields["user.name"], fields["event.outcome"]) == ("sp1", "Backup", "failure")
    assert (fields["source.ip"], fields["related.user"]) == ("203.0.113.66", ["Backup"])


def test_a_sign_in_without_a_prompt_is_the_users() -> None:
    person = {"userPrincipalName": "anna@gov.example", "userId": "u1", "servicePrincipalId": "sp1"}
    record = {"time": STAMP, "category": "NonInteractiveUserSignInLogs", "operationName": "x", "properties": person}
    fields = one("entra", json.dumps(record))
    assert (fields["user.id"], fields["user.name"]) == ("u1", "anna")


def test_the_group_that_an_account_joined_is_named() -> None:
    user = {"id": "u2", "type": "User", "userPrincipalName": "eva@gov.example"}
    group = {"id": "g1", "type": "Group", "displayName": "Admins"}
    record = {
        "activityDisplayName": "Add member to group",
        "activityDateTime": STAMP,
        "initiatedBy": {"user": {"id": "u0", "userPrincipalName": "admin@gov.example"}},
        "targetResources": [user, group],
    }
    for targets in ([user, group], [group, user]):
        fields = one("entra", json.dumps(record | {"targetResources": targets}))
        assert (fields["user.target.name"], fields["user.target.group.name"]) == ("eva@gov.example", "Admins")
    oneself = {"id": "u0", "type": "User", "userPrincipalName": "admin@gov.example"}
    fields = one("entra", json.dumps(record | {"targetResources": [oneself, group]}))
    assert (fields["user.email"], fields["user.target.group.name"]) == ("admin@gov.example", "Admins")
    fields = one("entra", json.dumps(record | {"targetResources": [group]}))
    assert "user.target.group.name" not in fields
