"""OpenVPN's lines: every header it comes with, and what its messages tell of clients, log-ins and errors."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options, Record
from collectors.sources.openvpn import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields

OPTIONS = Options(reference=datetime(2026, 3, 11, tzinfo=UTC))
PEER = "192.0.2.7:51820"


def parse(line: str, options: Options = OPTIONS) -> Fields:
    parser = SOURCE.open(options)
    fields = parser.parse(Record(offset=0, number=1, raw=line.encode()))
    assert fields is not None
    return parser.complete(fields)


def said(message: str) -> Fields:
    return parse(f"2026-03-10 08:00:01 {message}")


@pytest.mark.parametrize(
    ("head", "micro", "host"),
    [
        ("2026-03-10 08:00:01 ", 0, None),
        ("2026-03-10 08:00:01 us=340080 ", 340080, None),
        ("Tue Mar 10 08:00:01 2026 ", 0, None),
        ("Tue Mar 10 08:00:01 2026 us=12 ", 12, None),
        ("Mar 10 08:00:01 VPN01 openvpn[841]: ", 0, "VPN01"),
        ("<29>Mar 10 08:00:01 VPN01 ovpn-server[841]: ", 0, "VPN01"),
        ("2026-03-10T08:00:01.5+00:00 VPN01 openvpn[841]: ", 500000, "VPN01"),
        ("2026-03-10 08:00:01 VPN01 openvpn[841]: ", 0, "VPN01"),
        ("<29>1 2026-03-10T08:00:01Z VPN01 openvpn 841 - - ", 0, "VPN01"),
        ("1773129601.000007 f0000001 ", 7, None),
    ],
)
def test_every_header_gives_instant_host_and_message(head: str, micro: int, host: str | None) -> None:
    fields = parse(f"{head}{PEER} TLS: Initial packet from [AF_INET]{PEER}, sid=4c8bee43 d3a7fb89")
    assert fields["@timestamp"] == datetime(2026, 3, 10, 8, 0, 1, micro, UTC)
    assert fields.get("host.name") == host
    assert (fields["source.ip"], fields["source.port"]) == ("192.0.2.7", 51820)
    assert fields["event.action"] == "connection-attempted"


def test_own_stamps_are_in_the_zone_of_the_options() -> None:
    fields = parse("2026-03-10 08:00:01 hello", Options(zone=timezone(timedelta(hours=1))))
    assert fields["@timestamp"] == datetime(2026, 3, 10, 7, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("prefix", "name", "ip"),
    [
        (f"{PEER} ", None, "192.0.2.7"),
        (f"a.hoxha/{PEER} ", "a.hoxha", "192.0.2.7"),
        (f"Arta Hoxha/{PEER} ", "Arta Hoxha", "192.0.2.7"),
        (f"O=Ministria/CN=arta/{PEER} ", "O=Ministria/CN=arta", "192.0.2.7"),
        ("a.hoxha/2001:db8::7:51820 ", "a.hoxha", "2001:db8::7"),
        ("a.hoxha/[2001:db8::7]:51820 ", "a.hoxha", "2001:db8::7"),
        ("a.hoxha/udp4:192.0.2.7:51820 ", "a.hoxha", "192.0.2.7"),
        ("/usr/sbin/route add 10.8.0.0:1 ", None, None),
    ],
)
def test_whom_a_message_is_about(prefix: str, name: str | None, ip: str | None) -> None:
    fields = said(f"{prefix}PUSH: Received control message: 'PUSH_REQUEST'")
    assert fields.get("user.name") == name
    assert fields.get("client.ip") == fields.get("source.ip") == ip


def test_a_log_in_that_succeeds() -> None:
    fields = said(f"{PEER} TLS: Username/Password authentication succeeded for username 'a.hoxha' [CN SET]")
    assert fields["event.category"] == ["authentication"]
    assert fields["event.outcome"] == "success"
    assert fields["event.action"] == "login"
    assert fields["user.name"] == "a.hoxha"
    assert fields["related.user"] == ["a.hoxha"]


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (f"{PEER} TLS Auth Error: Auth Username/Password verification failed for peer", None),
        (f"{PEER} TLS Auth Error: username attempted to change from 'a' to 'b' -- tunnel disabled", None),
        ("AUTH-PAM: BACKGROUND: user 'a.hoxha' failed to authenticate: Authentication failure", "a.hoxha"),
        ("user 'a.hoxha' could not authenticate.", "a.hoxha"),
        ("LDAP bind failed: Invalid credentials", None),
        (f"{PEER} VERIFY ERROR: depth=0, error=certificate has expired: C=AL, O=Ministria, CN=a.hoxha", "a.hoxha"),
    ],
)
def test_a_log_in_that_fails(message: str, name: str | None) -> None:
    fields = said(message)
    assert fields["event.category"] == ["authentication"]
    assert fields["event.outcome"] == "failure"
    assert fields.get("user.name") == name


def test_the_refusal_that_is_sent_is_no_second_failed_log_in() -> None:
    fields = said(f"{PEER} SENT CONTROL [a.hoxha]: 'AUTH_FAILED' (status=1)")
    assert fields["event.action"] == "refusal-sent"
    assert fields["event.category"] == ["network"]


def test_peer_connection_initiated() -> None:
    fields = said(f"{PEER} [a.hoxha] Peer Connection Initiated with [AF_INET]{PEER}")
    assert fields["event.action"] == "peer-connection-initiated"
    assert fields["user.name"] == "a.hoxha"
    assert (fields["client.ip"], fields["client.port"]) == ("192.0.2.7", 51820)


@pytest.mark.parametrize(
    "message",
    [
        f"MULTI: Learn: 10.8.0.6 -> a.hoxha/{PEER}",
        f"MULTI: primary virtual IP for a.hoxha/{PEER}: 10.8.0.6",
        "MULTI_sva: pool returned IPv4=10.8.0.6, IPv6=(Not enabled)",
    ],
)
def test_the_address_inside(message: str) -> None:
    fields = said(f"a.hoxha/{PEER} {message}")
    assert fields["client.nat.ip"] == "10.8.0.6"
    assert fields["event.action"] == "address-assigned"
    assert fields["user.name"] == "a.hoxha"
    assert fields["related.ip"] == ["192.0.2.7", "10.8.0.6"]


def test_a_refused_certificate_has_subject_and_serial_number() -> None:
    fields = said("192.0.2.7:4000 VERIFY ERROR: depth=0, error=certificate has expired: CN=eva, serial=8f01ab")
    assert (fields["tls.client.subject"], fields["tls.client.x509.serial_number"]) == ("CN=eva", "8F01AB")
    assert (fields["user.name"], fields["event.outcome"]) == ("eva", "failure")


def test_a_connection_over_tcp_has_its_client() -> None:
    fields = said("TCP connection established with [AF_INET]192.0.2.7:4000")
    assert (fields["source.ip"], fields["source.port"]) == ("192.0.2.7", 4000)


def test_tls() -> None:
    fields = said(
        f"{PEER} Control Channel: TLSv1.3, cipher TLSv1.3 TLS_AES_256_GCM_SHA384, peer certificate: 2048 bits"
    )
    assert (fields["tls.version_protocol"], fields["tls.version"]) == ("tls", "1.3")
    assert fields["tls.cipher"] == "TLS_AES_256_GCM_SHA384"
    fields = said(f"{PEER} VERIFY OK: depth=0, C=AL, O=Ministria, CN=a.hoxha")
    assert fields["tls.client.subject"] == "C=AL, O=Ministria, CN=a.hoxha"
    assert fields["user.name"] == "a.hoxha"
    assert "user.name" not in said(f"{PEER} VERIFY OK: depth=1, CN=Ministria VPN CA")


@pytest.mark.parametrize(
    ("message", "action"),
    [
        (f"{PEER} TLS Error: TLS handshake failed", "tls-error"),
        (f"TLS Error: cannot locate HMAC in incoming packet from [AF_INET]{PEER}", "packet-refused"),
        (f"TLS Error: reading acknowledgement record from packet, from [AF_INET]{PEER}", "tls-error"),
        (f"{PEER} tls-crypt unwrap error: packet too short", "packet-refused"),
    ],
)
def test_errors_name_the_address_they_come_from(message: str, action: str) -> None:
    fields = said(message)
    assert fields["event.action"] == action
    assert fields["event.outcome"] == "failure"
    assert fields["source.ip"] == "192.0.2.7"


def test_the_end_of_a_session() -> None:
    fields = said(f"a.hoxha/{PEER} SIGUSR1[soft,ping-restart] received, client-instance restarting")
    assert (fields["event.action"], fields["openvpn.signal"]) == ("session-ended", "SIGUSR1[soft,ping-restart]")
    fields = said(f"a.hoxha/{PEER} [a.hoxha] Inactivity timeout (--ping-restart), restarting")
    assert fields["event.action"] == "connection-lost"


def test_peer_info_and_interfaces() -> None:
    assert said(f"{PEER} peer info: IV_PLAT=win")["openvpn.peer_info.iv_plat"] == "win"
    assert said(f"{PEER} peer info: IV_HWADDR=00:11:22:aa:bb:cc")["client.mac"] == "00-11-22-AA-BB-CC"
    fields = said("net_addr_ptp_v4_add: 10.8.0.1 peer 10.8.0.2 dev tun3")
    assert (fields["observer.ip"], fields["observer.ingress.interface.name"]) == ("10.8.0.1", "tun3")


def test_a_line_without_any_header_keeps_its_message() -> None:
    fields = parse(f"a.hoxha/{PEER} Timers: ping 10, ping-restart 240")
    assert "@timestamp" not in fields
    assert fields["message"] == f"a.hoxha/{PEER} Timers: ping 10, ping-restart 240"
    assert fields["event.reason"] == "Timers: ping 10, ping-restart 240"


def test_a_header_without_a_message_is_a_dead_letter() -> None:
    with pytest.raises(MalformedRecordError):
        parse("2026-03-10 08:00:01 ")


def test_recognition_is_by_program_or_by_words() -> None:
    syslog = b"Mar 10 08:00:01 VPN01 openvpn[841]: whatever it says\n"
    own = f"2026-03-10 08:00:01 {PEER} VERIFY OK: depth=1, CN=CA\n".encode()
    other = b"Mar 10 08:00:01 web01 sshd[841]: Accepted publickey for x from 192.0.2.1 port 22 ssh2\n"
    assert SOURCE.recognise(syslog * 9, "VPN01.log") > 90
    assert SOURCE.recognise(own * 9, "server.log") > 90
    assert SOURCE.recognise(other * 9, "openvpn.log") == 0
    assert SOURCE.recognise(b"2026-03-10 08:00:01 INFO started\n" * 9, "app.log") == 0


def test_long_hostile_lines_are_read_in_linear_time() -> None:
    for part in ("/1:", "user 'a", "CN=", "TLS Auth Error user '", "[AF_INET]1", "VERIFY ERROR: depth=0, error="):
        assert said(part * 50_000)["event.module"] == "openvpn"


@settings(max_examples=100)
@given(st.text(max_size=200), st.sampled_from(["", "2026-03-10 08:00:01 ", f"a/{PEER} VERIFY OK: depth=0, CN="]))
def test_whatever_stands_there_is_fields_or_a_dead_letter(text: str, start: str) -> None:
    parser = SOURCE.open(OPTIONS)
    for record in SOURCE.frame(io.BytesIO((start + text).encode("utf-8", "surrogatepass"))):
        try:
            fields = parser.parse(record)
        except MalformedRecordError:
            continue
        if fields is not None:
            assert parser.complete(fields)["event.kind"] == "event"
