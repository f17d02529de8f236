"""Darktrace: incidents, model breaches and its own state, as JSON and within syslog."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_INCIDENT = {
    "id": "i1",
    "title": "Unusual SSH",
    "summariser": "AdminConnSummary",
    "aiaScore": 98,
    "createdAt": 1709629964240,
    "currentGroup": "g1",
    "periods": [{"start": 1709629900000, "end": 1709629964000}],
    "breachDevices": [{"did": 10, "ip": "192.0.2.7", "hostname": None}],
    "relatedBreaches": [{"modelName": "Unusual Activity"}],
}


def shown(kind: str, value: object, how: str = "display") -> dict[str, object]:
    return {"filterType": kind, "comparatorType": how, "trigger": {"value": value}}


_BREACH = {
    "pbid": 1,
    "time": 1709629964000,
    "score": 0.674,
    "model": {"name": "Beaconing", "version": 23, "priority": 2, "tags": ["AP: C2 Comms"], "created": {"by": "System"}},
    "device": {"did": 3, "ip": "192.0.2.7", "typename": "desktop"},
    "triggeredComponents": [
        {
            "time": 1709629964000,
            "triggeredFilters": [
                shown("Destination IP", "198.51.100.9"),
                shown("Destination port", 443),
                shown("Connection hostname", "bad.example"),
                shown("Source port", "50000", "is not"),
            ],
        }
    ],
}
_STATUS = {
    "uuid": "u1",
    "alert_name": "Advanced Search",
    "priority": 43,
    "priority_level": "medium",
    "last_updated": 1709629964,
    "last_updated_status": 1709629964,
    "hostname": "sensor",
    "ip_address": "192.0.2.8",
    "message": "no hits",
}


def seen(document: object, prefix: str = "") -> dict[str, Any]:
    return one("darktrace", prefix + json.dumps(document))


@pytest.mark.parametrize("prefix", ["", "<165>1 2024-03-05T09:12:44Z dt.example darktrace - - - "])
def test_an_incident_has_devices_models_and_span(prefix: str) -> None:
    fields = seen(_INCIDENT, prefix)
    assert (fields["event.kind"], fields["event.reason"], fields["event.risk_score"]) == ("alert", "Unusual SSH", 98)
    assert (fields["host.id"], fields["host.ip"], fields["rule.name"]) == ("10", ["192.0.2.7"], ["Unusual Activity"])
    assert (fields["event.duration"], fields["@timestamp"]) == (64_000_000_000, at("2024-03-05T09:12:44.240"))


def test_a_breach_has_its_model_and_what_triggered_it() -> None:
    fields = seen(_BREACH)
    assert (fields["rule.name"], fields["rule.version"], fields["rule.author"]) == ("Beaconing", "23", "System")
    assert (fields["event.risk_score"], fields["event.risk_score_norm"]) == (0.674, 67.4)
    assert (fields["destination.ip"], fields["destination.port"]) == ("198.51.100.9", 443)
    assert (fields["destination.domain"], fields["host.type"]) == ("bad.example", "desktop")
    assert "source.port" not in fields


def test_its_own_state_is_told() -> None:
    fields = seen(_STATUS)
    assert (fields["host.name"], fields["host.ip"], fields["event.risk_score"]) == ("sensor", ["192.0.2.8"], 43)
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_each_is_known_and_the_rest_is_a_dead_letter() -> None:
    for document in (_INCIDENT, _BREACH, _STATUS):
        assert known_as(json.dumps(document)) == "darktrace"
    events, dead = read("darktrace", json.dumps(_STATUS) + '\n{"pbid": 1}\n')
    assert (len(events), len(dead)) == (1, 1)
