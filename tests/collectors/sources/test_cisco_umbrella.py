"""Cisco Umbrella: DNS, proxy, firewall and IP logs, and what administrators changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def line(*values: str) -> str:
    return ",".join(f'"{value}"' for value in values)


_TIME = "2024-03-05 09:12:44"
_DNS = line(_TIME, "ana", "ana,office", "10.0.0.7", "192.0.2.1", "Blocked", "1 (A)", "NOERROR", "bad.example.",
            "Malware", "AD Users", "AD Users,Networks", "Malware")  # fmt: skip
_PROXY = line(_TIME, "ana", "ana", "10.0.0.7", "192.0.2.1", "198.51.100.9", "text/html", "ALLOWED",
              "https://www.example.org/a?b=1", "https://ref.example/", "curl/8", "200", "850", "900", "880",
              "cd" * 32)  # fmt: skip
_FIREWALL = line(_TIME, "[7]", "branch", "Network Tunnels", "TO", "6", "84", "10.0.0.7", "4711", "198.51.100.9", "443",
                 "ams1", "12", "BLOCK")  # fmt: skip
_IP = line(_TIME, "ana", "10.0.0.7", "4711", "198.51.100.9", "443", "Botnet", "Roaming Computers")
_AUDIT = line("55", _TIME, "eva@example.org", "eva", "policies", "update", "192.0.2.4", "off", "on")


def seen(text: str) -> dict[str, Any]:
    return one("cisco_umbrella", text)


def test_a_question_has_who_asked_and_the_verdict() -> None:
    fields = seen(_DNS)
    assert (fields["event.dataset"], fields["event.type"]) == ("cisco_umbrella.dns", ("denied", "protocol"))
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("bad.example", "A")
    assert (fields["user.name"], fields["source.ip"], fields["source.nat.ip"]) == ("ana", "10.0.0.7", "192.0.2.1")
    assert (fields["@timestamp"], fields["dns.response_code"]) == (at("2024-03-05T09:12:44"), "NOERROR")


def test_a_request_has_target_sizes_and_agent() -> None:
    fields = seen(_PROXY)
    assert (fields["event.dataset"], fields["event.type"]) == ("cisco_umbrella.proxy", ("allowed",))
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("www.example.org", "/a", "b=1")
    assert (fields["http.response.status_code"], fields["http.request.bytes"]) == (200, 850)
    assert (fields["destination.ip"], fields["user_agent.original"]) == ("198.51.100.9", "curl/8")
    assert fields["file.hash.sha256"] == "cd" * 32


def test_a_firewalls_verdict_has_both_ends() -> None:
    fields = seen(_FIREWALL)
    assert (fields["event.dataset"], fields["event.type"]) == ("cisco_umbrella.cloudfirewall", ("denied",))
    assert (fields["source.port"], fields["destination.port"], fields["network.transport"]) == (4711, 443, "tcp")
    assert (fields["network.direction"], fields["rule.id"]) == ("outbound", "12")


def test_a_connection_to_an_address_is_read() -> None:
    fields = seen(_IP)
    assert (fields["event.dataset"], fields["destination.ip"]) == ("cisco_umbrella.ip", "198.51.100.9")


def test_a_change_names_who_made_it_from_where() -> None:
    fields = seen(_AUDIT)
    assert (fields["event.category"], fields["event.type"]) == (("configuration",), ("change",))
    assert (fields["user.name"], fields["user.email"], fields["source.ip"]) == ("eva", "eva@example.org", "192.0.2.4")
    assert fields["event.action"] == "policies-update"


def test_columns_of_later_versions_are_kept() -> None:
    assert seen(_DNS + ',"org 7"')["cisco.umbrella.column_14"] == "org 7"


@pytest.mark.parametrize("text", [_DNS, _PROXY, _FIREWALL, _AUDIT])
def test_each_log_is_known(text: str) -> None:
    assert known_as(text + "\n") == "cisco_umbrella"


def test_other_csv_is_not_taken() -> None:
    assert known_as(line(_TIME, "a", "b", "c", "d", "e", "f") + "\n") != "cisco_umbrella"


@pytest.mark.parametrize("text", [line(_TIME, "ana"), '"2024-03-05 09:12:44","open', "nothing"])
def test_a_damaged_line_is_a_dead_letter(text: str) -> None:
    events, dead = read("cisco_umbrella", text)
    assert (len(events), len(dead)) == (0, 1)
