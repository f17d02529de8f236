"""Suricata's EVE: each type of record, the versions of its DNS, what shippers make of it, and nothing lost."""

from __future__ import annotations

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
from engine.events import Fields

BASE: dict[str, Any] = {
    "timestamp": "2024-03-03T10:00:00.500000+0100", "flow_id": 77, "in_iface": "eth0", "src_ip": "192.0.2.9",
    "src_port": 4000, "dest_ip": "203.0.113.5", "dest_port": 53, "proto": "UDP",
}  # fmt: skip


def eve(kind: str, **parts: Any) -> dict[str, Any]:
    return {**BASE, "event_type": kind, **parts}


def fields_of(document: object) -> Fields:
    parser = find("suricata").open(Options())
    fields = parser.parse(Record(offset=0, number=1, raw=json.dumps(document).encode()))
    assert fields is not None
    return parser.complete(fields)


def test_what_every_record_says() -> None:
    fields = fields_of(eve("ssh", vlan=[12], community_id="1:x=", ether={"src_mac": "00:00:5e:00:53:01"}))
    wanted = {
        "@timestamp": datetime(2024, 3, 3, 9, 0, 0, 500000, tzinfo=UTC), "event.dataset": "suricata.eve",
        "event.module": "suricata", "source.ip": "192.0.2.9", "source.port": 4000, "destination.ip": "203.0.113.5",
        "network.transport": "udp", "network.protocol": "ssh", "network.community_id": "1:x=", "network.vlan.id": "12",
        "source.mac": "00-00-5E-00-53-01", "observer.ingress.interface.name": "eth0", "suricata.eve.flow_id": 77,
        "suricata.eve.event_type": "ssh", "event.type": ["connection", "protocol"],
    }  # fmt: skip
    assert {name: fields.get(name) for name in wanted} == wanted


def test_what_an_appliance_carries_as_text_in_a_record_of_its_own_is_read() -> None:
    document = {"rawmsg": json.dumps(eve("flow")) + "\n", "deviceid": "860", "meta_sip4": "192.0.2.1"}
    assert fields_of(document)["source.ip"] == "192.0.2.9"
    found = recognise(json.dumps(document).encode(), "sample.log")
    assert found is not None
    assert found.name == "suricata"


def test_an_alert_names_its_rule_and_carries_its_transaction() -> None:
    alert = {
        "action": "blocked", "gid": 1, "signature_id": 2024, "rev": 3, "signature": "ET TEST", "category": "Trojan",
        "severity": 1, "metadata": {"mitre_technique_id": ["T1071"], "cve": ["CVE_2021_44228"]},
    }  # fmt: skip
    http = {
        "hostname": "www.example", "url": "/a.php?x=1", "http_method": "POST", "status": 404, "length": 7,
        "protocol": "HTTP/1.1", "http_user_agent": "curl", "http_refer": "http://r.example/",
    }  # fmt: skip
    flow = {"pkts_toserver": 2, "bytes_toserver": 20, "pkts_toclient": 1, "bytes_toclient": 10}
    fields = fields_of(eve("alert", alert=alert, http=http, flow=flow, app_proto="http"))
    wanted = {
        "event.kind": "alert", "event.category": ["network", "intrusion_detection"], "event.type": ["denied"],
        "event.severity": 1, "rule.name": "ET TEST", "rule.id": "2024", "threat.technique.id": ["T1071"],
        "vulnerability.id": ["CVE-2021-44228"], "http.request.method": "POST", "url.path": "/a.php",
        "url.query": "x=1", "url.domain": "www.example", "http.version": "1.1", "network.bytes": 30,
        "network.packets": 3, "network.protocol": "http", "destination.domain": "www.example",
    }  # fmt: skip
    assert {name: fields.get(name) for name in wanted} == wanted


DNS_QUERIES = (
    {"type": "query", "id": 7, "rrname": "a.example", "rrtype": "A", "tx_id": 0},
    {"version": 2, "type": "query", "id": 7, "rrname": "a.example", "rrtype": "A"},
    {"version": 3, "type": "request", "id": 7, "queries": [{"rrname": "a.example", "rrtype": "A"}]},
    {"query": [{"type": "query", "id": 7, "rrname": "a.example", "rrtype": "A"}]},
)


@pytest.mark.parametrize("dns", DNS_QUERIES)
def test_a_question_is_the_same_in_every_version(dns: dict[str, Any]) -> None:
    fields = fields_of(eve("dns", dns=dns))
    assert fields["dns.question.name"] == "a.example"
    assert fields["dns.question.type"] == "A"
    assert (fields["dns.type"], fields["dns.id"]) == ("query", "7")


RECORD = {"rrname": "a.example", "rrtype": "A", "ttl": 60, "rdata": "198.51.100.7"}
DNS_ANSWERS = (
    {"type": "answer", "id": 7, "rcode": "NOERROR", **RECORD},
    {"version": 2, "type": "answer", "id": 7, "flags": "8180", "rcode": "NOERROR", "answers": [RECORD]},
    {"version": 3, "type": "response", "id": 7, "flags": "8180", "rcode": "NOERROR", "answers": [RECORD]},
    {"answer": {"version": 2, "type": "answer", "id": 7, "rcode": "NOERROR", "answers": [RECORD]}},
)


@pytest.mark.parametrize("dns", DNS_ANSWERS)
def test_an_answer_is_the_same_in_every_version(dns: dict[str, Any]) -> None:
    fields = fields_of(eve("dns", dns=dns))
    assert fields["dns.type"] == "answer"
    assert fields["dns.answers.data"] == fields["dns.resolved_ip"] == ["198.51.100.7"]
    assert fields["dns.answers.ttl"] == [60]
    assert (fields["dns.response_code"], fields["event.outcome"]) == ("NOERROR", "success")


@pytest.mark.parametrize(
    ("kind", "part", "wanted"),
    [
        ("tls", {"sni": "b.example", "version": "TLS 1.2", "subject": "CN=b", "fingerprint": "0a:0b",
                 "notafter": "2025-01-01T00:00:00", "ja3": {"hash": "cc"}},
         {"tls.client.server_name": "b.example", "tls.version": "1.2", "tls.version_protocol": "tls",
          "tls.server.hash.sha1": "0A0B", "tls.server.not_after": datetime(2025, 1, 1, tzinfo=UTC),
          "tls.client.ja3": "cc", "tls.server.subject": "CN=b"}),
        ("flow", {"start": "2024-03-03T10:00:00.000000+0000", "end": "2024-03-03T10:00:01.500000+0000",
                  "state": "closed", "reason": "timeout"},
         {"event.type": ["connection", "end"], "event.duration": 1_500_000_000, "event.reason": "timeout"}),
        ("netflow", {"pkts": 3, "bytes": 300}, {"source.bytes": 300, "source.packets": 3,
                                                "event.type": ["connection"]}),
        ("fileinfo", {"filename": "/a.exe", "size": 9, "sha256": "aa"},
         {"file.path": "/a.exe", "file.size": 9, "file.hash.sha256": "aa"}),
        ("smb", {"command": "SMB2_COMMAND_CREATE", "filename": "x.dll", "status_code": "0xc0000022",
                 "ntlmssp": {"user": "eva", "domain": "GOV", "host": "PC9"}},
         {"file.path": "x.dll", "event.outcome": "failure", "user.name": "eva", "user.domain": "GOV",
          "source.domain": "PC9"}),
        ("krb5", {"msg_type": "KRB_ERROR", "cname": "eva", "realm": "EXAMPLE", "error_code": "KDC_ERR_PREAUTH_FAILED"},
         {"user.name": "eva", "user.domain": "EXAMPLE", "event.outcome": "failure", "network.protocol": "kerberos",
          "error.code": "KDC_ERR_PREAUTH_FAILED"}),
        ("ftp", {"command": "USER", "command_data": "anonymous"}, {"user.name": "anonymous", "event.action": "USER"}),
        ("smtp", {"helo": "x", "mail_from": "<a@b.example>", "rcpt_to": ["<c@d.example>"]},
         {"email.from.address": ["a@b.example"], "email.to.address": ["c@d.example"]}),
        ("dhcp", {"dhcp_type": "ack", "client_mac": "00:00:5e:00:53:01", "assigned_ip": "192.0.2.44"},
         {"client.ip": "192.0.2.44", "client.mac": "00-00-5E-00-53-01", "event.action": "ack"}),
        ("anomaly", {"type": "stream", "event": "stream.pkt_invalid_ack"},
         {"event.action": "stream.pkt_invalid_ack", "event.type": ["connection", "error"]}),
        ("stats", {"uptime": 5}, {"event.kind": "metric", "suricata.eve.stats.uptime": 5}),
        ("rdp", {"tx_id": 1, "event_type": "tls_handshake"}, {"suricata.eve.rdp.event_type": "tls_handshake"}),
        ("rdp", {"event_type": "initial_request", "cookie": "mstshash=GOV\\eva"},
         {"user.name": "eva", "user.domain": "GOV"}),
        ("rdp", {"event_type": "initial_request", "cookie": "x"}, {"user.name": None}),
        ("snmp", {"version": 3, "pdu_type": "get_request", "usm": "monitor"},
         {"user.name": "monitor", "event.action": "get_request"}),
        ("fileinfo", {"filename": "/files/a.exe"}, {"file.path": "/files/a.exe", "file.name": "a.exe"}),
    ],
)  # fmt: skip
def test_a_type_of_record(kind: str, part: dict[str, Any], wanted: dict[str, Any]) -> None:
    fields = fields_of(eve(kind, **{kind: part}))
    assert {name: fields.get(name) for name in wanted} == wanted


def test_a_blocked_packet_is_denied_once() -> None:
    fields = fields_of(eve("drop", drop={"reason": "rules"}, alert={"action": "blocked", "signature_id": 9}))
    assert fields["event.type"] == ["denied", "connection"]


def test_what_a_shipper_wrapped_is_the_same_record() -> None:
    record = eve("dns", dns=DNS_QUERIES[1])
    plain = fields_of(record)
    for carried in ({"message": json.dumps(record)}, {"event": {"original": json.dumps(record)}, "tags": ["x"]}):
        data = json.dumps(carried).encode()
        found = recognise(data + b"\n", "x.json")
        assert found is not None
        assert found.name == "suricata"
        assert fields_of(carried) == plain


def test_other_records_of_the_stream_are_kept() -> None:
    fields = fields_of({"@timestamp": "2024-03-03T10:00:00Z", "host": "probe", "metricset": {"name": "memory"}})
    assert fields["host.name"] == "probe"
    assert fields["suricata.eve.metricset.name"] == "memory"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(("alert", "dns", "http", "tls", "flow", "smb", "krb5", "fileinfo", "smtp", "ftp", "dhcp")),
    values=st.dictionaries(
        st.sampled_from(("answers", "queries", "flags", "type", "version", "hostname", "url", "ja3", "rcpt_to", "start",
                         "metadata", "severity", "ntlmssp", "grouped", "size", "action", "cname", "client_mac")),
        json_values, max_size=5),
    top=st.dictionaries(st.sampled_from(("src_ip", "proto", "vlan", "ether", "timestamp", "host")), json_values),
)  # fmt: skip
def test_no_value_is_a_fault(kind: str, values: dict[str, Any], top: dict[str, Any]) -> None:
    data = json.dumps({**eve(kind, **{kind: values}), **top}).encode("utf-8", "surrogatepass")
    reader = LogReader(Path("eve.json"), source="suricata", stream=io.BytesIO(data))
    for item in reader.records():
        assert isinstance(item, Parsed), item.reason
        assert "error.message" not in reader.event(item).fields


def _of(kind: str, **parts: object) -> Fields:
    return fields_of(eve(kind, **parts))


def test_who_binds_to_a_directory_and_with_what_end() -> None:
    request = {"operation": "bind_request", "bind_request": {"version": 3, "name": "cn=anna,dc=gov"}}
    answer = {"operation": "bind_response", "bind_response": {"result_code": "InvalidCredentials"}}
    fields = _of("ldap", ldap={"request": request, "responses": [answer]})
    assert (fields["user.name"], fields["event.action"], fields["event.outcome"]) == ("anna", "bind_request", "failure")
    comma = {"operation": "bind_request", "bind_request": {"name": r"cn=Doe\, John,dc=gov"}}
    assert _of("ldap", ldap={"request": comma, "responses": []})["user.name"] == "Doe, John"
    windows = {"operation": "bind_request", "bind_request": {"name": r"GOV\anna"}}
    fields = _of("ldap", ldap={"request": windows, "responses": []})
    assert (fields["user.domain"], fields["user.name"]) == ("GOV", "anna")
    anonymous = _of("ldap", ldap={"request": {"operation": "search_request"}, "responses": []})
    assert not {"user.name", "event.outcome"} & anonymous.keys()


def test_a_mail_names_everybody_and_a_ticket_its_end() -> None:
    mail = {"from": "A <a@gov.example>", "to": ["b@gov.example"], "cc": ["C <c@gov.example>"]}
    fields = _of("smtp", email=mail)
    assert fields["email.from.address"] == ["a@gov.example"]
    assert (fields["email.to.address"], fields["email.cc.address"]) == (["b@gov.example"], ["c@gov.example"])
    assert _of("krb5", krb5={"msg_type": "KRB_TGS_REP", "cname": "anna"})["event.outcome"] == "success"
    assert _of("krb5", krb5={"msg_type": "KRB_ERROR", "cname": "anna"})["event.outcome"] == "failure"


def test_the_client_behind_a_proxy_is_kept() -> None:
    fields = _of("http", http={"hostname": "h.gov.example", "url": "/x", "xff": "203.0.113.9, 10.0.0.1"})
    assert fields["network.forwarded_ip"] == "203.0.113.9"
