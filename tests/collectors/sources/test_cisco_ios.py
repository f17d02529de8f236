"""Messages of Cisco's routers and switches: addresses, users and outcomes wherever the message puts them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from collectors.registry import find
from collectors.source import Options, Record
from engine.events import Fields, Value


def _fields(message: str) -> Fields:
    line = f"Feb  8 04:00:48 192.0.2.2 585917: Feb  8 04:00:47.272: %{message}"
    return find("cisco_ios").open(Options()).parse(Record(offset=0, number=1, raw=line.encode())) or {}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            (
                "SEC-6-IPACCESSLOGP: list edge denied udp 10.0.0.7(53) (GigabitEthernet0/1 0050.56aa.bbcc) ->"
                " 203.0.113.9(5353), 5 packets"
            ),
            {
                "source.ip": "10.0.0.7",
                "source.mac": "00-50-56-AA-BB-CC",
                "destination.ip": "203.0.113.9",
                "destination.port": 5353,
                "source.packets": 5,
                "observer.ingress.interface.name": "GigabitEthernet0/1",
            },
        ),
        (
            "SEC-6-IPACCESSLOGS: list 10 permitted 10.0.0.7 3 packets",
            {"source.ip": "10.0.0.7", "source.packets": 3, "event.action": "allow"},
        ),
        (
            (
                "FW-6-SESS_AUDIT_TRAIL: Stop tcp session: initiator (10.0.0.7:4000) sent 100 bytes -- responder"
                " (203.0.113.9:80) sent 2000 bytes"
            ),
            {
                "source.ip": "10.0.0.7",
                "source.bytes": 100,
                "destination.port": 80,
                "destination.bytes": 2000,
                "network.transport": "tcp",
                "event.type": ["connection", "end"],
            },
        ),
        (
            (
                "FW-6-DROP_PKT: Dropping udp session [2001:db8::7]:4000 [2001:db8::9]:53 on zone-pair in-out class web"
                " due to DROP action found in policy-map"
            ),
            {
                "source.ip": "2001:db8::7",
                "source.port": 4000,
                "destination.ip": "2001:db8::9",
                "event.type": ["connection", "denied"],
            },
        ),
        (
            (
                "SSH-5-SSH2_USERAUTH: User 'ana' authentication for SSH2 Session from 10.0.0.7 (tty = 0) using crypto"
                " cipher 'aes256-ctr', hmac 'hmac-sha2-256' Failed"
            ),
            {"user.name": "ana", "source.ip": "10.0.0.7", "event.outcome": "failure"},
        ),
        (
            (
                "SSH-5-SSH2_USERAUTH: User 'ana' authentication for SSH2 Session from 10.0.0.7 (tty = 0) using crypto"
                " cipher 'aes256-ctr', hmac 'hmac-sha2-256' Succeeded"
            ),
            {"user.name": "ana", "event.outcome": "success"},
        ),
        (
            "SYS-6-LOGOUT: User ana has exited tty session 2(10.0.0.7)",
            {"user.name": "ana", "source.ip": "10.0.0.7", "event.type": ["end"]},
        ),
        (
            "SNMP-3-AUTHFAIL: Authentication failure for SNMP req from host 10.0.0.7",
            {"source.ip": "10.0.0.7", "event.outcome": "failure"},
        ),
        (
            (
                "CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=203.0.113.9,"
                " prot=50, spi=0x1A2B, srcaddr=10.0.0.7"
            ),
            {"source.ip": "10.0.0.7", "destination.ip": "203.0.113.9"},
        ),
        (
            (
                "SW_DAI-4-DHCP_SNOOPING_DENY: 1 Invalid ARPs (Req) on Gi1/0/1, vlan 10.([0050.56aa.bbcc/10.0.0.7/"
                "0000.0000.0000/10.0.0.1/04:00:47 UTC Tue Feb 8 2022])"
            ),
            {"source.mac": "00-50-56-AA-BB-CC", "source.ip": "10.0.0.7", "destination.ip": "10.0.0.1"},
        ),
        (
            (
                "DHCP_SNOOPING-5-DHCP_SNOOPING_UNTRUSTED_PORT: DHCP_SNOOPING drop message on untrusted port, message"
                " type: DHCPOFFER, MAC sa: 0050.56aa.bbcc"
            ),
            {"source.mac": "00-50-56-AA-BB-CC"},
        ),
    ],
)
def test_a_message_s_facts_are_fields(message: str, expected: Mapping[str, Value]) -> None:
    fields = _fields(message)
    assert {name: fields.get(name) for name in expected} == expected


def test_protocol_0_of_an_access_list_is_any_protocol() -> None:
    fields = _fields("SEC-6-IPACCESSLOGNP: list 100 denied 0 10.0.0.7 -> 203.0.113.9, 1 packet")
    assert "network.transport" not in fields
    assert fields["destination.ip"] == "203.0.113.9"


def test_sessions_of_the_zone_firewall_and_its_drops_have_both_ends() -> None:
    flow = "initiator (10.1.0.4:4000) sent 100 bytes -- responder (203.0.113.5:80) sent 200 bytes, from Gi0/1"
    fields = _fields(f"FW-6-SESS_AUDIT_TRAIL: (target:class)-(zp:web):Stop tcp session: {flow}")
    assert (fields["source.ip"], fields["source.bytes"]) == ("10.1.0.4", 100)
    assert (fields["destination.port"], fields["destination.bytes"]) == (80, 200)
    text = "Dropping tcp pkt from Gi0/1 198.51.100.7:4000 => 10.1.0.80:80 (target:class)-(x:y) due to Policy drop"
    fields = _fields(f"FW-6-DROP_PKT: {text}")
    assert (fields["source.ip"], fields["destination.ip"]) == ("198.51.100.7", "10.1.0.80")
    assert fields["observer.ingress.interface.name"] == "Gi0/1"


def test_a_missing_digest_names_both_ends_and_a_log_in_the_devices_port() -> None:
    fields = _fields("TCP-6-BADAUTH: No MD5 digest from 198.51.100.7(4000) to 10.1.0.1(179) tableid - 0")
    assert (fields["source.port"], fields["destination.port"]) == (4000, 179)
    fields = _fields("SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: a] [Source: 198.51.100.7] [localport: 22] at x")
    assert (fields["destination.port"], fields.get("source.port")) == (22, None)


def test_what_the_forwarding_engine_says_through_the_platform_is_read() -> None:
    inner = "%FW-6-DROP_PKT: Dropping tcp pkt from Gi1 198.51.100.7:4000 => 10.1.0.80:80(target:class)-(x:y) due to x"
    fields = _fields(f"IOSXE-6-PLATFORM: R0/0: cpp_cp: QFP:0.0 Thread:001 TS:0001 {inner}")
    assert (fields["event.code"], fields["source.ip"], fields["destination.port"]) == ("DROP_PKT", "198.51.100.7", 80)
    assert "denied" in fields["event.type"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            (
                "FW-6-SESS_AUDIT_TRAIL: (target:class)-(in-out:web): Stop tcp session: initiator (10.0.0.7:50000)"
                " sent 34 bytes -- responder (203.0.113.9:80) sent 223 bytes"
            ),
            {"source.ip": "10.0.0.7", "destination.bytes": 223, "event.type": ["connection", "end"]},
        ),
        (
            "DAEMON-3-SYSTEM_MSG: error: PAM: Authentication failure for illegal user oper from 203.0.113.9 - sshd[9]",
            {"user.name": "oper", "event.category": ["authentication"], "event.outcome": "failure"},
        ),
        (
            "AUTHMGR-5-FAIL: Authorization failed for client (0050.56aa.bbcc) on Interface Gi0/1 AuditSessionID 0A",
            {"source.mac": "00-50-56-AA-BB-CC", "event.category": ["authentication"], "event.outcome": "failure"},
        ),
        (
            "AUTHMGR-5-START: Starting 'dot1x' for client (0050.56aa.bbcc) on Interface Gi0/1 AuditSessionID 0A",
            {"event.category": ["host", "network"], "event.outcome": None},
        ),
        ("SYS-5-CONFIG_I: Configured from console by vty2 (10.0.0.9)", {"source.ip": "10.0.0.9"}),
        (
            "VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by oper on 10.0.0.9@pts/0",
            {"source.ip": "10.0.0.9", "user.name": "oper"},
        ),
        ("DUAL-5-NBRCHANGE: EIGRP-IPv4 100: Neighbor 203.0.113.1 (Gi0/1) is down: x", {"source.ip": "203.0.113.1"}),
    ],
)
def test_sessions_daemons_and_ports_of_newer_systems(message: str, expected: Mapping[str, Value]) -> None:
    fields = _fields(message)
    assert {name: fields.get(name) for name in expected} == dict(expected)


def test_a_wireless_controllers_task_is_a_process_and_no_host() -> None:
    line = b"<134>WLC1: *Dot1x_NW_MsgTask_0: Aug 20 11:25:50.157: %DOT1X-3-ABORT_AUTH: x.c:1 Authentication aborted"
    fields = find("cisco_ios").open(Options()).parse(Record(raw=line, offset=0, number=1))
    assert fields is not None
    assert (fields["host.name"], fields["process.name"]) == ("WLC1", "Dot1x_NW_MsgTask_0")
