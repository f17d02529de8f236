"""A host's mixed syslog file, journal or stream: every program's lines are read by the source that knows it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from collectors.host.programs import reader_of
from collectors.reader import LogReader, Parsed
from collectors.registry import find, sources
from collectors.source import Options, Record
from collectors.syslog import parse_header
from engine.errors import MalformedRecordError
from engine.events import Event

OPTIONS = Options(reference=datetime(2026, 11, 23, tzinfo=UTC))
STAMP = "Nov 22 06:25:01"
LINES = {  # program and message, by the dataset and the action or outcome they must have
    ("system.auth", "ran-command"): "CRON[2211]: (root) CMD (run-parts /etc/cron.daily)",
    ("bind.log", "query-cache-denied"): "named[811]: client @0x7f1 203.0.113.9#52144 (e.example): query (cache) "
    "'e.example/A/IN' denied",
    ("isc_dhcp.log", "DHCPACK"): "dhcpd[702]: DHCPACK on 10.1.2.3 to 00:16:3e:aa:bb:cc (eva-pc) via eth1",
    ("dovecot.log", "login"): "dovecot: imap-login: Login: user=<eva@tax.gov.al>, method=PLAIN, rip=198.51.100.7, "
    "lip=192.0.2.25, mpid=4411, TLS, session=<abc>",
    ("unbound.log", None): "unbound: [901:0] info: 10.1.2.3 www.gov.al. A IN",
    ("openvpn.log", "login-failed"): "ovpn-server[655]: 198.51.100.7:50123 TLS Auth Error: Auth Username/Password "
    "verification failed for peer",
    ("postfix.log", "reject"): "postfix/smtpd[3001]: NOQUEUE: reject: RCPT from unknown[203.0.113.4]: 554 5.7.1 "
    "<a@b.example>: Relay access denied; from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<h>",
    ("exim.mainlog", "received"): "exim[3002]: 1rhXyZ-0001Ab-2C <= a@b.example H=(x) [203.0.113.4]:5 P=esmtp S=1200",
    ("openldap.log", "accept"): "slapd[720]: conn=1004 fd=15 ACCEPT from IP=10.1.2.3:40122 (IP=0.0.0.0:389)",
    (
        "freeradius.log",
        "login-incorrect",
    ): "radiusd[730]: (12) Login incorrect (pap: wrong): [eva] (from client a)",
    (
        "haproxy.log",
        None,
    ): "haproxy[810]: 203.0.113.9:33317 [22/Nov/2026:06:25:12.655] in static/srv1 10/0/30/69/109 "
    '200 2750 - - ---- 1/1/1/1/0 0/0 "GET /index.html HTTP/1.1"',
    ("postgresql.log", "login"): "postgres[910]: [3-1] 2026-11-22 06:25:13.123 UTC [910] eva@tax FATAL:  password "
    'authentication failed for user "eva"',
    ("mysql.error", "login"): "mysqld[911]: 2026-11-22T06:25:14.123456Z 8 [Note] Access denied for user "
    "'root'@'203.0.113.4' (using password: YES)",
    ("auditd.log", "user_login"): "audispd: node=gw1 type=USER_LOGIN msg=audit(1795328715.123:4242): pid=1200 uid=0 "
    'auid=4294967295 ses=4294967295 msg=\'op=login acct="root" exe="/usr/sbin/sshd" addr=203.0.113.4 res=failed\'',
    ("system.syslog", "drop"): "kernel: [12345.678901] [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.4 DST=192.0.2.25 LEN=40 "
    "PROTO=TCP SPT=4444 DPT=23 SYN",
    (
        "wireguard.log",
        "handshake-initiation-received",
    ): "kernel: wireguard: wg0: Receiving handshake initiation from peer 3 (198.51.100.7:51820)",
    ("system.auth", "ssh_login"): "sshd[4001]: Failed password for eva from 203.0.113.4 port 4444 ssh2",
    ("system.syslog", None): "systemd[1]: Started Daily apt upgrade and clean activities.",
    ("dnsmasq.log", "query"): "dnsmasq[601]: query[A] www.gov.al from 10.1.2.3",
    ("strongswan.log", "ike-sa-established"): "charon: 12[IKE] IKE_SA ra[3] established between "
    "192.0.2.1[gw.gov.al]...198.51.100.7[eva]",
    (
        "nginx.access",
        None,
    ): 'nginx: 203.0.113.9 - - [22/Nov/2026:06:25:23 +0000] "GET /x HTTP/1.1" 404 9 "-" "curl"',
    ("suricata.eve", None): 'suricata[45]: {"timestamp":"2026-11-22T06:25:25.000000+0000","event_type":"alert",'
    '"src_ip":"203.0.113.4","dest_ip":"192.0.2.25","proto":"TCP","alert":{"action":"allowed","signature_id":1,'
    '"signature":"ET SCAN","category":"Scan","severity":2}}',
    ("kea.log", "dhcp4_lease_alloc"): "kea-dhcp4[46]: INFO  [kea-dhcp4.leases.139] DHCP4_LEASE_ALLOC [hwtype=1 "
    "00:16:3e:aa:bb:cc], cid=[no info], tid=0x1: lease 10.1.2.3 has been allocated for 3600 seconds",
}
MIXED = [f"{STAMP} gw1 {message}" for message in LINES.values()]


def read(lines: list[str], name: str = "messages", source: str = "auto") -> tuple[str, list[Event], list[str]]:
    stream = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    reader = LogReader(Path(name), source=source, stream=stream, options=OPTIONS)
    items = list(reader.records())
    events = [reader.event(item) for item in items if isinstance(item, Parsed)]
    letters = [item.reason for item in items if not isinstance(item, Parsed)]
    assert reader.tally.records == len(events) + len(letters)
    return reader.source.name, events, letters


def told(event: Event) -> tuple[object, object]:
    return event.fields["event.dataset"], event.fields.get("event.action")


def test_each_line_of_a_mixed_file_is_read_by_its_programs_source() -> None:
    name, events, letters = read(MIXED)
    assert (name, letters) == ("auth", [])
    assert [told(event) for event in events] == list(LINES)
    assert {event.fields["host.name"] for event in events} == {"gw1"}
    assert {event.fields["@timestamp"].date().isoformat() for event in events} == {"2026-11-22"}  # type: ignore[union-attr]


@pytest.mark.parametrize("line", MIXED, ids=lambda line: line.split(" ")[4])
def test_it_does_not_matter_which_program_fills_the_files_beginning(line: str) -> None:
    _, events, letters = read([line] * 120 + MIXED)
    assert letters == []
    assert len(events) == 120 + len(MIXED)
    expected = dict(zip(MIXED, LINES, strict=True))
    other = {"iptables.log"}  # a log of packets alone is netfilter's
    assert [event.original for event in events if told(event)[0] not in {expected[event.original][0], *other}] == []


def test_ids_do_not_depend_on_who_reads_a_line() -> None:
    _, mixed, _ = read(MIXED)
    assert len({event.id for event in mixed}) == len(MIXED)
    assert [event.id for event in read(MIXED, source="bind")[1]] == [event.id for event in mixed]


def test_rfc5424_and_the_journal_are_read_alike() -> None:
    for key, line in LINES.items():
        program, _, message = line.partition(": ")
        tag, _, pid = program.partition("[")
        new = f"<30>1 2026-11-22T06:25:01.000Z gw1 {tag} {pid.rstrip(']') or '-'} - - {message}"
        entry = {
            "__REALTIME_TIMESTAMP": "1795328701000000",
            "_HOSTNAME": "gw1",
            "SYSLOG_IDENTIFIER": tag,
            "MESSAGE": message,
            "_SYSTEMD_UNIT": "x.service",
        }
        for text, source in ((new, "auth"), (orjson.dumps(entry).decode(), "journald")):
            _, events, letters = read([text], source=source)
            assert letters == []
            assert told(events[0]) == key, (source, line)
            if source == "journald":
                assert events[0].fields["systemd.unit"] == "x.service"


def test_what_a_programs_source_cannot_read_stays_a_line_of_the_host() -> None:
    lines = [f"{STAMP} gw1 suricata[45]: This is Suricata version 7.0.3 RELEASE running in SYSTEM mode", MIXED[0]]
    _, events, letters = read(lines)
    assert letters == []
    assert events[0].fields["event.dataset"] == "system.syslog"
    assert events[0].fields["process.name"] == "suricata"


def test_a_programs_own_damaged_line_stays_a_dead_letter() -> None:
    line = f"{STAMP} gw1 suricata[45]: {{\x01 no JSON"
    with pytest.raises(MalformedRecordError):
        find("suricata").open(OPTIONS).parse(Record(offset=9, number=2, raw=line.encode()))
    assert len(read([line], source="suricata")[2]) == 1


def test_a_first_word_without_a_header_names_no_program() -> None:
    assert reader_of(parse_header("named: a word of prose", Options())) is None
    assert reader_of(parse_header("<30>named[1]: running", Options())) == "bind"
    assert reader_of(parse_header(f"{STAMP} gw1 /usr/sbin/haproxy[1]: x", OPTIONS)) == "haproxy"


@pytest.mark.parametrize("source", [each.name for each in sources() if each.name != "evtx"])
def test_a_damaged_line_of_another_program_ends_no_reading(source: str) -> None:
    damaged = [
        b"<13>sshd: \x01",
        b"<13>named: \x00\xff",
        f"{STAMP} gw1 sshd[1]: \x01".encode(),
        f"{STAMP} gw1 postgres[1]: \x02".encode(),
        b"<13>audispd: type=",
    ]
    reader = LogReader(Path("messages"), source=source, stream=io.BytesIO(b"\n".join(damaged)), options=OPTIONS)
    for item in reader.records():
        assert isinstance(item, Parsed) or "fault of kulla" not in item.reason
    assert reader.tally.records == reader.tally.events + reader.tally.dead
