"""SonicWall: ends with their interfaces, log-ins, detections, and names that forge no address."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = '<134>id=firewall sn=0017C5000001 time="2024-03-05 09:12:44" fw=203.0.113.1 pri=6 c=1024'
_CLOSED = (
    f'{_HEAD} m=537 msg="Connection Closed" n=9 src=192.0.2.5:50000:X0:pc5 dst=198.51.100.1:443:X1:www.tax.example '
    "srcMac=00:00:5e:00:53:01 proto=tcp/https sent=100 rcvd=200 spkt=2 rpkt=3"
)


def test_a_connection() -> None:
    fields = one("sonicwall", _CLOSED)
    assert (fields["source.ip"], fields["source.port"], fields["destination.port"]) == ("192.0.2.5", 50000, 443)
    assert (fields["observer.ingress.interface.name"], fields["observer.egress.interface.name"]) == ("X0", "X1")
    assert (fields["destination.domain"], fields["network.transport"]) == ("www.tax.example", "tcp")
    assert (fields["network.protocol"], fields["source.bytes"]) == ("https", 100)
    assert (fields["event.code"], fields["event.type"]) == ("537", ["connection", "end", "allowed"])
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize(
    ("message", "outcome", "kind"),
    [
        ("User login denied due to bad credentials", "failure", "start"),
        ("Administrator login allowed", "success", "start"),
        ("SSL VPN zone remote user login allowed", "success", "start"),
        ("User logged out", "success", "end"),
    ],
)
def test_log_ins(message: str, outcome: str, kind: str) -> None:
    fields = one("sonicwall", f'{_HEAD} m=32 msg="{message}" usr="eva" src=198.51.100.7:0:X1 dst=203.0.113.1:443:X1')
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], outcome)
    assert (fields["user.name"], fields["source.ip"], fields["event.type"]) == ("eva", "198.51.100.7", [kind])


def test_detections_are_alerts_and_drops_are_denied() -> None:
    fields = one(
        "sonicwall",
        f'{_HEAD} m=608 msg="IPS Detection Alert: EXPLOIT x" sid=42 ipscat="WEB" src=198.51.100.7:5:X1',
    )
    assert (fields["event.kind"], fields["rule.id"], fields["rule.category"]) == ("alert", "42", "WEB")
    dropped = one("sonicwall", f'{_HEAD} m=36 msg="TCP connection dropped" src=198.51.100.7:5:X1 fw_action="drop"')
    assert (dropped["event.type"], dropped["event.action"]) == (["connection", "denied"], "drop")


def test_a_name_with_keys_in_it_forges_no_address() -> None:
    fields = one("sonicwall", f'{_HEAD} m=32 msg="User login denied" usr="x" src=192.0.2.9:1:X1" src=198.51.100.7:0:X1')
    assert fields["event.outcome"] == "failure"
    assert fields.get("source.ip") != "192.0.2.9"


def test_it_is_told_from_others_of_the_same_form() -> None:
    assert known_as(f"{_CLOSED}\n" * 2) == "sonicwall"
    assert known_as('id=firewall time="2024-03-05 09:12:44" pri=6 fw=192.0.2.1 vpn=a user=b msg="AUT22673: x"\n') == (
        "ivanti_connect"
    )
    events, dead = read("sonicwall", "id=firewall sn=1 \n")
    assert not events
    assert "SonicWall" in str(dead[0].reason)
