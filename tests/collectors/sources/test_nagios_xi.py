"""Nagios XI: log entries and states, and JSON that is none of them."""

from __future__ import annotations

import json

from tests.collectors.reading import at, known_as, one, read

_ENTRY = {
    "entry_time": "2024-03-05 09:12:44", "instance_id": "1", "logentry_data": "HOST ALERT: db01;DOWN;HARD;1;no answer",
    "logentry_id": "7", "logentry_type": "16384",
}  # fmt: skip
_HOST = {
    "hoststatus_id": "5", "host_object_id": "42", "current_state": "1", "host_name": "db01", "address": "192.0.2.4",
    "output": "no answer", "status_update_time": "2024-03-05 09:12:44",
}  # fmt: skip


def test_a_log_entry() -> None:
    fields = one("nagios_xi", json.dumps(_ENTRY))
    assert (fields["event.dataset"], fields["event.kind"]) == ("nagios_xi.events", "event")
    assert fields["message"] == _ENTRY["logentry_data"]
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_host_s_state() -> None:
    fields = one("nagios_xi", json.dumps(_HOST))
    assert (fields["event.dataset"], fields["event.kind"]) == ("nagios_xi.host", "metric")
    assert (fields["host.name"], fields["host.ip"], fields["nagios_xi.state"]) == ("db01", "192.0.2.4", "Down")


def test_a_service_s_state() -> None:
    state = {"servicestatus_id": "5", "service_object_id": "43", "current_state": "2", "display_name": "disk"}
    fields = one("nagios_xi", json.dumps({**state, "host_address": "db01.gov.example", "host_name": "db01"}))
    assert (fields["service.name"], fields["nagios_xi.state"]) == ("disk", "Critical")
    assert "host.ip" not in fields


def test_other_json_is_a_dead_letter() -> None:
    events, dead = read("nagios_xi", '{"current_state": "1"}\n')
    assert (events, len(dead)) == ([], 1)
    assert dead[0].reason


def test_objects_are_recognised() -> None:
    assert known_as(json.dumps(_ENTRY)) == "nagios_xi"
    assert known_as(json.dumps(_HOST)) == "nagios_xi"
