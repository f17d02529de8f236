"""Check Point's records of people: users who log in, administrators, and the subject of a mail."""

from __future__ import annotations

from collectors.registry import find
from collectors.source import Options, Record
from engine.events import Fields
from tests.collectors.reading import one

HEAD = '<134>1 2024-11-22T10:00:00Z cp1 CheckPoint 12 - [origin:"10.0.0.254"; time:"1732269600"; '


def _fields(text: str) -> Fields:
    raw = f"{HEAD}{text}]".encode()
    return find("checkpoint").open(Options()).parse(Record(offset=0, number=1, raw=raw)) or {}


def test_a_failed_log_in_is_about_its_user() -> None:
    fields = _fields('action:"Failed Log In"; product:"Mobile Access"; src:"203.0.113.9"; user:"ana"; status:"Failure"')
    assert (fields["user.name"], fields["source.user.name"]) == ("ana", "ana")
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")


def test_the_user_behind_a_connection_stays_at_its_source() -> None:
    fields = _fields('action:"Accept"; product:"VPN-1 & FireWall-1"; src:"10.0.0.7"; dst:"203.0.113.9"; user:"ana"')
    assert fields["source.user.name"] == "ana"
    assert "user.name" not in fields


def test_only_a_mail_has_the_subject_of_a_mail() -> None:
    audit = _fields('action:"Log In"; administrator:"ana"; client_ip:"10.0.0.7"; subject:"Administrator Login"')
    assert (audit["user.name"], audit.get("email.subject")) == ("ana", None)
    mail = _fields('action:"Prevent"; product:"Anti-Spam"; from:"a@b.example"; to:"c@d.example"; subject:"Hello"')
    assert mail["email.subject"] == "Hello"


def test_an_administrator_who_logs_in_is_authentication() -> None:
    fields = one(
        "checkpoint",
        '<134>1 2024-03-05T09:12:44Z mgmt CheckPoint 1 - [action:"Accept"; product:"SmartConsole"; operation:"Log In"; '
        'administrator:"anna"; client_ip:"10.0.0.9"; status:"Failure"; time:"1709629964"]',
    )
    assert (fields["user.name"], fields["source.ip"], fields["event.action"]) == ("anna", "10.0.0.9", "Log In")
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")


def test_an_attack_names_the_flaw_and_the_method() -> None:
    fields = one(
        "checkpoint",
        '<134>1 2024-03-05T09:12:44Z gw CheckPoint 1 - [action:"Prevent"; product:"IPS"; src:"198.51.100.7"; '
        'http_method:"GET"; industry_reference:"CVE-2021-44228, CVE-2021-45046"; time:"1709629964"]',
    )
    assert fields["vulnerability.id"] == ["CVE-2021-44228", "CVE-2021-45046"]
    assert fields["http.request.method"] == "GET"


def test_a_failed_log_in_of_an_administrator_is_no_success() -> None:
    fields = one(
        "checkpoint",
        '<134>1 2024-03-05T09:12:44Z mgmt CheckPoint 1 - [action:"Failed Log In"; product:"SmartConsole"; '
        'operation:"Log In"; administrator:"anna"; client_ip:"10.0.0.9"; time:"1709629964"]',
    )
    assert (fields["event.action"], fields["event.outcome"]) == ("Failed Log In", "failure")
    assert fields["event.category"] == ["authentication"]


def test_who_logs_in_has_an_account_a_name_and_a_domain() -> None:
    fields = _fields(
        'action:"Log In"; product:"Identity Awareness"; src:"10.0.0.7"; user:"Ana Kask (ana.k)"; domain_name:"corp"; '
        'auth_status:"Successful Login"'
    )
    assert (fields["user.name"], fields["user.full_name"]) == ("ana.k", "Ana Kask")
    assert (fields["user.domain"], fields["event.outcome"]) == ("corp", "success")
    assert "dns.question.name" not in fields


def test_what_goes_through_a_tunnel_keeps_its_own_destination() -> None:
    inner = _fields('action:"Decrypt"; peer_gateway:"203.0.113.10"; src:"10.9.0.4"; dst:"10.0.0.5"; product:"VPN-1"')
    assert inner["destination.ip"] == "10.0.0.5"
    tunnel = _fields('action:"Key Install"; peer_gateway:"203.0.113.10"; src:"10.0.0.1"; product:"VPN-1"')
    assert tunnel["destination.ip"] == "203.0.113.10"
