"""Cisco Meraki: each type of its records, and that what clients write moves no end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

START = "<134>1 1709460000.5 MX84 "


def meraki(text: str) -> dict[str, Any]:
    return one("cisco_meraki", START + text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "flows src=10.1.1.7 dst=198.51.100.7 mac=00:18:0A:80:43:50 protocol=udp sport=9 dport=53 pattern: deny all",
            {
                "source.ip": "10.1.1.7",
                "source.port": 9,
                "destination.port": 53,
                "network.transport": "udp",
                "source.mac": "00-18-0A-80-43-50",
                "event.type": ["connection", "denied"],
                "event.outcome": "failure",
            },
        ),
        (
            "flows allow src=10.1.1.7 dst=198.51.100.7 protocol=tcp sport=1 dport=443",
            {"event.type": ["connection", "allowed"], "destination.ip": "198.51.100.7"},
        ),
        (
            (
                "ip_flow_end src=10.1.1.7 dst=198.51.100.7 protocol=udp sport=1 dport=53 translated_src_ip=203.0.113.1"
                " translated_port=53"
            ),
            {"event.type": ["connection", "end"], "source.nat.ip": "203.0.113.1"},
        ),
        (
            "urls src=10.1.1.7:52233 dst=198.51.100.7:80 mac=00:18:0A:80:43:50 request: GET http://a.example/x?y=1",
            {
                "source.port": 52233,
                "http.request.method": "GET",
                "url.domain": "a.example",
                "url.query": "y=1",
                "event.category": ["network", "web"],
            },
        ),
        (
            (
                "security_event ids_alerted signature=1:28423:1 priority=1 timestamp=1468531589.810079"
                " dhost=98:5A:EB:E1:81:2F direction=ingress protocol=tcp/ip src=198.51.100.7:80 dst=10.1.1.7:53023"
                " message: EXPLOIT-KIT known kit"
            ),
            {
                "event.kind": "alert",
                "rule.id": "1:28423:1",
                "rule.name": "EXPLOIT-KIT known kit",
                "event.severity": 1,
                "network.direction": "inbound",
                "source.ip": "198.51.100.7",
                "destination.ip": "10.1.1.7",
            },
        ),
        (
            (
                "security_event security_filtering_file_scanned url=http://a.example/e.exe src=10.1.1.7"
                " dst=198.51.100.7:80 mac=00:18:0A:80:43:50 name='EICAR' sha256=275a disposition=malicious action=block"
            ),
            {
                "event.kind": "alert",
                "event.category": ["network", "malware"],
                "event.type": ["info", "denied"],
                "file.hash.sha256": "275a",
                "url.path": "/e.exe",
            },
        ),
        (
            "events type=8021x_eap_failure radio='0' vap='3' client_mac='00:18:0A:80:43:50' identity='anna' aid='1'",
            {
                "event.category": ["authentication", "network"],
                "event.outcome": "failure",
                "user.name": "anna",
                "source.mac": "00-18-0A-80-43-50",
            },
        ),
        (
            "events client_vpn_connect user id 'anna@gov.example' local ip 192.168.8.254 connected from 203.0.113.9",
            {
                "user.name": "anna@gov.example",
                "source.ip": "203.0.113.9",
                "client.ip": "192.168.8.254",
                "event.type": ["start"],
            },
        ),
        (
            "airmarshal_events type= rogue_ssid_detected ssid='' bssid='02:18:5A:AE:56:00' src='02:18:5A:AE:56:00'",
            {"event.kind": "alert", "event.action": "rogue_ssid_detected"},
        ),
        (
            "events dhcp lease of ip 192.168.0.2 from server mac 00:18:0A:00:00:01 for client mac 00:18:0A:80:43:50",
            {"client.ip": "192.168.0.2", "client.mac": "00-18-0A-80-43-50", "network.protocol": "dhcp"},
        ),
    ],
)
def test_a_record_means(text: str, expected: dict[str, Any]) -> None:
    line = START + text
    assert known_as(f"{line}\n{line}\n") == "cisco_meraki"
    fields = meraki(text)
    assert {name: fields.get(name) for name in expected} == expected
    assert (fields["@timestamp"], fields["observer.hostname"]) == (at("2024-03-03T10:00:00.5"), "MX84")


def test_what_a_client_asks_for_moves_no_end() -> None:
    fields = meraki("urls src=10.1.1.7:5 dst=198.51.100.7:80 request: GET http://x/ src=192.0.2.9:1 dst=192.0.2.9:2")
    assert (fields["source.ip"], fields["destination.ip"]) == ("10.1.1.7", "198.51.100.7")
    fields = meraki("security_event ids_alerted signature=1 src=10.1.1.7:5 dst=198.51.100.7:80 message: src=192.0.2.9")
    assert fields["source.ip"] == "10.1.1.7"
    fields = meraki("events type=8021x_eap_failure client_mac='00:18:0A:80:43:50' identity='x' client_ip='192.0.2.9'")
    assert not {"client.ip", "source.ip"} & fields.keys()
    fields = meraki("airmarshal_events type=ssid_spoofing_detected ssid='x' src=192.0.2.9 bssid='02:18:5A:AE:56:00'")
    assert "source.ip" not in fields


def test_a_line_of_another_kind_is_a_dead_letter() -> None:
    events, dead = read("cisco_meraki", f"{START}flows src=10.1.1.7 dst=198.51.100.7 pattern: allow all\nhello world\n")
    assert (len(events), len(dead)) == (1, 1)
