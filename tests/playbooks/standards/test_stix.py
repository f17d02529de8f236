"""STIX bundles and ATT&CK Flows: every reference resolves, ids are stable, no value ends its pattern."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.entities import Entity
from engine.indicators.stix import read_bundle
from playbooks.loader import load_library
from playbooks.standards.attack_flow import incident_to_flow
from playbooks.standards.documents import as_json
from playbooks.standards.stix import incident_to_stix
from playbooks.standards.stix_patterns import pattern, quoted, split_path
from tests.playbooks.standards.cases import HOSTILE, case

_PLAYBOOKS = [load_library().get("web-shell")]


def _unquoted(literal: str) -> tuple[str, str]:
    """Read one string literal by the grammar of STIX patterns; return its value and what stands behind it."""
    assert literal[0] == "'"
    value, place = "", 1
    while literal[place] != "'":
        if literal[place] == "\\":
            place += 1
            assert literal[place] in "\\'"
        value += literal[place]
        place += 1
    return value, literal[place + 1 :]


@given(st.text(max_size=60))
@example(HOSTILE)
@example("\\")
@example("'")
@example("\\'] OR [url:value = 'x")
@settings(max_examples=60)
def test_no_value_ends_its_own_literal(value: str) -> None:
    assert _unquoted(quoted(value)) == (value.encode("utf-8", "replace").decode("utf-8", "replace"), "")


@given(st.text(min_size=1, max_size=60))
@example("C:\\Temp\\x' OR file:name = 'y")
@example("/tmp/'] OR [file:name = 'z")
@settings(max_examples=60)
def test_a_file_is_found_by_exactly_its_path(path: str) -> None:
    made = pattern(Entity("file", path))
    name, rest = _unquoted(made.removeprefix("[file:name = "))
    folder = ""
    if rest != "]":
        folder, rest = _unquoted(rest.removeprefix(" AND file:parent_directory_ref.path = "))
    assert rest == "]"
    assert (folder, name) == split_path(path)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("C:\\x.exe", ("C:\\", "x.exe")),
        ("C:\\a b\\x.exe", ("C:\\a b", "x.exe")),
        ("/x", ("/", "x")),
        ("/tmp/a\\b", ("/tmp", "a\\b")),
        ("x", ("", "x")),
        ("/tmp/", ("", "/tmp/")),
    ],
)
def test_paths_of_both_families_are_split(path: str, parts: tuple[str, str]) -> None:
    assert split_path(path) == parts


def _objects(*extra: Entity) -> list[dict[str, Any]]:
    return json.loads(as_json(incident_to_stix(case(*extra), _PLAYBOOKS, "amber")))["objects"]


def _references(item: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in item.items():
        if name.endswith("_ref"):
            found.append(value)
        elif name.endswith("_refs"):
            found += value
    return found


def _assert_whole(objects: list[dict[str, Any]]) -> None:
    ids = [item["id"] for item in objects]
    assert len(ids) == len(set(ids))
    assert {name for item in objects for name in _references(item)} <= set(ids)
    for item in objects:
        assert item["id"].startswith(f"{item['type']}--")
        assert item["spec_version"] == "2.1"


def test_every_reference_resolves_and_every_object_is_marked() -> None:
    objects = _objects(Entity("url", HOSTILE), Entity("url", "https://evil.example/a'b"))
    _assert_whole(objects)
    marking = next(item["id"] for item in objects if item["type"] == "marking-definition")
    assert all(item["object_marking_refs"] == [marking] for item in objects if item["id"] != marking)
    kinds = {item["type"] for item in objects}
    assert kinds >= {
        "identity", "incident", "report", "observed-data", "indicator", "attack-pattern", "sighting",
        "course-of-action", "relationship", "ipv4-addr", "file", "user-account",
    }  # fmt: skip


def test_only_what_is_the_attackers_becomes_an_indicator() -> None:
    document, system = Entity("file", "D:\\Akte\\akt-7.docx.lck"), Entity("process", "C:\\Windows\\System32\\cmd.exe")
    found = {item["pattern"] for item in _objects(document, system) if item["type"] == "indicator"}
    assert found == {
        "[ipv4-addr:value = '203.0.113.9']",
        "[domain-name:value = 'evil.example']",
        "[file:name = 'x\\' y.aspx' AND file:parent_directory_ref.path = 'C:\\\\Temp']",
        f"[file:hashes.'SHA-256' = '{'ab' * 32}']",
    }


def test_the_hash_of_a_program_of_the_system_is_no_indicator() -> None:
    found, number = case(Entity("hash", "cd" * 32)), "cd" * 32
    for program, expected in (("C:\\Windows\\System32\\wbem\\WMIC.exe", False), ("C:\\Temp\\cl.exe", True)):
        fields = {"process.executable": program, "process.hash.sha256": number}
        inside = replace(found.incident, entities=(*found.incident.entities, Entity("process", program)))
        told = replace(found, incident=inside, alerts=[replace(found.alerts[0], fields=fields)]).suspects
        assert (Entity("hash", number) in told) is expected
        assert (Entity("file", program) in told) is expected


def test_kulla_reads_its_own_indicators() -> None:
    objects = _objects()
    reading = read_bundle(objects, "own")
    assert [item.reason for item in reading.refused] == ["events here have nothing like file:parent_directory_ref.path"]
    assert len(reading.indicators) == 3
    assert {item.tlp for item in reading.indicators} == {"amber"}


def test_the_same_incident_gives_the_same_bundle_and_observables_have_the_ids_of_the_standard() -> None:
    assert as_json(incident_to_stix(case(), _PLAYBOOKS, "red")) == as_json(incident_to_stix(case(), _PLAYBOOKS, "red"))
    address = next(item for item in _objects() if item["type"] == "ipv4-addr")
    # UUID 5 of {"value":"203.0.113.9"} in the namespace that STIX 2.1 (2.9) gives
    assert address["id"] == "ipv4-addr--" + _uuid5('{"value":"203.0.113.9"}')


def _uuid5(name: str) -> str:
    from hashlib import sha1
    from uuid import UUID

    digest = sha1(UUID("00abedb4-aa42-466c-9c01-fed23315a9b7").bytes + name.encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest[:16], version=5))


def test_things_that_incidents_share_are_told_alike() -> None:
    one, other = case(), case()
    other = replace(other, incident=replace(other.incident, id="inc-2022-0008", opened=other.incident.last_seen))
    shared = ("identity", "attack-pattern", "course-of-action")
    told = [
        {item["id"]: item for item in json.loads(as_json(incident_to_stix(each, _PLAYBOOKS, "amber")))["objects"]}
        for each in (one, other)
    ]
    for number in set(told[0]) & set(told[1]):
        assert told[0][number] == told[1][number]
    assert {number.partition("--")[0] for number in set(told[0]) & set(told[1])} >= set(shared)


def test_sightings_say_where_and_in_what() -> None:
    objects = {item["id"]: item for item in _objects()}
    sightings = [item for item in objects.values() if item["type"] == "sighting"]
    patterns = {objects[item["sighting_of_ref"]]["type"] for item in sightings}
    assert patterns == {"attack-pattern", "indicator"}
    for item in sightings:
        assert objects[item["where_sighted_refs"][0]]["name"] == "web01.gov.example"
        assert all(objects[number]["type"] == "observed-data" for number in item["observed_data_refs"])


def test_a_flow_follows_the_time_and_is_whole() -> None:
    objects = json.loads(as_json(incident_to_flow(case(), "green")))["objects"]
    _assert_whole(objects)
    by_id = {item["id"]: item for item in objects}
    flow = next(item for item in objects if item["type"] == "attack-flow")
    first = by_id[flow["start_refs"][0]]
    second = by_id[first["effect_refs"][0]]
    assert [first["technique_id"], second["technique_id"]] == ["T1190", "T1505.003"]
    assert "effect_refs" not in second
    assert by_id[first["asset_refs"][0]]["name"] == "web01.gov.example"
    assert flow["scope"] == "incident"


def test_a_flow_without_techniques_starts_at_a_condition() -> None:
    found = case()
    bare = replace(found, incident=replace(found.incident, techniques=(), timeline=()))
    objects = json.loads(as_json(incident_to_flow(bare, "green")))["objects"]
    _assert_whole(objects)
    (start,) = next(item for item in objects if item["type"] == "attack-flow")["start_refs"]
    assert start.startswith("attack-condition--")  # the only other kind that the format lets a flow start at
