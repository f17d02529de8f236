"""Proofpoint TAP: mails with threats, held back or not, and clicks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def mail(**more: object) -> str:
    document = {
        "GUID": "g1",
        "senderIP": "192.0.2.1",
        "messageTime": "2024-03-05T09:12:44.050Z",
        "sender": "bounce@example.com",
        "fromAddress": "a@example.com",
        "toAddresses": ["b@example.org", "c@example.org"],
        "ccAddresses": None,
        "messageID": "m1@example.com",
        "subject": "invoice",
        "messageParts": [
            {"filename": "a.pdf", "contentType": "application/pdf", "md5": "ab" * 16, "sha256": "cd" * 32}
        ],
        "threatsInfoMap": [{"classification": "MALWARE", "threatUrl": "https://threat.example/1"}],
    }
    return json.dumps(document | more)


_CLICK = json.dumps(
    {
        "GUID": "g1",
        "senderIP": "192.0.2.1",
        "clickIP": "198.51.100.7",
        "clickTime": "2024-03-05T09:12:44Z",
        "recipient": "b@example.org",
        "sender": "a@example.com",
        "url": "https://bad.example/p?q=1",
        "userAgent": "curl/8",
    }
)


def seen(text: str) -> dict[str, Any]:
    return one("proofpoint_tap", text)


def test_a_mail_has_its_people_attachments_and_threat() -> None:
    fields = seen(mail())
    assert (fields["email.from.address"], fields["email.sender.address"]) == ("a@example.com", "bounce@example.com")
    assert fields["email.to.address"] == ["b@example.org", "c@example.org"]
    assert "email.cc.address" not in fields
    assert (fields["email.attachments.file.name"], fields["email.attachments.file.hash.md5"]) == (
        ["a.pdf"],
        ["ab" * 16],
    )
    assert (fields["source.ip"], fields["email.subject"], fields["event.reason"]) == ("192.0.2.1", "invoice", "MALWARE")
    assert fields["related.hash"] == ["ab" * 16, "cd" * 32]
    assert fields["@timestamp"] == fields["email.delivery_timestamp"] == at("2024-03-05T09:12:44.050")


@pytest.mark.parametrize(
    ("more", "dataset", "kind"),
    [
        ({"quarantineFolder": "Attachment Defense"}, "proofpoint_tap.message_blocked", "denied"),
        ({"quarantineFolder": None, "quarantineRule": None}, "proofpoint_tap.message_delivered", "info"),
    ],
)
def test_a_quarantine_says_that_a_mail_was_held_back(more: dict[str, object], dataset: str, kind: str) -> None:
    fields = seen(mail(**more))
    assert (fields["event.dataset"], fields["event.type"]) == (dataset, (kind,))


def test_a_click_has_who_clicked_on_what() -> None:
    fields = seen(_CLICK)
    assert (fields["destination.ip"], fields["source.ip"]) == ("198.51.100.7", "192.0.2.1")
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("bad.example", "/p", "q=1")
    assert (fields["email.to.address"], fields["user_agent.original"]) == ("b@example.org", "curl/8")
    assert (fields["event.dataset"], fields["@timestamp"]) == ("proofpoint_tap.clicks", at("2024-03-05T09:12:44"))


def test_both_are_known_and_others_are_not() -> None:
    assert known_as(mail()) == known_as(_CLICK) == "proofpoint_tap"
    assert known_as('{"GUID": "1", "messageTime": "2024-03-05T09:12:44Z"}') != "proofpoint_tap"


def test_what_is_neither_is_a_dead_letter() -> None:
    events, dead = read("proofpoint_tap", mail() + '\n{"GUID": "1"}\n')
    assert (len(events), len(dead)) == (1, 1)
