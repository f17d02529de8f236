"""What web servers say of others: clients behind proxies, alerts of the firewall inside the server."""

from __future__ import annotations

from tests.collectors.reading import one


def test_the_client_behind_a_proxy_is_the_first_public_address_that_was_forwarded() -> None:
    line = (
        'proxy.gov.example - - [17/May/2022:21:41:43 +0000] "GET / HTTP/1.1" 200 45 "-" "curl/7.79.1" '
        'X-Forwarded-For="192.168.0.2, 81.2.69.142"'
    )
    fields = one("apache", line)
    assert (fields["source.domain"], fields["network.forwarded_ip"]) == ("proxy.gov.example", "192.168.0.2")
    assert fields["client.ip"] == "81.2.69.142"
    assert "client.ip" not in one("nginx", line)


ALERT = (
    "ModSecurity: Access denied with code 403 (phase 2). Pattern match at ARGS:q. "
    '[id "942100"] [msg "SQL Injection"] [hostname "tax.gov.example"] [uri "/search"] [unique_id "abc"]'
)


def test_an_alert_of_the_firewall_inside_the_server_keeps_its_rule() -> None:
    fields = one("apache", f"[Tue Mar 05 09:12:44.1 2024] [:error] [pid 1] [client 203.0.113.4:50112] {ALERT}")
    assert (fields["event.kind"], fields["rule.id"], fields["rule.name"]) == ("alert", "942100", "SQL Injection")
    assert (fields["url.path"], fields["source.ip"], fields["event.dataset"]) == (
        "/search",
        "203.0.113.4",
        "apache.error",
    )
    assert fields["event.category"] == ["intrusion_detection", "web"]
    assert fields["event.type"] == ["denied", "error"]


def test_a_client_cannot_write_an_alert_of_the_firewall() -> None:
    asked = (
        f"[Tue Mar 05 09:12:44.1 2024] [core:error] [pid 1] [client 203.0.113.4:50112] File does not exist: /{ALERT}"
    )
    fields = one("apache", asked)
    assert (fields["event.kind"], "rule.id" in fields) == ("event", False)
