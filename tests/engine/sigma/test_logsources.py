"""A rule sees the events of its log source and no others."""

from __future__ import annotations

import pytest

from engine.events import Value
from engine.sigma.engine import Engine
from engine.sigma.logsources import covers, is_known, kind_of
from engine.sigma.rules import LogSource
from tests.engine.sigma.rules import compiled, document, fires

SYSMON = "Microsoft-Windows-Sysmon/Operational"
ANY = {"s": {"nosuch": None}, "condition": "s"}  # true for every event that a rule sees


def windows(channel: str, code: str | int, **data: Value) -> dict[str, Value]:
    return {
        "winlog.channel": channel,
        "event.code": code,
        "event.module": "windows",
        **{f"winlog.event_data.{name}": value for name, value in data.items()},
    }


AUTH: dict[str, Value] = {"event.dataset": "system.auth", "event.module": "system"}
AUDIT: dict[str, Value] = {"event.dataset": "auditd.log", "event.module": "auditd"}


@pytest.mark.parametrize(
    ("source", "fields", "expected"),
    [
        ({"product": "windows", "category": "process_creation"}, windows(SYSMON, "1"), True),
        ({"product": "windows", "category": "process_creation"}, windows(SYSMON.upper(), 1), True),
        ({"product": "windows", "category": "process_creation"}, windows(SYSMON, "7"), False),
        ({"product": "windows", "category": "process_creation"}, windows("Security", "4688"), True),
        ({"product": "windows", "category": "process_creation"}, windows("security", "4688"), True),
        ({"product": "windows", "category": "process_creation"}, windows("Security", "1"), False),  # another's id 1
        ({"product": "windows", "category": "process_creation"}, windows(SYSMON, "4688"), False),
        ({"product": "windows", "category": "process_creation"}, windows("Application", "1"), False),
        ({"category": "process_creation"}, windows(SYSMON, "1"), True),  # of any product
        ({"category": "process_creation"}, {**AUDIT, "auditd.log.record_type": "execve"}, True),
        ({"category": "process_creation"}, windows(SYSMON, "7"), False),
        ({"product": "windows", "category": "image_load"}, windows(SYSMON, "7"), True),
        ({"product": "windows", "category": "registry_event"}, windows(SYSMON, "13"), True),
        ({"product": "windows", "category": "registry_set"}, windows(SYSMON, "12"), False),
        ({"product": "windows", "category": "process_creation", "service": "sysmon"}, windows(SYSMON, "1"), True),
        (
            {"product": "windows", "category": "process_creation", "service": "sysmon"},
            windows("Security", "4688"),
            False,
        ),
        ({"product": "windows", "service": "sysmon"}, windows(SYSMON, "255"), True),
        ({"product": "windows", "service": "sysmon"}, windows("Security", "1"), False),
        ({"product": "windows", "service": "security"}, windows("Security", "4624"), True),
        ({"product": "windows", "service": "security"}, windows("SECURITY", "4624"), True),
        ({"product": "windows", "service": "security"}, windows("System", "4624"), False),
        ({"product": "windows", "service": "security"}, windows("Securityx", "4624"), False),
        ({"service": "security"}, windows("Security", "4624"), True),
        ({"product": "windows"}, windows("Anything/At all", "1"), True),
        ({"product": "windows"}, AUTH, False),
        ({"product": "linux"}, AUTH, True),
        ({"product": "linux"}, windows("Security", "4624"), False),
        ({"product": "linux", "service": "sshd"}, {**AUTH, "process.name": "sshd"}, True),
        ({"product": "linux", "service": "sshd"}, {**AUTH, "process.name": "SSHD-session"}, True),
        ({"product": "linux", "service": "sshd"}, {**AUTH, "process.name": "sudo"}, False),
        ({"product": "linux", "service": "auth"}, {**AUTH, "process.name": "sudo"}, True),
        ({"product": "linux", "service": "auditd"}, AUDIT, True),
        ({"product": "linux", "service": "auditd"}, AUTH, False),
        ({"product": "linux", "category": "process_creation"}, {**AUDIT, "auditd.log.record_type": "EXECVE"}, True),
        ({"product": "linux", "category": "process_creation"}, {**AUDIT, "auditd.log.record_type": "CWD"}, False),
        ({"category": "webserver"}, {"event.dataset": "nginx.access"}, True),
        ({"category": "webserver"}, {"event.dataset": "nginx.error"}, False),
        ({"category": "webserver", "service": "iis"}, {"event.dataset": "nginx.access"}, False),
        ({"category": "proxy"}, {"event.dataset": "squid.access"}, True),
        ({"product": "aws", "service": "cloudtrail"}, {"event.dataset": "aws.cloudtrail"}, True),
        ({"product": "aws", "service": "cloudtrail"}, {"event.dataset": "aws.vpcflow"}, False),
        ({"product": "acme"}, {"event.dataset": "acme.x"}, True),
        ({"product": "acme"}, {"event.dataset": "acmex"}, False),
        ({"product": "acme"}, {}, False),
    ],
)
def test_what_a_log_source_covers(source: dict[str, str], fields: dict[str, Value], expected: bool) -> None:
    assert fires(ANY, fields, source=source) is expected


PROCESS = {"product": "windows", "category": "process_creation"}


@pytest.mark.parametrize(
    ("selection", "data", "expected"),
    [
        ({"Image|endswith": "\\cmd.exe"}, {"NewProcessName": "C:\\cmd.exe"}, True),
        ({"Image|endswith": "\\cmd.exe"}, {"Image": "C:\\cmd.exe"}, False),  # no such name in event 4688
        ({"ParentImage|endswith": "\\w3wp.exe"}, {"ParentProcessName": "C:\\w3wp.exe"}, True),
        ({"CommandLine|contains": "whoami"}, {"CommandLine": "whoami /all"}, True),
        ({"ProcessId": "0x4d2"}, {"NewProcessId": "0x4d2", "ProcessId": "0x1"}, True),
        ({"ParentProcessId": "0x1"}, {"NewProcessId": "0x4d2", "ProcessId": "0x1"}, True),
        ({"User": "ann"}, {"SubjectUserName": "ann"}, True),
    ],
)
def test_event_4688_answers_rules_written_for_sysmon(
    selection: dict[str, str], data: dict[str, Value], expected: bool
) -> None:
    assert fires({"s": selection, "condition": "s"}, windows("Security", "4688", **data), source=PROCESS) is expected


def test_names_are_not_changed_in_other_events() -> None:
    found = {"s": {"Image|endswith": "\\cmd.exe"}, "condition": "s"}
    assert fires(found, windows(SYSMON, "1", Image="C:\\cmd.exe"), source=PROCESS)
    assert not fires(found, windows(SYSMON, "1", NewProcessName="C:\\cmd.exe"), source=PROCESS)


def test_one_engine_keeps_kinds_apart() -> None:
    """Partitions are shared between kinds that the same rules see; their field names must not be."""
    rules = compiled(
        document({"s": {"Image": "x"}, "condition": "s"}, number=1, source={"product": "windows"}),
        document({"s": {"ProcessId": "1"}, "condition": "s"}, number=2, source={"product": "windows"}),
    )
    engine = Engine(rules)
    for _ in range(2):
        assert len(engine.match(windows("Security", "4624", Image="x", ProcessId="1"))) == 2
        assert len(engine.match(windows("Security", "4688", Image="x", ProcessId="1"))) == 0
        assert len(engine.match(windows("Security", "4688", NewProcessName="x", NewProcessId="1"))) == 2


@pytest.mark.parametrize(
    ("source", "known"),
    [
        (("windows", "process_creation", ""), True),
        (("", "process_creation", ""), True),
        (("windows", "", "security"), True),
        (("windows", "", "nosuch"), False),
        (("windows", "nosuch", ""), False),
        (("windows", "webserver", ""), True),
        (("linux", "", "auditd"), True),
        (("linux", "", "nosuch"), False),
        (("linux", "", ""), True),
        (("", "webserver", ""), True),
        (("", "nosuch", ""), False),
        (("macos", "process_creation", ""), True),
        (("macos", "", "nosuch"), False),
        (("linux", "process_creation", "sysmon"), True),
        (("windows", "process_creation", "system"), False),
        (("acme", "", ""), True),
    ],
)
def test_a_log_source_that_no_event_can_belong_to_is_told(source: tuple[str, str, str], known: bool) -> None:
    assert is_known(LogSource(*source)) is known
    if not known:
        assert not any(covers(LogSource(*source), kind_of(fields)) for fields in (windows(SYSMON, "1"), AUTH, AUDIT))


def test_unreachable_rules_are_listed() -> None:
    rules = compiled(
        document(ANY, number=1, source={"product": "windows", "service": "nosuch"}),
        document(ANY, number=2, source={"product": "windows", "service": "security"}),
    )
    assert [rule.info.name for rule in Engine(rules).unreachable()] == ["rule 1"]
