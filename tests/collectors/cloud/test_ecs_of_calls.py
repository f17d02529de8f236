"""CloudTrail's TLS and errors under their ECS names; the account that a change in Microsoft's directory is about."""

from __future__ import annotations

import json

from tests.collectors.reading import one

CALL = {
    "eventVersion": "1.10",
    "eventTime": "2024-03-05T09:12:44Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "awsRegion": "eu-central-1",
    "sourceIPAddress": "198.51.100.7",
    "userIdentity": {"type": "IAMUser", "userName": "anna"},
    "errorCode": "AccessDenied",
    "errorMessage": "Access Denied",
    "tlsDetails": {
        "tlsVersion": "TLSv1.2",
        "cipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
        "clientProvidedHostHeader": "s3.eu-central-1.example.com",
    },
}
CHANGE = {
    "CreationTime": "2024-03-05T09:12:44",
    "Operation": "Add member to role.",
    "OrganizationId": "o1",
    "RecordType": 8,
    "ResultStatus": "Success",
    "Workload": "AzureActiveDirectory",
    "UserId": "admin@gov.example",
    "ObjectId": "eva@gov.example",
}


def test_the_version_of_tls_is_a_number_and_the_error_has_its_code() -> None:
    fields = one("aws_cloudtrail", json.dumps(CALL))
    assert (fields["tls.version_protocol"], fields["tls.version"]) == ("tls", "1.2")
    assert fields["tls.client.server_name"] == "s3.eu-central-1.example.com"
    assert (fields["error.code"], fields["error.message"]) == ("AccessDenied", "Access Denied")


def test_the_account_that_got_a_role_is_the_target() -> None:
    fields = one("m365", json.dumps(CHANGE))
    assert (fields["user.target.name"], fields["user.email"]) == ("eva@gov.example", "admin@gov.example")


def test_an_object_that_is_no_account_is_no_target() -> None:
    fields = one("m365", json.dumps(CHANGE | {"ObjectId": "11111111-2222-3333-4444-555555555555"}))
    assert "user.target.name" not in fields
    fields = one("m365", json.dumps(CHANGE | {"Operation": "UserLoggedIn", "RecordType": 15}))
    assert "user.target.name" not in fields


def test_who_acts_for_whom_and_on_what_in_a_cluster() -> None:
    call = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": "a1",
        "verb": "create",
        "requestURI": "/api/v1/namespaces/prod/pods/web/exec?command=sh",
        "user": {"username": "anna", "uid": "u1", "groups": ["system:authenticated"]},
        "impersonatedUser": {"username": "admin"},
        "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "prod", "name": "web"},
        "requestReceivedTimestamp": "2024-03-05T09:12:44Z",
    }
    fields = one("kubernetes_audit", json.dumps(call))
    assert (fields["user.name"], fields["user.id"], fields["user.effective.name"]) == ("anna", "u1", "admin")
    assert (fields["url.path"], fields["url.query"]) == ("/api/v1/namespaces/prod/pods/web/exec", "command=sh")
    assert (fields["orchestrator.resource.type"], fields["orchestrator.resource.name"]) == ("pods/exec", "web")


def test_the_group_that_an_account_was_added_to_is_named() -> None:
    event = {
        "eventType": "group.user_membership.add",
        "published": "2024-03-05T09:12:44Z",
        "uuid": "u2",
        "actor": {"id": "1", "type": "User", "alternateId": "admin@gov.example"},
        "target": [
            {"id": "2", "type": "User", "alternateId": "eva@gov.example"},
            {"id": "3", "type": "UserGroup", "alternateId": "unknown", "displayName": "Admins"},
        ],
    }
    fields = one("okta", json.dumps(event))
    assert (fields["user.target.name"], fields["user.target.group.name"]) == ("eva@gov.example", "Admins")
