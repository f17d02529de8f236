"""Windows events as Splunk's forwarder writes them: stamps, the data of the message, scripts and services."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_FAILED = """03/05/2024 09:12:44 PM
LogName=Security
EventCode=4625
EventType=0
ComputerName=WIN1.gov.example
SourceName=Microsoft Windows security auditing.
Type=Information
RecordNumber=123
Keywords=Audit Failure
TaskCategory=Logon
OpCode=Info
Message=An account failed to log on.

Subject:
\tSecurity ID:\t\tS-1-5-18
\tAccount Name:\t\tWIN1$
\tAccount Domain:\t\tGOV
\tLogon ID:\t\t0x3E7

Logon Type:\t\t\t3

Account For Which Logon Failed:
\tSecurity ID:\t\tS-1-0-0
\tAccount Name:\t\tana
\tAccount Domain:\t\tGOV

Network Information:
\tWorkstation Name:\tPC7
\tSource Network Address:\t198.51.100.7
\tSource Port:\t\t50000
"""
_HEAD = "03/05/2024 09:12:44\nLogName={log}\nEventCode={code}\nComputerName=WIN1\nSourceName={source}\nMessage="


def test_a_log_in_that_failed() -> None:
    fields = one("windows_text", _FAILED)
    assert known_as(_FAILED) == "windows_text"
    assert (fields["event.code"], fields["event.outcome"], fields["winlog.channel"]) == ("4625", "failure", "Security")
    assert (fields["winlog.event_data.TargetUserName"], fields["winlog.event_data.LogonType"]) == ("ana", "3")
    assert (fields["source.ip"], fields["user.name"], fields["host.name"]) == (
        "198.51.100.7",
        "ana",
        "WIN1.gov.example",
    )
    assert fields["event.provider"] == "Microsoft-Windows-Security-Auditing"
    assert fields["@timestamp"] == at("2024-03-05T21:12:44")


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("03/05/2024 12:00:01 AM", "2024-03-05T00:00:01"),
        ("03/05/2024 12:00:01 PM", "2024-03-05T12:00:01"),
        ("03/05/2024 13:00:01", "2024-03-05T13:00:01"),
        ("03/05/2024 09:12:44.000 AM", "2024-03-05T09:12:44"),
    ],
)
def test_stamps(stamp: str, moment: str) -> None:
    assert one("windows_text", _FAILED.replace("03/05/2024 09:12:44 PM", stamp))["@timestamp"] == at(moment)


def test_several_events_and_their_blank_lines() -> None:
    events, dead = read("windows_text", f"{_FAILED}\n{_FAILED}")
    assert (len(events), len(dead)) == (2, 0)


def test_sysmon_a_service_and_a_script() -> None:
    sysmon = _HEAD.format(log="Microsoft-Windows-Sysmon/Operational", code=1, source="Microsoft-Windows-Sysmon")
    fields = one(
        "windows_text", f"{sysmon}Process Create:\nImage: C:\\a.exe\nCommandLine: a -x\nParentImage: C:\\b.exe\n"
    )
    assert (fields["process.executable"], fields["process.command_line"]) == ("C:\\a.exe", "a -x")
    service = _HEAD.format(log="System", code=7045, source="Service Control Manager")
    fields = one(
        "windows_text",
        f"{service}A service was installed in the system.\n\nService Name:  x\nService File Name:  C:\\x.exe -k\n",
    )
    assert (fields["winlog.event_data.ServiceName"], fields["winlog.event_data.ImagePath"]) == ("x", "C:\\x.exe -k")
    script = _HEAD.format(
        log="Microsoft-Windows-PowerShell/Operational", code=4104, source="Microsoft-Windows-PowerShell"
    )
    fields = one(
        "windows_text",
        f"{script}Creating Scriptblock text (1 of 1):\nGet-Process\nInvoke-X\n\nScriptBlock ID: a-1\nPath: \n",
    )
    assert fields["winlog.event_data.ScriptBlockText"] == "Get-Process\nInvoke-X"
    assert fields["winlog.event_data.ScriptBlockId"] == "a-1"


@pytest.mark.parametrize("text", ["hello\n", "03/05/2024 09:12:44 AM\nsomething else\n", "03/05/2024 09:12:44 AM\n"])
def test_what_is_none_is_a_dead_letter(text: str) -> None:
    events, dead = read("windows_text", text)
    assert (events, len(dead)) == ([], 1)


def test_a_stamp_that_is_no_instant_is_left_out() -> None:
    assert "@timestamp" not in one("windows_text", _FAILED.replace("03/05/2024", "13/45/2024"))
