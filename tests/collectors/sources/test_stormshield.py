"""Stormshield: connections, alarms, requests, log-ins; what stands twice is nobody's."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = 'time="2024-03-05 10:12:44" fw="SN1" tz=+0100 startime="2024-03-05 10:12:43" pri=5 '
_FLOW = (
    'srcif="Ethernet3" srcifname="in" ipproto=tcp dstif="Ethernet2" dstifname="out" proto=http src=198.51.100.7 '
    "srcport=39618 dst=192.0.2.80 dstport=80 dstname=www.gov.example ipv=4 sent=40 rcvd=60 duration=1.50 "
)


@pytest.mark.parametrize(
    ("action", "types", "outcome"),
    [("pass", ["connection", "allowed"], "success"), ("block", ["connection", "denied"], "failure")],
)
def test_a_connection(action: str, types: list[str], outcome: str) -> None:
    fields = one("stormshield", f'id=firewall {_HEAD}{_FLOW}ruleid=48 action={action} logtype="filter"')
    assert (fields["event.category"], fields["event.type"]) == (["network"], types)
    assert fields["event.outcome"] == outcome
    assert (fields["source.ip"], fields["destination.port"], fields["network.transport"]) == ("198.51.100.7", 80, "tcp")
    assert (fields["source.bytes"], fields["network.bytes"], fields["event.duration"]) == (40, 100, 1_500_000_000)
    assert (fields["@timestamp"], fields["event.start"]) == (at("2024-03-05T09:12:44"), at("2024-03-05T09:12:43"))


def test_an_alarm_is_an_alert() -> None:
    fields = one("stormshield", f'{_HEAD}{_FLOW}action=block msg="Port scan" class=protocol alarmid=98 logtype="alarm"')
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ["intrusion_detection"])
    assert fields["event.reason"] == "Port scan"


def test_a_request() -> None:
    fields = one("stormshield", f'{_HEAD}{_FLOW}action=pass op=GET result=200 arg="/a?b=1" logtype="plugin"')
    assert fields["event.category"] == ["web"]
    assert (fields["http.request.method"], fields["http.response.status_code"]) == ("GET", 200)
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("www.gov.example", "/a", "b=1")


@pytest.mark.parametrize(
    ("kind", "said", "types", "outcome"),
    [
        ("auth", "User logged in", ["start"], "success"),
        ("auth", "User logged out", ["end"], "success"),
        ("xvpn", "Error during authentication : authentication failed, bad password", ["start"], "failure"),
        ("xvpn", "SSL tunnel created", ["info"], None),
    ],
)
def test_log_ins(kind: str, said: str, types: list[str], outcome: str | None) -> None:
    line = f'<13>Mar  5 10:12:45 gw id=firewall {_HEAD}user="eva" domain="gov.example" src=198.51.100.7 '
    fields = one("stormshield", f'{line}msg="{said}" logtype="{kind}"')
    assert fields["event.category"] == ["authentication"]
    assert (fields["event.type"], fields.get("event.outcome")) == (types, outcome)
    assert (fields["user.name"], fields["user.domain"], fields["source.ip"]) == ("eva", "gov.example", "198.51.100.7")


def test_values_without_quotes_are_read() -> None:
    line = (
        "id=firewall time=2024-03-05 10:12:44 fw=SN1 tz=+0100 startime=2024-03-05 10:12:44 security=0 logtype=monitor"
    )
    fields = one("stormshield", line)
    assert (fields["@timestamp"], fields["event.category"]) == (at("2024-03-05T09:12:44"), ["host"])


def test_what_stands_twice_is_no_address() -> None:
    line = f'{_HEAD}user="x" src=203.0.113.66 y="" src=198.51.100.7 msg="authentication failed" logtype="auth"'
    fields = one("stormshield", line)
    assert "source.ip" not in fields
    assert fields["event.outcome"] == "failure"


def test_other_lines_are_dead_letters_with_a_reason() -> None:
    events, dead = read("stormshield", "time=1 something\n")
    assert (events, len(dead)) == ([], 1)
    assert "Stormshield" in dead[0].reason


def test_records_are_recognised() -> None:
    assert known_as(f'{_HEAD}{_FLOW}logtype="filter"') == "stormshield"
    other = 'id=firewall time="2024-03-05 10:12:44" pri=6 fw=192.0.2.1 vpn=ive user=x realm="y" msg="AUT1: z"'
    assert known_as(other) != "stormshield"
