"""The systemd journal, SharePoint's ULS, message traces, and Exchange's headless protocol logs."""

from __future__ import annotations

import json
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.host.journal import entries
from tests.collectors.reading import at, known_as, one, read


def _binary(name: bytes, value: bytes) -> bytes:
    return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"


def test_a_log_in_in_the_journal_is_read_as_in_the_auth_log() -> None:
    entry = {
        "__CURSOR": "s=1",
        "__REALTIME_TIMESTAMP": "1709629964123456",
        "_HOSTNAME": "srv1",
        "SYSLOG_IDENTIFIER": "sshd",
        "_PID": "42",
        "PRIORITY": "6",
        "_SYSTEMD_UNIT": "ssh.service",
        "MESSAGE": "Failed password for root from 203.0.113.4 port 50112 ssh2",
    }
    for data in (json.dumps(entry), "\n".join(f"{name}={value}" for name, value in entry.items()) + "\n\n"):
        fields = one("journald", data)
        assert fields["@timestamp"] == at("2024-03-05T09:12:44.123456")
        assert (fields["event.dataset"], fields["event.outcome"]) == ("system.auth", "failure")
        assert (fields["source.ip"], fields["user.name"], fields["process.pid"]) == ("203.0.113.4", "root", 42)
        assert (fields["systemd.unit"], fields["host.name"]) == ("ssh.service", "srv1")
        assert known_as(data) == "journald"


def test_a_value_cannot_forge_an_entry() -> None:
    forged = b"a\n\n__REALTIME_TIMESTAMP=1\nMESSAGE=forged\n\n"
    data = b"__REALTIME_TIMESTAMP=1709629964000000\n" + _binary(b"MESSAGE", forged) + b"_HOSTNAME=srv1\n\n" * 2
    events, dead = read("journald", data[:-15] + b"__CURSOR=2\nMESSAGE=second\n")
    assert dead == []
    assert [event["message"] for event in events] == [forged.decode().strip(), "second"]


def test_bytes_as_numbers_and_what_is_cut_off() -> None:
    fields = one("journald", '{"__REALTIME_TIMESTAMP":"1709629964000000","MESSAGE":[104,105,255]}')
    assert fields["message"] == "hi\\xff"
    events, dead = read("journald", b"__CURSOR=1\nMESSAGE\n" + struct.pack("<Q", 100) + b"short")
    assert events == []
    assert "inside a binary field" in dead[0].reason


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.binary(max_size=40)), min_size=1, max_size=6)
)
def test_entries_are_what_was_written(pairs: list[tuple[str, bytes]]) -> None:
    raw = b"".join(_binary(name.encode(), value) for name, value in pairs)
    assert list(entries(raw)) == [(name.encode(), value) for name, value in pairs]


ULS = (
    "Timestamp              \tProcess   \tTID   \tArea   \tCategory  \tEventID\tLevel     \tMessage \tCorrelation\r\n"
    "03/05/2024 09:12:44.21 \tw3wp.exe (SP1:0x1A2C)  \t0x0B30\tSharePoint Foundation \tLogging Correlation Data \t"
    "xmnv\tMedium \tName=Request (POST:https://p.gov.example:443/_layouts/15/ToolPane.aspx?DisplayMode=Edit)\t"
    "11111111-2222-3333-4444-555555555555\r\n"
    "03/05/2024 09:12:45.00 \tw3wp.exe (0x1A2C) \t0x0B30\tSharePoint Foundation\tGeneral\t8nca\tUnexpected\tlong...\t"
    "11111111-2222-3333-4444-555555555555\r\n"
    "03/05/2024 09:12:45.00*\tw3wp.exe (0x1A2C) \t0x0B30\tSharePoint Foundation\tGeneral\t8nca\tUnexpected\t...er\t"
    "11111111-2222-3333-4444-555555555555\r\n"
)


def test_uls_joins_what_was_divided() -> None:
    for data in (ULS.encode(), ULS.encode("utf-16")):
        events, dead = read("sharepoint_uls", data)
        assert (len(events), dead) == (2, [])
        assert (events[0]["http.request.method"], events[0]["url.path"]) == ("POST", "/_layouts/15/ToolPane.aspx")
        assert (events[0]["process.pid"], events[0]["host.name"]) == (0x1A2C, "SP1")
        assert events[0]["@timestamp"] == at("2024-03-05T09:12:44.21")
        assert (events[1]["message"], events[1]["event.type"]) == ("longer", ["error"])
        assert known_as(data) == "sharepoint_uls"


def test_message_traces() -> None:
    row = {
        "MessageTraceId": "t",
        "MessageId": "<m@b>",
        "SenderAddress": "a@b.example",
        "FromIP": "203.0.113.4",
        "RecipientAddress": "c@d.example",
        "Status": "Failed",
        "Size": 9,
        "Received": "/Date(1709629964000)/",
    }
    fields = one("o365_message_trace", json.dumps(row))
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert (fields["event.outcome"], fields["source.ip"]) == ("failure", "203.0.113.4")
    assert (fields["email.from.address"], fields["destination.domain"]) == (["a@b.example"], "d.example")
    assert known_as(json.dumps(row)) == "o365_message_trace"


def test_exchange_rows_without_their_header() -> None:
    smtp = "2024-03-05T09:12:44.270Z,EX1\\Default,08DA,9,192.0.2.1:25,203.0.113.4:50112,>,535 5.7.3 Authentication unsuccessful,"  # noqa: E501
    imap = (
        '2024-03-05T09:12:44.530Z,00E,2,192.0.2.1:143,203.0.113.4:5,eva,1,2,3,login,eva,"R=""2 NO"";Msg=AuthFailed:x",'
    )
    for row in (smtp, imap):
        fields = one("exchange", row)
        assert (fields["event.action"], fields["event.outcome"]) == ("login", "failure")
        assert (fields["source.ip"], fields["destination.ip"]) == ("203.0.113.4", "192.0.2.1")
        assert known_as(row) == "exchange"


def test_a_packet_that_the_kernel_logged_is_read_in_the_journal_and_in_syslog() -> None:
    packet = (
        "[12.345678] [UFW BLOCK] IN=eth0 OUT= MAC=00:11:22:33:44:55:66:77:88:99:aa:bb:08:00 SRC=203.0.113.66 "
        "DST=10.0.0.5 LEN=40 TTL=245 ID=1 PROTO=TCP SPT=4444 DPT=22 WINDOW=1024 SYN URGP=0"
    )
    entry = {"__REALTIME_TIMESTAMP": "1709629964123456", "SYSLOG_IDENTIFIER": "kernel", "MESSAGE": packet}
    for source, line in (("journald", json.dumps(entry)), ("auth", f"Mar  5 09:12:44 srv1 kernel: {packet}")):
        fields = one(source, line)
        assert (fields["source.ip"], fields["source.port"]) == ("203.0.113.66", 4444)
        assert (fields["destination.ip"], fields["destination.port"]) == ("10.0.0.5", 22)
        assert (fields["event.action"], fields["rule.name"]) == ("drop", "UFW BLOCK")
        assert list(fields["event.category"]) == ["network"]
        assert fields["event.dataset"] == "system.syslog"


def test_what_befell_the_machine_is_read_in_the_journal() -> None:
    entry = {"__REALTIME_TIMESTAMP": "1709629964123456", "SYSLOG_IDENTIFIER": "kernel"}
    fields = one("journald", json.dumps(entry | {"MESSAGE": "device eth0 entered promiscuous mode"}))
    assert fields["event.action"] == "entered-promiscuous-mode"
    assert "event.action" not in one("journald", json.dumps(entry | {"MESSAGE": "IN=eth0 is up"}))
