"""Box: log-ins, files and folders, accounts, and what Shield found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_ANA = {"type": "user", "id": "71", "name": "Ana Hoxha", "login": "ana@example.org"}
_NOBODY = {"type": "user", "id": "2", "name": "Unknown User", "login": ""}
_FILE = {
    "type": "file",
    "id": "9",
    "name": "Plan.PDF",
    "size": 550,
    "sha1": "ab" * 20,
    "created_at": "2024-03-01T08:00:00+01:00",
    "content_modified_at": "2024-03-02T08:00:00+01:00",
    "owned_by": _ANA,
    "path_collection": {"total_count": 1, "entries": [{"type": "folder", "id": "0", "name": "All Files"}]},
}


def event(kind: str, *, by: object = _ANA, about: object = None, **more: object) -> str:
    fixed = {"type": "event", "event_id": "e1", "event_type": kind, "created_at": "2024-03-05T10:12:44+01:00"}
    where = {"created_by": by, "source": about, "ip_address": "192.0.2.4", "session_id": None}
    return json.dumps(fixed | where | more)


def alert(category: str, **more: object) -> str:
    found = {"rule_category": category, "rule_id": 12, "rule_name": "Our rule", "risk_score": 77, "priority": "high",
             "user": {"id": 71, "name": "Ana Hoxha", "email": "ana@example.org"},
             "link": "https://app.box.example/alerts/1"}  # fmt: skip
    return event("SHIELD_ALERT", by=_NOBODY, additional_details={"shield_alert": found | more})


def seen(text: str) -> dict[str, Any]:
    return one("box_events", text)


@pytest.mark.parametrize(
    ("action", "kind", "outcome"),
    [
        ("LOGIN", "start", "success"),
        ("ADMIN_LOGIN", "start", "success"),
        ("FAILED_LOGIN", "start", "failure"),
        ("DEVICE_TRUST_CHECK_FAILED", "start", "failure"),
    ],
)
def test_log_ins_are_told_with_account_and_address(action: str, kind: str, outcome: str) -> None:
    fields = seen(event(action, about=_ANA))
    assert fields["event.category"] == ("authentication",)
    assert (fields["event.type"], fields["event.outcome"]) == ((kind,), outcome)
    assert (fields["user.name"], fields["user.id"], fields["source.ip"]) == ("ana@example.org", "71", "192.0.2.4")
    assert (fields["@timestamp"], fields["event.id"]) == (at("2024-03-05T09:12:44"), "e1")
    assert "user.target.id" not in fields


def test_a_log_in_that_failed_has_its_account_though_nobody_was_logged_in() -> None:
    fields = seen(event("FAILED_LOGIN", by=_NOBODY, about=_ANA))
    assert (fields["user.name"], fields["event.outcome"]) == ("ana@example.org", "failure")


@pytest.mark.parametrize(
    ("action", "about", "category", "kind"),
    [
        ("UPLOAD", _FILE, "file", "creation"),
        ("DOWNLOAD", _FILE, "file", "access"),
        ("DELETE", _FILE, "file", "deletion"),
        ("UNDELETE", _FILE, "file", "creation"),
        ("ITEM_COPY", None, "file", "creation"),
        ("ITEM_SHARED_UPDATE", _FILE, "file", "change"),
        ("NEW_USER", None, "iam", "creation"),
        ("CHANGE_ADMIN_ROLE", None, "iam", "change"),
        ("COLLABORATION_REMOVE", _FILE, "iam", "deletion"),
        ("APPLICATION_PUBLIC_KEY_ADDED", None, "configuration", "creation"),
    ],
)
def test_what_was_done_is_classified(action: str, about: object, category: str, kind: str) -> None:
    fields = seen(event(action, about=about))
    assert (fields["event.action"], fields["event.kind"]) == (action, "event")
    assert (fields["event.category"], fields["event.type"]) == ((category,), (kind,))
    assert "event.outcome" not in fields


def test_a_file_has_name_place_and_size() -> None:
    fields = seen(event("DOWNLOAD", about=_FILE))
    assert (fields["file.name"], fields["file.path"]) == ("Plan.PDF", "All Files/Plan.PDF")
    assert (fields["file.type"], fields["file.extension"], fields["file.size"]) == ("file", "pdf", 550)
    assert (fields["file.owner"], fields["file.hash.sha1"]) == ("ana@example.org", "ab" * 20)
    assert (fields["file.created"], fields["file.mtime"]) == (at("2024-03-01T07:00:00"), at("2024-03-02T07:00:00"))


def test_a_folder_is_a_directory() -> None:
    fields = seen(event("ITEM_CREATE", about={"type": "folder", "id": "3", "name": "Tenders", "sequence_id": "0"}))
    assert (fields["file.type"], fields["file.directory"]) == ("dir", "Tenders")
    assert "file.name" not in fields


def test_another_person_is_the_target() -> None:
    fields = seen(event("NEW_USER", about={"type": "user", "id": "80", "name": "Eva", "login": "eva@example.org"}))
    assert (fields["user.name"], fields["user.target.name"]) == ("ana@example.org", "eva@example.org")


@pytest.mark.parametrize(
    ("category", "categories", "what"),
    [
        ("Anomalous Download", ("file", "threat"), "file"),
        ("Malicious Content", ("malware", "threat"), "software"),
        ("Suspicious Locations", ("network",), "ipv4-addr"),
        ("Suspicious Sessions", ("network",), "user-account"),
    ],
)
def test_what_shield_found_is_an_alert(category: str, categories: tuple[str, ...], what: str) -> None:
    fields = seen(alert(category))
    assert (fields["event.kind"], fields["event.category"]) == ("alert", categories)
    assert (fields["rule.name"], fields["rule.id"], fields["event.risk_score"]) == ("Our rule", "12", 77)
    assert (fields["threat.indicator.type"], fields["threat.indicator.confidence"]) == (what, "High")
    assert fields["user.effective.email"] == "ana@example.org"
    assert set(fields["related.user"]) == {"Ana Hoxha", "ana@example.org"}
    assert "user.name" not in fields


def test_an_alerts_addresses_and_items_are_told() -> None:
    places = [{"event_type": "Download", "item_name": f"{n}.txt", "ip_info": {"ip": f"198.51.100.{n}"}} for n in (7, 8)]
    fields = seen(alert("Suspicious Locations", alert_summary={"alert_activities": places}))
    assert fields["threat.indicator.ip"] == ["198.51.100.7", "198.51.100.8"]
    assert set(fields["related.ip"]) == {"192.0.2.4", "198.51.100.7", "198.51.100.8"}
    assert fields["file.name"] == "7.txt"


def test_malware_has_name_and_hash() -> None:
    malware = {"file_name": "a.exe", "file_hash": "cd" * 20, "file_hash_type": "SHA-1", "malware_name": "Bad",
               "description": "very bad", "first_seen": "2024-03-04T00:00:00Z"}  # fmt: skip
    fields = seen(alert("Malicious Content", malware_info=malware))
    assert (fields["file.name"], fields["file.hash.sha1"]) == ("a.exe", "cd" * 20)
    assert (fields["threat.software.name"], fields["threat.indicator.description"]) == ("Bad", "very bad")
    assert fields["threat.indicator.first_seen"] == at("2024-03-04T00:00:00")


def test_what_a_person_wrote_is_no_address() -> None:
    fields = seen(event("UPLOAD", about=_FILE | {"name": "198.51.100.99"}, ip_address="198.51.100.98 x"))
    assert "source.ip" not in fields
    assert "related.ip" not in fields


@pytest.mark.parametrize("other", [{"type": "click"}, {"event_type": "user.login"}, {"event_type": 5}])
def test_events_of_others_are_not_taken(other: dict[str, object]) -> None:
    document = json.loads(event("LOGIN")) | other
    assert known_as(json.dumps(document)) != "box_events"
    events, dead = read("box_events", json.dumps(document))
    assert (events, len(dead)) == ([], 1)


def test_it_is_recognised_and_damage_is_told() -> None:
    assert known_as(event("LOGIN")) == "box_events"
    events, dead = read("box_events", event("LOGIN")[:-30] + "\n" + event("LOGIN"))
    assert len(events) + len(dead) >= 1
    assert dead[0].reason
