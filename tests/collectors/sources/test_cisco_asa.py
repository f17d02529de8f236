"""Messages of Cisco's firewalls beyond the everyday ones: whoever is named in the text is in the fields."""

from __future__ import annotations

import pytest

from collectors.registry import find
from collectors.source import Options, Record
from engine.events import Fields, texts


def _fields(message: str) -> Fields:
    line = f"<166>Mar 03 2024 10:00:00 fw01 : %ASA-4-{message}"
    return find("cisco_asa").open(Options()).parse(Record(offset=0, number=1, raw=line.encode())) or {}


ENDS = {"source.ip": "10.1.1.7", "source.port": 4000, "destination.ip": "203.0.113.9", "destination.port": 80}
FLOW = "inside:10.1.1.7/4000 to outside:203.0.113.9/80"
VISITOR = {"source.ip": "198.51.100.7", "user.name": "ana"}


@pytest.mark.parametrize(
    "message",
    [
        f"202010: PAT pool exhausted. Unable to create TCP connection from {FLOW}",
        f"305016: Unable to create TCP connection from {FLOW} due to reaching per-host PAT port block limit of 4.",
        "322004: No management IP address configured for transparent firewall. Dropping protocol TCP packet from "
        + FLOW,
        f"113042: Non-HTTP connection from {FLOW} denied by redirect filter; only HTTP connections are supported.",
        f"108003: Terminating ESMTP/SMTP connection; malicious pattern detected in the mail from {FLOW}. Data: x",
        f"108004: ESMTP Classification: Received ESMTP header from {FLOW}; header matched",
        f"416001: Dropped UDP SNMP packet from {FLOW}; version (1) is not allowed through the firewall",
        f"110003: Routing failed to locate next-hop for TCP from {FLOW}",
        f"717056: Attempting CRL revocation check from {FLOW} using HTTP",
        "302003: Built H245 connection for foreign_address 203.0.113.9/80 local_address 10.1.1.7/4000",
        "302004: Pre-allocate X TCP backconnection for foreign_address 203.0.113.9/80 to local_address 10.1.1.7/4000",
        "302012: Pre-allocate H225 Call Signalling Connection for faddr 203.0.113.9/80 to laddr 10.1.1.7/4000",
        "302033: Pre-allocated H323 GUP Connection for faddr outside:203.0.113.9/80 to laddr inside:10.1.1.7/4000",
    ],
)
def test_both_ends_of_a_flow_are_read(message: str) -> None:
    fields = _fields(message)
    assert ENDS.items() <= fields.items()
    assert fields.get("network.transport") in {None, "tcp", "udp"}


@pytest.mark.parametrize(
    "message",
    [
        "734001: DAP: User ana, Addr 198.51.100.7, Connection AnyConnect: The following DAP records were selected: A",
        "734003: DAP: User ana, Addr 198.51.100.7: Session Attribute aaa.cisco.grouppolicy = Staff",
        "113016: AAA credentials rejected : reason = x : server = 10.9.9.9 : user = ana : user IP = 198.51.100.7",
    ],
)
def test_a_user_and_where_the_user_comes_from_are_read(message: str) -> None:
    assert VISITOR.items() <= _fields(message).items()


def test_a_group_policy_belongs_to_its_user() -> None:
    fields = _fields("113009: AAA retrieved default group policy (Staff) for user = ana")
    assert (fields["user.name"], fields["source.user.group.name"]) == ("ana", "Staff")


def test_a_user_ends_at_the_semicolon() -> None:
    assert _fields("109032: Unable to install ACL acl9, downloaded for user ana; Error in ACE: x")["user.name"] == "ana"


@pytest.mark.parametrize("head", ["", "acl9: "])
def test_bridged_frames_have_hardware_addresses(head: str) -> None:
    fields = _fields(
        f'106027: {head}Deny src inside:00:50:56:aa:bb:cc dst outside:00:50:56:aa:bb:dd by access-group "bridge"'
    )
    assert (fields["source.mac"], fields["destination.mac"]) == ("00-50-56-AA-BB-CC", "00-50-56-AA-BB-DD")
    assert (fields["rule.name"], fields["event.type"]) == ("bridge", ["connection", "denied"])


def test_the_full_stop_behind_an_address_is_none_of_it() -> None:
    fields = _fields("402117: IPSEC: Received a non-IPSec packet (protocol= UDP) from 203.0.113.9 to 198.51.100.4.")
    assert fields["destination.ip"] == "198.51.100.4"
    assert "destination.domain" not in fields


def test_an_intercepted_name_is_the_question() -> None:
    fields = _fields(
        "338301: Intercepted DNS reply for domain bad.example from outside:203.0.113.53/53 to inside:10.1.1.7/4000,"
        " matched static list"
    )
    assert fields["dns.question.name"] == "bad.example"


def test_a_chosen_cipher_is_the_session_s() -> None:
    fields = _fields(
        "725012: Device chooses cipher ECDHE-RSA-AES256-GCM-SHA384 for the SSL session with client"
        " outside:198.51.100.7/50000 to 203.0.113.9/443"
    )
    assert (fields["tls.cipher"], fields["source.ip"]) == ("ECDHE-RSA-AES256-GCM-SHA384", "198.51.100.7")


def test_both_users_of_an_icmp_flow_are_told_apart() -> None:
    fields = _fields(
        "302020: Built inbound ICMP connection for faddr 198.51.100.7/1(CORP\\ana) gaddr 203.0.113.9/0 laddr 10.1.1.7/0"
        " (besa) type 8 code 0"
    )
    assert (fields["source.user.name"], fields["source.user.domain"]) == ("ana", "CORP")
    assert fields["destination.user.name"] == "besa"
    assert (fields["user.name"], fields["user.domain"]) == ("ana", "CORP")


def test_a_media_channel_is_no_transport() -> None:
    fields = _fields(
        "620001: Pre-allocate CTIQBE RTP secondary channel for inside:10.1.1.7/4000 to outside:203.0.113.9/2748 from"
        " StationRegister message"
    )
    assert "network.transport" not in fields
    assert {fields["source.ip"], fields["destination.ip"]} == {"10.1.1.7", "203.0.113.9"}


def test_an_encrypted_connection_has_version_cipher_and_certificate() -> None:
    certificate = "3ccc5ece59e81d905ed314c1e9af0f797393fec5"
    head = "430003: EventPriority: Low, SrcIP: 10.1.1.7, DstIP: 203.0.113.9, SSLFlowStatus: Success, "
    fields = _fields(
        head
        + f"SSLVersion: TLSv1.2, SSLCipherSuite: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, SSLCertificate: {certificate}"
    )
    assert (fields["tls.version"], fields["tls.cipher"]) == ("1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")
    assert fields["tls.server.hash.sha1"] == certificate.upper()
    unknown = _fields(head + "SSLVersion: Unknown, SSLCipherSuite: Unknown, SSLCertificate: None")
    assert not {"tls.version", "tls.cipher", "tls.server.hash.sha1"} & unknown.keys()


def test_an_icmp_flow_has_no_ports() -> None:
    fields = _fields(
        "302026: Built director stub ICMP connection for in:10.1.1.7/32004 (203.0.113.4) to out:192.0.2.9/0"
    )
    assert (fields["source.ip"], fields["destination.ip"]) == ("10.1.1.7", "192.0.2.9")
    assert not {"source.port", "destination.port"} & fields.keys()


@pytest.mark.parametrize(
    "message",
    [
        f"303004: FTP SITE command unsupported - failed strict inspection, terminating connection from {FLOW}",
        f"324000: Drop GTPv1 message 16 from {FLOW} Reason: Version mismatch",
        f"419003: Cleared TCP urgent flag from {FLOW}",
        f"421001: TCP flow from {FLOW} is dropped because application has failed.",
        f"423001: Dropped invalid NBNS query with bad length from {FLOW}.",
        "424001: Packet denied tcp inside:10.1.1.7/4000 outside:203.0.113.9/80. Ingress interface is a backup.",
        f"431002: RTCP conformance: Dropping RTCP packet from {FLOW}, version mismatch",
        f"500005: connection terminated for TCP from {FLOW} due to invalid combination of inspections on same flow.",
        f"703001: H.225 message received from {FLOW} is using an unsupported version 6",
        f"710007: NAT-T keepalive received from {FLOW}",
        "805001: Flow offloaded: connection 7 inside:10.1.1.7/4000 (10.1.1.7/4000) outside:203.0.113.9/80 TCP",
    ],
)
def test_flows_in_messages_that_are_seldom_seen(message: str) -> None:
    fields = _fields(message)
    assert {name: fields.get(name) for name in ENDS} == ENDS


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "402114: IPSEC: Received an ESP packet (SPI=1, sequence number=7) from 10.1.1.7 to 203.0.113.9 with",
            {"source.ip": "10.1.1.7", "destination.ip": "203.0.113.9"},
        ),
        (
            (
                "603108: Built PPTP Tunnel at out, tunnel-id = 3, remote-peer = 198.51.100.7, virtual-interface = 1, "
                "client-dynamic-ip = 10.9.0.2, username = ana, MPPE-key-strength = 128 bits"
            ),
            VISITOR,
        ),
        ("604103: DHCP daemon interface inside: address granted 0050.5689.fbd6 (10.1.1.9)", {"source.ip": "10.1.1.9"}),
        (
            "772003: PASSWORD: SSH login failed, user ana, IP 198.51.100.7, cause: password expired",
            {**VISITOR, "event.outcome": "failure"},
        ),
        ('315013: SSH session from 198.51.100.7 on interface outside for user "ana" rekeyed successfully.', VISITOR),
    ],
)
def test_people_and_peers_in_messages_that_are_seldom_seen(message: str, expected: Fields) -> None:
    fields = _fields(message)
    assert {name: fields.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("TCP FINs", ("TCP FINs", None, None)),
        ("TCP Reset-I from inside", ("TCP Reset-I", "inside", None)),
        ("TCP FINs from outside (dom\\ana)", ("TCP FINs", "outside", "dom\\ana")),
        ("(ana)", (None, None, "ana")),
        ("Flow removed from due to timeout", ("Flow removed from due to timeout", None, None)),
    ],
)
def test_why_a_connection_ended_at_which_interface_and_whose_it_was(
    end: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    fields = _fields(f"302014: Teardown TCP connection 7 for {FLOW} duration 0:00:02 bytes 120 {end}")
    names = ("event.reason", "cisco.asa.termination_initiator", "cisco.asa.termination_user")
    assert tuple(fields.get(name) for name in names) == expected
    assert fields["network.bytes"] == 120


@pytest.mark.parametrize(
    ("code", "verdict", "blocked"),
    [
        ("430002", "AccessControlRuleAction: Block with reset", True),
        ("430003", "AccessControlRuleAction: Allow", False),
        ("430001", "InlineResult: Blocked", True),
        ("430001", "InlineResult: Would Have Blocked", False),
        ("430005", "FileAction: Malware Block", True),
        ("430005", "FileAction: Malware Cloud Lookup", False),
    ],
)
def test_what_did_not_pass_is_denied(code: str, verdict: str, blocked: bool) -> None:
    fields = _fields(f"{code}: SrcIP: 10.1.1.7, DstIP: 203.0.113.9, {verdict}, Protocol: tcp")
    assert ("denied" in texts(fields["event.type"])) is blocked


def test_dns_of_a_security_event_is_in_the_words_of_dns() -> None:
    ends = "430003: SrcIP: 10.1.1.7, DstIP: 10.1.1.53, Protocol: udp, DNSQuery: c2.example"
    fields = _fields(f"{ends}, DNSRecordType: the canonical name for an alias, DNSResponseType: Non-Existent Domain")
    assert (fields["dns.question.type"], fields["dns.response_code"]) == ("CNAME", "NXDOMAIN")
    fields = _fields(f"{ends}, DNSRecordType: 65, DNSResponseType: No Error")
    assert (fields["dns.question.type"], fields["dns.response_code"]) == ("65", "NOERROR")


def test_the_message_of_an_intrusion_has_no_quotes_around_it() -> None:
    fields = _fields('430001: SrcIP: 203.0.113.4, DstIP: 10.1.1.7, Protocol: tcp, SID: 1, Message: "SERVER-OTHER a, b"')
    assert fields["rule.description"] == "SERVER-OTHER a, b"


@pytest.mark.parametrize(
    ("message", "categories", "types"),
    [
        (
            "502101: New user added to local dbase: Uname: eva Priv: 15 Encpass: ****",
            "iam network",
            "info user creation",
        ),
        (
            "502102: User deleted from local dbase: Uname: eva Priv: 1 Encpass: ****",
            "iam network",
            "info user deletion",
        ),
        ("401002: Shun added: 203.0.113.4 10.0.0.1 0 0", "network intrusion_detection", "info"),
        ("733101: Host 203.0.113.4 is attacking. Current burst rate is 9", "network intrusion_detection", "info"),
        ("307001: Denied Telnet login session from 203.0.113.4 on interface out", "network", "connection denied"),
    ],
)
def test_accounts_attackers_and_refusals_are_of_their_kind(message: str, categories: str, types: str) -> None:
    fields = _fields(message)
    assert " ".join(texts(fields["event.category"])) == categories
    assert " ".join(texts(fields["event.type"])) == types
