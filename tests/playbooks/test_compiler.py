"""The guide: commands filled, lists, limits, missing and refused values, and which addresses count as outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from engine.entities import Entity
from engine.events import instant
from playbooks.awareness import AWARE
from playbooks.compiler import MOST_REPEATS, FilledCommand, GuideStep, compile_guide
from playbooks.house import House
from playbooks.ledger import Record
from playbooks.legal import own_rules
from playbooks.loader import load_library
from tests.playbooks.samples import incident

LIBRARY = load_library()


def step_of(playbook: str, step: str, *entities: Entity, **options: object) -> GuideStep:
    guide = compile_guide(incident(*entities), LIBRARY.get(playbook), **options)  # type: ignore[arg-type]
    return guide.step(step)


def on(platform: str, commands: tuple[FilledCommand, ...]) -> list[str | None]:
    return [command.text for command in commands if command.platform == platform]


def test_a_command_is_repeated_for_each_host_and_the_rest_is_named() -> None:
    hosts = [Entity("host", f"srv{number:02}") for number in range(12)]
    step = step_of("security-tools-disabled", "full-scan", *hosts)
    texts = on("powershell", step.commands)
    assert len(texts) == MOST_REPEATS
    assert "-ComputerName 'srv00' " in (texts[0] or "")
    assert [unused.value for unused in step.left_out] == [f"srv{number:02}" for number in range(MOST_REPEATS, 12)]


def test_a_list_is_written_as_the_shell_writes_it() -> None:
    step = step_of("lateral-movement", "cut-admin-protocols", Entity("host", "a"), Entity("host", "b"))
    assert "-ComputerName 'a','b' {" in (on("powershell", step.commands)[0] or "")


def test_an_address_of_the_own_network_is_never_blocked() -> None:
    own = House(networks=(ip_network("198.51.100.0/24"),))
    entities = [Entity("ip", ip) for ip in ("203.0.113.9", "10.0.0.5", "198.51.100.7", "127.0.0.1", "fe80::1")]
    step = step_of("web-shell", "block-address", *entities, house=own)
    commands = " ".join(command.text or "" for command in step.commands)
    assert "203.0.113.9" in commands
    assert not any(ip in commands for ip in ("10.0.0.5", "198.51.100.7", "127.0.0.1", "fe80::1"))
    assert {unused.value for unused in step.left_out} == {"10.0.0.5", "198.51.100.7", "127.0.0.1", "fe80::1"}


def test_a_domain_of_the_house_is_never_sent_elsewhere() -> None:
    own = House(domains=("e-services.example",))
    names = ("evil.example", "portal.e-services.example", "mail.gov.example", "gov.example", "notgov.example")
    entities = [Entity("host", "dc01.gov.example"), *(Entity("domain", name) for name in names)]
    step = step_of("command-and-control", "sinkhole-name", *entities, house=own)
    texts = [command.text or "" for command in step.commands]
    assert "notgov.example" in " ".join(texts)
    assert not [text for text in texts for name in names[1:4] if f"'{name}'" in text or f" {name} " in text]
    assert {unused.value for unused in step.left_out} == set(names[1:4])


def test_the_clock_of_a_step_begins_with_the_awareness_on_record() -> None:
    known = incident()
    plain = next(item for item in LIBRARY if any(step.clock for step in item.steps))
    step = next(step for step in plain.steps if step.clock)
    aware = known.opened - timedelta(hours=5)
    details = {"at": instant(aware), "reason": "the duty officer was told"}
    said = Record(sequence=3, at="", actor="besa", kind=AWARE, subject="", details=details, previous="", digest="")
    before, after = compile_guide(known, plain).clock(step), compile_guide(known, plain, records=[said]).clock(step)
    assert before
    assert after
    assert before.due
    assert after.due == before.due - timedelta(hours=5)
    shorter = House(deadlines=tuple(replace(rule, within=timedelta(hours=4)) for rule in own_rules()))
    own = compile_guide(known, plain, house=shorter).clock(step)
    assert own
    assert own.due == known.opened + timedelta(hours=4)


def test_what_is_missing_is_asked_for_and_can_be_given() -> None:
    step = step_of("web-shell", "block-address", Entity("host", "srv01"))
    assert step.missing == ("external_ip",)
    command = next(command for command in step.commands if command.platform == "powershell")
    assert (command.text, command.missing) == (None, ("external_ip",))
    assert "{{external_ip+}}" in command.template
    given = step_of("web-shell", "block-address", Entity("host", "srv01"), given={"external_ip": ["203.0.113.1"]})
    assert given.missing == ()
    assert "'203.0.113.1'" in (on("powershell", given.commands)[0] or "")


def test_a_given_value_is_checked_like_any_other() -> None:
    step = step_of("web-shell", "block-address", Entity("host", "a"), given={"external_ip": ["1.2.3.4; id"]})
    assert [unused.value for unused in step.refused] == ["1.2.3.4; id"]
    assert on("powershell", step.commands) == [None]


@pytest.mark.parametrize("name", ["srv01'; Stop-Computer #", "$(id)", "a\u202eb", "srv‘01", "%COMSPEC%", "a\nb"])
def test_a_refused_host_is_shown_and_never_filled(name: str) -> None:
    step = step_of("security-tools-disabled", "read-protection-state", Entity("host", name), Entity("host", "good"))
    assert [(unused.value, bool(unused.reason.en and unused.reason.sq)) for unused in step.refused] == [(name, True)]
    assert all(name not in (command.text or "") for command in step.commands)
    assert any("'good'" in (command.text or "") for command in step.commands)
    alone = step_of("security-tools-disabled", "full-scan", Entity("host", name))
    assert alone.missing == ("host",)
    refused = next(command for command in alone.commands if command.platform == "powershell")
    assert refused.text is None
    assert refused.refused[0].value == name


def test_a_path_goes_to_the_shell_of_its_system() -> None:
    step = step_of("web-shell", "quarantine-shell", Entity("file", "C:\\x\\a.aspx"), Entity("file", "/var/www/b.php"))
    assert all("b.php" not in (text or "") for text in on("powershell", step.commands))
    assert all("a.aspx" not in (text or "") for text in on("bash", step.commands))
    windows = step_of("web-shell", "quarantine-shell", Entity("file", "C:\\x\\a.aspx"))
    assert on("bash", windows.commands) == []


@pytest.mark.parametrize(
    "path",
    [
        "C:\\Windows\\System32\\cmd.exe",
        "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
        "C:\\Windows\\SysWOW64\\wbem\\WMIC.exe",
        "/usr/bin/python3",
    ],
)
def test_programs_of_the_system_are_not_quarantined(path: str) -> None:
    step = step_of("data-exfiltration", "stop-the-tool", Entity("process", path))
    assert [unused.value for unused in step.left_out] == [path]
    assert all(path not in (command.text or "") for command in step.commands)


def test_typographic_quotes_and_apostrophes_are_doubled_for_powershell() -> None:
    step = step_of("web-shell", "quarantine-shell", Entity("host", "a"), Entity("file", "C:\\x\\O’Brien's.aspx"))
    assert "'C:\\x\\O’’Brien''s.aspx'" in (on("powershell", step.commands)[0] or "")


def test_an_instruction_is_whole_even_where_nothing_is_known() -> None:
    step = compile_guide(incident(Entity("host", "a")), LIBRARY.get("brute-force"), "sq").step("tell-the-users")
    assert "[emri i llogarisë së prekur: e panjohur]" in (step.commands[0].text or "")


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again() -> None:
    entities = (Entity("file", "/tmp/{{host}}"), Entity("host", "srv01"))
    step = step_of("linux-intrusion", "verify-packages", *entities)
    assert any("'/tmp/{{host}}'" in (text or "") for text in on("bash", step.commands))


def test_computer_and_system_accounts_are_not_disabled() -> None:
    users = [Entity("user", name) for name in ("GOV\\PRT01$", "NT AUTHORITY\\SYSTEM", "GOV\\ana")]
    step = step_of("lateral-movement", "disable-accounts", *users)
    assert {unused.value for unused in step.refused} == {"GOV\\PRT01$", "NT AUTHORITY\\SYSTEM"}
    assert all("-Identity 'ana'" in (text or "") for text in on("powershell", step.commands))


def test_the_same_incident_gives_the_same_guide() -> None:
    one, two = (compile_guide(incident(), LIBRARY.get("web-shell")) for _ in range(2))
    assert one == two
    albanian = compile_guide(incident(), LIBRARY.get("web-shell"), "sq")
    assert [step.fingerprint for step in one.steps] == [step.fingerprint for step in albanian.steps]
