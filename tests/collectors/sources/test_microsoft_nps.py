"""Microsoft NPS: log-ins accepted and refused, accounting, lines that are cut."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read


def _line(kind: int, reason: str, status: str = "") -> str:
    return (
        f'"VPN1","RAS",03/05/2024,09:12:44,{kind},"GOV\\eva","GOV\\eva","192.0.2.8","198.51.100.7",,"10.9.0.5","VPN1",'
        f'"192.0.2.8",12,,"192.0.2.8","VPN1",1709629964,,5,,1,2,11,"VPN users",'
        f'{reason},"311 1",,,,"EAP",{status},,40,60,"77",,9'
    )


@pytest.mark.parametrize(
    ("kind", "reason", "outcome", "said"),
    [
        (2, "0", "success", None),
        (3, "16", "failure", "credentials do not match"),
        (3, "36", "failure", "account locked out"),
    ],
)
def test_a_log_in(kind: int, reason: str, outcome: str, said: str | None) -> None:
    fields = one("microsoft_nps", _line(kind, reason))
    assert "authentication" in fields["event.category"]
    assert (fields["event.outcome"], fields.get("event.reason")) == (outcome, said)
    assert (fields["user.domain"], fields["user.name"], fields["source.ip"]) == ("GOV", "eva", "198.51.100.7")
    assert (fields["destination.ip"], fields["source.nat.ip"]) == ("192.0.2.8", "10.9.0.5")
    assert fields["rule.name"] == "VPN users"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize(("status", "kind"), [("1", "start"), ("2", "end"), ("3", "info")])
def test_accounting(status: str, kind: str) -> None:
    fields = one("always_on_vpn", _line(4, "0", status))
    assert (fields["event.category"], fields["event.type"]) == (["network", "session"], [kind])
    assert (fields["source.bytes"], fields["destination.bytes"], fields["event.duration"]) == (40, 60, 9 * 10**9)
    assert "event.outcome" not in fields


def test_a_name_with_commas_moves_no_address() -> None:
    line = _line(3, "16").replace('"GOV\\eva"', '"x,y,""203.0.113.66"""')
    fields = one("microsoft_nps", line)
    assert (fields["source.ip"], fields["event.outcome"]) == ("198.51.100.7", "failure")


@pytest.mark.parametrize(
    "line", ['"VPN1","RAS",03/05/2024,09:12:44,4,"x"', "hello, world", '"VPN1","RAS",03/05/2024,09:12:44,4,"x']
)
def test_cut_lines_are_dead_letters(line: str) -> None:
    events, dead = read("microsoft_nps", line + "\n")
    assert (events, len(dead)) == ([], 1)
    assert "NPS" in dead[0].reason


def test_lines_are_recognised() -> None:
    assert known_as(_line(2, "0")) == "microsoft_nps"
    assert known_as('"a","b",1,2,3\n"c","d",1,2,3\n') is None
