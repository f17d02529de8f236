"""Cisco Secure Email Gateway: whose mail went where, what was attached, and names from outside that forge nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = "CEF:0|Cisco|C390 Email Security Appliance|14.2.1-015|ESA_CONSOLIDATED_LOG_EVENT|Consolidated Log Event|5|"
_MAIL = (
    "ESAMID=111 ESAICID=3 ESADCID=2 ESAAMPVerdict=UNKNOWN ESAAVVerdict=NEGATIVE startTime=Tue Mar  5 09:12:44 2024 "
    "endTime=Tue Mar  5 09:12:46 2024 dvc=192.0.2.25 deviceDirection=0 suser=a@bad.example cs1Label=MailPolicy "
    "cs1=Default act=DELIVERED cs4Label=ExternalMsgID cs4='<id1@bad.example>' duser=eva@tax.example;ben@tax.example "
    "sourceHostName=mx.bad.example sourceAddress=198.51.100.7 msg='Your invoice' ESATLSInCipher=ECDHE-RSA-AES256 "
    "ESATLSInConnStatus=Success ESATLSInProtocol=TLSv1.2"
)
_HASH = "b1" * 32


def mail(extra: str = "", before: str = "") -> dict[str, Any]:
    return one("cisco_esa", f"{_HEAD}{before}{_MAIL}{extra}")


def test_a_mail() -> None:
    fields = mail()
    assert fields["email.from.address"] == ["a@bad.example"]
    assert fields["email.to.address"] == ["eva@tax.example", "ben@tax.example"]
    assert (fields["email.subject"], fields["email.message_id"]) == ("Your invoice", "id1@bad.example")
    assert (fields["source.ip"], fields["server.ip"]) == ("198.51.100.7", "192.0.2.25")
    assert (fields["@timestamp"], fields["event.end"]) == (at("2024-03-05T09:12:44"), at("2024-03-05T09:12:46"))
    assert (fields["rule.name"], fields["network.direction"]) == ("Default", "inbound")
    assert (fields["tls.version"], fields["tls.established"]) == ("1.2", True)
    assert (fields["event.kind"], fields["event.category"]) == ("event", ["email"])


def test_attachments_and_what_was_found_in_them() -> None:
    details = (
        f"ESAAttachmentDetails={{'a.doc': {{'AMP': {{'Verdict': 'MALICIOUS', 'fileHash': '{_HASH}'}}, 'BodyScanner': "
        f'{{}}}}, "d\'accord.pdf": {{\'BodyScanner\': {{}}}}, "\\xc3\\xab.pdf": {{}}}} '
    )
    fields = one("cisco_esa", f"{_HEAD}{details}{_MAIL.replace('ESAAMPVerdict=UNKNOWN', 'ESAAMPVerdict=MALICIOUS')}")
    assert fields["email.attachments.file.name"] == ["a.doc", "d'accord.pdf", "ë.pdf"]
    assert fields["email.attachments.file.hash.sha256"] == [_HASH]
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ["email", "malware"])


@pytest.mark.parametrize(
    ("action", "kind"), [("DROPPED", "denied"), ("QUARANTINED", "denied"), ("DELIVERED", "allowed")]
)
def test_what_became_of_it(action: str, kind: str) -> None:
    fields = one("cisco_esa", f"{_HEAD}{_MAIL.replace('act=DELIVERED', f'act={action}')}")
    assert (fields["event.action"], fields["event.type"]) == (action.lower(), ["info", kind])


def test_an_attachment_forges_no_other() -> None:
    name = "a': {'AMP': {'fileHash': '" + "c2" * 32 + "'}}, 'z"
    details = f"ESAAttachmentDetails={{\"{name}\": {{'BodyScanner': {{}}}}}} "
    fields = mail(before=details)
    assert fields["email.attachments.file.name"] == [name]
    assert "email.attachments.file.hash.sha256" not in fields


def test_a_subject_with_keys_in_it_forges_no_address() -> None:
    fields = one("cisco_esa", f"{_HEAD}{_MAIL.replace('Your invoice', 'x sourceAddress=192.0.2.9')}")
    assert fields["source.ip"] == "198.51.100.7"


def test_it_is_told_from_other_cef() -> None:
    assert known_as(f"<14>Mar  5 09:12:44 esa1 {_HEAD}{_MAIL}\n") == "cisco_esa"
    assert known_as("CEF:0|Cisco|Other|1|X|y|5|src=192.0.2.1\n") == "cef"
    events, dead = read("cisco_esa", _HEAD[:40])
    assert not events
    assert "email gateway" in str(dead[0].reason)
