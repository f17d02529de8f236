"""Zeek's logs: TSV and JSON say the same, every log is told by its path or its fields, and no row is lost."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.reader import LogReader, Parsed
from collectors.registry import find, recognise
from collectors.source import Options, Record
from collectors.zeek.logs import KNOWN, log_of, shape_of
from collectors.zeek.meaning import common_name
from collectors.zeek.tsv import Header, unescaped
from engine.errors import MalformedRecordError
from engine.events import DeadLetter, Event, Fields

ENDS = {"id.orig_h": "192.0.2.9", "id.orig_p": 4000, "id.resp_h": "203.0.113.5", "id.resp_p": 445}
BASE: dict[str, Any] = {"ts": 1709460000.5, "uid": "C1", **ENDS}


def json_fields(log: str, **row: Any) -> Fields:
    parser = find("zeek").open(Options())
    raw = json.dumps({"_path": log, **BASE, **row}).encode()
    fields = parser.parse(Record(offset=0, number=1, raw=raw))
    assert fields is not None
    return parser.complete(fields)


def read(data: bytes, source: str = "zeek") -> tuple[list[Event], list[DeadLetter]]:
    reader = LogReader(Path("x.log"), source=source, stream=io.BytesIO(data))
    events: list[Event] = []
    dead: list[DeadLetter] = []
    for item in reader.records():
        if isinstance(item, Parsed):
            events.append(reader.event(item))
        else:
            dead.append(item)
    return events, dead


def tsv(path: str, names: str, types: str, *rows: str) -> bytes:
    head = f"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n"
    head += "#fields\t" + "\t".join(names.split()) + "\n#types\t" + "\t".join(types.split()) + "\n"
    return (head + "\n".join(rows) + "\n#close\t2024-03-03-11-00-00\n").encode()


def test_a_row_of_tsv_is_the_same_event_as_its_json() -> None:
    log = tsv(
        "dns",
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id query qtype_name rcode_name AA RD answers TTLs",
        "time string addr port addr port enum count string string string bool bool vector[string] vector[interval]",
        "1709460000.500000\tC1\t192.0.2.9\t4000\t203.0.113.5\t445\tudp\t7\ta.example\tA\tNOERROR\tF\tT\t"
        "b.example,198.51.100.7\t60.000000,61.000000",
    )
    found = recognise(log, "dns.log")
    assert found is not None
    assert found.name == "zeek"
    events, dead = read(log)
    assert dead == []
    same = json_fields(
        "dns", proto="udp", trans_id=7, query="a.example", qtype_name="A", rcode_name="NOERROR", AA=False, RD=True,
        answers=["b.example", "198.51.100.7"], TTLs=[60.0, 61.0],
    )  # fmt: skip
    assert dict(events[0].fields) == same
    assert same["event.dataset"] == "zeek.dns"
    assert same["@timestamp"] == datetime(2024, 3, 3, 10, 0, 0, 500000, tzinfo=UTC)
    assert same["dns.header_flags"] == ["RD"]
    assert same["dns.resolved_ip"] == ["198.51.100.7"]
    assert same["zeek.dns.answers"] == ["b.example", "198.51.100.7"]
    assert same["zeek.session_id"] == "C1"


@pytest.mark.parametrize(
    ("log", "row", "wanted"),
    [
        ("conn", {"proto": "tcp", "service": "ssl", "duration": 1.5, "orig_bytes": 5, "orig_ip_bytes": 50,
                  "resp_ip_bytes": 70, "orig_pkts": 1, "resp_pkts": 2, "conn_state": "REJ", "local_orig": True,
                  "local_resp": False},
         {"event.dataset": "zeek.connection", "source.bytes": 50, "network.bytes": 120, "network.direction": "outbound",
          "event.type": ["connection", "start", "denied"], "event.duration": 1_500_000_000, "network.protocol": "tls",
          "network.transport": "tcp", "zeek.connection.conn_state": "REJ"}),
        ("http", {"trans_depth": 1, "method": "PUT", "host": "b.example", "uri": "/x?y=1", "status_code": 404,
                  "user_agent": "curl", "request_body_len": 0, "response_body_len": 7},
         {"url.path": "/x", "url.query": "y=1", "url.domain": "b.example", "http.response.status_code": 404,
          "event.outcome": "failure", "http.request.body.bytes": 0, "user_agent.original": "curl"}),
        ("ssl", {"version": "TLSv12", "server_name": "b.example", "established": True, "cipher": "X"},
         {"tls.version": "1.2", "tls.client.server_name": "b.example", "tls.established": True,
          "event.outcome": "success"}),
        ("kerberos", {"request_type": "TGS", "client": "eva/EXAMPLE", "service": "cifs/x", "success": False,
                      "cipher": "rc4-hmac", "error_msg": "KDC_ERR"},
         {"user.name": "eva", "user.domain": "EXAMPLE", "event.outcome": "failure", "event.action": "TGS",
          "zeek.kerberos.cipher": "rc4-hmac", "zeek.kerberos.client": "eva/EXAMPLE"}),
        ("ntlm", {"username": "eva", "domainname": "GOV", "hostname": "PC9", "success": True},
         {"user.name": "eva", "source.domain": "PC9", "event.outcome": "success",
          "event.category": ["network", "authentication"]}),
        ("smb_files", {"action": "SMB::FILE_WRITE", "path": "\\\\dc\\ADMIN$", "name": "a.tmp", "size": 3},
         {"file.path": "\\\\dc\\ADMIN$\\a.tmp", "file.name": "a.tmp", "file.size": 3,
          "zeek.smb_files.path": "\\\\dc\\ADMIN$", "event.type": ["connection", "protocol", "change"]}),
        ("dce_rpc", {"endpoint": "svcctl", "operation": "CreateServiceW", "named_pipe": "135", "rtt": 0.1},
         {"zeek.dce_rpc.endpoint": "svcctl", "zeek.dce_rpc.operation": "CreateServiceW",
          "event.action": "CreateServiceW"}),
        ("ssh", {"auth_success": False, "auth_attempts": 3, "direction": "INBOUND", "client": "SSH-2.0-x"},
         {"event.outcome": "failure", "network.direction": "inbound", "zeek.ssh.auth_attempts": 3}),
        ("rdp", {"cookie": "GOV\\eva", "result": "encrypted", "security_protocol": "HYBRID"},
         {"user.name": "eva", "user.domain": "GOV", "zeek.rdp.cookie": "GOV\\eva"}),
        ("notice", {"note": "Scan::Port_Scan", "msg": "scanned", "src": "192.0.2.9", "dst": "203.0.113.5",
                    "actions": ["Notice::ACTION_DROP"]},
         {"event.kind": "alert", "rule.name": "Scan::Port_Scan", "event.type": ["denied", "info"]}),
        ("intel", {"seen.indicator": "198.51.100.7", "seen.indicator_type": "Intel::ADDR", "sources": ["x"]},
         {"threat.indicator.ip": "198.51.100.7", "threat.indicator.type": "ipv4-addr"}),
        ("x509", {"certificate.serial": "8BB00EE", "certificate.subject": "CN=a\\, b,O=c", "san.dns": ["a.example"]},
         {"file.x509.serial_number": "8BB00EE", "file.x509.subject.common_name": ["a, b"],
          "file.x509.alternative_names": ["a.example"], "zeek.x509.certificate.serial": "8BB00EE"}),
        ("files", {"fuid": "F1", "tx_hosts": ["198.51.100.7"], "filename": "a.exe", "mime_type": "x/y", "md5": "aa",
                   "source": "HTTP", "conn_uids": ["C2"]},
         {"file.name": "a.exe", "file.hash.md5": "aa", "network.protocol": "http"}),
        ("dhcp", {"client_addr": "192.0.2.9", "mac": "00:00:5e:00:53:01", "host_name": "pc9", "msg_types": ["ACK"]},
         {"client.mac": "00-00-5E-00-53-01", "event.action": "ack", "event.outcome": "success"}),
        ("smtp", {"mailfrom": "<a@b.example>", "rcptto": ["c@d.example"], "subject": "hi", "trans_depth": 1},
         {"email.from.address": ["a@b.example"], "email.to.address": ["c@d.example"], "email.subject": "hi"}),
        ("my_own_log", {"thing": "x"}, {"event.dataset": "zeek.my_own_log", "zeek.my_own_log.thing": "x"}),
    ],
)  # fmt: skip
def test_a_log(log: str, row: dict[str, Any], wanted: dict[str, Any]) -> None:
    fields = json_fields(log, **row)
    assert {name: fields.get(name) for name in wanted} == wanted


def test_json_without_a_path_is_told_by_its_fields() -> None:
    for row, log in (
        ({"conn_state": "SF", "proto": "tcp"}, "zeek.connection"),
        ({"trans_id": 1, "query": "a", "rejected": False}, "zeek.dns"),
        ({"trans_depth": 1, "method": "GET"}, "zeek.http"),
        ({"request_type": "AS", "service": "x"}, "zeek.kerberos"),
    ):
        data = json.dumps({**BASE, **row}).encode()
        found = recognise(data + b"\n", "x.json")
        assert found is not None
        assert found.name == "zeek"
        events, dead = read(data)
        assert dead == []
        assert events[0].fields["event.dataset"] == log


def test_json_under_the_name_of_its_log_or_with_nested_ends() -> None:
    row = {"ts": 1709460000.5, "uid": "C1", "id": {"orig_h": "192.0.2.9", "orig_p": 4000}, "conn_state": "SF"}
    for document in ({"conn": row}, row):
        events, dead = read(json.dumps(document).encode())
        assert dead == []
        assert events[0].fields["event.dataset"] == "zeek.connection"
        assert (events[0].fields["source.ip"], events[0].fields["source.port"]) == ("192.0.2.9", 4000)


def test_json_of_writers_that_put_no_dot_into_names_is_the_same_record() -> None:
    own = {"_path": "conn", "_system_name": "sensor1", "ts": 1588205199.5, "uid": "C1", "proto": "udp"}
    own |= {"id.orig_h": "192.0.2.6", "id.orig_p": 54243, "id.resp_h": "192.0.2.4", "id.resp_p": 53}
    other = {"@stream": "conn", "@system": "sensor1", "@proc": "zeek", "ts": 1588205199.5, "uid": "C1", "proto": "udp"}
    other |= {"id_orig_h": "192.0.2.6", "id_orig_p": 54243, "id_resp_h": "192.0.2.4", "id_resp_p": 53}
    wanted, found = (read(json.dumps(row).encode())[0][0].fields for row in (own, other))
    assert found == wanted
    assert (found["source.ip"], found["destination.port"], found["observer.name"]) == ("192.0.2.6", 53, "sensor1")


def test_a_row_before_its_header_or_with_other_columns_is_a_dead_letter() -> None:
    log = tsv("weird", "ts uid name", "time string string", "1709460000.5\tC1\tx", "1709460000.5\tC1")
    events, dead = read(log)
    assert (len(events), len(dead)) == (1, 1)
    assert "2 columns" in dead[0].reason
    with pytest.raises(MalformedRecordError, match="#fields"):
        Header().row("1\t2")


def test_a_header_in_the_middle_of_a_file_holds_for_what_follows() -> None:
    first = tsv("weird", "ts name", "time string", "1709460000.5\tx")
    second = tsv("dns", "ts query", "time string", "1709460000.5\ta.example")
    events, dead = read(first + second)
    assert dead == []
    assert [event.fields["event.dataset"] for event in events] == ["zeek.weird", "zeek.dns"]


def test_other_separators_and_escapes() -> None:
    log = b"#separator \\x2c\n#set_separator,;\n#unset_field,-\n#path,notice\n#fields,ts,note,msg,actions\n"
    log += b"#types,time,enum,string,set[enum]\n1709460000.5,Scan::X,a\\x2cb\\x0a,A;B\n"
    events, dead = read(log)
    assert dead == []
    assert events[0].fields["message"] == "a,b\\x0a"
    assert events[0].fields["zeek.notice.actions"] == ["A", "B"]


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30))
def test_what_zeek_escapes_is_read_back(text: str) -> None:
    written = "".join(f"\\x{ord(letter):02x}" if letter in ",-\\" else letter for letter in text)
    assert unescaped(written) == text


def test_paths_name_their_logs() -> None:
    assert log_of("conn_long") == log_of("conn-summary.2024") == "conn"
    assert log_of("DNS") == "dns"
    assert log_of("smb_files") == "smb_files"
    assert log_of("../etc/passwd") == "etc_passwd"
    assert shape_of({"x": 1}) is None
    assert "dns" in KNOWN


def test_a_common_name_with_a_comma() -> None:
    assert common_name("O=x,CN=a\\, b,C=AL") == "a, b"
    assert common_name("O=x") == ""


def test_every_log_of_a_real_network_passes(shared: Path) -> None:
    """Every row is an event of its log's dataset; recognition knows each file."""
    folder = shared / "logs" / "zeek"
    for path in sorted(folder.glob("zeek-*/*.gz")):
        with gzip.open(path) as opened:
            data = b"".join(opened.readline() for _ in range(300))
        found = recognise(data[:65536], "x")
        assert found is not None, path.name
        assert found.name == "zeek", path.name
        events, dead = read(data, "auto")
        assert dead == [], (path.name, dead[:1])
        rows = sum(not line.startswith(b"#") for line in data.splitlines())
        assert len(events) == rows
        log = path.name.partition(".")[0]
        assert {event.fields["event.dataset"] for event in events} == {f"zeek.{log}"}
        assert not any("fault of kulla" in str(event.fields.get("error.message")) for event in events), path.name
