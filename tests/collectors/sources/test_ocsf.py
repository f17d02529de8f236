"""OCSF: what happened by class and activity, who and with what, and what Sigma makes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_PRODUCT = {"version": "1.1.0", "product": {"name": "Sensor", "vendor_name": "Maker"}}


def event(class_uid: int, activity_id: int = 1, **more: object) -> str:
    return json.dumps(
        {
            "class_uid": class_uid,
            "category_uid": class_uid % 100_000 // 1000,
            "activity_id": activity_id,
            "severity_id": 3,
            "time": 1709629964000,
            "metadata": _PRODUCT,
            **more,
        }
    )


def seen(text: str) -> dict[str, Any]:
    return one("ocsf", text)


def program(path: str, **more: object) -> dict[str, object]:
    return {"file": {"path": path, "name": path.rpartition("\\")[2], "type_id": 1}, **more}


_LAUNCH = event(
    1007,
    activity_name="Launch",
    status_id=1,
    actor={
        "process": program("C:\\Windows\\explorer.exe", pid=7),
        "user": {"name": "ana", "domain": "MIN", "uid": "S-1-5-21-1"},
    },
    process=program("C:\\Windows\\System32\\cmd.exe", pid=8, cmd_line="cmd /c dir", created_time=1709629963000),
    device={"hostname": "pc7.example", "ip": "192.0.2.7", "os": {"name": "Windows", "type": "Windows"}},
)


def test_a_launched_process_has_its_launcher_as_parent() -> None:
    fields = seen(_LAUNCH)
    assert (fields["event.category"], fields["event.type"]) == (("process",), ("start", "info"))
    assert (fields["event.action"], fields["event.outcome"], fields["event.severity"]) == ("launch", "success", 3)
    assert fields["process.executable"] == fields["file.path"] == "C:\\Windows\\System32\\cmd.exe"
    assert (fields["process.pid"], fields["process.name"]) == (8, "cmd.exe")
    assert (fields["process.command_line"], fields["file.type"]) == ("cmd /c dir", "file")
    assert (fields["process.parent.executable"], fields["process.parent.pid"]) == ("C:\\Windows\\explorer.exe", 7)
    assert (fields["user.name"], fields["user.domain"], fields["user.id"]) == ("ana", "MIN", "S-1-5-21-1")
    assert (fields["host.name"], fields["host.ip"], fields["host.os.type"]) == (
        "pc7.example",
        ["192.0.2.7"],
        "windows",
    )
    assert (fields["@timestamp"], fields["process.start"]) == (at("2024-03-05T09:12:44"), at("2024-03-05T09:12:43"))
    assert fields["event.dataset"] == "ocsf.process_activity"


def test_a_process_that_ends_is_not_its_own_parent() -> None:
    itself = program("C:\\a.exe", pid=9)
    fields = seen(event(1007, 2, actor={"process": itself}, process=itself))
    assert fields["event.type"] == ("end", "info")
    assert "process.parent.pid" not in fields


def test_a_parent_that_is_told_goes_before_the_launcher() -> None:
    child = program("C:\\b.exe", pid=9, parent_process={"pid": 4, "cmd_line": "services"})
    fields = seen(event(1007, actor={"process": {"pid": 5}}, process=child))
    assert (fields["process.parent.pid"], fields["process.parent.command_line"]) == (4, "services")


@pytest.mark.parametrize(
    ("class_uid", "activity", "category", "first"),
    [
        (1001, 1, "file", "creation"),
        (1001, 4, "file", "deletion"),
        (1002, 1, "driver", "start"),
        (1005, 1, "library", "start"),
        (201001, 3, "registry", "change"),
        (201002, 2, "registry", "creation"),
        (3001, 1, "iam", "user"),
        (3002, 2, "authentication", "end"),
        (3006, 3, "iam", "group"),
        (4001, 6, "network", "connection"),
        (4009, 1, "email", "info"),
        (6003, 2, "api", "access"),
        (6005, 3, "database", "change"),
    ],
)
def test_a_class_and_its_activity_say_category_and_type(
    class_uid: int, activity: int, category: str, first: str
) -> None:
    fields = seen(event(class_uid, activity))
    assert fields["event.category"] == (category,)
    assert fields["event.type"][0] == first


def test_a_log_in_is_of_the_user_and_its_failure_is_told() -> None:
    fields = seen(
        event(
            3002,
            status_id=2,
            user={"name": "ana", "email_addr": "ana@example.org"},
            actor={"user": {"name": "svc"}},
            src_endpoint={"ip": "192.0.2.8", "port": 4711, "location": {"country": "al", "city": "Durrës"}},
        )
    )
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), "failure")
    assert (fields["user.name"], fields["user.email"], fields["source.ip"]) == ("ana", "ana@example.org", "192.0.2.8")
    assert (fields["source.geo.country_iso_code"], fields["source.port"]) == ("AL", 4711)


def test_a_changed_account_is_the_target_of_who_changed_it() -> None:
    fields = seen(event(3001, user={"name": "new"}, actor={"user": {"uid": "arn:1", "name": "root"}}))
    assert (fields["user.name"], fields["user.id"], fields["user.target.name"]) == ("root", "arn:1", "new")
    assert fields["event.type"] == ("user", "creation", "info")


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"action_id": 1}, "allowed"),
        ({"action_id": 2, "disposition_id": 1}, "denied"),
        ({"disposition_id": 2}, "denied"),
        ({"disposition_id": 3}, None),
        ({"action_id": 99}, None),
    ],
)
def test_a_verdict_is_told(more: dict[str, object], verdict: str | None) -> None:
    types = set(seen(event(4001, 6, **more))["event.type"])
    assert types & {"allowed", "denied"} == ({verdict} if verdict else set())


def test_a_flow_has_ends_bytes_and_protocol_and_dashes_are_no_values() -> None:
    fields = seen(
        event(
            4001,
            6,
            src_endpoint={"ip": "192.0.2.1", "port": 1024, "svc_name": "-", "hostname": "a.example"},
            dst_endpoint={"ip": "-", "port": 70000, "hostname": "/not/a/host"},
            connection_info={"protocol_num": 6, "direction_id": 2},
            traffic={"bytes_out": 10, "bytes_in": 20, "packets_in": -1},
            start_time=1709629960000,
            end_time=1709629964000,
        )
    )
    assert (fields["source.ip"], fields["source.domain"], fields["source.port"]) == ("192.0.2.1", "a.example", 1024)
    assert not {"destination.ip", "destination.port", "destination.domain", "network.application"} & fields.keys()
    assert (fields["network.transport"], fields["network.direction"]) == ("tcp", "outbound")
    assert (fields["source.bytes"], fields["destination.bytes"], fields["network.bytes"]) == (10, 20, 30)
    assert fields["event.duration"] == 4_000_000_000
    assert "destination.packets" not in fields


def test_a_question_has_its_answers() -> None:
    fields = seen(
        event(
            4003,
            6,
            query={"hostname": "www.example.org.", "type": "A", "class": "IN"},
            answers=[{"type": "CNAME", "rdata": "x.example."}, {"type": "A", "rdata": "192.0.2.5", "ttl": 60}],
            rcode="NoError",
        )
    )
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("www.example.org", "A")
    assert (fields["dns.response_code"], fields["dns.resolved_ip"]) == ("NOERROR", ["192.0.2.5"])
    assert fields["event.type"] == ("protocol", "info")


def test_a_request_has_its_parts() -> None:
    fields = seen(
        event(
            4002,
            3,
            http_request={
                "http_method": "GET",
                "version": "HTTP/1.1",
                "user_agent": "curl/8",
                "url": {"hostname": "www.example.org", "path": "/a", "query_string": "b=1", "port": 8443},
                "x_forwarded_for": ["198.51.100.1", "none"],
            },
            http_response={"code": 403, "length": 12},
        )
    )
    assert (fields["http.request.method"], fields["http.version"]) == ("GET", "1.1")
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("www.example.org", "/a", "b=1")
    assert (fields["http.response.status_code"], fields["url.port"]) == (403, 8443)
    assert fields["network.forwarded_ip"] == ["198.51.100.1"]


@pytest.mark.parametrize(
    ("more", "categories"),
    [
        ({}, ("intrusion_detection",)),
        ({"malware": [{"name": "x"}]}, ("malware",)),
        ({"vulnerabilities": [{"cve": {"uid": "CVE-2024-1"}}]}, ("intrusion_detection", "vulnerability")),
    ],
)
def test_a_finding_is_an_alert(more: dict[str, object], categories: tuple[str, ...]) -> None:
    finding = {"title": "Root was used", "src_url": "https://console.example/1", "desc": "by somebody"}
    fields = seen(event(2004, finding_info=finding, **more))
    assert (fields["event.kind"], fields["event.category"]) == ("alert", categories)
    assert (fields["event.reason"], fields["event.reference"]) == ("Root was used", "https://console.example/1")
    assert fields.get("vulnerability.id") == (["CVE-2024-1"] if "vulnerabilities" in more else None)


def test_techniques_are_named_wherever_they_stand() -> None:
    attack = {"technique": {"uid": "T1059", "name": "Shell"}, "tactics": [{"uid": "TA0002", "name": "Execution"}]}
    for fields in (seen(event(1007, attacks=[attack])), seen(event(2004, finding_info={"attacks": [attack]}))):
        assert (fields["threat.technique.id"], fields["threat.tactic.name"]) == (["T1059"], ["Execution"])


def test_a_file_has_hashes_of_the_right_length_alone() -> None:
    hashes = [{"algorithm_id": 3, "value": "ab" * 32}, {"algorithm_id": 2, "value": "ab" * 21}]
    fields = seen(event(1001, 4, file={"path": "/tmp/a", "name": "a", "size": 5, "type_id": 1, "hashes": hashes}))
    assert (fields["file.hash.sha256"], fields["file.size"]) == ("ab" * 32, 5)
    assert "file.hash.sha1" not in fields


def test_an_event_of_an_unknown_class_is_kept_with_what_is_known() -> None:
    fields = seen(event(8999, time=0, device={"hostname": "pc7"}, unmapped=[["a", "1"]]))
    assert (fields["event.dataset"], fields["host.name"]) == ("ocsf.event", "pc7")
    assert "@timestamp" not in fields
    assert fields["ocsf.class_uid"] == 8999


def test_it_is_known_by_its_class_and_metadata_and_nothing_less() -> None:
    assert known_as(_LAUNCH) == "ocsf"
    assert known_as(json.dumps({"class_uid": 1007, "time": 1, "message": "x"})) != "ocsf"


def test_what_is_no_event_is_a_dead_letter() -> None:
    damaged = '{"class_uid": "x", "category_uid": 1, "time": 1, "metadata": {}}'
    events, dead = read("ocsf", f"{_LAUNCH}\n{damaged}\n[1\n")
    assert (len(events), len(dead)) == (1, 2)
