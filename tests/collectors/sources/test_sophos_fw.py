"""Sophos Firewall and UTM: traffic, sites, mail, detections, log-ins, and names that forge no address."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_SFW = 'device="SFW" date=2024-03-05 time=09:12:44 timezone="CET" device_name="XG1" device_id=C1 log_id=010101600001'
_TRAFFIC = (
    f'{_SFW} log_type="Firewall" log_component="Firewall Rule" log_subtype="Denied" status="Deny" priority=Notice '
    'fw_rule_id=22 user_name="" in_interface="PortA" out_interface="PortB" src_mac=00:00:5e:00:53:01 '
    'src_ip=198.51.100.7 dst_ip=192.0.2.80 protocol="TCP" src_port=4711 dst_port=443 sent_pkts=2 recv_pkts=1 '
    'sent_bytes=80 recv_bytes=40 tran_src_ip=203.0.113.9 tran_src_port=0 message=""'
)
_NEW = (
    'timestamp="2024-03-05T09:12:44+0100" device_model="XGS136" device_serial_id="X1" log_id="062009617501" '
    'log_type="Event" log_component="GUI" log_subtype="Admin" status="Failed" severity="Notice" user_name="admin" '
    'src_ip="198.51.100.7" message="User admin failed to login to GUI because of wrong credentials."'
)
_SSL = (
    f'{_SFW} log_type="Event" log_component="SSL VPN Authentication" log_subtype="Authentication" '
    'status="Failed" user_name="eva" src_ip=198.51.100.7 message="User eva failed to login to SSLVPN"'
)
_UTM = (
    '2024:03:05-09:12:44 gate1 ulogd[4711]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="Packet '
    'dropped" action="drop" fwrule="60001" initf="eth1" srcmac="00:00:5e:00:53:01" srcip="198.51.100.7" '
    'dstip="192.0.2.80" proto="6" length="52" srcport="4711" dstport="22"'
)
_AUTH = (
    '2024:03:05-09:12:44 gate1 aua[9]: id="3005" severity="warn" sys="System" sub="auth" name="Authentication failed" '
    'srcip="198.51.100.7" host="" user="eva" caller="portal" reason="DENIED"'
)


def test_traffic_of_the_firewall() -> None:
    fields = one("sophos_fw", _TRAFFIC)
    assert (fields["source.ip"], fields["destination.ip"], fields["source.nat.ip"]) == (
        "198.51.100.7",
        "192.0.2.80",
        "203.0.113.9",
    )
    assert (fields["source.bytes"], fields["destination.bytes"], fields["network.transport"]) == (80, 40, "tcp")
    assert (fields["event.type"], fields["event.action"]) == (["connection", "denied"], "Denied")
    assert (fields["@timestamp"], fields["rule.id"]) == (at("2024-03-05T08:12:44"), "22")
    assert fields["observer.ingress.interface.name"] == "PortA"
    assert one("sophos_fw", _TRAFFIC.replace('"CET"', '"+11"'))["@timestamp"] == at("2024-03-04T22:12:44")


def test_traffic_of_utm() -> None:
    fields = one("sophos_fw", _UTM)
    assert (fields["source.ip"], fields["destination.port"], fields["network.transport"]) == ("198.51.100.7", 22, "tcp")
    assert (fields["event.action"], fields["event.type"]) == ("Packet dropped", ["connection", "denied"])
    assert (fields["host.name"], fields["@timestamp"]) == ("gate1", at("2024-03-05T09:12:44"))


@pytest.mark.parametrize(
    ("line", "user"),
    [(_NEW, "admin"), (_AUTH, "eva"), (_SSL, "eva")],
)
def test_refused_log_ins(line: str, user: str) -> None:
    fields = one("sophos_fw", line)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")
    assert (fields["user.name"], fields["source.ip"]) == (user, "198.51.100.7")
    passed = line.replace("Failed", "Successful").replace("failed to login", "logged in").replace("wrong", "right")
    passed = passed.replace("Authentication failed", "Authentication successful").replace("because of", "with")
    assert one("sophos_fw", passed)["event.outcome"] == "success"


def test_a_name_with_keys_in_it_forges_no_address() -> None:
    fields = one("sophos_fw", _NEW.replace('"admin"', '"x" src_ip="192.0.2.9"'))
    assert fields["event.outcome"] == "failure"
    assert fields.get("source.ip") != "192.0.2.9"
    fields = one("sophos_fw", _AUTH.replace('srcip="198.51.100.7" host="" ', "") + ' srcip="198.51.100.7"')
    assert fields["source.ip"] == "198.51.100.7"


def test_detections_are_alerts() -> None:
    fields = one(
        "sophos_fw",
        f'{_SFW} log_type="IDP" log_component="Signatures" log_subtype="Drop" priority=Warning signature_id=1616 '
        'signature_msg="DNS version attempt" classification="Leak" src_ip=198.51.100.7 dst_ip=192.0.2.53',
    )
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ["network", "intrusion_detection"])
    assert (fields["rule.id"], fields["rule.name"]) == ("1616", "DNS version attempt")


def test_sites_and_mail() -> None:
    fields = one(
        "sophos_fw",
        f'{_SFW} log_type="Content Filtering" log_component="HTTP" log_subtype="Denied" url="http://bad.example/x.exe" '
        'src_ip=198.51.100.7 dst_ip=203.0.113.5 user_agent="curl/8" status_code="403" domain=bad.example',
    )
    assert (fields["url.domain"], fields["url.path"], fields["http.response.status_code"]) == (
        "bad.example",
        "/x.exe",
        403,
    )
    fields = one(
        "sophos_fw",
        f'{_SFW} log_type="Anti-Virus" log_component="SMTP" log_subtype="Virus" virus="Eicar" subject="bill" '
        'from_email_address="a@bad.example" to_email_address="eva@tax.example" src_ip=198.51.100.7',
    )
    assert (fields["email.from.address"], fields["email.subject"]) == ("a@bad.example", "bill")
    assert (fields["event.kind"], fields["rule.name"]) == ("alert", "Eicar")


def test_requests_of_the_reverse_proxy() -> None:
    line = (
        '2024:03:05-09:12:44 gate1 reverseproxy: id="0299" srcip="198.51.100.7" localip="192.0.2.5" size="112" '
        'user="-" host="198.51.100.7" method="POST" statuscode="403" url="/a" server="www.tax.example" port="443" '
        'query="?b=1"'
    )
    fields = one("sophos_fw", line)
    assert (fields["source.ip"], fields["destination.ip"]) == ("198.51.100.7", "192.0.2.5")
    assert (fields["destination.domain"], fields["destination.port"]) == ("www.tax.example", 443)
    assert (fields["http.response.status_code"], fields["url.query"]) == (403, "b=1")
    assert known_as(f"{line}\n") == "sophos_fw"


@pytest.mark.parametrize("line", [_TRAFFIC, _NEW, _UTM, _AUTH])
def test_it_is_recognised(line: str) -> None:
    assert known_as(f"{line}\n" * 2) == "sophos_fw"


def test_a_cut_line_is_a_dead_letter() -> None:
    events, dead = read("sophos_fw", "device=SF\n")
    assert not events
    assert "Sophos" in str(dead[0].reason)
