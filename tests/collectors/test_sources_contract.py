"""What every log source keeps, whoever wrote it: names, recognition that never fails, and no record lost."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.reader import LogReader, Parsed
from collectors.registry import find, recognise, sources
from collectors.source import Source
from engine.events import DeadLetter, Event

FAULT = "a fault of kulla"  # how the decoder tells of an exception in a parser, which it survives
# One line of many formats: arbitrary bytes alone seldom get past a parser's first check.
LINES = (
    b'198.51.100.7 - - [03/Mar/2024:14:05:06 +0100] "GET /x?y=1 HTTP/1.1" 200 5 "-" "agent"',
    b'tax.gov.example:443 198.51.100.7 - eva [03/Mar/2024:14:05:06 +0100] "\\x16\\x03" 400 0 "-" "-" 0.1 "8.8.4.4"',
    b'2024/03/03 14:05:06 [error] 3#3: *1 open() "/x", client: 203.0.113.4, server: _, request: "GET / HTTP/1.1"',
    b"[Sun Mar 03 14:05:06.5 2024] [core:error] [pid 1:tid 2] [client 203.0.113.4:1] AH00128: File does not exist: /x",
    b"#Fields: date time c-ip cs-method cs-uri-stem sc-status",
    b"#Date: 2024-03-03 00:00:00",
    b"2024-03-03 13:05:06 192.0.2.1 GET /x 200",
    b"192.0.2.1, -, 03/03/2024, 15:44:03, W3SVC1, SRV, 192.0.2.2, 2, 769, 143, 304, 0, GET, /, -,",
    b'{"time_iso8601": "2024-03-03T14:05:06Z", "remote_addr": "192.0.2.1", "request": "GET / HTTP/1.1", "status": 200}',
    b'{"@timestamp": "2024-03-03T14:05:06Z", "event": {"category": ["web"]}, "message": "x"}',
    b'{"EventID": 4624, "Channel": "Security", "EventTime": "2024-03-03 14:05:06", "Hostname": "srv01"}',
    b'{"winlog": {"channel": "Security", "event_id": "4625", "event_data": {"LogonType": 5}}, "@timestamp": "2024"}',
    b"Mar  3 14:05:06 srv01 sshd[311]: Failed password for invalid user eva from 203.0.113.4 port 50112 ssh2",
    b"<86>1 2024-03-03T14:05:06.5+01:00 srv01 sudo 3 - - eva : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
    b'type=SYSCALL msg=audit(1709471106.123:42): arch=c000003e syscall=59 success=yes exit=0 pid=1 uid=0 comm="sh"',
    b'type=EXECVE msg=audit(1709471106.123:42): argc=2 a0="sh" a1=2D63',
)


def every_source() -> list[object]:
    return [pytest.param(source, id=source.name) for source in sources()]


def run(source: Source, data: bytes) -> tuple[LogReader, list[Event], list[DeadLetter]]:
    reader = LogReader(Path("contract.log"), source=source.name, stream=io.BytesIO(data))
    events: list[Event] = []
    dead: list[DeadLetter] = []
    for item in reader.records():
        if isinstance(item, Parsed):
            _check_fields(dict(item.fields), before_completion=True)
            events.append(reader.event(item))
        else:
            dead.append(item)
    return reader, events, dead


def check(source: Source, data: bytes) -> None:
    reader, events, dead = run(source, data)
    tally = reader.tally
    assert tally.records == tally.events + tally.dead
    assert (tally.events, tally.dead) == (len(events), len(dead))
    for event in events:
        _check_fields(dict(event.fields), before_completion=False)
        assert not str(event.fields.get("error.message", "")).startswith(FAULT), event.fields["error.message"]
    assert all(letter.reason and letter.source == source.name for letter in dead)
    assert not [letter.reason for letter in dead if letter.reason.startswith(FAULT)]


def _check_fields(fields: dict[str, object], *, before_completion: bool) -> None:
    for name, value in fields.items():
        assert isinstance(name, str)
        assert name, "a field without a name"
        assert _is_value(value), (name, value)
    stamp = fields.get("@timestamp")
    if stamp is not None:
        assert isinstance(stamp, datetime)
        assert stamp.utcoffset() == timedelta(0)
    if before_completion:
        return
    for name in ("event.dataset", "event.module", "event.kind"):
        assert isinstance(fields.get(name), str), name
    for name in ("event.category", "event.type"):
        assert isinstance(fields.get(name), (list, tuple)), name


def _is_value(value: object) -> bool:
    scalar = (str, int, float, bool, datetime)
    if isinstance(value, scalar):
        return True
    return isinstance(value, Sequence) and not isinstance(value, bytes) and all(isinstance(v, scalar) for v in value)


def test_names_are_unique() -> None:
    names = Counter(name for source in sources() for name in {source.name, *source.aliases})
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("source", every_source())
def test_a_source_says_what_it_is(source: Source) -> None:
    assert source.name
    assert source.title.strip()
    assert all(name == name.lower() for name in (source.name, *source.aliases))
    for name in (source.name, source.name.upper(), *source.aliases):
        assert find(name) is source


@pytest.mark.parametrize("source", every_source())
def test_recognition_never_fails_and_stays_in_its_bounds(source: Source) -> None:
    noise = random.Random(7)
    heads = [b"", b"\n", b"\x00" * 4096, b"\xff\xfe", b"{", b"[", b"#Fields:", b"#Fields: \n", b"a" * 65536, *LINES]
    heads += [noise.randbytes(size) for size in (1, 16, 1024, 65536)]
    heads += [line[: len(line) // 2] for line in LINES]
    for head in heads:
        for filename in ("", "x.log", "\x00\udcff", "access_log", "Security.evtx"):
            assert 0 <= source.recognise(head, filename) <= 100


@pytest.mark.parametrize("source", every_source())
def test_nothing_is_not_recognised(source: Source) -> None:
    assert source.recognise(b"", "x.log") == 0


def test_noise_is_no_log() -> None:
    noise = random.Random(3)
    assert recognise(noise.randbytes(65536), "x.log") is None
    assert recognise(b"Dear sir,\nthis is a letter and no log.\nYours\n" * 40, "letter.txt") is None


@pytest.mark.parametrize("source", every_source())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=2000))
def test_arbitrary_bytes_end_as_events_or_dead_letters(source: Source, data: bytes) -> None:
    check(source, data)


pieces = st.one_of(st.sampled_from(LINES), st.binary(max_size=80), st.sampled_from(LINES).map(lambda line: line[5:-7]))


@pytest.mark.parametrize("source", every_source())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(pieces, max_size=12), end=st.sampled_from([b"\n", b"\r\n"]))
def test_lines_of_every_kind_end_as_events_or_dead_letters(source: Source, parts: list[bytes], end: bytes) -> None:
    check(source, end.join(parts))


@pytest.mark.parametrize("source", every_source())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    line=st.sampled_from(LINES), place=st.integers(0, 200), new=st.binary(min_size=1, max_size=4), cut=st.integers(0, 6)
)
def test_damaged_lines_end_as_events_or_dead_letters(
    source: Source, line: bytes, place: int, new: bytes, cut: int
) -> None:
    place %= len(line)
    check(source, line + b"\n" + line[:place] + new + line[place + cut :] + b"\n" + line)


@pytest.mark.parametrize("source", every_source())
def test_the_same_bytes_give_the_same_events(source: Source) -> None:
    data = b"\n".join(LINES)
    _, first, dead_first = run(source, data)
    _, second, dead_second = run(source, data)
    assert first == second
    assert dead_first == dead_second
    identifiers = [item.id for item in (*first, *dead_first)]
    assert len(set(identifiers)) == len(identifiers)


@pytest.mark.parametrize("source", every_source())
def test_years_at_the_ends_of_time_are_no_crash(source: Source) -> None:
    moved = b"\n".join(line.replace(b"2024", year) for line in LINES for year in (b"1601", b"0001", b"9999", b"0000"))
    check(source, moved)


def test_instants_are_compared_in_utc() -> None:
    """The zone of `@timestamp` is UTC itself, so that its text needs no conversion."""
    for source in sources():
        for event in run(source, b"\n".join(LINES))[1]:
            stamp = event.fields.get("@timestamp")
            assert stamp is None or (isinstance(stamp, datetime) and stamp.tzinfo is UTC)
