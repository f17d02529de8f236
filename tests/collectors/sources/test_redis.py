"""Redis' own log: its three forms, connections, and the attack that it notices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def seen(text: str, **options: Any) -> dict[str, Any]:
    return one("redis", text, **options)


@pytest.mark.parametrize(
    ("line", "pid", "level", "moment"),
    [
        ("1:M 30 May 2023 10:04:45.123 * Ready to accept connections", 1, "notice", "2023-05-30T10:04:45.123"),
        ("[2932] 31 May 04:32:08 - 0 clients connected", 2932, "verbose", "2024-05-31T04:32:08"),
        ("30 May 10:04:45 . DB 0: 1 keys", None, "debug", "2024-05-30T10:04:45"),
        ("7:signal-handler (1685441085) 30 May 2023 10:04:45 # going down", 7, "warning", "2023-05-30T10:04:45"),
    ],
)
def test_every_form_has_number_level_and_instant(line: str, pid: int | None, level: str, moment: str) -> None:
    fields = seen(line)
    assert (fields.get("process.pid"), fields["log.level"], fields["@timestamp"]) == (pid, level, at(moment))
    assert fields["event.category"] == ("database",)


@pytest.mark.parametrize(("sign", "role"), [("M", "master"), ("S", "replica"), ("C", "child"), ("X", "sentinel")])
def test_the_role_is_told(sign: str, role: str) -> None:
    assert seen(f"9:{sign} 01 Mar 2024 00:00:01.000 # x")["redis.log.role"] == role


@pytest.mark.parametrize(
    ("message", "ip", "kind"),
    [
        ("Accepted 192.0.2.4:50123", "192.0.2.4", "start"),
        ("Client closed connection id=4 addr=192.0.2.4:50123 fd=8", "192.0.2.4", "end"),
        ("Accepted [2001:db8::7]:50123", "2001:db8::7", "start"),
    ],
)
def test_connections_have_their_source(message: str, ip: str, kind: str) -> None:
    fields = seen(f"9:M 01 Mar 2024 00:00:01.000 - {message}")
    assert (fields["source.ip"], fields["source.port"]) == (ip, 50123)
    assert fields["event.type"] == ("connection", kind)


def test_the_attack_that_it_notices_is_an_alert() -> None:
    fields = seen("9:M 01 Mar 2024 00:00:01.000 # Possible SECURITY ATTACK detected. It looks like somebody is sending")
    assert (fields["event.kind"], fields["event.type"]) == ("alert", ("denied",))
    assert "intrusion_detection" in fields["event.category"]


def test_what_a_client_says_later_in_a_line_is_no_address_of_it() -> None:
    fields = seen("9:M 01 Mar 2024 00:00:01.000 # Unable to connect to MASTER: Accepted 192.0.2.9:1")
    assert "source.ip" not in fields


def test_a_line_in_syslog_is_read_from_its_message() -> None:
    fields = seen("May 30 10:04:45 db1 redis-server[77]: 77:M 30 May 2024 10:04:44.900 * Background saving started")
    assert (fields["host.name"], fields["process.pid"]) == ("db1", 77)
    assert fields["@timestamp"] == at("2024-05-30T10:04:44.900")


def test_it_is_known_by_its_first_line() -> None:
    assert known_as("1:C 30 May 2023 10:04:45.123 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n") == "redis"


@pytest.mark.parametrize("line", ["1:M 30 Abc 2023 10:04:45.123 * x", "* x", "1:M 30 May 2023 10:04:45.123 ! x"])
def test_a_damaged_line_is_a_dead_letter(line: str) -> None:
    events, dead = read("redis", line)
    assert (len(events), len(dead)) == (0, 1)
