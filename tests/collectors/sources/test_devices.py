"""Network devices: what a line of each becomes, which source it is recognised as, and that no line is lost."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.registry import find, recognise
from collectors.source import Options, Record
from engine.errors import MalformedRecordError
from engine.events import Fields, Value

NAMES = (
    "cisco_asa", "cisco_ios", "fortigate", "panw", "checkpoint", "cef", "leef", "gelf", "keyvalue", "haproxy",
    "f5_bigip",
    "citrix_adc",
)  # fmt: skip
REFERENCE = datetime(2024, 6, 1, tzinfo=UTC)

# source, line, and what must come out of it
CASES: tuple[tuple[str, str, Mapping[str, Value]], ...] = (
    (
        "cisco_asa",
        ("<166>Mar 03 2024 10:00:00 fw01 : %ASA-6-302013: Built outbound TCP connection 77 for outside:203.0.113.9/443"
        " (203.0.113.9/443) to inside:10.1.1.7/51000 (198.51.100.4/62000)"),
        {"source.ip": "10.1.1.7", "source.nat.ip": "198.51.100.4", "source.nat.port": 62000, "destination.port": 443,
         "network.direction": "outbound", "observer.hostname": "fw01", "event.code": "302013",
         "@timestamp": datetime(2024, 3, 3, 10, tzinfo=UTC)},
    ),
    (
        "cisco_asa",
        ("Mar 03 2024 10:00:00: %ASA-4-106023: Deny tcp src outside:203.0.113.9/4000 dst inside:10.1.1.7/22 by"
        ' access-group "acl_out" [0x0, 0x0]'),
        {"event.type": ["connection", "denied"], "rule.name": "acl_out", "network.transport": "tcp"},
    ),
    (
        "cisco_asa",
        ("Mar 03 2024 10:00:00: %ASA-6-113005: AAA user authentication Rejected : reason = Invalid password : server ="
        " 10.1.1.2 : user = anna : user IP = 203.0.113.9"),
        {"user.name": "anna", "source.ip": "203.0.113.9", "event.outcome": "failure", "destination.ip": "10.1.1.2"},
    ),
    (
        "cisco_asa",
        ("Mar 03 2024 10:00:00: %FTD-1-430001: SrcIP: 203.0.113.9, DstIP: 10.1.1.7, SrcPort: 4000, DstPort: 80,"
        " Protocol: tcp, Message: SERVER-WEBAPP probe, SID: 1000, User: anna"),
        {"event.kind": "alert", "event.dataset": "cisco_ftd.log", "rule.id": "1000", "destination.port": 80},
    ),
    (
        "cisco_asa",
        "Mar 03 2024 10:00:00: %ASA-6-999998: a message nobody has a template for",
        {"event.code": "999998", "message": "a message nobody has a template for", "event.severity": 6},
    ),
    (
        "cisco_ios",
        ("<189>41: sw01: Mar  3 11:00:00.250 CET: %SEC-6-IPACCESSLOGP: list 101 denied tcp 203.0.113.9(4000) ->"
        " 10.1.1.7(22), 3 packets"),
        {"source.port": 4000, "destination.ip": "10.1.1.7", "event.action": "deny", "source.packets": 3,
         "cisco.ios.access_list": "101", "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 250000, UTC)},
    ),
    (
        "cisco_ios",
        "Mar  3 10:00:00: %SYS-5-CONFIG_I: Configured from console by anna on vty0 (203.0.113.9)",
        {"user.name": "anna", "source.ip": "203.0.113.9", "event.code": "CONFIG_I", "log.level": "notification"},
    ),
    (
        "fortigate",
        ('<189>date=2024-03-03 time=11:00:00 devname="fg1" devid="FG1" eventtime=1709460000123456789 tz="+0100"'
        ' logid="0000000013" type="traffic" subtype="forward" level="notice" srcip=10.1.1.7 srcport=51000'
        ' dstip=203.0.113.9 dstport=443 proto=6 action="deny" policyid=7 sentbyte=10 rcvdbyte=20 user="GOV\\\\anna"'),
        {"source.ip": "10.1.1.7", "network.transport": "tcp", "rule.id": "7", "source.user.name": "anna",
         "user.domain": "GOV", "network.bytes": 30, "event.action": "deny",
         "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 123456, UTC)},
    ),
    (
        "fortigate",
        ("CEF:0|Fortinet|Fortigate|v7.2.8|00013|traffic:forward close|3|deviceExternalId=FG1 FTNTFGTlogid=0000000013"
        " cat=traffic:forward FTNTFGTeventtime=1709460000 src=10.1.1.7 spt=5 dst=203.0.113.9 dpt=80"
        " proto=17 act=close"),
        {"source.ip": "10.1.1.7", "destination.port": 80, "event.code": "0000000013", "network.transport": "udp"},
    ),
    (
        "panw",
        ("<14>Mar  3 11:00:00 pa1 1,2024/03/03 11:00:00,0011,TRAFFIC,end,2561,2024/03/03 11:00:00,10.1.1.7,203.0.113.9,"
        "198.51.100.4,203.0.113.9,out,gov\\anna,,ssl,vsys1,in,out,e1,e2,fwd,2024/03/03 11:00:00,5,1,51000,443,62000,"
        "443,0x0,tcp,allow,30,10,20,4,2024/03/03 10:59:00,60,any,,1,0x0,AL,US,,2,2,tcp-fin,0,0,0,0,,pa1,from-policy"),
        {"source.ip": "10.1.1.7", "source.nat.port": 62000, "user.name": "anna", "user.domain": "gov",
         "rule.name": "out", "destination.bytes": 20, "event.duration": 60_000_000_000,
         "event.type": ["connection", "allowed", "end"]},
    ),
    (
        "panw",
        ("1,2024/03/03 11:00:00,0011,SYSTEM,auth,2561,2024/03/03 11:00:00,,auth-fail,P,0,0,general,medium,\"failed"
        " authentication for user 'anna'. Reason: Invalid username/password. auth profile 'P', server address"
        " '10.1.1.2', From: 203.0.113.9.\",1,0x0,0,0,0,0,,pa1,0,0,2024-03-03T11:00:00.500+01:00"),
        {"user.name": "anna", "source.ip": "203.0.113.9", "destination.ip": "10.1.1.2", "event.outcome": "failure",
         "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 500000, UTC)},
    ),
    (
        "checkpoint",
        ('<134>1 2024-03-03T10:00:00Z gw1 CheckPoint 7 - [action:"Drop"; ifdir:"inbound"; loguid:"{0x1}";'
        ' origin:"10.1.1.1"; time:"1709460000"; dst:"10.1.1.7"; proto:"6"; rule_uid:"u-1"; s_port:"4000"; service:"22";'
        ' src:"203.0.113.9"; ]'),
        {"source.ip": "203.0.113.9", "destination.port": 22, "rule.uuid": "u-1", "network.direction": "inbound",
         "event.type": ["connection", "denied"], "@timestamp": datetime(2024, 3, 3, 10, tzinfo=UTC)},
    ),
    (
        "cef",
        ("Mar  3 10:00:00 box CEF:0|Vendor|Thing|1|100|probe|9|src=203.0.113.9 dst=10.1.1.7 dpt=80 act=blocked"
        " start=1709460000000 suser=anna"),
        {"source.ip": "203.0.113.9", "event.action": "blocked", "rule.id": "100", "source.user.name": "anna",
         "host.name": "box", "event.severity": 9},
    ),
    (
        "leef",
        "LEEF:1.0|Vendor|Thing|1|login|src=203.0.113.9\tdst=10.1.1.7\tusrName=anna\tdevTime=Mar 03 2024 10:00:00",
        {"source.ip": "203.0.113.9", "user.name": "anna", "event.code": "login",
         "@timestamp": datetime(2024, 3, 3, 10, tzinfo=UTC)},
    ),
    (
        "gelf",
        ('{"version": "1.1", "host": "box", "short_message": "denied", "timestamp": 1709460000.5, "level": 4,'
        ' "_src_ip": "203.0.113.9"}'),
        {"host.name": "box", "message": "denied", "log.level": "warning", "source.ip": "203.0.113.9",
         "@timestamp": datetime(2024, 3, 3, 10, 0, 0, 500000, UTC)},
    ),
    (
        "keyvalue",
        'ts=2024-03-03T10:00:00Z level=warn msg="login failed" user=anna src_ip=203.0.113.9 status=denied',
        {"user.name": "anna", "source.ip": "203.0.113.9", "event.outcome": "failure", "log.level": "warn"},
    ),
    (
        "haproxy",
        ('Mar  3 10:00:00 lb1 haproxy[12]: 203.0.113.9:4000 [03/Mar/2024:10:00:00.250] web~ app/s1'
        ' 0/0/1/2/3 403 212 - -'
        ' ---- 1/1/0/0/0 0/0 {portal.example} "GET /admin?x=1 HTTP/1.1"'),
        {"source.ip": "203.0.113.9", "http.response.status_code": 403, "url.path": "/admin", "event.outcome": "failure",
         "haproxy.backend_name": "app", "event.duration": 3_000_000, "process.pid": 12},
    ),
    (
        "f5_bigip",
        ("Mar  3 10:00:00 lb1 notice apmd[14]: 01490248:5: /Common/vpn:Common:12ab34cd: AD module: authentication with"
        " 'anna' failed"),
        {"user.name": "anna", "event.outcome": "failure", "rule.name": "/Common/vpn", "event.code": "01490248",
         "process.name": "apmd", "log.level": "notice"},
    ),
    (
        "citrix_adc",
        ("<134> 03/03/2024:10:00:00 GMT adc1 0-PPE-0 : default AAA LOGIN_FAILED 73 0 :  User anna -"
        " Client_ip 203.0.113.9"
        ' - Failure_reason "External authentication server denied access" - Browser curl/8.5'),
        {"user.name": "anna", "client.ip": "203.0.113.9", "event.outcome": "failure", "event.code": "LOGIN_FAILED",
         "observer.name": "adc1", "@timestamp": datetime(2024, 3, 3, 10, tzinfo=UTC)},
    ),
    (
        "citrix_adc",  # the firewall's CEF tells the year that its header leaves out
        ("Mar  3 10:00:00 <local0.info> 10.0.0.4 CEF:0|Citrix|NetScaler|NS13.1|APPFW|APPFW_XSS|6|src=203.0.113.9"
         " method=GET request=https://portal.example/ act=blocked cs1=profile1 cs4=ALERT cs5=2019"),
        {"source.ip": "203.0.113.9", "rule.name": "profile1", "@timestamp": datetime(2019, 3, 3, 10, tzinfo=UTC)},
    ),
    (
        "f5_bigip",  # a response that never came has no status
        'ip_client="203.0.113.9",method="GET",response_code="0",request_status="blocked",uri="/x",support_id="7",policy_name="p"',
        {"source.ip": "203.0.113.9", "event.action": "blocked", "http.response.status_code": None},
    ),
)  # fmt: skip


def parse(name: str, line: str) -> Fields:
    parser = find(name).open(Options(reference=REFERENCE))
    fields = parser.parse(Record(offset=0, number=1, raw=line.encode()))
    assert fields is not None
    return parser.complete(fields)


@pytest.mark.parametrize(("name", "line", "expected"), CASES)
def test_a_line_becomes_its_fields(name: str, line: str, expected: Mapping[str, Value]) -> None:
    fields = parse(name, line)
    assert {key: fields.get(key) for key in expected} == dict(expected)


@pytest.mark.parametrize(("name", "line", "expected"), CASES)
def test_a_line_is_recognised_as_its_source(name: str, line: str, expected: Mapping[str, Value]) -> None:
    head = (line + "\n").encode() * 5
    found = recognise(head, "x.log")
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("line", ["hello", "%ASA-", "CEF:0|a|b", "{", "=", "[03/Mar/2024", "1,2,3,4", "0-PPE-0 : x"])
def test_other_lines_are_dead_letters_with_a_reason(name: str, line: str) -> None:
    with pytest.raises(MalformedRecordError) as caught:
        parse(name, line)
    assert len(caught.value.message) > 5


@pytest.mark.parametrize("name", NAMES)
def test_hostile_lines_are_read_in_linear_time(name: str) -> None:
    parser = find(name).open(Options(reference=REFERENCE))
    starts = [line[: len(line) // 2] for source, line, _ in CASES if source == name]
    for tail in ("A" * 200_000, "a=" * 100_000, "(" * 100_000, "1.1" * 60_000, "- x " * 50_000, " : " * 60_000):
        for start in (*starts, ""):
            try:
                parser.parse(Record(offset=0, number=1, raw=(start + tail).encode()))
            except MalformedRecordError:
                continue


@settings(max_examples=100, deadline=None)
@given(case=st.sampled_from(CASES), at=st.integers(0, 400), new=st.text(max_size=8), cut=st.integers(0, 40))
def test_a_damaged_line_is_fields_or_a_dead_letter(
    case: tuple[str, str, Mapping[str, Value]], at: int, new: str, cut: int
) -> None:
    name, line, _ = case
    at %= len(line)
    data = (line[:at] + new + line[at + cut :]).encode("utf-8", "surrogatepass")
    source = find(name)
    parser = source.open(Options(reference=REFERENCE))
    for record in source.frame(io.BytesIO(data)):
        try:
            fields = parser.parse(record)
        except MalformedRecordError:
            continue
        if fields is not None:
            parser.complete(fields)
