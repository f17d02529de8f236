"""X-Road: monitoring records, program logs, audit log and message log, as the protocol and the programs write them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.reader import LogReader, Parsed
from collectors.xroad.conversation import Conversations
from collectors.xroad.fields import FIELDS
from engine.events import DeadLetter, Event, Fields, texts

CLIENT = {
    "monitoringDataTs": 1770091506,
    "securityServerInternalIp": "192.0.2.10",
    "securityServerType": "Client",
    "requestInTs": 1770091506100,
    "requestOutTs": 1770091506140,
    "responseInTs": 1770091506310,
    "responseOutTs": 1770091506350,
    "clientXRoadInstance": "AL",
    "clientMemberClass": "GOV",
    "clientMemberCode": "K1001",
    "clientSubsystemCode": "portal",
    "serviceXRoadInstance": "AL",
    "serviceMemberClass": "GOV",
    "serviceMemberCode": "K2002",
    "serviceSubsystemCode": "civil",
    "serviceCode": "getPerson",
    "serviceVersion": "v2",
    "restMethod": "GET",
    "restPath": "/persons/1",
    "representedPartyClass": "COM",
    "representedPartyCode": "J123",
    "messageId": "m-1",
    "messageUserId": "AL10101010",
    "messageIssue": "case 7",
    "messageProtocolVersion": "1",
    "clientSecurityServerAddress": "ss1.gov.example",
    "serviceSecurityServerAddress": "198.51.100.20",
    "requestSize": 240,
    "requestMimeSize": 300,
    "requestAttachmentCount": 0,
    "responseSize": 421,
    "responseMimeSize": 500,
    "responseAttachmentCount": 1,
    "succeeded": True,
    "serviceType": "REST",
    "statusCode": 200,
    "xRoadVersion": "7.6.0",
    "xRequestId": "r-1",
}
AUDIT = (
    "2026-02-03T04:05:06+00:00 ss1 correlation-id: [e4591e2949c156e7] INFO [X-Road Proxy Admin REST API] "
    '2026-02-03T04:05:06.801Z - {"event":"%s","user":"admin1","ipaddress":"192.0.2.7","auth":"Session",'
    '"url":"/api/v1/x","data":{"clientIdentifier":{"xRoadInstance":"AL","memberClass":"GOV","memberCode":"K1001"}}}'
)
PROXY = """2026-02-03T04:05:06.789+02:00 ERROR [xroad-proxy] [qtp-42] e.r.x.p.s.ServerMessageProcessor - Request failed
ee.ria.xroad.common.CodedException: Server.ServerProxy.AccessDenied: no: SERVICE:AL/GOV/K2/civil/getIt/v1
\tat ee.ria.xroad.proxy.A.b(A.java:3)
\t... 3 common frames omitted
2026-02-03T04:05:07.789+02:00 INFO [xroad-proxy-ui-api] [5] o.niis.xroad.securityserver.RequestLog - \
198.51.100.7 - admin1 "GET /api/v1/clients?x=1 HTTP/1.1" 401 512
2026-02-03T04:05:08.000+02:00 WARN [xroad-signer] [main] o.n.x.signer.Main - slow
"""


def read(data: str | bytes, source: str = "auto") -> tuple[LogReader, list[Event], list[DeadLetter]]:
    raw = data.encode() if isinstance(data, str) else data
    reader = LogReader(Path("a.log"), source=source, stream=io.BytesIO(raw))
    events: list[Event] = []
    dead: list[DeadLetter] = []
    for item in reader.records():
        if isinstance(item, Parsed):
            events.append(reader.event(item))
        else:
            dead.append(item)
    return reader, events, dead


def record(**changes: object) -> str:
    return json.dumps({name: value for name, value in (CLIENT | changes).items() if value is not None})


def test_a_monitoring_record_is_an_ecs_event() -> None:
    reader, (event,), dead = read(record())
    assert (reader.source.name, dead) == ("xroad_opmon", [])
    wanted: Fields = {
        "@timestamp": datetime(2026, 2, 3, 4, 5, 6, 100_000, UTC),
        "event.start": datetime(2026, 2, 3, 4, 5, 6, 100_000, UTC),
        "event.end": datetime(2026, 2, 3, 4, 5, 6, 350_000, UTC),
        "event.created": datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        "event.duration": 250_000_000,
        "event.outcome": "success",
        "event.action": "getPerson",
        "event.dataset": "xroad.opmon",
        "event.category": ("network", "api"),
        "event.type": ("connection", "access"),
        "observer.ip": "192.0.2.10",
        "observer.type": "security-server",
        "network.direction": "outbound",
        "network.protocol": "http",
        "organization.id": "AL/GOV/K1001",
        "source.address": "ss1.gov.example",
        "source.domain": "ss1.gov.example",
        "client.address": "ss1.gov.example",
        "destination.ip": "198.51.100.20",
        "service.name": "civil/getPerson",
        "service.version": "v2",
        "http.request.method": "GET",
        "url.path": "/persons/1",
        "http.request.bytes": 240,
        "http.response.bytes": 421,
        "http.response.status_code": 200,
        "user.id": "AL10101010",
        "trace.id": "r-1",
        "xroad.message_id": "m-1",
        "xroad.issue": "case 7",
        "xroad.role": "Client",
        "xroad.client.subsystem": "portal",
        "xroad.represented_party.code": "J123",
        "xroad.request_out": datetime(2026, 2, 3, 4, 5, 6, 140_000, UTC),
        "xroad.response_attachment_count": 1,
        "related.ip": ["198.51.100.20", "192.0.2.10"],
    }
    assert {name: event.fields.get(name) for name in wanted} == wanted


def test_no_field_of_the_protocol_is_lost() -> None:
    values = {name: CLIENT.get(name, 7 if "Size" in name else "probe") for name in FIELDS}
    values |= {"faultCode": "Server.X", "faultString": "why"}
    _, (event,), _ = read(json.dumps(values), "xroad_opmon")
    seen = {text for value in event.fields.values() for text in texts(value)}
    for name, value in values.items():
        if name.endswith("Ts") or name in {"succeeded", "requestSoapSize", "requestRestSize", "responseSoapSize"}:
            continue
        assert texts(value)[0] in seen or name == "responseRestSize", name  # type: ignore[arg-type]


@pytest.mark.parametrize("wrapped", ['{"records":[%s,%s]}', "[%s,%s]", "%s\n%s\n"])
def test_the_halves_of_an_exchange_are_two_events_of_one_conversation(wrapped: str) -> None:
    other = record(securityServerType="Producer", requestInTs=1770091506190, responseOutTs=1770091506300)
    _, events, dead = read(wrapped % (record(), other))
    assert dead == []
    assert len({event.id for event in events}) == 2
    assert len({event.fields["xroad.conversation_id"] for event in events}) == 1
    assert [event.fields["network.direction"] for event in events] == ["outbound", "inbound"]


def half(role: str, start: int, end: int, message: str = "m-1") -> Fields:
    def moment(milli: int) -> datetime:
        return datetime.fromtimestamp(1770091506 + milli / 1000, UTC)

    return {
        "xroad.message_id": message,
        "xroad.role": role,
        "event.start": moment(start),
        "event.end": moment(end),
    }


def test_halves_without_a_request_id_are_joined_by_message_id_and_stamps() -> None:
    told = Conversations()
    first = told.id_of(half("Client", 0, 500))
    assert told.id_of(half("Producer", 90, 400)) == first
    assert told.id_of(half("Client", 0, 500, "m-2")) != first


def test_a_message_id_that_is_used_again_is_another_conversation() -> None:
    told = Conversations()
    first = told.id_of(half("Client", 0, 500))
    again = told.id_of(half("Client", 900, 950))
    assert again != first
    assert told.id_of(half("Producer", 910, 940)) == again
    late = told.id_of(half("Producer", 10_000_000, 10_000_100))
    assert late not in {first, again}


def test_halves_in_two_files_have_one_conversation_without_a_request_id() -> None:
    assert Conversations().id_of(half("Client", 0, 500)) == Conversations().id_of(half("Producer", 90, 400))


def test_what_is_remembered_of_conversations_is_bounded() -> None:
    told = Conversations(remembered=10)
    for number in range(100):
        told.id_of(half("Client", 0, 500, f"m-{number}"))
    assert len(told._open) == 10


def test_a_denied_request_and_a_fault_are_told_apart() -> None:
    _, (denied, failed), _ = read(
        record(succeeded=False, faultCode="Server.ServerProxy.AccessDenied", faultString="no")
        + "\n"
        + record(succeeded=False, faultCode="Client.InvalidHttpMethod", faultString="POST it")
    )
    assert (denied.fields["event.type"], denied.fields["event.outcome"]) == (("connection", "denied"), "failure")
    assert failed.fields["event.type"] == ("connection", "access", "error")
    assert (failed.fields["error.code"], failed.fields["error.message"]) == ("Client.InvalidHttpMethod", "POST it")


def test_a_failed_request_that_names_nobody_is_still_an_event() -> None:
    few = {name: CLIENT[name] for name in ("monitoringDataTs", "securityServerType", "requestInTs", "responseOutTs")}
    reader, (event,), _ = read(json.dumps(few | {"succeeded": False, "faultCode": "Client.X", "insertTime": 1.5}))
    assert reader.source.name == "xroad_opmon"
    assert "organization.id" not in event.fields
    assert event.fields["xroad.insert_time"] == 1.5


CSV_HEADS = (
    "monitoring_data_ts,security_server_type,request_in_ts,client_xroad_instance,message_id,succeeded,fault_string",
    "monitoringDataTs;securityServerType;requestInTs;clientXRoadInstance;messageId;succeeded;faultString",
)


@pytest.mark.parametrize("head", CSV_HEADS)
def test_rows_of_csv_are_records(head: str) -> None:
    cells = ("1770091506", "Client", "1770091506100", "AL", "m-1", "f", '"a ""b"",\nc"')
    reader, (event,), dead = read(f"{head}\n{(',' if ',' in head else ';').join(cells)}\n")
    assert (reader.source.name, dead, reader.tally.headers) == ("xroad_opmon", [], 1)
    assert event.fields["error.message"] == 'a "b",\nc'
    assert event.fields["xroad.client.instance"] == "AL"
    assert event.fields["event.outcome"] == "failure"


def test_a_row_with_another_number_of_columns_is_a_dead_letter() -> None:
    _, events, (letter,) = read("monitoring_data_ts,security_server_type,request_in_ts\n1,2\n1770091506,Client,5\n")
    assert len(events) == 1
    assert letter.reason == "2 columns where the header has 3"


def test_every_monitoring_record_of_the_sample_is_read(shared: Path) -> None:
    reader, events, dead = read((shared / "logs" / "xroad" / "opmon_records.jsonl").read_bytes())
    assert (reader.source.name, len(events), dead) == ("xroad_opmon", 5230, [])
    conversations = [event.fields["xroad.conversation_id"] for event in events]
    assert len(set(conversations)) == len({event.fields["trace.id"] for event in events}) == 2615


@pytest.mark.parametrize(
    "name", ["raw_messages_batch_1.json", "raw_messages_duplicates.json", "clean_data_batch_1.json"]
)
def test_documents_of_x_road_metrics_are_read(shared: Path, name: str) -> None:
    folder = shared / "logs" / "xroad" / "corrector_module" / "opmon_corrector" / "tests" / "fixtures"
    reader, events, dead = read((folder / name).read_bytes())
    assert reader.source.name == "xroad_opmon"
    assert events
    assert dead == []


@pytest.mark.parametrize(
    ("event", "category", "kind", "outcome"),
    [
        ("Log in user", ("authentication",), ("start",), "success"),
        ("Log in user failed", ("authentication",), ("start",), "failure"),
        ("Log out user", ("authentication",), ("end",), "success"),
        ("API key create", ("iam", "configuration"), ("creation", "admin"), "success"),
        ("API key remove failed", ("iam", "configuration"), ("deletion", "admin"), "failure"),
        ("API key authentication failed", ("authentication",), ("start",), "failure"),
        ("Key management API log in", ("authentication",), ("start",), "success"),
        ("Refresh service description", ("configuration",), ("change",), "success"),
        ("Add access rights to subject", ("iam", "configuration"), ("creation", "admin"), "success"),
        ("Remove members from group failed", ("iam", "configuration"), ("deletion", "group"), "failure"),
        ("Import certificate from file", ("configuration",), ("creation",), "success"),
        ("Restore configuration", ("configuration", "file"), ("change",), "success"),
        ("Unregister authentication certificate", ("configuration",), ("deletion",), "success"),
    ],
)
def test_events_of_the_audit_log(event: str, category: tuple[str, ...], kind: tuple[str, ...], outcome: str) -> None:
    reader, (found,), _ = read(AUDIT % event)
    assert reader.source.name == "xroad_audit"
    fields = found.fields
    assert (fields["event.action"], fields["event.category"], fields["event.type"]) == (event, category, kind)
    assert fields["event.outcome"] == outcome
    assert (fields["user.name"], fields["source.ip"], fields["url.path"]) == ("admin1", "192.0.2.7", "/api/v1/x")
    assert fields["trace.id"] == "e4591e2949c156e7"
    assert fields["host.name"] == "ss1"
    assert fields["organization.id"] == "AL/GOV/K1001"
    assert fields["@timestamp"] == datetime(2026, 2, 3, 4, 5, 6, 801_000, UTC)


@pytest.mark.parametrize(
    "line",
    [
        '<134>Feb  3 06:05:06 ss1 INFO [X-Road Proxy UI] 2026-02-03 06:05:06+0200 - {"event":"Log in user","user":"a"}',
        (
            "2026-02-03T06:05:06+02:00 ss1 INFO  [X-Road Center UI] 2026-02-03T06:05:06.000+0200 - "
            '{"event":"Add member","user":"a","data":{"memberCode":"1"}}'
        ),
    ],
)
def test_older_audit_lines(line: str) -> None:
    reader, (event,), _ = read(line)
    assert reader.source.name == "xroad_audit"
    assert event.fields["@timestamp"] == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert (event.fields["host.name"], event.fields["user.name"]) == ("ss1", "a")


def test_a_reason_and_a_warning_are_kept() -> None:
    line = '{"event":"Add client failed","user":"a","reason":"exists","warning":true,"data":{"x":1}}'
    _, (event,), _ = read(line, "xroad_audit")
    assert (event.fields["event.reason"], event.fields["error.message"]) == ("exists", "exists")
    assert event.fields["xroad.audit.warning"] is True
    assert event.fields["xroad.audit.data.x"] == 1


def test_program_logs_with_stack_traces_and_the_access_log() -> None:
    reader, (fault, access, plain), dead = read(PROXY)
    assert (reader.source.name, dead) == ("xroad_proxy", [])
    assert fault.fields["error.code"] == "Server.ServerProxy.AccessDenied"
    assert fault.fields["error.type"] == "ee.ria.xroad.common.CodedException"
    assert fault.fields["event.type"] == ("connection", "denied")
    assert fault.fields["xroad.service.code"] == "getIt"
    assert str(fault.fields["error.stack_trace"]).count("\n") == 2
    assert fault.fields["@timestamp"] == datetime(2026, 2, 3, 2, 5, 6, 789_000, UTC)
    assert (access.fields["source.ip"], access.fields["user.name"]) == ("198.51.100.7", "admin1")
    assert (access.fields["http.response.status_code"], access.fields["event.outcome"]) == (401, "failure")
    assert access.fields["url.query"] == "x=1"
    assert (plain.fields["log.level"], plain.fields["service.name"]) == ("WARN", "xroad-signer")
    assert plain.fields["event.type"] == ("info",)


LOGRECORD = (
    "id,discriminator,time,archived,queryid,message,signature,signaturehash,timestamprecord_id,response,"
    "memberclass,membercode,subsystemcode,xrequestid\n"
)


def test_message_log_rows_are_metadata_alone() -> None:
    secret = 'the "body" of\na letter'
    row = '1,m,1770091506100,f,q-1,"' + secret.replace('"', '""') + '",sig,h4sh,9,t,GOV,K1,portal,r-1\n'
    reader, (event, later), dead = read(LOGRECORD + row + "4,m,1770091507100,f,q-2,x,sig,h,,f,GOV,K1,portal,r-2\n")
    assert (reader.source.name, dead) == ("xroad_messagelog", [])
    assert (event.fields["xroad.message_id"], event.fields["trace.id"]) == ("q-1", "r-1")
    assert (event.fields["event.hash"], event.fields["event.action"]) == ("h4sh", "response")
    assert event.fields["xroad.messagelog.timestamped"] is True
    assert later.fields["xroad.messagelog.timestamped"] is False
    assert later.fields["xroad.messagelog.missing_before"] == 2
    assert "body" not in event.original
    assert "letter" not in event.original


bodies = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=12, max_size=40).map(
    lambda text: f"SECRET{text}SECRET"
)


@settings(max_examples=60, deadline=None)
@given(body=bodies, cut=st.integers(0, 12))
def test_no_body_is_ever_kept(body: str, cut: int) -> None:
    row = {"id": 1, "discriminator": "m", "time": 1, "archived": False, "queryid": "q", "signaturehash": "h"}
    text = json.dumps(row | {"timestamprecord": 3, "message": body}, ensure_ascii=False)
    lines = (text, text[: len(text) - cut], LOGRECORD + '1,m,1,f,q,"' + body.replace('"', '""') + '",s,h,9,t,G,K,p,r')
    for data in lines:
        _, events, dead = read(data, "xroad_messagelog")
        assert events or dead
        kept = [event.original for event in events] + [repr(letter.raw) + letter.reason for letter in dead]
        kept += [text for event in events for value in event.fields.values() for text in texts(value)]
        assert not any("SECRET" in text for text in kept)
