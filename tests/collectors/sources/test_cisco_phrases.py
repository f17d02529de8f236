"""Messages of ASA and FTD that no template knows: their usual phrases still give ends, accounts and certificates."""

from __future__ import annotations

import pytest

from collectors.cisco.asa_phrases import phrases
from tests.collectors.reading import one


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            (
                "%ASA-3-210007: LU allocate xlate failed for type [static]-[PAT] translation from"
                " inside:10.1.0.4/4000 to outside:192.0.2.2/4000"
            ),
            {"source.ip": "10.1.0.4", "destination.ip": "192.0.2.2", "destination.port": 4000},
        ),
        (
            (
                "%ASA-4-209006: Fragment queue threshold exceeded, dropped TCP fragment from 198.51.100.7/123 to"
                " 10.1.0.4/53 on outside interface"
            ),
            {"network.transport": "tcp", "source.port": 123, "observer.ingress.interface.name": "outside"},
        ),
        (
            "%ASA-6-109207: UAUTH: Session=0x5000, User=anna, Assigned IP=10.9.8.7, Succeeded updating entry.",
            {"user.name": "anna", "source.ip": "10.9.8.7"},
        ),
        (
            (
                "%ASA-4-722041: TunnelGroup <staff> GroupPolicy <office> User <anna> IP <2001:db8::7> No IPv6 address"
                " available for SVC connection"
            ),
            {"user.name": "anna", "source.ip": "2001:db8::7", "source.user.group.name": "office"},
        ),
        (
            (
                "%ASA-3-717009: Certificate validation failed. Peer certificate key usage is invalid, serial number:"
                " 12AB, subject name: CN=anna,OU=staff."
            ),
            {"tls.client.x509.serial_number": "12AB", "user.name": "anna"},
        ),
    ],
)
def test_usual_phrases_of_unknown_messages_are_read(line: str, expected: dict[str, object]) -> None:
    fields = one("cisco_asa", line)
    assert {name: fields.get(name) for name in expected} == expected


def test_a_protocol_of_routing_is_no_transport() -> None:
    assert phrases("OSPF: Detected router with duplicate router ID 10.1.0.1 in area 0") == {}


def test_prose_is_not_taken_for_ends() -> None:
    assert phrases("Configuration moved from memory to flash: done") == {}


def _fields(message: str) -> dict[str, object]:
    return dict(one("cisco_asa", f"%ASA-6-{message}"))


def test_an_icmp_error_is_about_one_flow() -> None:
    fields = _fields(
        "313005: No matching connection for ICMP error message: icmp src outside:198.51.100.7 dst inside:10.1.0.4"
        " (type 3, code 3) on outside interface.  Original IP payload: udp src 10.1.0.4/53 dst 198.51.100.7/40000."
    )
    assert (fields["source.ip"], fields["source.port"]) == ("10.1.0.4", 53)
    assert (fields["destination.ip"], fields["destination.port"]) == ("198.51.100.7", 40000)
    assert (fields["network.transport"], fields["network.iana_number"]) == ("udp", "17")
    assert fields["cisco.asa.source_interface"] == fields["observer.ingress.interface.name"] == "inside"
    assert fields["cisco.asa.destination_interface"] == fields["observer.egress.interface.name"] == "outside"
    assert (fields["cisco.asa.icmp_type"], fields["cisco.asa.icmp_code"]) == ("3", "3")


def test_an_icmp_error_of_a_router_on_the_way_names_the_flow_and_its_account() -> None:
    fields = _fields(
        "313005: No matching connection for ICMP error message: icmp src outside:192.0.2.1 dst inside:10.1.0.4"
        "(LOCAL\\anna) (type 11, code 0) on outside interface.  Original IP payload: tcp src 10.1.0.4/5000 dst"
        " 2001:db8::7/443."
    )
    assert (fields["source.ip"], fields["destination.ip"]) == ("10.1.0.4", "2001:db8::7")
    assert (fields["source.port"], fields["destination.port"]) == (5000, 443)
    assert (fields["source.user.name"], fields["network.transport"]) == ("anna", "tcp")


def test_what_is_no_port_is_not_taken_for_one() -> None:
    fields = _fields(f"106023: Deny tcp src in:10.1.0.4/{'9' * 24} dst out:203.0.113.5/80 by access-group a")
    assert (fields.get("source.port"), fields["destination.port"]) == (None, 80)
    assert "network.protocol" not in fields
    fields = _fields("999999: Something new from in:10.1.0.4/70000 to out:203.0.113.5(65536)")
    assert (fields["source.ip"], fields["destination.ip"]) == ("10.1.0.4", "203.0.113.5")
    assert not {"source.port", "destination.port"} & fields.keys()


def test_a_listed_name_belongs_to_the_end_that_it_resolved_for() -> None:
    flow = "TCP traffic from inside:10.1.0.4/4000 (10.1.0.4/4000) to outside:203.0.113.5/80 (203.0.113.5/80)"
    end = "resolved from local list: evil.example"
    fields = _fields(f"338001: Dynamic filter monitored blacklisted {flow}, source evil.example {end}")
    assert (fields["source.domain"], "destination.domain" in fields) == ("evil.example", False)
    fields = _fields(f"338002: Dynamic filter monitored blacklisted {flow}, destination 203.0.113.5 {end}")
    assert (fields["destination.domain"], "source.domain" in fields) == ("evil.example", False)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "611101: User authentication succeeded: IP address: 198.51.100.7, Uname: admin",
            {"user.name": "admin", "server.user.name": "admin", "source.user.name": None},
        ),
        (
            "716003: Group <g> User <anna> IP <198.51.100.7> WebVPN access GRANTED: http://intranet/a",
            {"url.domain": "intranet", "user.name": "anna"},
        ),
        (
            "716059: Group <g> User <anna> IP <198.51.100.7> AnyConnect session resumed connection from IP <192.0.2.9>",
            {"source.ip": "192.0.2.9", "destination.ip": "198.51.100.7"},
        ),
        (
            "722055: Group <g> User <anna> IP <198.51.100.7> Client Type: AnyConnect 4.10",
            {"user_agent.original": "AnyConnect 4.10"},
        ),
        (
            "725001: Starting SSL handshake with client outside:198.51.100.7/5 to 192.0.2.2/443 for TLSv1.2 session",
            {"tls.version": "1.2", "tls.version_protocol": "tls"},
        ),
        (
            "734001: DAP: User anna@gov.example, Addr 198.51.100.7, Connection AnyConnect: The following",
            {"user.email": "anna@gov.example", "user.name": "anna", "user.domain": "gov.example"},
        ),
        (
            "106023: Deny tcp src in:10.1.0.4/40(LOCAL\\anna) dst out:203.0.113.5/80(12:web) by access-group a",
            {"source.user.name": "anna", "destination.user.name": None},
        ),
        ("106010: Deny inbound protocol 47 src out:198.51.100.7 dst in:10.1.0.4", {"network.transport": "gre"}),
        (
            "338301: Intercepted DNS reply for domain evil.example from out:10.1.0.53/53 to in:10.1.0.4/5000",
            {"client.ip": "10.1.0.4", "server.ip": "10.1.0.53", "dns.question.name": "evil.example"},
        ),
    ],
)
def test_messages_are_read_as_elastics_integration_reads_them(message: str, expected: dict[str, object]) -> None:
    fields = _fields(message)
    assert {name: fields.get(name) for name in expected} == expected
