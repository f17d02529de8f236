"""The saved objects for Kibana: each reference leads somewhere, each field is one that kulla's indices have."""

from __future__ import annotations

import json

from engine.store.elastic.mappings import templates
from engine.store.elastic.names import Names
from tests.conftest import ROOT

OBJECTS = [json.loads(line) for line in (ROOT / "docs" / "deploy" / "kibana.ndjson").read_text().splitlines()]
KNOWN = templates(Names("kulla"))
ECS = {"event.dataset", "host.name", "log.file.path"}  # fields that events bring along


def test_every_reference_leads_somewhere() -> None:
    there = {(each["type"], each["id"]) for each in OBJECTS}
    assert len(there) == len(OBJECTS)
    assert {(ref["type"], ref["id"]) for each in OBJECTS for ref in each["references"]} <= there
    assert {each["type"] for each in OBJECTS} == {"index-pattern", "search", "dashboard"}


def test_panels_and_searches_name_their_references() -> None:
    for each in OBJECTS:
        names = {ref["name"] for ref in each["references"]}
        if each["type"] == "search":
            source = json.loads(each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
            assert names == {source["indexRefName"]}
        if each["type"] == "dashboard":
            panels = json.loads(each["attributes"]["panelsJSON"])
            assert names == {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels}


def test_columns_are_fields_of_the_index() -> None:
    for each in OBJECTS:
        if each["type"] == "search":
            index = each["references"][0]["id"]
            mapped = KNOWN[index]["template"]["mappings"]["properties"].keys() | ECS
            assert set(each["attributes"]["columns"]) <= mapped
            assert "@timestamp" in mapped
        if each["type"] == "index-pattern":
            assert each["attributes"]["title"] in KNOWN
