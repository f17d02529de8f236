"""What is the attacker's: no spelling hides it, and what is the house's or the system's is never told as theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.entities import Entity
from playbooks.house import House
from playbooks.placeholders import PLACEHOLDERS, Facts
from playbooks.suspects import suspects
from playbooks.system_files import is_of_the_system
from tests.playbooks.samples import alert, incident

HOUSE = House(domains=("gov.example",))
NUMBER = "cd" * 32


def _told(*entities: Entity) -> set[str]:
    return {item.value for item in suspects(incident(*entities), (), HOUSE)}


def _ran(*programs: str) -> set[str]:
    found = replace(alert(), fields={"process.executable": list(programs), "process.hash.sha256": [NUMBER]})
    things = (*(Entity("process", program) for program in programs), Entity("hash", NUMBER))
    return {item.value for item in suspects(incident(*things), (found,), HOUSE)}


@pytest.mark.parametrize(
    "program",
    [
        "\\\\?\\C:\\Users\\Public\\evil.exe",
        "C:\\Users\\Public\\a.txt:evil.exe",
        "C:\\Windows\\System32\\cmd.exe:evil.exe",
        "C:\\Users\\Public\\ev\u200bil.exe",
        "\\Device\\HarddiskVolume3\\Users\\Public\\evil.exe",
        "C:\\Windows\\System32\\..\\Temp\\cmd.exe",
        "C:\\Windows\\System32\\inetsrv\\module.dll",
        "C:\\Windows \\System32\\cmd.exe",
        "/usr/bin/../../tmp/x",
        "/proc/self/fd/3",
    ],
)
def test_no_spelling_of_its_path_hides_a_program_or_its_hash(program: str) -> None:
    assert _ran(program) == {program, NUMBER}


def test_a_program_without_its_path_hides_no_hash() -> None:
    assert NUMBER in _ran("evil.exe")
    assert _ran("C:/Users/Public/evil.exe") == {"C:\\Users\\Public\\evil.exe", NUMBER}


def test_a_hash_beside_a_program_of_the_system_is_still_told() -> None:
    assert _ran("C:\\Windows\\System32\\cmd.exe", "C:\\Temp\\cl.exe") == {"C:\\Temp\\cl.exe", NUMBER}


@pytest.mark.parametrize(
    "program",
    [
        "C:\\Windows\\System32\\cmd.exe",
        "\\\\?\\C:\\Windows\\System32\\CMD.exe",
        "\\??\\c:\\windows\\syswow64\\wbem\\wmic.exe",
        "\\Device\\HarddiskVolume3\\Windows\\System32\\svchost.exe",
        "\\SystemRoot\\System32\\lsass.exe",
        "C:/Windows/System32/./cmd.exe",
        "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\MSBuild.exe",
        "C:\\Program Files\\PowerShell\\7\\pwsh.exe",
        "//usr/bin/curl",
        "C:\\Windows\\System32\\cmd.exe. .",
        "C:\\Windows\\System32\\cmd.exe::$DATA",
        "C:\\Windows\\System32\\cmd.exe::$DATA.",
    ],
)
def test_neither_a_program_of_the_system_nor_its_hash_is_told_however_it_is_spelled(program: str) -> None:
    assert is_of_the_system(program)
    assert _ran(program) == set()


def test_a_folder_that_only_looks_like_the_systems_is_the_attackers() -> None:
    path = "C:\\Windows \\System32\\cmd.exe"  # with a blank: another folder
    assert not is_of_the_system(path)
    assert path in _ran(path)


def test_one_rule_says_what_commands_and_exports_leave_to_the_system() -> None:
    path = "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\MSBuild.exe"
    values = Facts(incident=incident(Entity("process", path)), given={}).values(
        PLACEHOLDERS["suspect_process"], "manual"
    )
    assert [item.value for item in values.left_out] == [path]


@pytest.mark.parametrize(
    ("entity", "told"),
    [
        (Entity("ip", "::ffff:8.8.8.8"), "8.8.8.8"),
        (Entity("ip", "2001:0DB8:0000:0000::1"), "2001:db8::1"),
        (Entity("domain", "Evil.Example."), "evil.example"),
        (Entity("domain", "gëzuar.example"), "xn--gzuar-nsa.example"),
        (Entity("file", "C:/Temp/x.dll"), "C:\\Temp\\x.dll"),
        (Entity("hash", "AB" * 32), "ab" * 32),
    ],
)
def test_what_is_spelled_otherwise_is_told_in_one_spelling(entity: Entity, told: str) -> None:
    assert _told(entity, Entity(entity.kind, told)) == {told}


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.gov.example/login?u=a",
        "HTTPS://PORTAL.GOV.EXAMPLE./login",
        "http://10.0.0.5/x",
        "http://[fe80::1]/x",
        "http://0x0a000005/x",
        "http://intranet/x",
        "https://ｐortal.gov.example/",
        "https://evil.example@portal.gov.example/",
        "http://[broken/x",
        "/login",
    ],
)
def test_a_page_of_the_house_is_not_the_attackers(url: str) -> None:
    assert _told(Entity("url", url)) == set()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/login",
        "https://portal.gov.example@evil.example/",
        "https://evil.example\\@portal.gov.example/",
        "http://134744072/x",
        "http://8.8.8.8:8080/x",
        "ftp://[2001:db8::1]/x",
        "https://gov.example.evil.example/",
    ],
)
def test_a_page_elsewhere_is_told_however_its_host_is_spelled(url: str) -> None:
    assert _told(Entity("url", url)) == {url}


def test_a_public_suffix_is_nobodys_own_domain() -> None:
    found = incident(Entity("host", "bank.com.al"), Entity("domain", "evil.com.al"), Entity("domain", "bank.com.al"))
    assert {item.value for item in suspects(found, (), House())} == {"evil.com.al"}


def test_the_houses_domains_are_worked_out_once_however_many_names_are_judged() -> None:
    facts = Facts(incident=incident(Entity("host", "web01.gov.example")), given={}, house=HOUSE)
    assert facts.own_domains is facts.own_domains
    assert facts.own_domains == {"gov.example", "web01.gov.example"}
