"""The mail log: connections, decisions, deliveries, failed log-ins, and the services beside Postfix."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.mail.postfix import read_postfix
from tests.collectors.reading import at, known_as, one, read

HEAD = "Mar  5 09:12:44 mx1 "


def test_a_failed_log_in_says_who_from_where_and_that_it_failed() -> None:
    fields = one(
        "postfix",
        HEAD + "postfix/smtpd[311]: warning: host7.example[203.0.113.4]: SASL LOGIN authentication failed: "
        "generic failure, sasl_username=eva@gov.example",
    )
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert (fields["source.ip"], fields["source.domain"]) == ("203.0.113.4", "host7.example")
    assert (fields["event.action"], fields["event.outcome"]) == ("sasl-login", "failure")
    assert "authentication" in fields["event.category"]
    assert fields["user.name"] == "eva@gov.example"
    assert (fields["process.name"], fields["process.pid"]) == ("postfix/smtpd", 311)


def test_an_encrypted_connection_names_its_protocol_and_cipher() -> None:
    fields = one(
        "postfix",
        HEAD + "postfix/smtp[311]: Verified TLS connection established to mx.example.net[203.0.113.25]:25: TLSv1.0 "
        "with cipher AES256-SHA (256/256 bits)",
    )
    assert (fields["destination.ip"], fields["destination.port"]) == ("203.0.113.25", 25)
    assert (fields["tls.version_protocol"], fields["tls.version"]) == ("tls", "1.0")
    assert fields["tls.cipher"] == "AES256-SHA"


def test_a_refusal_by_spf_says_whose_mail_it_was() -> None:
    fields = one(
        "postfix",
        HEAD + "policyd-spf[202]: 550 5.7.23 Message rejected due to: SPF fail - not authorized. ; identity=mailfrom; "
        "client-ip=203.0.113.66; helo=evil; envelope-from=x@spam.example; receiver=a@gov.example",
    )
    assert (fields["source.ip"], fields["event.action"], fields["event.outcome"]) == (
        "203.0.113.66",
        "spf-fail",
        "failure",
    )
    assert fields["email.from.address"] == ["x@spam.example"]


def test_a_delivery_names_recipient_relay_and_result() -> None:
    fields = one(
        "postfix",
        HEAD + "postfix/smtp[7]: 4Tz0aB1c2dEf: to=<a@dest.example>, orig_to=<alias>, relay=mx.dest.example"
        "[2001:db8::25]:25, delay=1.5, delays=0/0/1/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9AB8C7D)",
    )
    assert fields["email.to.address"] == ["a@dest.example"]
    assert (fields["destination.ip"], fields["destination.port"]) == ("2001:db8::25", 25)
    assert fields["destination.domain"] == "mx.dest.example"
    assert fields["event.duration"] == 1_500_000_000
    assert (fields["postfix.queue_id"], fields["postfix.remote_queue_id"]) == ("4Tz0aB1c2dEf", "9AB8C7D")
    assert (fields["event.action"], fields["event.outcome"]) == ("sent", "success")


@pytest.mark.parametrize("status", ["deferred", "bounced", "expired"])
def test_mail_that_did_not_arrive_failed(status: str) -> None:
    fields = one(
        "postfix", f"3F1A2B4C5D: to=<a@b.example>, relay=none, delay=1, dsn=4.4.1, status={status} (timed out)"
    )
    assert fields["event.outcome"] == "failure"
    assert fields["event.reason"] == "timed out"
    assert fields["destination.domain"] == "b.example"


def test_a_refusal_has_both_addresses_and_the_greeting() -> None:
    fields = one(
        "postfix",
        HEAD + "postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[198.51.100.9]: 554 5.7.1 <x@y.example>: Relay "
        "access denied; from=<a@b.example> to=<x@y.example> proto=ESMTP helo=<WIN-1>",
    )
    assert fields["source.ip"] == "198.51.100.9"
    assert fields["source.domain"] == "WIN-1"
    assert (fields["email.from.address"], fields["email.to.address"]) == (["a@b.example"], ["x@y.example"])
    assert fields["event.reason"] == "<x@y.example>: Relay access denied"
    assert fields["postfix.stage"] == "RCPT"


@pytest.mark.parametrize(
    ("message", "action", "address"),
    [
        ("CONNECT from [203.0.113.9]:4711 to [192.0.2.1]:25", "connect", "203.0.113.9"),
        ("PREGREET 11 after 0.1 from [203.0.113.9]:4711: EHLO x", "pregreet", "203.0.113.9"),
        ("PASS NEW [203.0.113.9]:4711", "pass-new", "203.0.113.9"),
        ("lost connection after AUTH from unknown[203.0.113.9]", "lost-connection", "203.0.113.9"),
        ("disconnect from localhost[::1] ehlo=1 quit=1 commands=2", "disconnect", "::1"),
    ],
)
def test_connections(message: str, action: str, address: str) -> None:
    fields = one("postfix", f"{HEAD}postfix/postscreen[9]: {message}")
    assert (fields["event.action"], fields["source.ip"]) == (action, address)


def test_greylisting_and_spf() -> None:
    grey = one(
        "postfix",
        "action=greylist, reason=new, client_name=unknown, client_address=203.0.113.4/32, "
        "sender=a@b.example, recipient=c@d.example",
    )
    assert (grey["event.action"], grey["source.ip"], grey["source.domain"]) == ("greylist", "203.0.113.4", "b.example")
    spf = one(
        "postfix",
        "Fail; identity=mailfrom; client-ip=203.0.113.4; helo=mx.b.example; "
        "envelope-from=a@b.example; receiver=<UNKNOWN>",
    )
    assert (spf["event.action"], spf["event.outcome"], spf["source.domain"]) == ("spf-fail", "failure", "mx.b.example")


def test_spamd_in_the_mail_log_and_alone() -> None:
    line = HEAD + (
        "spamd[5]: spamd: result: Y 15 - HTML_MESSAGE,SPF_FAIL scantime=1.2,size=99,user=filter,uid=117,"
        "required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=40000,mid=<m@b.example>,autolearn=no"
    )
    inside = one("postfix", line)
    assert (inside["event.action"], inside["user.name"]) == ("spam", "filter")
    alone = one("spamassassin", line)
    assert (alone["user.id"], alone["source.domain"], alone["spamassassin.score"]) == ("117", "b.example", 15.0)
    assert known_as(line) == "spamassassin"


def test_lines_of_other_programs_stay_what_they_are() -> None:
    events, dead = read("postfix", HEAD + "kernel: x\n" + HEAD + "dovecot: imap-login: Login: user=<a>, rip=192.0.2.7")
    assert dead == []
    assert [event["event.dataset"] for event in events] == ["system.syslog", "dovecot.log"]


def test_recognised_by_its_programs_and_by_its_words() -> None:
    assert known_as(HEAD + "postfix/smtpd[9]: connect from unknown[203.0.113.9]\n") == "postfix"
    assert (
        known_as("NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 no; from=<a@b> to=<c@d> helo=<e>\n") == "postfix"
    )
    assert known_as(HEAD + "sshd[9]: Failed password for root from 203.0.113.9 port 5 ssh2\n") == "auth"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_message_is_a_crash(text: str) -> None:
    fields: dict[str, object] = {"event.category": []}
    read_postfix(text, fields)  # type: ignore[arg-type] # a dict of fields
    read_postfix(f"NOQUEUE: reject: RCPT from {text}[192.0.2.1]: {text}", fields)  # type: ignore[arg-type] # as above


def test_a_word_is_no_queue_id() -> None:
    text = "statistics: max connection rate 60/60s for (smtp:203.0.113.9) at Dec  1 09:59:00"
    fields = one("postfix", "Dec  1 10:00:00 mx1 postfix/anvil[9]: " + text)
    assert (fields["source.ip"], fields["event.action"]) == ("203.0.113.9", "connection-statistics")
    assert "postfix.queue_id" not in fields
    long = one("postfix", "Dec  1 10:00:00 mx1 postfix/qmgr[9]: 4TkgY04bVGz1DqM: removed")
    assert long["postfix.queue_id"] == "4TkgY04bVGz1DqM"


@pytest.mark.parametrize(
    ("program", "text", "expected"),
    [
        (
            "postfix/smtpd",
            "warning: Connection rate limit exceeded: 62 from unknown[203.0.113.9] for service smtp",
            {"source.ip": "203.0.113.9"},
        ),
        (
            "postfix/smtpd",
            "warning: non-SMTP command from h.example[203.0.113.9]: GET /",
            {"source.domain": "h.example"},
        ),
        (
            "postfix/smtp",
            "certificate verification failed for mx.example[203.0.113.25]:25: untrusted issuer /CN=x",
            {"destination.ip": "203.0.113.25", "destination.port": 25, "event.reason": "untrusted issuer /CN=x"},
        ),
        (
            "postfix/dnsblog",
            "addr 203.0.113.9 listed by domain bl.example as 127.0.0.4",
            {"source.ip": "203.0.113.9", "event.action": "dnsbl-listed"},
        ),
        (
            "postfix/tlsproxy",
            "TLS handshake failed for service=smtpd peer=[203.0.113.9]:4711",
            {"source.ip": "203.0.113.9", "source.port": 4711, "event.outcome": "failure"},
        ),
        (
            "postfix/postscreen",
            (
                "NOQUEUE: reject: RCPT from [203.0.113.9]:4711: 550 5.7.1 Service unavailable; client [203.0.113.9] "
                "blocked using bl.example; from=<x@spam.example>, to=<a@gov.example>, proto=ESMTP, helo=<pc>"
            ),
            {"email.from.address": ["x@spam.example"], "email.to.address": ["a@gov.example"], "postfix.helo": "pc"},
        ),
        (
            "postfix/smtps/smtpd",
            (
                "NOQUEUE: reject: MAIL from h.example[203.0.113.9]: 553 5.7.1 <b@gov.example>: Sender rejected; "
                "from=<b@gov.example> proto=ESMTP helo=<pc> sasl_username=<eva>"
            ),
            {"user.name": "eva", "email.from.address": ["b@gov.example"]},
        ),
        ("postfix/postscreen", "DNSBL rank 5 for [203.0.113.9]:4711", {"source.port": 4711, "postfix.stage": None}),
        (
            "amavis",
            (
                "(0123-04) Blocked SPAM {RejectedInbound}, [203.0.113.9]:4711 [203.0.113.9] <x@spam.example> -> "
                "<a@gov.example>,<b@gov.example>, Queue-ID: 4ABC12345Z, Message-ID: <1@spam.example>, Hits: 12.3"
            ),
            {
                "source.ip": "203.0.113.9",
                "event.action": "blocked-spam",
                "email.to.address": ["a@gov.example", "b@gov.example"],
                "email.message_id": "1@spam.example",
                "postfix.queue_id": "4ABC12345Z",
            },
        ),
    ],
)
def test_what_rarer_programs_say_of_the_other_end(program: str, text: str, expected: dict[str, object]) -> None:
    fields = one("postfix", f"{HEAD}{program}[7]: {text}")
    assert {name: fields.get(name) for name in expected} == expected
