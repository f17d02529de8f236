"""Every channel against a real receiver on loopback: what arrives is right, whatever the log said."""

from __future__ import annotations

import hmac
import json
import sys
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import Level
from engine.errors import ConfigurationError
from engine.tables import Table
from playbooks.notify.channel import Channel, DeliveryError, House, kinds
from playbooks.notify.composing import Composer
from playbooks.notify.destinations import Guard, guard_of
from playbooks.notify.message import Message
from playbooks.notify.wording import wording
from tests.engine.store.test_findings import ALERT, INCIDENT
from tests.playbooks.notify.adaptive_cards import MOST_BYTES, check, words
from tests.playbooks.notify.receivers import closed_port, log_server, post_office, web

EVIL = "x\r\nBcc: all@gov.example\x1b[2J\u202e**[a](http://e)** <@U1> `` ``` |a=b\\ \x00"
GUARD = guard_of(["127.0.0.0/8"], "test")


def house(guard: Guard = GUARD) -> House:
    return House(guard=guard, secret=lambda text: text, timeout=5)


def opened(kind: str, guard: Guard = GUARD, **values: Any) -> Channel:
    table = Table({"kind": kind, **values}, "kulla.toml", f"notify.channels.{kind}")
    for name in ("kind", "lang", "rate", "per", "quiet", "zone", "give_up"):
        table.text(name, "-")
    channel = kinds()[kind].open_channel(table, house(guard))
    table.close()
    return channel


def message(text: str = "Web shell", **changes: Any) -> Message:
    alert = replace(
        ALERT,
        rule=replace(ALERT.rule, name=text),
        fields={"host.name": text, "source.ip": ["192.0.2.1"], "user.name": "ann", "rule": text},
    )
    made = Composer(lang="sq", link="https://kulla.gov.example/{id}").alert(alert, "ab" * 16)
    return replace(made, **changes)


def test_every_kind_is_found_by_its_file() -> None:
    assert set(kinds()) == {
        "command", "iris", "mail", "pagerduty", "slack", "syslog", "teams", "thehive", "webhook",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["Web shell", EVIL, "x" * 5000, "", "\ud800"])
def test_teams_gets_a_valid_card_without_markdown(text: str) -> None:
    with web() as server:
        opened("teams", url=server.url + "/workflows/1?sig=s", plain=True).send(message(text))
        (got,) = server.posted
    assert got.path == "/workflows/1?sig=s"
    assert len(got.body) < MOST_BYTES
    document = json.loads(got.body)
    assert document["type"] == "message"
    (attachment,) = document["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    check(attachment["content"])
    lines = words(attachment["content"])
    assert lines[0].startswith("[I LARTË] ")
    assert any(line.startswith("Hapi i parë: ") for line in lines)
    assert not any(letter in line for line in lines for letter in "\r\n\x1b\u202e\x00")
    assert len(lines) <= 12


def test_slack_gets_plain_text_that_mentions_nobody() -> None:
    with web() as server:
        opened("slack", url=server.url, plain=True).send(message(EVIL))
        document = json.loads(server.posted[0].body)
    assert "<@U1>" not in document["text"]
    texts = [part["text"] for part in document["blocks"] if part["type"] in {"header", "section"}]
    assert {part["type"] for part in texts} == {"plain_text"}
    assert all(len(part["text"]) <= 3000 for part in texts)


def test_a_webhook_is_signed_and_carries_its_key() -> None:
    with web() as server:
        opened("webhook", url=server.url, plain=True, secret="s3").send(message())
        (got,) = server.posted
    stamp, given = (part.partition("=")[2] for part in got.headers["x-kulla-signature"].split(","))
    assert hmac.compare_digest(hmac.digest(b"s3", stamp.encode() + b"." + got.body, "sha256").hex(), given)
    assert got.headers["idempotency-key"] == "ab" * 16
    document = json.loads(got.body)
    assert document["data"]["rule.name"] == "Web shell"
    assert document["first_step"]


def test_pagerduty_joins_repeated_deliveries() -> None:
    with web() as server:
        channel = opened("pagerduty", url=server.url, plain=True, routing_key="r" * 32)
        channel.send(message(level=Level.CRITICAL))
        document = json.loads(server.posted[0].body)
    assert (document["event_action"], document["dedup_key"]) == ("trigger", "ab" * 16)
    assert document["payload"]["severity"] == "critical"
    assert document["links"][0]["href"] == f"https://kulla.gov.example/{ALERT.id}"


def test_thehive_that_has_the_alert_already_has_taken_it() -> None:
    with web() as server:
        server.answers += [(400, {}, b'{"type":"CreateError","message":"Alert already exists"}'), (400, {}, b"bad")]
        channel = opened("thehive", url=server.url + "/", plain=True, api_key="k")
        channel.send(message(EVIL))
        with pytest.raises(DeliveryError) as raised:
            channel.send(message())
        document = json.loads(server.posted[0].body)
    assert not raised.value.again
    assert server.posted[0].path == "/api/v1/alert"
    assert server.posted[0].headers["authorization"] == "Bearer k"
    assert document["sourceRef"] == "ab" * 16
    fence = document["description"].partition("text\n")[0]
    assert document["description"].count(fence) == 2


def test_iris_gets_an_alert_of_its_customer() -> None:
    with web() as server:
        opened("iris", url=server.url, plain=True, api_key="k", customer=3).send(message())
        document = json.loads(server.posted[0].body)
    assert (document["alert_customer_id"], document["alert_source_ref"]) == (3, "ab" * 16)
    assert server.posted[0].path == "/alerts/add"


def test_mail_is_plain_text_with_one_subject_and_its_key() -> None:
    with post_office() as server:
        values = {"host": "127.0.0.1", "port": server.port, "tls": "none", "from": "kulla@gov.example"}
        channel = opened("mail", **values, to=["soc@gov.example", "ciso@gov.example"])
        channel.send(message(EVIL))
        ((sender, to, raw),) = server.mails
        server.refuse = {"soc@gov.example": 550, "ciso@gov.example": 550}
        with pytest.raises(DeliveryError) as never:
            channel.send(message())
        server.refuse = {"soc@gov.example": 451, "ciso@gov.example": 451}
        with pytest.raises(DeliveryError) as later:
            channel.send(message())
    assert (never.value.again, later.value.again) == (False, True)
    assert (sender, to) == ("kulla@gov.example", ["soc@gov.example", "ciso@gov.example"])
    mail = message_from_bytes(raw, policy=default)
    assert mail["Message-ID"] == f"<{'ab' * 16}@gov.example>"
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"
    body = mail.get_content()
    assert "Hapi i parë: " in body
    assert "\x1b" not in body
    assert len(body.splitlines()) <= 14  # one screen of a phone


@pytest.mark.parametrize("form", ["cef", "json"])
def test_syslog_frames_hold_one_line_with_escaped_parts(form: str) -> None:
    with log_server() as server:
        values = {"host": "127.0.0.1", "port": server.port, "transport": "tcp", "form": form, "hostname": "soc1"}
        opened("syslog", **values).send(message(EVIL))
        (frame,) = server.frames
    text = frame.decode()
    assert text.startswith(
        f'<{13 * 8 + 3}>1 2026-03-01T12:00:00.000Z soc1 kulla - alert [kulla@32473 key="{"ab" * 16}"'
    )
    body = text.partition("\ufeff")[2]
    assert "\n" not in body
    if form == "cef":
        head = body.replace("\\|", "").split("|", 7)
        assert head[:4] == ["CEF:0", "kulla", "kulla", "1"]
        assert len(head) == 8
        assert head[6] == "8"
        assert f"cs1={'ab' * 16}" in body
        assert "a\\=b\\\\" in body
    else:
        assert json.loads(body)["key"] == "ab" * 16


def test_a_command_gets_the_message_on_its_input_and_no_shell(tmp_path: Path) -> None:
    program = tmp_path / "keep.py"
    program.write_text("import sys, os\nopen(sys.argv[1], 'w').write(sys.stdin.read() + os.environ['KULLA_KEY'])\n")
    target = tmp_path / "$(touch x);kept"
    opened("command", command=[sys.executable, str(program), str(target)]).send(message(EVIL))
    assert target.read_text().endswith("ab" * 16)
    assert not (tmp_path / "x").exists()
    with pytest.raises(DeliveryError):
        opened("command", command=[sys.executable, "-c", "import sys; sys.exit(3)"]).send(message())
    with pytest.raises(ConfigurationError):
        opened("command", command=["sh", "-c", "true"])


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (408, True), (301, False), (302, False), (404, False)]
)
def test_an_answer_says_whether_to_try_again_and_redirects_are_not_followed(status: int, again: bool) -> None:
    with web() as server, web() as other:
        headers = {"Location": other.url, "Retry-After": "17"}
        server.answers.append((status, headers, b""))
        with pytest.raises(DeliveryError) as raised:
            opened("slack", url=server.url + "/secret", plain=True).send(message())
        assert not other.posted
    assert (raised.value.again, raised.value.after) == (again, 17.0)
    assert "secret" not in str(raised.value)


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(DeliveryError) as raised:
        opened("slack", url=f"http://127.0.0.1:{closed_port()}", plain=True).send(message())
    assert raised.value.again


@pytest.mark.parametrize(
    ("allow", "address", "fine"),
    [
        (["hooks.example.com"], "93.184.216.34", True),
        (["*.example.com"], "93.184.216.34", True),
        (["hooks.example.com:443"], "93.184.216.34", True),
        (["hooks.example.com:8443"], "93.184.216.34", False),
        (["example.com"], "93.184.216.34", False),
        ([], "93.184.216.34", False),
        (["hooks.example.com"], "10.0.0.1", False),
        (["hooks.example.com", "10.0.0.0/8"], "10.0.0.1", True),
        (["hooks.example.com"], "127.0.0.1", False),
        (["hooks.example.com"], "169.254.169.254", False),
        (["hooks.example.com"], "::1", False),
        (["hooks.example.com"], "::ffff:10.0.0.1", False),
        (["hooks.example.com"], "fe80::1%eth0", False),
        (["hooks.example.com"], "224.0.0.1", False),
    ],
)
def test_destinations_are_listed_and_public_unless_listed(allow: list[str], address: str, fine: bool) -> None:
    guard = replace(guard_of(allow, "test"), resolve=lambda host, port: [address])
    if fine:
        assert guard.address("hooks.example.com", 443) == address
    else:
        with pytest.raises(ConfigurationError):
            guard.address("hooks.example.com", 443)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "ftp://127.0.0.1/", "https://u:p@127.0.0.1/", "https:///x", "x"])
def test_only_https_without_users_unless_plain_is_said(url: str) -> None:
    with pytest.raises(DeliveryError) as raised:
        opened("slack", url=url).send(message())
    assert not raised.value.again


def test_messages_are_one_screen_in_both_languages() -> None:
    for lang in ("en", "sq"):
        made = Composer(lang=lang, first_step=lambda names, _: f"see {names[0]}").incident(INCIDENT, "k" * 32)
        text = made.text()
        assert len(text.splitlines()) <= 12
        assert INCIDENT.id in text
        assert f"kulla respond {INCIDENT.id}" in text
        assert "see web-shell" in text
    assert set(wording("en").levels) == set(wording("sq").levels) == set(Level)
