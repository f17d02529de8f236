"""Microsoft Sentinel's incidents, as the service and as its Python library write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_DETAILS = {
    "title": "Spraying",
    "description": "Many accounts from one address",
    "severity": "High",
    "status": "New",
    "createdTimeUtc": "2025-02-03T13:29:41.5517Z",
    "lastModifiedTimeUtc": "2025-02-03T14:00:00Z",
    "incidentUrl": "https://portal.example/1",
    "owner": {"assignedTo": "Ana Hoxha", "email": "ana@example.org", "objectId": "o1"},
    "additionalData": {"tactics": ["CredentialAccess"], "techniques": ["T1110"]},
}
_SERVICE = {"name": "i1", "type": "Microsoft.SecurityInsights/incidents", "properties": _DETAILS}
_LIBRARY = {
    "name": "i1",
    "type": "Microsoft.SecurityInsights/Incidents",
    "title": "Spraying",
    "description": "Many accounts from one address",
    "severity": "High",
    "status": "New",
    "created_time_utc": "2025-02-03T13:29:41.551700+00:00",
    "last_modified_time_utc": "2025-02-03T14:00:00+00:00",
    "incident_url": "https://portal.example/1",
    "owner": {"assigned_to": "Ana Hoxha", "email": "ana@example.org", "object_id": "o1"},
    "additional_data": {"tactics": ["CredentialAccess"], "techniques": ["T1110"]},
}


@pytest.mark.parametrize("incident", [_SERVICE, _LIBRARY], ids=["service", "library"])
def test_an_incident_is_an_alert_with_owner_and_technique(incident: dict[str, Any]) -> None:
    fields = one("microsoft_sentinel", json.dumps(incident))
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ("intrusion_detection",))
    assert (fields["event.id"], fields["message"], fields["event.severity"]) == ("i1", "Spraying", 4)
    assert (fields["@timestamp"], fields["event.end"]) == (at("2025-02-03T13:29:41.551700"), at("2025-02-03T14:00:00"))
    assert (fields["event.reason"], fields["event.url"]) == (
        "Many accounts from one address",
        "https://portal.example/1",
    )
    assert (fields["user.email"], fields["user.full_name"]) == ("ana@example.org", "Ana Hoxha")
    assert (fields["threat.tactic.name"], fields["threat.technique.id"]) == (["CredentialAccess"], ["T1110"])


def test_it_is_known_by_its_type() -> None:
    assert known_as(json.dumps(_SERVICE)) == known_as(json.dumps(_LIBRARY)) == "microsoft_sentinel"
    assert known_as(json.dumps(_SERVICE | {"type": "Microsoft.SecurityInsights/bookmarks"})) != "microsoft_sentinel"


def test_what_is_no_incident_is_a_dead_letter() -> None:
    events, dead = read("microsoft_sentinel", json.dumps(_SERVICE) + '\n{"type": 7}\n')
    assert (len(events), len(dead)) == (1, 1)
