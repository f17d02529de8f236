"""The forms of one Windows event: all come to the same fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from collectors.source import Options, Record
from collectors.sources.windows_json import SOURCE
from collectors.windows.templates import names_of
from engine.errors import MalformedRecordError
from engine.events import Fields
from tests.collectors.reading import known_as, one, read

SYSMON = "Microsoft-Windows-Sysmon"
CHANNEL = "Microsoft-Windows-Sysmon/Operational"
DATA = {"UtcTime": "2024-03-01 10:00:00.250", "ProcessId": "77", "Image": "C:\\Windows\\System32\\cmd.exe"}
XML = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    f"<Provider Name='{SYSMON}' Guid='{{5770385F-C22A-43E0-BF4C-06F5698FFBD9}}'/><EventID>5</EventID><Level>4</Level>"
    "<Keywords>0x8000000000000000</Keywords><TimeCreated SystemTime='2024-03-01T10:00:01.123456700Z'/>"
    f"<EventRecordID>9</EventRecordID><Execution ProcessID='3' ThreadID='4'/><Channel>{CHANNEL}</Channel>"
    "<Computer>pc1.gov.example</Computer><Security UserID='S-1-5-18'/></System><EventData>"
    + "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in DATA.items())
    + "</EventData></Event>"
)
GUID = "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"
FORMS: dict[str, dict[str, Any]] = {
    "opentelemetry": {
        "event_id": {"id": 5, "qualifiers": 0},
        "provider": {"name": SYSMON, "guid": GUID, "event_source": ""},
        "channel": CHANNEL,
        "computer": "pc1.gov.example",
        "system_time": "2024-03-01T10:00:01.1234567Z",
        "record_id": 9,
        "level": "Information",
        "keywords": ["0x8000000000000000"],
        "message": "Process terminated",
        "event_data": {"data": [{name: value} for name, value in DATA.items()], "binary": ""},
    },
    "opentelemetry, data by name": {
        "event_id": {"id": 5},
        "provider": {"name": SYSMON, "guid": GUID},
        "channel": CHANNEL,
        "computer": "pc1.gov.example",
        "system_time": "2024-03-01T10:00:01.1234567Z",
        "record_id": 9,
        "event_data": DATA,
    },
    "opentelemetry, in a body": {
        "body": {
            "event_id": {"id": 5},
            "provider": {"name": SYSMON, "guid": GUID},
            "channel": CHANNEL,
            "computer": "pc1.gov.example",
            "system_time": "2024-03-01T10:00:01.1234567Z",
            "record_id": 9,
            "event_data": DATA,
        }
    },
    "vector": {
        "event_id": 5,
        "provider_name": SYSMON,
        "provider_guid": GUID,
        "channel": CHANNEL,
        "computer": "pc1.gov.example",
        "timestamp": "2024-03-01T10:00:01.123Z",
        "record_id": 9,
        "level": "Information",
        "event_data": DATA,
        "source_type": "windows_event_log",
    },
    "evtx_dump": {
        "Event": {
            "System": {
                "Provider": {"#attributes": {"Name": SYSMON, "Guid": GUID.strip("{}")}},
                "EventID": {"#attributes": {"Qualifiers": 0}, "#text": 5},
                "TimeCreated": {"#attributes": {"SystemTime": "2024-03-01T10:00:01.123456Z"}},
                "EventRecordID": 9,
                "Channel": CHANNEL,
                "Computer": "pc1.gov.example",
            },
            "EventData": {**DATA, "ProcessId": 77},
        }
    },
    "xmltodict": {
        "Event": {
            "System": {
                "Provider": {"@Name": SYSMON, "@Guid": GUID},
                "EventID": "5",
                "TimeCreated": {"@SystemTime": "2024-03-01T10:00:01.123456Z"},
                "EventRecordID": "9",
                "Channel": CHANNEL,
                "Computer": "pc1.gov.example",
            },
            "EventData": {"Data": [{"@Name": name, "#text": value} for name, value in DATA.items()]},
        }
    },
    "winlogbeat": {
        "@timestamp": "2024-03-01T10:00:02Z",
        "event": {"code": 5, "module": "sysmon"},
        "winlog": {
            "channel": CHANNEL.lower(),
            "event_id": 5,
            "provider_name": SYSMON,
            "provider_guid": GUID,
            "record_id": "9",
            "computer_name": "pc1.gov.example",
            "event_data": DATA,
        },
    },
    "winlogbeat dotted": {
        "@timestamp": "2024-03-01T10:00:02Z",
        "winlog.channel": CHANNEL,
        "winlog.event_id": "5",
        "winlog.provider_name": SYSMON,
        "winlog.provider_guid": GUID,
        "winlog.record_id": 9,
        "winlog.computer_name": "pc1.gov.example",
        **{f"winlog.event_data.{name}": value for name, value in DATA.items()},
    },
    "nxlog": {
        "EventTime": "2024-03-01 11:00:01",
        "Hostname": "pc1.gov.example",
        "EventID": 5,
        "SourceName": SYSMON,
        "ProviderGuid": GUID,
        "RecordNumber": 9,
        "ProcessID": 3,
        "Channel": CHANNEL,
        "UtcTime": DATA["UtcTime"],
        "Image": DATA["Image"],
        "Message": "Process terminated:\r\nRuleName: -\r\nProcessId: 77\r\nImage: C:\\Windows\\System32\\cmd.exe",
    },
    "wazuh": {
        "data": {
            "win": {
                "system": {
                    "providerName": SYSMON,
                    "providerGuid": GUID,
                    "eventID": "5",
                    "eventRecordID": "9",
                    "systemTime": "2024-03-01T10:00:01.1Z",
                    "channel": CHANNEL,
                    "computer": "pc1.gov.example",
                },
                "eventdata": {name[0].lower() + name[1:]: value for name, value in DATA.items()},
            }
        }
    },
    "azure": {"time": "2024-03-01T10:00:02Z", "category": "WindowsEventLogsTable", "properties": {"RawXml": XML}},
    "sentinel": {
        "EventID": 5,
        "Source": SYSMON,
        "ProviderGuid": GUID,
        "EventLog": CHANNEL,
        "Computer": "pc1.gov.example",
        "RecordNumber": 9,
        "TimeGenerated": "2024-03-01T10:00:01Z",
        "EventData": "<EventData>"
        + "".join(f'<Data Name="{name}">{value}</Data>' for name, value in DATA.items())
        + "</EventData>",
    },
}


def parse(document: object, options: Options | None = None) -> Fields:
    raw = document.encode() if isinstance(document, str) else orjson.dumps(document)
    fields = SOURCE.open(options or Options()).parse(Record(offset=0, number=1, raw=raw))
    assert fields is not None
    return fields


@pytest.mark.parametrize("form", [*FORMS, "xml"])
def test_every_form_gives_the_same_event(form: str) -> None:
    fields = parse(XML if form == "xml" else FORMS[form])
    assert {name: fields.get(name) for name in EXPECTED} == EXPECTED


EXPECTED = {
    "@timestamp": datetime(2024, 3, 1, 10, 0, 0, 250_000, tzinfo=UTC),
    "event.module": "windows",
    "event.dataset": "windows.sysmon_operational",
    "event.code": "5",
    "host.name": "pc1.gov.example",
    "winlog.channel": CHANNEL,
    "winlog.computer_name": "pc1.gov.example",
    "winlog.event_id": "5",
    "winlog.provider_guid": GUID.lower(),
    "winlog.provider_name": SYSMON,
    "winlog.record_id": 9,
    "winlog.event_data.Image": DATA["Image"],
    "winlog.event_data.ProcessId": "77",
}


@pytest.mark.parametrize(
    ("code", "outcome"), [(4624, "success"), (4625, "failure"), (4688, "success"), (4771, "failure"), (4776, None)]
)
def test_an_audit_without_keywords_has_the_outcome_that_its_id_says(code: int, outcome: str | None) -> None:
    fields = parse({"EventID": code, "Channel": "Security", "EventData": "", "TimeGenerated": "2024-03-01T10:00:00Z"})
    assert fields.get("event.outcome") == outcome
    assert "winlog.event_data.EventData" not in fields
    assert (
        parse({"EventID": code, "Channel": "Security", "Keywords": "0x8010000000000000"})["event.outcome"] == "failure"
    )


@pytest.mark.parametrize(("word", "outcome"), [("Audit Success", "success"), ("Audit Failure", "failure")])
def test_opentelemetry_names_the_outcome_of_an_audit(word: str, outcome: str) -> None:
    event = {"event_id": {"id": 4776}, "channel": "Security", "keywords": [word], "event_data": {"a": "b"}}
    fields = parse(event)
    assert (fields["event.outcome"], fields["winlog.event_data.a"]) == (outcome, "b")


def test_opentelemetrys_data_without_names_are_numbered() -> None:
    event = {"event_id": {"id": 1}, "channel": "Application", "event_data": {"data": [{"": "one"}, {"": "two"}]}}
    fields = parse(event)
    assert (fields["winlog.event_data.param1"], fields["winlog.event_data.param2"]) == ("one", "two")


def test_inserted_texts_have_the_names_of_the_events_template() -> None:
    """As Fluent Bit hands them on, whatever the language of the message."""
    who = ["S-1-5-18", "WIN1$", "GOV", "0x3e7"]
    event = {"EventID": 4688, "Channel": "Security", "Message": "U krijua nje proces i ri."}
    texts = [*who, "0x9", "C:\\a.exe", "%%1936", "0x8", "a -x"]
    fields = parse({**event, "StringInserts": texts})
    assert fields["winlog.event_data.CommandLine"] == "a -x"
    assert (fields["winlog.event_data.SubjectUserName"], fields["winlog.event_data.ProcessId"]) == ("WIN1$", "0x8")
    assert "winlog.event_data.param1" not in fields
    newer = [*texts, "S-1-0-0", "-", "-", "0x0", "C:\\b.exe", "S-1-16-12288"]
    assert parse({**event, "StringInserts": newer})["winlog.event_data.ParentProcessName"] == "C:\\b.exe"


def test_inserted_texts_that_fit_no_template_are_numbered() -> None:
    fields = parse({"EventID": 4688, "Channel": "Security", "StringInserts": ["a", "b"]})
    assert (fields["winlog.event_data.param2"], fields["winlog.event_data.Data"]) == ("b", ["a", "b"])


@pytest.mark.parametrize("dataset", ["system.security", "system.system", "windows.powershell_operational"])
def test_no_template_names_a_thing_twice(dataset: str) -> None:
    for code in map(str, range(10_000)):
        for count in range(1, 40):
            names = names_of(dataset, code, count)
            assert len(set(names)) == len(names)
            assert len(names) in {0, count}


def test_blanks_are_taken_out_of_names_and_values_are_text() -> None:
    fields = parse({"EventID": 1116, "Channel": "x", "Threat Name": "EICAR", "Count": 3, "On": True, "Nothing": None})
    assert fields["winlog.event_data.ThreatName"] == "EICAR"
    assert fields["winlog.event_data.Count"] == "3"
    assert fields["winlog.event_data.On"] == "true"
    assert "winlog.event_data.Nothing" not in fields


def test_channels_are_told_whatever_their_case() -> None:
    assert parse({"EventID": "4624", "Channel": "SECURITY"})["winlog.channel"] == "Security"
    assert parse({"EventID": 1, "Channel": "My-App/Log"})["event.dataset"] == "windows.my_app_log"


def test_a_missing_channel_is_told_by_the_provider() -> None:
    fields = parse({"EventID": 4624, "SourceName": "Microsoft-Windows-Security-Auditing"})
    assert fields["winlog.channel"] == "Security"


def test_nxlogs_local_time_is_taken_in_the_logs_zone_unless_a_stamp_names_its_own() -> None:
    event = {"EventID": 4624, "Channel": "Security", "EventTime": "2024-03-01 12:00:00"}
    zone = Options(zone=timezone(timedelta(hours=2)))
    assert parse(event, zone)["@timestamp"] == datetime(2024, 3, 1, 10, tzinfo=UTC)
    event["@timestamp"] = "2024-03-01T10:00:05Z"
    assert parse(event, zone)["@timestamp"] == datetime(2024, 3, 1, 10, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "outcome"), [("AUDIT_SUCCESS", "success"), ("AUDIT_FAILURE", "failure")])
def test_nxlogs_event_type_tells_the_outcome_even_where_the_keywords_were_rounded(kind: str, outcome: str) -> None:
    document = {"EventID": 4698, "Channel": "Security", "EventType": kind, "Keywords": -9214364837600035000}
    assert parse(document)["event.outcome"] == outcome


def test_sysmons_event_type_wins_over_nxlogs() -> None:
    event = {
        "EventID": 13,
        "Channel": CHANNEL,
        "EventType": "INFO",
        "Message": "Registry value set:\r\nEventType: SetValue",
    }
    assert parse(event)["winlog.event_data.EventType"] == "SetValue"
    assert parse({**event, "EventType": "SetValue"})["winlog.event_data.EventType"] == "SetValue"


def test_security_data_are_taken_from_the_message_where_there_is_no_more() -> None:
    message = (
        "A new process has been created.\r\n\r\nCreator Subject:\r\n"
        "\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tPC1$\r\n"
        "\r\nProcess Information:\r\n\tNew Process ID:\t\t0x12f0\r\n\tNew Process Name:\tC:\\a.exe\r\n"
        "\tCreator Process ID:\t0x25c\r\n\tProcess Command Line:\tC:\\a.exe -k x: y\r\n"
    )
    fields = parse({"EventID": 4688, "Channel": "Security", "Message": message})
    assert fields["winlog.event_data.SubjectUserName"] == "PC1$"
    assert fields["winlog.event_data.NewProcessName"] == "C:\\a.exe"
    assert fields["winlog.event_data.ProcessId"] == "0x25c"
    assert fields["winlog.event_data.CommandLine"] == "C:\\a.exe -k x: y"


def test_a_sysmon_message_alone_is_enough() -> None:
    fields = parse({"message": "Process Create:\nRuleName: -\nUtcTime: 2024-03-01 10:00:00.000\nImage: C:\\a.exe"})
    assert fields["event.code"] == "1"
    assert fields["winlog.event_data.Image"] == "C:\\a.exe"
    assert fields["@timestamp"] == datetime(2024, 3, 1, 10, tzinfo=UTC)


def test_data_without_names_are_params_and_data() -> None:
    fields = parse(XML.replace("<EventData>", "<EventData><Data>one</Data><Data>two</Data>"))
    assert fields["winlog.event_data.param2"] == "two"
    assert fields["winlog.event_data.Data"] == ["one", "two"]


def test_user_data_are_found_as_event_data_too() -> None:
    xml = (
        XML.split("<EventData>")[0]
        + "<UserData><EventXML xmlns='x'><Address>10.1.1.1</Address></EventXML></UserData></Event>"
    )
    fields = parse(xml)
    assert fields["winlog.user_data.Address"] == fields["winlog.event_data.Address"] == "10.1.1.1"
    assert fields["winlog.user_data.xml_name"] == "EventXML"


def test_documents_of_winlogbeats_modules_get_their_event_data_back() -> None:
    fields = parse(
        {
            "winlog": {"channel": CHANNEL, "event_id": "1", "provider_name": SYSMON},
            "process": {
                "executable": "C:\\a.exe",
                "pid": 4,
                "hash": {"md5": "aa"},
                "parent": {"executable": "C:\\b.exe"},
            },
            "user": {"name": "ana", "domain": "GOV"},
            "dns": {"answers": [{"data": "x", "type": "A"}, {"data": "y", "type": "A"}]},
        }
    )
    assert fields["winlog.event_data.Image"] == "C:\\a.exe"
    assert fields["winlog.event_data.ParentImage"] == "C:\\b.exe"
    assert fields["winlog.event_data.Hashes"] == "MD5=aa"
    assert fields["winlog.event_data.User"] == "GOV\\ana"
    assert fields["dns.answers.data"] == ["x", "y"]


def test_a_syslog_header_before_the_object_is_passed_over() -> None:
    assert parse('<13>Mar  1 10:00:00 pc1 {"EventID": 7, "Channel": "System"}')["event.code"] == "7"


@pytest.mark.parametrize(
    "text",
    [
        "plain text",
        "[1, 2]",
        "{}",
        '{"EventID": "x", "Channel": "Security"}',
        '{"a": 1}',
        '{"Event": {"System": 5}}',
        "<Event><System></System></Event>",
        "<Event><System><EventID>1</EventID></Event>",
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><Event><System><EventID>1</EventID></System></Event>",
        "<Event>" + "<a>" * 100 + "</a>" * 100 + "</Event>",
        '{"win": {"system": {}}}',
        '{"properties": {"EventId": null}}',
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(MalformedRecordError) as refused:
        parse(text)
    assert refused.value.message


def test_characters_that_xml_forbids_are_shown() -> None:
    fields = parse(XML.replace("cmd.exe", "c\x01m&#2;d"))
    assert fields["winlog.event_data.Image"] == "C:\\Windows\\System32\\c\\x01m\\x02d"


@pytest.mark.parametrize(
    "stamp", ["1601-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "never"]
)
def test_odd_times_do_not_stop_an_event(stamp: str) -> None:
    assert parse({"EventID": 1, "Channel": "System", "TimeCreated": stamp})["event.code"] == "1"


def test_recognition_is_by_content() -> None:
    for document in FORMS.values():
        assert SOURCE.recognise(orjson.dumps(document), "x") >= 78, document
    assert SOURCE.recognise(XML.encode(), "x") >= 90
    for other in (
        b'{"ts": 1, "uid": "C1", "id.orig_h": "10.0.0.1"}',
        b"<html>",
        b"",
        b'{"message": "\\"winlog\\": 1"}',
    ):
        assert SOURCE.recognise(other, "x.json") == 0


def test_otrf_events_are_all_read(shared: Any) -> None:
    import itertools
    import lzma

    parser = SOURCE.open(Options())
    with lzma.open(shared / "windows" / "otrf_d8.jsonl.xz") as lines:
        for number, line in enumerate(itertools.islice(lines, 2000)):
            fields = parser.complete(parser.parse(Record(offset=number, number=number, raw=line)))
            assert {"@timestamp", "winlog.channel"} <= fields.keys()


def test_xml_as_browsers_show_it_is_read_without_their_dashes() -> None:
    shown = "- " + XML.replace("<System>", "\n- <System>").replace("<EventData>", "\n- <EventData>\n  ")
    assert known_as(shown) == "windows"
    events, dead = read("windows", f"{shown}\n{shown}\n")
    assert (len(events), dead) == (2, [])
    plain = one("windows", XML)
    for event in events:
        assert {name: value for name, value in event.items() if name in plain and name != "event.original"} == {
            name: value for name, value in plain.items() if name != "event.original"
        }
