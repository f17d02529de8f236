"""Windows events in syslog: Snare's columns, and XML behind a header."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.windows.message import message_data
from tests.collectors.reading import at, known_as, one, read

LOGON = (
    "An account failed to log on.    Subject:   Security ID:  S-1-0-0   Account Name:  -   Account Domain:  -   "
    "Logon ID:  0x0    Logon Type:   3    Account For Which Logon Failed:   Security ID:  S-1-0-0   Account Name:  ana"
    "   Account Domain:  GOV    Failure Information:   Failure Reason:  Unknown user name or bad password.   "
    "Status:   0xC000006D   Sub Status:  0xC000006A    Process Information:   Caller Process ID: 0x0   "
    "Caller Process Name: -    Network Information:   Workstation Name: KIOSK   Source Network Address: 203.0.113.9   "
    "Source Port:  4444    Detailed Authentication Information:   Logon Process:  NtLmSsp"
)


def _line(code: str, text: str, *, log: str = "Security", kind: str = "Failure Audit", tab: str = "\t") -> str:
    provider = "Microsoft-Windows-Security-Auditing" if log == "Security" else log.partition("/")[0]
    cells = ("1", log, "123", "Tue Mar 05 09:12:44 2024", code, provider, "GOV\\ana", "N/A", kind, "pc1", "Logon", "")
    return "<13>Mar 05 09:12:44 pc1 MSWinEventLog" + tab + tab.join((*cells, text, "456"))


@pytest.mark.parametrize("tab", ["\t", "#011"])
def test_columns_and_text_make_the_event(tab: str) -> None:
    line = _line("4625", LOGON, tab=tab)
    fields = one("windows", line)
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert (fields["event.action"], fields["event.outcome"]) == ("logon-failed", "failure")
    assert (fields["user.name"], fields["user.domain"]) == ("ana", "GOV")
    assert (fields["source.ip"], fields["source.port"], fields["source.domain"]) == ("203.0.113.9", 4444, "KIOSK")
    assert fields["winlog.event_data.LogonType"] == "3"
    assert (fields["host.name"], fields["winlog.channel"]) == ("pc1", "Security")
    assert known_as(line) == "windows"


def test_what_a_text_says_first_counts() -> None:
    created = (
        "A new process has been created.    Creator Subject:   Account Name:  ana   Process Information:   "
        "New Process ID:  0x1f0   New Process Name: C:\\Windows\\System32\\cmd.exe   Creator Process ID: 0x2f0   "
        "Process Command Line: cmd /c echo New Process Name: C:\\good.exe   Token Elevation Type indicates the type"
    )
    fields = one("windows", _line("4688", created, kind="Success Audit"))
    assert (fields["process.executable"], fields["process.pid"]) == ("C:\\Windows\\System32\\cmd.exe", 496)
    assert fields["user.name"] == "ana"


def test_sysmon_without_line_ends_is_divided_by_its_names() -> None:
    text = (
        "Process Create:  RuleName: -  UtcTime: 2024-03-05 09:12:44.123  ProcessGuid: {A}  ProcessId: 77  "
        "Image: C:\\Windows\\System32\\cmd.exe  CommandLine: cmd /c set a: b  User: GOV\\ana  ParentProcessId: 5"
    )
    fields = one("windows", _line("1", text, log="Microsoft-Windows-Sysmon/Operational", kind="Information"))
    assert (fields["process.pid"], fields["process.command_line"]) == (77, "cmd /c set a: b")
    assert (fields["user.name"], fields["process.parent.pid"]) == ("ana", 5)


def test_a_line_without_its_columns_is_a_dead_letter() -> None:
    events, dead = read("windows", "<13>Mar 05 09:12:44 pc1 MSWinEventLog\t1\tSecurity\tx")
    assert (len(events), len(dead)) == (0, 1)


def test_xml_behind_a_header_of_syslog_leaves_nothing_over() -> None:
    event = (
        '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider '
        'Name="Microsoft-Windows-Security-Auditing"/><EventID>4624</EventID><TimeCreated '
        'SystemTime="2024-03-05T09:12:44.123Z"/><Channel>Security</Channel><Computer>pc1</Computer></System><EventData>'
        '<Data Name="TargetUserName">ana</Data></EventData></Event>'
    )
    lines = "".join(f"<14>1 2024-03-05T09:12:44.123Z pc1 provider 4 - - {event}\n" for _ in range(3))
    events, dead = read("windows", lines)
    assert ([found["user.name"] for found in events], dead) == (["ana"] * 3, [])
    assert known_as(lines) == "windows"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_a_crash(text: str) -> None:
    for dataset in ("system.security", "windows.sysmon_operational"):
        list(message_data(text, dataset, "4688"))
    read("windows", _line("4625", text.replace("\n", " ").replace("\r", " ")))


def test_a_word_in_a_command_line_makes_no_columns() -> None:
    line = '<13>Mar  5 09:12:44 host {"CommandLine":"cmd /c echo MSWinEventLog ","EventID":1,"Image":"C:\\\\a.exe",'
    line += '"Channel":"Microsoft-Windows-Sysmon/Operational"}'
    assert one("windows", line)["process.command_line"] == "cmd /c echo MSWinEventLog "
