"""Syslog headers: every shape of them, years that are not written, and text that is no header."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields, year_of

JANUARY = Options(reference=datetime(2026, 1, 5, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("line", "expected", "stamp"),
    [
        ("Jan  4 01:02:03 web1 sshd[77]: hello", ("web1", "sshd", 77, "hello"), "2026-01-04T01:02:03"),
        ("Dec 31 23:59:59 web1 sudo:   bob : x", ("web1", "sudo", None, "bob : x"), "2025-12-31T23:59:59"),
        ("<38>Dec 31 23:59:59 web1 su: + x", ("web1", "su", None, "+ x"), "2025-12-31T23:59:59"),
        ("Dec 31 2019 23:59:59 fw x: y", ("fw", "x", None, "y"), "2019-12-31T23:59:59"),
        ("Dec 31 23:59:59 2019 fw x: y", ("fw", "x", None, "y"), "2019-12-31T23:59:59"),
        ("Dec 31 23:59:59.123456 fw x: y", ("fw", "x", None, "y"), "2025-12-31T23:59:59.123456"),
        (
            "2025-06-01T10:00:00.5+02:00 db su(pam_unix)[9]: z",
            ("db", "su(pam_unix)", 9, "z"),
            "2025-06-01T08:00:00.500000",
        ),
        ("2025-06-01T10:00:00.123456Z db sshd[9]: z", ("db", "sshd", 9, "z"), "2025-06-01T10:00:00.123456"),
        ("2025-06-01T10:00:00+0200 db a[1]: z", ("db", "a", 1, "z"), "2025-06-01T08:00:00"),
        ("2025-06-01 10:00:00,250 db a: z", ("db", "a", None, "z"), "2025-06-01T10:00:00.250000"),
        ("2025-06-01T10:00:00.000Z Jun  1 10:00:00 db a[1]: z", ("db", "a", 1, "z"), "2025-06-01T10:00:00"),
        ("<5>1 2025-06-01T10:00:00Z vault CEF:0|a|b", ("vault", None, None, "CEF:0|a|b"), "2025-06-01T10:00:00"),
        ("1700000000.123456 db a[1]: z", ("db", "a", 1, "z"), "2023-11-14T22:13:20.123456"),
        ("Jan  4 01:02:03 kernel: [1.5] oops", (None, "kernel", None, "[1.5] oops"), "2026-01-04T01:02:03"),
        ("Jan  4 01:02:03: --- x ---", (None, None, None, "--- x ---"), "2026-01-04T01:02:03"),
        (
            "Jan  4 01:02:03 --- last message repeated 3 times ---",
            (None, None, None, "--- last message repeated 3 times ---"),
            "2026-01-04T01:02:03",
        ),
        ("Jan  4 01:02:03 fe80::1 sshd[3]: x", ("fe80::1", "sshd", 3, "x"), "2026-01-04T01:02:03"),
        ("Jan  4 01:02:03 h gdm-password]: pam", ("h", "gdm-password", None, "pam"), "2026-01-04T01:02:03"),
        ("Jan  4 01:02:03 h no tag here", ("h", None, None, "no tag here"), "2026-01-04T01:02:03"),
        ("Jan 44 01:02:03 h sshd[1]: x", ("h", "sshd", 1, "x"), None),
        ("no header at all", (None, None, None, "no header at all"), None),
        ("", (None, None, None, ""), None),
    ],
)
def test_headers(line: str, expected: tuple[str | None, str | None, int | None, str], stamp: str | None) -> None:
    header = parse_header(line, JANUARY)
    assert (header.host, header.program, header.pid, header.message) == expected
    assert header.timestamp == (datetime.fromisoformat(stamp).replace(tzinfo=UTC) if stamp else None)


def test_rfc5424_with_structured_data() -> None:
    header = parse_header(
        r'<165>1 2003-10-11T22:14:15.003Z host.example app 17 ID47 [x@1 a="1" b="q\"]"][y@1] the words', JANUARY
    )
    assert (header.kind, header.host, header.program, header.pid) == ("rfc5424", "host.example", "app", 17)
    assert header.message == "the words"
    fields = syslog_fields(header)
    assert fields["log.syslog.facility.name"] == "local4"
    assert fields["log.syslog.severity.name"] == "notice"
    assert fields["log.syslog.msgid"] == "ID47"
    assert fields["log.syslog.structured_data"] == r'[x@1 a="1" b="q\"]"][y@1]'


def test_rfc5424_nil_values() -> None:
    header = parse_header("<34>1 - - - - - -", JANUARY)
    assert (header.kind, header.timestamp, header.host, header.program, header.message) == (
        "rfc5424",
        None,
        None,
        None,
        "",
    )


def test_a_stamp_without_a_zone_is_in_the_options_zone() -> None:
    options = Options(zone=ZoneInfo("Europe/Tirane"), reference=datetime(2025, 8, 1, tzinfo=UTC))
    assert parse_header("Jul  1 10:00:00 h a: b", options).timestamp == datetime(2025, 7, 1, 8, tzinfo=UTC)
    assert parse_header("2025-07-01 10:00:00 h a: b", options).timestamp == datetime(2025, 7, 1, 8, tzinfo=UTC)


def test_the_host_of_the_options_stands_in() -> None:
    assert parse_header("bare words", Options(host="srv")).host == "srv"


def test_without_a_reference_no_year_is_invented() -> None:
    header = parse_header("Jan  4 01:02:03 h a: b", Options())
    assert header.timestamp is None
    assert header.message == "b"


@pytest.mark.parametrize(
    ("month", "day", "reference", "year"),
    [
        (12, 31, datetime(2026, 1, 1, tzinfo=UTC), 2025),
        (1, 1, datetime(2025, 12, 31, 23, 59, tzinfo=UTC), 2026),  # a clock that runs a little ahead
        (1, 3, datetime(2025, 12, 31, tzinfo=UTC), 2025),
        (2, 29, datetime(2026, 6, 1, tzinfo=UTC), 2024),
        (2, 29, datetime(2024, 2, 28, 12, tzinfo=UTC), 2024),
        (2, 29, datetime(2024, 2, 1, tzinfo=UTC), 2020),
        (2, 29, datetime(1903, 1, 1, tzinfo=UTC), 1896),
        (2, 30, datetime(2026, 6, 1, tzinfo=UTC), None),
        (12, 31, datetime(9999, 12, 31, 23, tzinfo=UTC), 9999),
        (5, 5, None, None),
    ],
)
def test_years(month: int, day: int, reference: datetime | None, year: int | None) -> None:
    assert year_of(month, day, reference, UTC) == year


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_is_a_message_at_least(text: str) -> None:
    header = parse_header(text, JANUARY)
    assert header.message in text
    assert header.timestamp is None or header.timestamp.tzinfo is UTC


@settings(max_examples=100)
@given(st.integers(31_622_400, 4_102_444_800), st.integers(0, 99999))
def test_a_written_header_is_read_back(epoch: int, pid: int) -> None:
    moment = datetime.fromtimestamp(epoch, UTC)
    line = f"{moment:%b} {moment.day:>2} {moment:%H:%M:%S} host prog[{pid}]: text"
    header = parse_header(line, Options(reference=moment))
    assert (header.timestamp, header.host, header.program, header.pid) == (moment, "host", "prog", pid)
