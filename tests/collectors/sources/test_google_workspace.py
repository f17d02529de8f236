"""Google Workspace: log-ins with outcome and who, what administrators change, files, devices, alerts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def parameters(values: dict[str, object]) -> list[dict[str, object]]:
    kinds = {str: "value", bool: "boolValue", list: "multiValue"}
    return [{"name": name, kinds[type(value)]: value} for name, value in values.items()]


def activity(application: str, action: str, values: dict[str, object] | None = None, **more: object) -> dict[str, Any]:
    record: dict[str, Any] = {
        "kind": "admin#reports#activity",
        "id": {
            "time": "2024-03-05T09:12:44.123Z",
            "uniqueQualifier": "-88",
            "applicationName": application,
            "customerId": "C0x",
        },
        "actor": {"callerType": "USER", "email": "ana.kola@portal.example", "profileId": "1077"},
        "ipAddress": "198.51.100.7",
        "events": [{"type": "some_type", "name": action, "parameters": parameters(values or {})}],
    }
    return record | more


def seen(*arguments: Any, **more: object) -> dict[str, Any]:
    return one("google_workspace", json.dumps(activity(*arguments, **more)))


@pytest.mark.parametrize(
    ("application", "action", "outcome"),
    [
        ("login", "login_failure", "failure"),
        ("login", "login_success", "success"),
        ("saml", "login_failure", "failure"),
        ("saml", "login_success", "success"),
        ("chrome", "CHROME_OS_LOGIN_EVENT", "success"),
        ("chrome", "CHROME_OS_LOGIN_FAILURE_EVENT", "failure"),
        ("token", "authorize", "success"),
    ],
)
def test_a_log_in_says_who_from_where_and_how_it_ended(application: str, action: str, outcome: str) -> None:
    fields = seen(application, action, {"login_failure_type": "login_failure_invalid_password"})
    assert "authentication" in fields["event.category"]
    assert "start" in fields["event.type"]
    assert (fields["event.action"], fields["event.outcome"]) == (action, outcome)
    assert (fields["user.name"], fields["user.domain"]) == ("ana.kola", "portal.example")
    assert (fields["user.email"], fields["user.id"]) == ("ana.kola@portal.example", "1077")
    assert fields["source.ip"] == "198.51.100.7"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.123")
    assert fields["event.dataset"] == f"google_workspace.{application}"
    assert fields["event.reason"] == "login_failure_invalid_password"


@pytest.mark.parametrize(("status", "outcome"), [("Challenge Passed", "success"), ("Challenge Failed", "failure")])
def test_a_challenge_is_passed_or_failed(status: str, outcome: str) -> None:
    fields = seen("login", "login_challenge", {"login_challenge_status": status})
    assert fields["event.outcome"] == outcome


def test_an_attack_by_a_government_is_an_alert() -> None:
    fields = seen("login", "gov_attack_warning")
    assert fields["event.kind"] == "alert"
    assert "threat" in fields["event.category"]


def test_what_an_administrator_changes_has_its_names_for_rules() -> None:
    fields = seen(
        "admin",
        "CHANGE_APPLICATION_SETTING",
        {"SETTING_NAME": "2sv", "OLD_VALUE": "true", "NEW_VALUE": "false", "GROUP_EMAIL": "team@portal.example"},
    )
    assert {"iam", "configuration"} <= set(fields["event.category"])
    assert fields["event.type"] == ("change",)
    assert fields["google_workspace.admin.setting.name"] == "2sv"
    assert fields["google_workspace.admin.new_value"] == "false"
    assert fields["google_workspace.admin.old_value"] == "true"
    assert (fields["group.name"], fields["group.domain"]) == ("team", "portal.example")


def test_a_suspended_account_is_the_target_not_the_actor() -> None:
    fields = seen("admin", "SUSPEND_USER", {"USER_EMAIL": "ben@portal.example"})
    assert fields["user.target.email"] == "ben@portal.example"
    assert fields["user.email"] == "ana.kola@portal.example"


def test_several_events_of_one_moment_keep_their_actions_and_parameters() -> None:
    record = activity("drive", "edit", {"doc_title": "Budget", "doc_type": "document", "owner": "o@portal.example"})
    record["events"].append(
        {
            "type": "acl_change",
            "name": "change_user_access",
            "parameters": parameters(
                {"doc_title": "Budget", "target_user": "x@bad.example", "new_value": ["can_edit"]}
            ),
        }
    )
    fields = one("google_workspace", json.dumps(record))
    assert set(fields["event.action"]) == {"edit", "change_user_access"}
    assert fields["event.category"] == ("file",)
    assert set(fields["event.type"]) == {"access", "change"}
    assert (fields["file.name"], fields["file.owner"], fields["file.type"]) == ("Budget", "o@portal.example", "file")
    assert fields["user.target.email"] == "x@bad.example"
    assert fields["google_workspace.drive.new_value"] == "can_edit"


def test_one_event_may_stand_without_a_list() -> None:
    record = activity("drive", "delete", {"doc_type": "folder"})
    record["events"] = record["events"][0]
    fields = one("google_workspace", json.dumps(record))
    assert (fields["event.action"], fields["file.type"]) == ("delete", "dir")
    assert "deletion" in fields["event.type"]


def test_a_device_names_its_user_where_the_actor_is_nobody() -> None:
    record = activity(
        "chrome", "CHROME_OS_LOGOUT_EVENT", {"DEVICE_NAME": "cb-7", "DEVICE_USER": "kiosk", "DIRECTORY_DEVICE_ID": "d1"}
    )
    record["actor"] = {"callerType": "USER", "profileId": "105250506097979753968"}
    fields = one("google_workspace", json.dumps(record))
    assert (fields["user.name"], fields["host.name"], fields["device.id"]) == ("kiosk", "cb-7", "d1")
    assert fields["event.type"] == ("end",)
    assert "user.id" not in fields


def test_a_device_without_user_names_none() -> None:
    record = activity("chrome", "CHROMEOS_POWERWASH_INITIATED", {"DEVICE_USER": "-"}, actor={"key": "SYSTEM"})
    fields = one("google_workspace", json.dumps(record))
    assert "user.name" not in fields
    assert fields["event.category"] == ("host",)


def test_a_call_has_the_address_of_its_device() -> None:
    record = activity("meet", "call_ended", {"ip_address": "203.0.113.4", "network_transport_protocol": "udp"})
    del record["ipAddress"]
    fields = one("google_workspace", json.dumps(record))
    assert (fields["source.ip"], fields["network.transport"]) == ("203.0.113.4", "udp")


def test_words_in_a_title_name_no_other_field() -> None:
    title = 'x","ipAddress":"192.0.2.9","email":"eve@bad.example'
    fields = seen("drive", "view", {"doc_title": title})
    assert fields["file.name"] == title
    assert fields["source.ip"] == "198.51.100.7"
    assert fields["user.email"] == "ana.kola@portal.example"


@pytest.mark.parametrize("name", ["", "../admin", "a.b", "x" * 400, "login\nx"])
def test_an_application_that_is_no_name_makes_no_data_set(name: str) -> None:
    assert seen(name, "x")["event.dataset"] == "google_workspace.report"


_ALERT = {
    "customerId": "C0x",
    "alertId": "a-1",
    "createTime": "2024-03-05T09:12:44.123456Z",
    "startTime": "2024-03-05T09:00:00Z",
    "type": "User reported phishing",
    "source": "Gmail phishing",
    "data": {
        "@type": "type.googleapis.com/google.apps.alertcenter.type.MailPhishing",
        "messages": [
            {
                "messageId": "m1@x",
                "subjectText": "Invoice",
                "recipient": "a@portal.example",
                "attachmentsSha256Hash": ["ab"],
            },
            {"messageId": "m2@x", "subjectText": "Invoice", "recipient": "b@portal.example"},
        ],
    },
}


def test_an_alert_names_the_mails_it_is_about() -> None:
    fields = one("google_workspace", json.dumps(_ALERT))
    assert (fields["event.kind"], fields["event.dataset"]) == ("alert", "google_workspace.alert")
    assert {"email", "threat"} <= set(fields["event.category"])
    assert fields["email.message_id"] == ["m1@x", "m2@x"]
    assert fields["email.subject"] == ["Invoice"]
    assert fields["email.to.address"] == ["a@portal.example", "b@portal.example"]
    assert fields["email.attachments.file.hash.sha256"] == ["ab"]
    assert fields["event.start"] == at("2024-03-05T09:00:00")


@pytest.mark.parametrize("record", [activity("login", "login_success"), _ALERT])
def test_records_are_recognised_also_when_they_are_long(record: dict[str, Any]) -> None:
    assert known_as(json.dumps(record)) == "google_workspace"
    assert known_as(json.dumps(record | {"zz": "x" * 200_000})[: 64 * 1024]) == "google_workspace"


@pytest.mark.parametrize(
    "line",
    [
        '{"kind": "other#thing", "id": {"applicationName": "login", "time": "x"}}',
        '{"kind": "admin#reports#activity", "id": "text"}',
        '{"alertId": "1", "title": "an alert of somebody else"}',
    ],
)
def test_what_is_no_record_is_a_dead_letter_with_a_reason(line: str) -> None:
    events, dead = read("google_workspace", line + "\n")
    assert (events, len(dead)) == ([], 1)
    assert dead[0].reason
    assert known_as(line) != "google_workspace"


def test_a_damaged_record_loses_no_other() -> None:
    good = json.dumps(activity("login", "logout"))
    events, dead = read("google_workspace", good + "\n" + good[:150] + "\n" + good + "\n")
    assert (len(events), len(dead)) == (2, 1)


@pytest.mark.parametrize("wrong", [None, 7, [], "x", {"name": {}}, [{"name": None, "parameters": [{"name": 1}, 4]}]])
def test_events_of_another_shape_are_no_fault(wrong: object) -> None:
    events, dead = read("google_workspace", json.dumps(activity("login", "x", events=wrong)) + "\n")
    assert (len(events), dead) == (1, [])
