"""Microsoft Intune: who changed what, how a device is and whose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def record(category: str, operation: str, result: str = "None", **properties: object) -> str:
    return json.dumps(
        {
            "time": "2025-08-04T11:49:01.7073000Z",
            "tenantId": "f30e4506",
            "category": category,
            "operationName": operation,
            "resultType": result,
            "properties": {"IntuneAccountId": "c0ffee", **properties},
        }
    )


def seen(text: str) -> dict[str, Any]:
    return one("intune", text)


def change(operation: str, **actor: object) -> str:
    return record("AuditLogs", operation, "Success", AuditEventId="e1", Actor=actor, Targets=[{"Name": "Policy 7"}])


def test_a_change_names_who_made_it_and_of_what() -> None:
    fields = seen(change("Delete DeviceConfiguration", UPN="ana@example.org", UserPermissions=["*"], ObjectId="o1"))
    assert (fields["event.category"], fields["event.type"]) == (("configuration",), ("deletion", "info"))
    assert (fields["user.name"], fields["user.email"], fields["user.id"]) == (
        "ana@example.org",
        "ana@example.org",
        "o1",
    )
    assert (fields["event.outcome"], fields["event.id"], fields["user.roles"]) == ("success", "e1", ["*"])
    assert fields["event.reason"] == "Delete DeviceConfiguration: Policy 7"
    assert (fields["event.dataset"], fields["@timestamp"]) == ("intune.audit", at("2025-08-04T11:49:01.707300"))


@pytest.mark.parametrize(
    ("operation", "category", "kind"),
    [
        ("Create RoleAssignment", "iam", "creation"),
        ("Patch DeviceCompliancePolicy", "configuration", "change"),
        ("wipe ManagedDevice", "configuration", "deletion"),
        ("Get FileVaultKey", "configuration", "access"),
    ],
)
def test_an_operation_says_category_and_type(operation: str, category: str, kind: str) -> None:
    fields = seen(change(operation))
    assert (fields["event.category"], fields["event.type"][0]) == ((category,), kind)


def test_a_program_that_changes_something_is_no_user() -> None:
    text = change("SetReference ManagedDevice", UPN=None, ApplicationName="Sync", UserPermissions=[""])
    fields = seen(text.replace('"resultType"', '"identity": "See Actor details in properties", "resultType"'))
    assert not {"user.name", "user.roles"} & fields.keys()
    assert fields["network.application"] == "Sync"


def test_a_device_that_does_not_comply_is_an_alert_with_its_user() -> None:
    fields = seen(
        record(
            "OperationalLogs",
            "Compliance",
            AlertType="Managed Device Not Compliant",
            Description="signatures out of date",
            DeviceHostName="PC7",
            IntuneDeviceId="d1",
            DeviceOperatingSystem="Windows 10.0.22631.5624",
            UserName="ana",
            UPNSuffix="example.org",
            UserDisplayName="Ana Hoxha",
        )
    )
    assert (fields["event.kind"], fields["rule.name"]) == ("alert", "Managed Device Not Compliant")
    assert (fields["host.name"], fields["host.id"], fields["event.reason"]) == ("PC7", "d1", "signatures out of date")
    assert (fields["host.os.name"], fields["host.os.version"]) == ("Windows", "10.0.22631.5624")
    assert (fields["user.name"], fields["user.domain"], fields["user.full_name"]) == (
        "ana",
        "example.org",
        "Ana Hoxha",
    )
    assert fields["event.dataset"] == "intune.operational"


def test_the_state_of_a_device_is_of_its_host() -> None:
    fields = seen(record("DeviceComplianceOrg", "DeviceCompliance", DeviceName="PC8", OS="Linux", UPN="b@example.org"))
    assert (fields["event.category"], fields["event.kind"]) == (("host",), "event")
    assert (fields["host.name"], fields["host.os.name"], fields["user.name"]) == ("PC8", "Linux", "b")


def test_an_enrolment_that_failed_is_told() -> None:
    fields = seen(record("OperationalLogs", "Enrollment", FailureReason="not licensed"))
    assert (fields["event.type"], fields["event.outcome"]) == (("creation", "info"), "failure")


def test_it_is_known_and_azures_own_logs_are_not_taken() -> None:
    assert known_as(change("Create Policy")) == "intune"
    azure = json.loads(change("Create Policy")) | {"resourceId": "/tenants/1/providers/Microsoft.aadiam"}
    assert known_as(json.dumps(azure)) != "intune"


def test_what_is_none_of_its_records_is_a_dead_letter() -> None:
    events, dead = read("intune", change("Create Policy") + "\n{}\nnothing\n")
    assert (len(events), len(dead)) == (1, 2)
