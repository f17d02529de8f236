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
