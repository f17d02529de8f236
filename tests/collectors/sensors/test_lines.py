"""Resolvers, DHCP servers, filters and VPN gateways: what a line becomes, whose it is, and that none is lost."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.dns.question import ask_slashed
from collectors.reader import LogReader, Parsed
from collectors.registry import delivered, find, recognise
from collectors.source import Options, Record
from engine.errors import MalformedRecordError
from engine.events import Fields, Value
from tests.collectors.sensors.cases import BY_SOURCE, CASES, REFERENCE

NAMES = tuple(BY_SOURCE)


def fields_of(source: str, line: str) -> Fields:
    parser = find(source).open(Options(reference=REFERENCE))
    fields = parser.parse(Record(offset=0, number=1, raw=line.encode()))
    assert fields is not None
    return parser.complete(fields)


@pytest.mark.parametrize(("source", "line", "wanted"), CASES)
def test_a_line_becomes_an_event(source: str, line: str, wanted: Mapping[str, Value]) -> None:
    fields = fields_of(source, line)
    assert {name: fields.get(name) for name in wanted} == dict(wanted)


def test_a_rewrite_that_names_no_rule_has_none() -> None:
    fields = fields_of("bind", "client 192.0.2.9#4000 (b.example): rpz QNAME NXDOMAIN rewrite b.example/A/IN")
    assert fields["event.action"] == "rpz-rewrite"
    assert "rule.name" not in fields


@pytest.mark.parametrize("source", NAMES)
def test_a_log_is_recognised_by_its_bytes(source: str) -> None:
    for line in BY_SOURCE[source]:
        found = recognise(line.encode() + b"\n", "x.log")
        assert found is not None, line
        assert found.name == source, line
    whole = "\n".join(BY_SOURCE[source] * 3).encode()
    found = recognise(whole, "x.log")
    assert found is not None
    assert found.name == source


@pytest.mark.parametrize("source", NAMES)
def test_what_a_source_delivers_is_what_it_says(source: str) -> None:
    said = delivered()[source]
    for line in BY_SOURCE[source]:
        dataset = fields_of(source, line)["event.dataset"]
        assert dataset in said


@pytest.mark.parametrize("source", NAMES)
def test_prose_is_a_dead_letter(source: str) -> None:
    parser = find(source).open(Options(reference=REFERENCE))
    with pytest.raises(MalformedRecordError):
        parser.parse(Record(offset=0, number=1, raw=b"dear colleague, this is a letter and no log at all"))


@pytest.mark.parametrize("source", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_line_is_an_event_or_a_dead_letter(source: str, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(BY_SOURCE[source])).encode()
    at = data.draw(st.integers(0, len(line)))
    cut = data.draw(st.integers(0, 8))
    damaged = line[:at] + data.draw(st.binary(max_size=6)) + line[at + cut :]
    reader = LogReader(Path("x"), source=source, stream=io.BytesIO(line + b"\n" + damaged))
    events = 0
    for item in reader.records():
        if isinstance(item, Parsed):
            events += 1
            fields = reader.event(item).fields
            assert "fault of kulla" not in str(fields.get("error.message", ""))
        else:
            assert "fault of kulla" not in item.reason
    assert events >= 1


HOSTILE = (
    b"a" * 200_000,
    b"client 192.0.2.9#5 (a): query: " + b"a " * 100_000,
    b"a resolving " * 16_000,
    b"client 192.0.2.9#5: UDP: query: a IN A response: NOERROR +A " + b"a 1 IN A  " * 20_000,
    b'id=firewall vpn=x msg="' + b"from " * 40_000 + b'"',
    b"12[IKE] establishing " + b"between 1.1.1.1" * 12_000,
    b"IN=eth0 OUT= SRC=1 DST=1 " + b"[" * 200_000,
    b"[**] [1:2:3] " + b" {" * 100_000,
    b"DHCPREQUEST for 192.0.2.9 " + b": " * 100_000 + b"(",
    b"10,01/01/01,01:01:01," + b'"' * 200_000,
    b"183,,,4,vt,match,block,out,4," + b"," * 200_000,
    b"INFO  [kea-dhcp4.x/1] DHCP4_LEASE " + b"lease " * 33_000,
)


@pytest.mark.parametrize("source", NAMES)
def test_no_line_takes_long_to_read(source: str) -> None:
    """Two seconds for 200 kB is far above what any takes; a pattern that backtracks needs minutes."""
    parser = find(source).open(Options(reference=REFERENCE))
    for line in HOSTILE:
        begun = time.perf_counter()
        with contextlib.suppress(MalformedRecordError):
            parser.parse(Record(offset=0, number=1, raw=line))
        assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("a.example/A/IN", ("a.example", "A", "IN")),
        ("a.example/IN/A", ("a.example", "A", "IN")),
        ("a.example/ANY/IN", ("a.example", "ANY", "IN")),
        ("a.example/ANY", ("a.example", "ANY", None)),
        ("a.example/SOA", ("a.example", "SOA", None)),
        ("a.example/CH", ("a.example", None, "CH")),
        ("0/24.2.0.192.in-addr.arpa/PTR/IN", ("0/24.2.0.192.in-addr.arpa", "PTR", "IN")),
    ],
)
def test_a_question_with_slashes(written: str, wanted: tuple[str | None, ...]) -> None:
    fields: Fields = {}
    ask_slashed(fields, written)
    assert tuple(fields.get(f"dns.question.{part}") for part in ("name", "type", "class")) == wanted


def test_the_days_of_a_dns_debug_log_are_read_the_way_it_writes_them() -> None:
    """`4/3/2024` is the third of April or the fourth of March; a day above 12 tells for what follows."""
    parser = find("microsoft_dns").open(Options())
    row = (
        "{} 10:00:00 0E70 PACKET  00000000033397A0 UDP Rcv 192.0.2.9       00b8   Q [0001   D   NOERROR] A      (1)a(0)"
    )
    stamps = []
    for date in ("25/3/2024", "4/3/2024"):
        fields = parser.parse(Record(offset=0, number=1, raw=row.format(date).encode()))
        assert fields is not None
        stamps.append(str(fields["@timestamp"])[:10])
    assert stamps == ["2024-03-25", "2024-03-04"]


def test_the_legend_of_an_audit_log_is_no_record() -> None:
    log = (
        "\t\tMicrosoft DHCP Service Activity Log\r\n\r\n\r\nEvent ID  Meaning\r\n00\tThe log was started.\r\n"
        "50+\tCodes above 50 are used for Rogue Server Detection information.\r\n\r\n"
        "QResult: 0: NoQuarantine, 1:Quarantine\r\n\r\n"
        "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID\r\n"
        "00,03/03/24,00:00:01,Started,,,,,0,6,,,,,,,,,0\r\n"
    )
    found = recognise(log.encode(), "DhcpSrvLog-Sun.log")
    assert found is not None
    assert found.name == "microsoft_dhcp"
    reader = LogReader(Path("x"), source="microsoft_dhcp", stream=io.BytesIO(log.encode()))
    events = [item for item in reader.records() if isinstance(item, Parsed)]
    assert (len(events), reader.tally.dead) == (1, 0)
    assert events[0].fields["event.action"] == "log-start"
