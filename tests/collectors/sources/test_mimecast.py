"""Mimecast: what administrators did, mails, attachments, impersonation and links."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_LINK = {
    "userEmailAddress": "b@example.org",
    "fromUserEmailAddress": "a@example.com",
    "url": "https://bad.example/x",
    "ttpDefinition": "Inbound URL",
    "action": "block",
    "scanResult": "malicious",
    "route": "inbound",
    "sendingIp": "192.0.2.5",
    "date": "2024-03-05T09:12:44+0000",
    "messageId": "<m1@example.com>",
}
_ATTACHMENT = {
    "fileHash": "cd" * 32,
    "fileName": "Invoice.PDF",
    "fileType": "application/pdf",
    "senderAddress": "a@example.com",
    "recipientAddress": "b@example.org",
    "result": "safe",
    "actionTriggered": "user release, none",
    "definition": "Sandbox",
    "date": "2024-03-05T09:12:44+0000",
}
_JOURNAL = {
    "acc": "C1",
    "datetime": "2024-03-05T09:12:44+0000",
    "Dir": "Internal",
    "Rcpt": "b@example.org",
    "aCode": "x",
}
_DLP = {
    "policy": "Watermark",
    "senderAddress": "a@example.com",
    "recipientAddress": "b@example.org",
    "route": "outbound",
    "action": "hold",
    "eventTime": "2024-03-05T09:12:44+0000",
}
_POSING = {
    "identifiers": ["internal_user_name"],
    "senderAddress": "a@example.com",
    "recipientAddress": "b@example.org",
    "senderIpAddress": "192.0.2.6",
    "hits": 1,
    "taggedMalicious": True,
    "action": "none",
    "eventTime": "2024-03-05T09:12:44+0000",
}


def audit(kind: str, info: str = "IP: 192.0.2.9, Application: console") -> dict[str, object]:
    return {"auditType": kind, "eventInfo": info, "eventTime": "2024-03-05T09:12:44+0000", "user": "ana@example.org"}


def seen(document: dict[str, Any]) -> dict[str, Any]:
    return one("mimecast", json.dumps(document))


def test_a_malicious_link_is_an_alert_with_who_sent_it_and_who_clicked() -> None:
    fields = seen(_LINK)
    assert (fields["event.kind"], fields["event.type"], fields["event.action"]) == ("alert", ("denied",), "block")
    assert (fields["email.from.address"], fields["email.to.address"]) == ("a@example.com", "b@example.org")
    assert (fields["url.original"], fields["source.ip"]) == ("https://bad.example/x", "192.0.2.5")
    assert (fields["email.direction"], fields["rule.name"]) == ("inbound", "Inbound URL")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_an_attachment_has_its_file_and_what_is_safe_is_no_alert() -> None:
    fields = seen(_ATTACHMENT)
    assert (fields["email.attachments.file.extension"], fields["event.action"]) == ("pdf", "user_release_none")
    assert (fields["event.kind"], fields["email.attachments.file.hash.sha256"]) == ("event", "cd" * 32)
    worse = seen(_ATTACHMENT | {"result": "malicious"})
    assert (worse["event.kind"], worse["event.category"]) == ("alert", ("email", "malware"))


@pytest.mark.parametrize(
    ("document", "dataset", "kind"),
    [
        (_LINK, "ttp_url_logs", "denied"),
        (_ATTACHMENT, "ttp_ap_logs", "info"),
        (_POSING, "ttp_ip_logs", "info"),
        (_DLP, "dlp_logs", "denied"),
        (_JOURNAL, "siem_logs", "info"),
        (audit("Search Action"), "audit_events", "info"),
    ],
)
def test_each_log_has_its_dataset_and_is_known(document: dict[str, Any], dataset: str, kind: str) -> None:
    fields = seen(document)
    assert (fields["event.dataset"], fields["event.type"]) == (f"mimecast.{dataset}", (kind,))
    assert known_as(json.dumps(document)) == "mimecast"


@pytest.mark.parametrize(
    ("kind", "category", "types", "outcome"),
    [
        ("User Logged On", "authentication", ("start",), "success"),
        ("Logon Authentication Failed", "authentication", ("start",), "failure"),
        ("Account Created", "iam", ("creation",), None),
        ("Policy Deleted", "configuration", ("deletion",), None),
    ],
)
def test_an_audit_event_says_what_was_done(kind: str, category: str, types: tuple[str], outcome: str | None) -> None:
    fields = seen(audit(kind))
    assert (fields["event.category"], fields["event.type"]) == ((category,), types)
    assert fields.get("event.outcome") == outcome
    assert (fields["user.name"], fields["user.domain"], fields["source.ip"]) == ("ana", "example.org", "192.0.2.9")


def test_what_is_none_of_them_is_a_dead_letter() -> None:
    events, dead = read("mimecast", json.dumps(_DLP) + '\n{"senderAddress": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)
