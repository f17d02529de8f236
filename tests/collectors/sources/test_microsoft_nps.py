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


_IAS = (
    "192.0.2.8,GOV\\eva,03/05/2024,09:12:44,IAS,NPS1,44,77,31,198.51.100.7,30,192.0.2.8,8,10.9.0.5,"
    "4108,192.0.2.8,4128,VPN1,4130,GOV\\eva,4149,VPN users,4136,{kind},4142,{reason}"
)
_DTS = (
    '<Event><Timestamp data_type="4">03/05/2024 09:12:44.250</Timestamp><Computer-Name data_type="1">NPS1'
    '</Computer-Name><Event-Source data_type="1">IAS</Event-Source><User-Name data_type="1">GOV\\eva</User-Name>'
    '<Calling-Station-Id data_type="1">198.51.100.7</Calling-Station-Id><Called-Station-Id data_type="1">192.0.2.8'
    '</Called-Station-Id><Framed-IP-Address data_type="3">10.9.0.5</Framed-IP-Address><SAM-Account-Name data_type="1">'
    'GOV\\eva</SAM-Account-Name><NP-Policy-Name data_type="1">VPN users</NP-Policy-Name><Packet-Type data_type="0">'
    '{kind}</Packet-Type><Reason-Code data_type="0">{reason}</Reason-Code></Event>'
)


@pytest.mark.parametrize("form", [_IAS, _DTS])
@pytest.mark.parametrize(
    ("kind", "reason", "outcome", "said"), [(2, 0, "success", None), (3, 16, "failure", "credentials do not match")]
)
def test_the_other_forms_say_the_same(form: str, kind: int, reason: int, outcome: str, said: str | None) -> None:
    line = form.format(kind=kind, reason=reason)
    fields = one("microsoft_nps", line)
    assert known_as(line) == "microsoft_nps"
    assert (fields["event.outcome"], fields.get("event.reason")) == (outcome, said)
    assert (fields["user.domain"], fields["user.name"], fields["source.ip"]) == ("GOV", "eva", "198.51.100.7")
    assert (fields["destination.ip"], fields["source.nat.ip"]) == ("192.0.2.8", "10.9.0.5")
    assert (fields["rule.name"], fields["observer.hostname"]) == ("VPN users", "NPS1")
    assert fields["@timestamp"].replace(microsecond=0) == at("2024-03-05T09:12:44")


def test_a_name_forges_no_element_and_no_attribute() -> None:
    forged = "x&lt;Calling-Station-Id data_type=&quot;1&quot;&gt;203.0.113.66&lt;/Calling-Station-Id&gt;"
    fields = one(
        "microsoft_nps", _DTS.format(kind=3, reason=16).replace("GOV\\eva</User-Name>", f"{forged}</User-Name>")
    )
    assert fields["source.ip"] == "198.51.100.7"
    quoted = _IAS.format(kind=3, reason=16).replace("192.0.2.8,GOV\\eva,", '192.0.2.8,"x,31,203.0.113.66",')
    assert one("microsoft_nps", quoted)["source.ip"] == "198.51.100.7"


@pytest.mark.parametrize("line", [_IAS.format(kind=2, reason=0) + ",5", "<Event></Event>", _IAS[:60]])
def test_forms_that_are_cut_are_dead_letters(line: str) -> None:
    events, dead = read("microsoft_nps", line + "\n")
    assert (events, len(dead)) == ([], 1)


def test_lines_are_recognised() -> None:
    assert known_as(_line(2, "0")) == "microsoft_nps"
    assert known_as('"a","b",1,2,3\n"c","d",1,2,3\n') is None
