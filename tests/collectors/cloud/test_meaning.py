"""What the records of cloud and identity services mean: who did what, whence, and whether it went through."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from collectors.registry import find
from collectors.source import Options, Record
from engine.events import Fields, Value
from tests.collectors.cloud.samples import SAMPLES

MOMENT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)


def parse(name: str, raw: bytes) -> Fields:
    parser = find(name).open(Options(reference=datetime(2025, 4, 1, tzinfo=UTC)))
    fields = parser.parse(Record(offset=0, number=1, raw=raw))
    assert fields is not None
    return parser.complete(fields)


def change(name: str, at: int = 0, **parts: object) -> Fields:
    return parse(name, json.dumps(json.loads(SAMPLES[name][at]) | parts).encode())


EXPECTED: list[tuple[str, int, dict[str, Value]]] = [
    (
        "aws_cloudtrail",
        0,
        {
            "event.action": "CreateUser",
            "event.provider": "iam.amazonaws.com",
            "event.category": ("iam", "network"),
            "event.type": ("user", "creation", "access"),
            "event.outcome": "failure",
            "event.code": "AccessDenied",
            "user.id": "AROAEXAMPLE:eva",
            "user.name": "ops",
            "user.target.name": "backdoor",
            "source.ip": "203.0.113.9",
            "cloud.account.id": "123456789012",
            "cloud.region": "eu-south-1",
            "aws.cloudtrail.flattened.request_parameters.userName": "backdoor",
            "aws.cloudtrail.flattened.request_parameters.tags.key": "a",
            "aws.cloudtrail.user_identity.session_context.mfa_authenticated": "false",
            "aws.cloudtrail.user_identity.session_context.session_issuer.user_name": "ops",
            "related.user": ["ops", "backdoor"],
        },
    ),
    (
        "azure_activity",
        0,
        {
            "event.dataset": "azure.activitylogs",
            "event.action": "MICROSOFT.KEYVAULT/VAULTS/DELETE",
            "event.type": ("deletion", "info"),
            "event.outcome": "failure",
            "source.ip": "203.0.113.9",
            "source.user.name": "eva@gov.example",
            "source.user.full_name": "Eva Hoxha",
            "cloud.account.id": "AAA",
            "azure.activitylogs.identity.claims.upn": "eva@gov.example",
        },
    ),
    (
        "entra",
        0,
        {
            "event.dataset": "azure.signinlogs",
            "event.category": ("authentication",),
            "event.outcome": "failure",
            "error.code": "50126",
            "user.id": "u-1",
            "user.email": "eva@gov.example",
            "user.full_name": "Eva Hoxha",
            "source.ip": "203.0.113.9",
            "azure.signinlogs.properties.conditional_access_status": "failure",
        },
    ),
    (
        "entra",
        1,
        {
            "event.dataset": "azure.auditlogs",
            "event.action": "Add member to role",
            "event.outcome": "success",
            "user.id": "u-1",
            "user.email": "eva@gov.example",
            "user.target.name": "ana@gov.example",
            "source.ip": "192.0.2.7",
            "trace.id": "c-2",
        },
    ),
    (
        "m365",
        0,
        {
            "event.dataset": "o365.audit",
            "event.action": "New-InboxRule",
            "event.outcome": "success",
            "user.name": "eva",
            "user.domain": "gov.example",
            "user.email": "eva@gov.example",
            "source.ip": "203.0.113.9",
            "source.port": 50112,
            "o365.audit.Parameters.ForwardTo": "x@evil.example",
            "organization.id": "o-1",
        },
    ),
    (
        "gcp_audit",
        0,
        {
            "event.action": "google.iam.admin.v1.CreateServiceAccountKey",
            "event.category": ("iam",),
            "event.type": ("creation", "denied"),
            "event.outcome": "failure",
            "event.reason": "PERMISSION_DENIED",
            "user.email": "eva@gov.example",
            "cloud.project.id": "p-1",
            "gcp.audit.flattened.request.name": "sa",
        },
    ),
    (
        "kubernetes_audit",
        0,
        {
            "event.action": "list",
            "event.outcome": "failure",
            "http.response.status_code": 403,
            "source.ip": "203.0.113.9",
            "user.name": "system:serviceaccount:tax:web",
            "kubernetes.audit.objectRef.resource": "secrets",
        },
    ),
    (
        "github_audit",
        0,
        {
            "event.action": "org.add_member",
            "user.name": "eva",
            "user.target.name": "mallory",
            "organization.name": "tax",
            "source.ip": "203.0.113.9",
            "event.category": ("configuration", "web", "iam"),
        },
    ),
    (
        "okta",
        0,
        {
            "event.category": ("authentication", "session"),
            "event.outcome": "failure",
            "user.name": "eva@gov.example",
            "user.email": "eva@gov.example",
            "okta.outcome.reason": "INVALID_CREDENTIALS",
        },
    ),
    (
        "auth0",
        0,
        {
            "event.action": "incorrect-password",
            "event.outcome": "failure",
            "user.name": "eva@gov.example",
            "user_agent.original": "unknown",
            "network.type": "ipv6",
        },
    ),
    (
        "keycloak",
        0,
        {
            "event.action": "login_error",
            "event.outcome": "failure",
            "event.reason": "user_not_found",
            "user.name": "eva",
            "source.ip": "203.0.113.9",
            "keycloak.realm.id": "tax",
            "log.level": "WARN",
        },
    ),
    ("keycloak", 1, {"event.code": "LOGIN", "event.outcome": "success", "user.id": "u-1", "process.thread.id": 4}),
    (
        "keycloak",
        2,
        {
            "event.action": "create_user",
            "event.category": ("iam",),
            "event.type": ("admin", "creation", "user"),
            "user.id": "u-1",
            "user.target.id": "u-9",
        },
    ),
    (
        "freeradius",
        0,
        {
            "event.outcome": "failure",
            "event.reason": "mschap: bad",
            "user.name": "eva",
            "user.domain": "TAX",
            "source.mac": "00-11-22-33-44-55",
            "host.name": "wlc-1",
            "network.protocol": "TLS",
        },
    ),
    (
        "openldap",
        0,
        {
            "event.action": "bind",
            "event.category": ("authentication",),
            "user.name": "eva",
            "user.domain": "people.gov.example",
            "host.name": "ldap1",
            "openldap.conn": 7,
        },
    ),
    ("openldap", 1, {"event.action": "accept", "source.ip": "203.0.113.9", "source.port": 50112, "openldap.fd": 12}),
    ("openldap", 2, {"event.action": "result", "event.outcome": "failure", "openldap.err": 49}),
]


@pytest.mark.parametrize(("name", "at", "expected"), EXPECTED)
def test_a_record_means(name: str, at: int, expected: dict[str, Value]) -> None:
    fields = parse(name, SAMPLES[name][at])
    assert {field: fields.get(field) for field in expected} == expected


@pytest.mark.parametrize(("name", "at", "expected"), EXPECTED)
def test_every_stamp_is_an_instant_in_utc(name: str, at: int, expected: dict[str, Value]) -> None:
    if (name, at) == ("openldap", 2):
        pytest.skip("the message alone has no stamp")
    stamp = parse(name, SAMPLES[name][at])["@timestamp"]
    assert isinstance(stamp, datetime)
    assert abs((stamp - MOMENT).total_seconds()) < 1.5 or name == "openldap"
    assert stamp.tzinfo is UTC


def test_a_console_sign_in_that_failed_was_denied() -> None:
    fields = change(
        "aws_cloudtrail",
        eventName="ConsoleLogin",
        eventSource="signin.amazonaws.com",
        errorCode=None,
        errorMessage=None,
        responseElements={"ConsoleLogin": "Failure"},
        additionalEventData={"MFAUsed": "No"},
    )
    assert fields["event.outcome"] == "failure"
    assert fields["event.type"] == ("start", "denied")
    assert fields["aws.cloudtrail.console_login.additional_eventdata.mfa_used"] == "No"


@pytest.mark.parametrize("address", ["AWS Internal", "<null>", "999.1.1.1", "", "a b c", None, 7, ["203.0.113.9"]])
def test_what_is_no_address_is_none(address: object) -> None:
    fields = change("aws_cloudtrail", sourceIPAddress=address)
    assert "source.ip" not in fields
    assert "source.address" not in fields


def test_an_american_stamp_of_a_risk_event_is_read() -> None:
    fields = change("entra", category="UserRiskEvents", time="3/4/2025 5:06:07 PM")
    assert fields["@timestamp"] == datetime(2025, 3, 4, 17, 6, 7, tzinfo=UTC)
    assert fields["event.kind"] == "alert"
    assert change("entra", time="13/40/2025 5:06:07 PM").get("@timestamp") is None


def test_a_risky_claim_key_is_no_account_id() -> None:
    assert change("m365", UserKey="i:0h.f|membership|1003@live.com")["user.id"] == "eva@gov.example"
    assert change("m365", UserKey="1003")["user.id"] == "1003"


def test_an_alert_speaks_of_the_account_in_its_data() -> None:
    fields = change(
        "m365",
        RecordType=40,
        Operation="AlertTriggered",
        UserId="SecurityComplianceAlerts",
        PolicyId="p",
        Data=json.dumps({"f3u": "ana@gov.example", "imsgid": "<1@x>", "to": "a@x, b@x", "zu": "evil.example/a"}),
    )
    assert fields["event.kind"] == "alert"
    assert (fields["user.name"], fields["rule.id"]) == ("ana", "p")
    assert (fields["email.message_id"], fields["email.to.address"]) == ("1@x", ["a@x", "b@x"])
    assert fields["url.original"] == "//evil.example/a"


def test_a_failed_log_in_of_microsoft_365_is_a_failure() -> None:
    fields = change("m365", RecordType=15, Operation="UserLoginFailed", ResultStatus="Success")
    assert fields["event.outcome"] == "failure"
    assert fields["event.category"] == ("authentication",)


def test_a_name_that_looks_like_the_next_field_does_not_move_the_address() -> None:
    raw = (
        b"2025-03-04 05:06:07,123 WARN  [org.keycloak.events] (e-1) type=LOGIN_ERROR, realmId=tax, clientId=portal, "
        b"userId=null, ipAddress=203.0.113.9, error=user_not_found, username=eva, ipAddress=192.0.2.1, type=LOGIN"
    )
    fields = parse("keycloak", raw)
    assert (fields["source.ip"], fields["event.code"]) == ("203.0.113.9", "LOGIN_ERROR")
    assert "user.id" not in fields


def test_a_stack_trace_belongs_to_the_line_before_it() -> None:
    parser = find("keycloak").open(Options())
    parser.parse(Record(offset=0, number=1, raw=SAMPLES["keycloak"][0]))
    fields = parser.parse(Record(offset=1, number=2, raw=b"\tat org.keycloak.Main.run(Main.java:1)"))
    assert fields is not None
    assert fields["message"] == "at org.keycloak.Main.run(Main.java:1)"
    assert fields["log.logger"] == "org.keycloak.events"


def test_a_password_in_a_radius_log_is_no_field() -> None:
    raw = b"Login incorrect: [eva/hunter2] (from client nas1 port 3 cli 203.0.113.9)"
    fields = parse("freeradius", raw)
    assert (fields["user.name"], fields["source.ip"]) == ("eva", "203.0.113.9")
    assert not any("hunter2" in str(value) for name, value in fields.items() if name != "message")


def test_an_unknown_auth0_code_keeps_its_letter() -> None:
    data = json.loads(SAMPLES["auth0"][0])["data"]
    assert change("auth0", data=data | {"type": "fnew"})["event.outcome"] == "failure"
    assert change("auth0", data=data | {"type": "snew"})["event.outcome"] == "success"
