"""Atlassian's audit logs: which product, who, what was done to whom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def event(key: str, action: str, *, area: str = "", category: str = "", **more: object) -> str:
    document = {
        "affectedObjects": [],
        "auditType": {"action": action, "actionI18nKey": key, "area": area, "category": category},
        "author": {"id": "2", "name": "ana", "type": "user"},
        "source": "192.0.2.3,198.51.100.9",
        "system": "http://wiki.example:8090",
        "timestamp": {"epochSecond": 1709629964, "nano": 888000000},
    }
    return json.dumps(document | more)


def seen(text: str) -> dict[str, Any]:
    return one("atlassian", text)


@pytest.mark.parametrize(
    ("key", "product"),
    [
        ("jira.auditing.group.created", "jira"),
        ("bitbucket.service.project.audit.action.x", "bitbucket"),
        ("audit.logging.summary.page.x", "confluence"),
    ],
)
def test_the_actions_key_tells_the_product(key: str, product: str) -> None:
    fields = seen(event(key, "x"))
    assert (fields["event.dataset"], fields["event.module"]) == (f"atlassian_{product}.audit", f"atlassian_{product}")
    assert f"{product}.audit.author.id" in fields
    assert fields[f"{product}.audit.type.action"] == "x"


@pytest.mark.parametrize(
    ("action", "area", "category", "types"),
    [
        ("Group created", "USER_MANAGEMENT", ("iam",), ("group", "creation")),
        ("User deleted", "USER_MANAGEMENT", ("iam",), ("user", "deletion")),
        ("Project deletion requested", "LOCAL_CONFIG_AND_ADMINISTRATION", ("configuration",), ("deletion",)),
        ("Global permission granted", "PERMISSIONS", ("configuration",), ("change",)),
        ("Page viewed", "END_USER_ACTIVITY", None, ("access",)),
    ],
)
def test_an_action_says_category_and_type(action: str, area: str, category: tuple[str] | None, types: object) -> None:
    fields = seen(event("jira.auditing.x", action, area=area))
    assert (fields["event.category"] or None, fields["event.type"]) == (category, types)


@pytest.mark.parametrize(
    ("key", "kind", "outcome"),
    [
        ("bitbucket.service.user.audit.action.authenticationfailure", "start", "failure"),
        ("jira.auditing.user.login.successful", "start", "success"),
        ("jira.auditing.user.logout", "end", "success"),
    ],
)
def test_log_ins_are_told(key: str, kind: str, outcome: str) -> None:
    fields = seen(event(key, "x"))
    assert fields["event.category"] == ("authentication",)
    assert (fields["event.type"], fields["event.outcome"]) == ((kind,), outcome)


def test_who_did_it_from_where_and_to_whom() -> None:
    fields = seen(event("jira.x", "Group membership added", affectedObjects=[
        {"type": "GROUP", "name": "admins", "id": "g1"}, {"type": "USER", "name": "eva", "id": "7"},
    ]))  # fmt: skip
    assert (fields["user.name"], fields["user.id"], fields["source.ip"]) == ("ana", "2", "192.0.2.3")
    assert (fields["group.name"], fields["user.target.name"], fields["user.target.id"]) == ("admins", "eva", "7")
    assert (fields["service.address"], fields["@timestamp"]) == (
        "http://wiki.example:8090",
        at("2024-03-05T09:12:44.888"),
    )


def test_confluences_author_has_account_and_full_name() -> None:
    author = {"id": "c0", "name": "Ana Hoxha", "uri": "http://wiki.example/admin/viewuser.action?username=ana&x=1"}
    fields = seen(event("audit.x", "x", author=author))
    assert (fields["user.name"], fields["user.full_name"]) == ("ana", "Ana Hoxha")


def test_the_form_with_type_and_a_stamp_of_text_is_read() -> None:
    document = json.loads(event("atlassian.audit.x", "Audit Log search performed", category="Auditing"))
    document["type"], document["timestamp"] = document.pop("auditType"), "2024-03-05T09:12:44.280Z"
    fields = seen(json.dumps(document))
    assert (fields["event.type"], fields["@timestamp"]) == (("info",), at("2024-03-05T09:12:44.280"))
    assert known_as(json.dumps(document)) == "atlassian"


def test_what_is_no_audit_event_is_a_dead_letter() -> None:
    events, dead = read("atlassian", event("jira.x", "x") + '\n{"author": {}}\n')
    assert (len(events), len(dead)) == (1, 1)
