"""Citrix ADC's audit messages: who came from where to which virtual server, for how long, and what was blocked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, one


def _message(text: str) -> dict[str, Any]:
    return one("citrix_adc", f"03/05/2024:09:12:44 GMT adc1 0-PPE-0 : default {text}")


def test_a_log_in_has_source_virtual_server_and_browser() -> None:
    fields = _message(
        "SSLVPN LOGIN 12 0 : Context anna@198.51.100.7 - SessionId: 12 - User anna - Client_ip 198.51.100.7 - Nat_ip "
        '"Mapped Ip" - Vserver 192.0.2.80:443 - Browser_type "curl/8" - SSLVPN_client_type ICA - Group(s) "staff"'
    )
    assert (fields["source.ip"], fields["client.ip"], fields["user.name"]) == ("198.51.100.7", "198.51.100.7", "anna")
    assert (fields["destination.ip"], fields["destination.port"]) == ("192.0.2.80", 443)
    assert (fields["user_agent.original"], fields["event.action"]) == ("curl/8", "login")


def test_a_connection_has_its_times_and_keeps_its_own_destination() -> None:
    fields = _message(
        "SSLVPN TCPCONNSTAT 15 0 : Context anna@198.51.100.7 - SessionId: 12 - User anna - Client_ip 198.51.100.7 - "
        "Vserver 192.0.2.80:443 - Source 198.51.100.7:40000 - Destination 10.0.0.80:3389 - "
        'Start_time "03/05/2024:09:00:00 GMT" - End_time "03/05/2024:09:12:44 GMT" - Duration 00:12:44  - Access x'
    )
    assert (fields["destination.ip"], fields["destination.port"]) == ("10.0.0.80", 3389)
    assert (fields["event.start"], fields["event.duration"]) == (at("2024-03-05T09:00:00"), 764_000_000_000)
    assert fields["network.transport"] == "tcp"


def test_what_the_application_firewall_blocked_is_an_alert() -> None:
    fields = _message(
        "APPFW APPFW_SQL 21 0 :  198.51.100.7 12-PPE0 ab12 web https://www.example.gov/a.php?x=1 SQL Keyword check "
        'failed for field x="select" <blocked>'
    )
    assert (fields["source.ip"], fields["url.path"], fields["rule.name"]) == ("198.51.100.7", "/a.php", "web")
    assert (fields["event.kind"], fields["event.action"], fields["event.type"]) == ("alert", "blocked", ["denied"])


def test_a_command_keeps_its_quotes_and_tells_whether_it_worked() -> None:
    fields = _message(
        'CLI CMD_EXECUTED 20 0 :  User root - Remote_ip 10.0.0.9 - Command "login root "***"" - Status "ERROR"'
    )
    assert (fields["process.command_line"], fields["event.outcome"]) == ('login root "***"', "failure")


@pytest.mark.parametrize("port", ["9" * 6000, "70000", "\u0661", "-1", "4 4"])
def test_what_is_no_port_is_no_port(port: str) -> None:
    head = "TCP CONN_DELINK 12 0 :  Source 198.51.100.7:40000 - VserverServiceIP 192.0.2.80"
    fields = _message(f"{head} - VserverServicePort {port} - Total_bytes_send 12")
    assert (fields["destination.ip"], fields.get("destination.port")) == ("192.0.2.80", None)


def test_requests_and_monitors_are_read() -> None:
    fields = _message(
        "SSLVPN HTTPREQUEST 24 0 : Context anna@198.51.100.7 - SessionId: 12- www.example.gov User anna : Group(s) a : "
        "Vserver 192.0.2.80:443 - 03/05/2024:09:12:44 GMT : GET /vpn/index.html - -"
    )
    assert (fields["http.request.method"], fields["url.domain"]) == ("GET", "www.example.gov")
    fields = _message(
        "EVENT MONITORDOWN 22 0 :  Monitor MonServiceBinding_10.0.0.80:443_(tcp-default)(web) - State DOWN"
    )
    assert (fields["destination.ip"], fields["destination.port"]) == ("10.0.0.80", 443)


def test_a_log_in_of_an_administrator_that_failed_is_a_failure() -> None:
    fields = one(
        "citrix_adc",
        "01/24/2025:12:06:37 GMT NS1 0-PPE-0 : default CLI CMD_EXECUTED 7 0 : User nsroot - Remote_ip 10.1.1.5 - "
        'Command "login nsroot" - Status "ERROR: Invalid username or password"',
    )
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")
    assert (fields["user.name"], fields["source.ip"]) == ("nsroot", "10.1.1.5")


def test_a_published_desktop_names_both_ends_and_its_user() -> None:
    fields = one(
        "citrix_adc",
        "01/24/2025:12:06:37 GMT NS1 0-PPE-0 : default SSLVPN ICASTART 1 0 : Source 203.0.113.4:4444 - Destination "
        "10.2.2.2:1494 - customername - username:domainname anna:corp - applicationName Desktop - connectionId abc",
    )
    assert (fields["destination.ip"], fields["destination.port"]) == ("10.2.2.2", 1494)
    assert (fields["user.name"], fields["user.domain"]) == ("anna", "corp")


def test_a_request_through_the_gateway_came_from_its_context() -> None:
    fields = one(
        "citrix_adc",
        "01/24/2025:12:06:37 GMT NS1 0-PPE-0 : default SSLVPN HTTPREQUEST 1 0 : Context anna@203.0.113.4 - SessionId: 5"
        "- www.gov.example User anna : Group(s) N/A : Vserver 10.0.0.1:443 - 01/24/2025:12:06:37 GMT : SSO is OFF : "
        "GET /vpn/index.html - -",
    )
    assert (fields["source.ip"], fields["url.path"]) == ("203.0.113.4", "/vpn/index.html")


def test_a_trap_tells_who_could_not_log_in() -> None:
    fields = one(
        "citrix_adc",
        "01/24/2025:12:06:37 GMT NS1 0-PPE-0 : default SNMP TRAP_SENT 1 0 : netScalerLoginFailure "
        '(nsUserName = "anna", nsIP = 10.0.0.1)',
    )
    assert (fields["user.name"], fields["event.outcome"]) == ("anna", "failure")


def test_a_server_that_is_down_is_named() -> None:
    fields = one(
        "citrix_adc",
        '01/24/2025:12:06:37 GMT NS1 0-PPE-0 : default EVENT DEVICEDOWN 1 0 : Device "server_svc_NSSVC_HTTP_10.0.0.9:80'
        '(svc)" - State DOWN',
    )
    assert (fields["destination.ip"], fields["event.action"]) == ("10.0.0.9", "devicedown")


def test_a_session_at_a_published_desktop_says_whose_it_is() -> None:
    fields = _message(
        "ICA SESSION_SETUP 34 0 :  session_guid abc - device_serial_number 1 - client_ip 198.51.100.7 - client_type "
        '"Windows" - client_hostname PC9 - domain_name GOV - user_name "anna" - server_name s1'
    )
    assert (fields["source.ip"], fields["source.domain"]) == ("198.51.100.7", "PC9")
    assert (fields["user.name"], fields["user.domain"], fields["destination.domain"]) == ("anna", "GOV", "s1")


def test_a_trap_of_a_failed_log_in_says_who_and_from_where() -> None:
    fields = _message('SNMP TRAP_SENT 9 0 :  netScalerLoginFailure (userName = "eve", nsClientIPAddr = 198.51.100.7)')
    assert (fields["user.name"], fields["source.ip"], fields["event.outcome"]) == ("eve", "198.51.100.7", "failure")


def test_a_request_of_older_versions_stands_behind_its_stamp() -> None:
    fields = _message(
        "SSLVPN HTTPREQUEST 7 0 : Context anna@198.51.100.7 - SessionId: 12 - www.example User anna : Group(s) N/A : "
        "Vserver 192.0.2.80:443 - 03/05/2024:09:12:44 GMT GET /a?b=c - -"
    )
    assert (fields["http.request.method"], fields["url.original"], fields["url.domain"]) == (
        "GET",
        "/a?b=c",
        "www.example",
    )
