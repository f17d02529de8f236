"""The sources for databases, mail, hosts and proxies under damaged and mixed input: nothing is lost, nothing hangs."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.grouping import MAX_BYTES, Quotes, grouped_lines
from collectors.reader import LogReader, Parsed

SOURCES = (
    *("postgresql", "mysql", "mysql_audit", "mssql", "oracle_audit", "postfix", "exim", "dovecot", "spamassassin"),
    *("journald", "sharepoint_uls", "modsecurity", "caddy", "traefik", "imperva_waf", "ubika_waf", "exchange", "squid"),
    "o365_message_trace",
)
LINES = (
    b"2024-03-05 09:12:44.123 UTC [4242] eva@tax ERROR:  syntax error",
    b'2024-03-05 09:12:44.123 UTC,"eva","tax",4242,"203.0.113.4:5",65e6.1,3,"S",2024-03-05 09:00:00 UTC,3/4,0,LOG,0,"x',
    b'{"timestamp":"2024-03-05 09:12:44 UTC","error_severity":"LOG","message":"x","pid":1,"line_num":1}',
    b"2024-03-05T09:12:44.1Z 8 [Note] Access denied for user 'root'@'203.0.113.4' (using password: YES)",
    b"# Time: 2024-03-05T09:12:44.500000Z",
    b"# User@Host: eva[eva] @ pc7 [10.0.0.7]  Id:    14",
    b"20240305 09:12:44,db1,eva,10.0.0.7,42,77,QUERY,tax,'select a, b',0",
    b'<AUDIT_RECORD TIMESTAMP="2024-03-05T09:12:45 UTC" NAME="Connect" STATUS="1045" USER="eva"/>',
    b"2024-03-05 09:13:01.55 Logon       Login failed for user 'sa'. Reason: x. [CLIENT: 203.0.113.4]",
    b"audit_schema_version:1 action_id:LGIF succeeded:false server_principal_name:sa",
    b"Tue Mar  5 09:12:44 2024 +01:00",
    b"ACTION :[7] 'CONNECT'",
    b"Mar  5 09:12:44 mx1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from a[203.0.113.4]: 554 no; from=<a@b> to=<c@d>",
    b'2024-03-05 09:12:44 1rhXyZ-0001Ab-2C <= a@b H=(x) [203.0.113.4]:5 P=esmtp T="x" for c@d',
    b"__REALTIME_TIMESTAMP=1709629964000000",
    b"MESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00hello",
    b"03/05/2024 09:12:44.21*\tw3wp.exe (0x1A2C)\t0x0B30\tArea\tCategory\t8nca\tHigh\t...x...\t",
    b"--a1b2c3d4-A--",
    b"[05/Mar/2024:10:12:44 +0100] Zebq 203.0.113.4 50112 192.0.2.1 443",
    b"--a1b2c3d4-Z--",
    b'{"level":"info","ts":1709629964.5,"logger":"http.log.access","msg":"x","request":{"remote_ip":"10.0.0.1"}}',
    b'203.0.113.4 - - [05/Mar/2024:09:12:44 +0000] "GET / HTTP/2.0" 404 9 "-" "-" 7 "r" "http://x" 25ms',
    b"CEF:0|Incapsula|SIEMintegration|1|1|Normal|0| src=203.0.113.4 start=1709629964000 act=REQ_PASSED",
)
pieces = st.one_of(
    st.sampled_from(LINES), st.binary(max_size=60), st.sampled_from(LINES).map(lambda line: line[7:-5]), st.just(b"")
)


def law(source: str, data: bytes) -> None:
    reader = LogReader(Path("mixed.log"), source=source, stream=io.BytesIO(data))
    events = dead = 0
    for item in reader.records():
        if isinstance(item, Parsed):
            event = reader.event(item)
            assert "error.message" not in event.fields or "fault of kulla" not in str(event.fields["error.message"])
            events += 1
        else:
            assert "fault of kulla" not in item.reason, item.reason
            dead += 1
    assert (reader.tally.records, reader.tally.events, reader.tally.dead) == (events + dead, events, dead)


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(pieces, max_size=14))
def test_damaged_and_mixed_lines_keep_the_law(source: str, parts: list[bytes]) -> None:
    law(source, b"\n".join(parts))


HOSTILE = (
    b"a@" * 40_000,
    b"from=<" * 20_000,
    b"[" * 60_000,
    b'"' * 60_000,
    b"\\" * 60_000,
    b" " * 60_000,
    b"1.1.1.1[1.1.1.1]:" * 8_000,
    b"ACTION :[9] '" * 6_000,
    b"statement:" * 8_000,
    b'[id "1"]' * 8_000,
    b"A=" * 40_000,
    b"<A>" * 20_000,
    b"\n".join([b"x"] * 500),
)


@pytest.mark.parametrize("source", SOURCES)
def test_hostile_lines_take_little_time(source: str) -> None:
    starts = (*LINES[:16:3], b"", b'{"error_severity":"', b"Mar  5 09:12:44 h postfix/smtpd[1]: ")
    for start in starts:
        for hostile in HOSTILE:
            begun = time.process_time()
            law(source, start + b" " + hostile + b"!")
            assert time.process_time() - begun < 2, (start, hostile[:40])


def test_groups_lose_no_byte_and_are_bounded() -> None:
    data = b"A 1\n b\n\n\n c\nA 2\n" + b"".join(b" %d\n" % number for number in range(50_000))
    records = list(grouped_lines(io.BytesIO(data), lambda line: line.startswith(b"A")))
    assert records[0].raw == b"A 1\n b\n\n\n c"
    assert all(len(record.raw) <= MAX_BYTES for record in records)
    assert b"\n".join(record.raw for record in records) == data.removesuffix(b"\n")


def test_a_quote_that_never_ends_swallows_a_bounded_part() -> None:
    data = b'a,"open\n' + b"x,y\n" * 9_000
    records = list(grouped_lines(io.BytesIO(data), Quotes().begins))
    assert len(records) > 4
