"""Exim's and Dovecot's logs."""

from __future__ import annotations

import time

import pytest

from tests.collectors.reading import at, known_as, one, read


def test_an_arrival_and_its_delivery() -> None:
    arrived = one(
        "exim",
        "2024-03-05 09:12:44 [77] 1rhXyZ-0001Ab-2C <= a@b.example H=mx.b.example (helo.b.example) [203.0.113.4]:50112 "
        "I=[192.0.2.1]:25 P=esmtpsa X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no A=plain:eva S=1234 id=m@b.example "
        'T="Re: \\"x\\" for you" for c@d.example e@f.example',
    )
    assert arrived["@timestamp"] == at("2024-03-05T09:12:44")
    assert (arrived["source.ip"], arrived["source.port"]) == ("203.0.113.4", 50112)
    assert arrived["source.domain"] == "mx.b.example"
    assert (arrived["destination.ip"], arrived["destination.port"]) == ("192.0.2.1", 25)
    assert arrived["email.from.address"] == ["a@b.example"]
    assert arrived["email.to.address"] == ["c@d.example", "e@f.example"]
    assert (arrived["user.name"], arrived["tls.version"], arrived["exim.size"]) == ("eva", "1.3", 1234)
    assert arrived["email.message_id"] == "m@b.example"
    gone = one("exim", "2024-03-05 09:12:45 1rhXyZ-0001Ab-2C ** c@d.example R=dns T=smtp: 550 no such user")
    assert (gone["event.action"], gone["event.outcome"]) == ("bounced", "failure")
    assert gone["event.reason"] == "550 no such user"


def test_the_longer_identifiers_of_new_versions() -> None:
    fields = one("exim", "2024-03-05 09:12:45 1rhXyZ-00000001Abc-2C3d Completed")
    assert fields["exim.message_id"] == "1rhXyZ-00000001Abc-2C3d"
    assert fields["event.action"] == "completed"


def test_a_failed_log_in() -> None:
    line = (
        "2024-03-05 09:12:44 login authenticator failed for x.example ([10.0.0.1]) [203.0.113.4]:5: 535 Incorrect "
        "authentication data (set_id=eva@gov.example)"
    )
    for data in (line, "Mar  5 09:12:44 mx exim[3]: " + line.partition(":44 ")[2]):
        fields = one("exim", data)
        assert (fields["event.outcome"], fields["user.name"]) == ("failure", "eva@gov.example")
        assert (fields["source.ip"], fields["source.domain"]) == ("203.0.113.4", "x.example")
        assert known_as(data) == "exim"


def test_the_reject_log_keeps_the_headers_with_their_refusal() -> None:
    data = (
        "2024-03-05 09:12:44 1rhXyZ-0001Ab-2C H=(x) [203.0.113.4] F=<a@b.example> rejected after DATA: malware\n"
        "Envelope-from: <a@b.example>\nEnvelope-to: <c@d.example>\nP Received: from x\n"
        + "-" * 60
        + "\n2024-03-05 09:12:46 Start queue run: pid=5\n"
    )
    events, dead = read("exim", data)
    assert (len(events), dead) == (2, [])
    assert events[0]["event.dataset"] == "exim.rejectlog"
    assert (events[0]["event.reason"], events[0]["email.to.address"]) == ("malware", ["c@d.example"])


def test_a_hostile_recipient_list_takes_no_time() -> None:
    start = time.process_time()
    one("exim", "2024-03-05 09:12:44 1rhXyZ-0001Ab-2C <= a@b for " + "a@@@@@@@@ " * 5000 + "!")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("message", "outcome", "user"),
    [
        ("imap-login: Login: user=<eva@gov.example>, rip=203.0.113.4, TLS", "success", "eva@gov.example"),
        (
            "pop3-login: Disconnected (auth failed, 3 attempts in 9 secs): user=<root>, rip=203.0.113.4",
            "failure",
            "root",
        ),
        ("auth-worker(5): sql(eva,203.0.113.4,<aB/c>): unknown user", "failure", "eva"),
    ],
)
def test_dovecot(message: str, outcome: str, user: str) -> None:
    fields = one("dovecot", f"Mar  5 09:12:44 mx1 dovecot: {message}")
    assert (fields["event.outcome"], fields["user.name"], fields["source.ip"]) == (outcome, user, "203.0.113.4")
    assert fields["host.name"] == "mx1"
    own = one("dovecot", f"Mar 05 09:12:44 {message.replace(': ', ': Info: ', 1)}")
    assert (own.get("host.name"), own["event.outcome"], own["source.ip"]) == (None, outcome, "203.0.113.4")
