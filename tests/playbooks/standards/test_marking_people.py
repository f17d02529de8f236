"""Markings that cannot be loosened, names that do not leave, and the MISP and OpenC2 documents."""

from __future__ import annotations

import json

import pytest

from engine.entities import Entity
from engine.errors import UsageError
from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from playbooks.standards.documents import as_json
from playbooks.standards.marking import of_tags, settle
from playbooks.standards.misp import incident_to_misp
from playbooks.standards.openc2 import guide_to_openc2
from playbooks.standards.people import People
from playbooks.standards.stix import incident_to_stix
from tests.playbooks.standards.cases import HOSTILE, case


@pytest.mark.parametrize(
    ("wanted", "held", "clearance", "marked"),
    [
        (None, "clear", "amber", "amber"),
        (None, "red", "red", "red"),
        ("clear", "clear", "clear", "clear"),
        ("amber+strict", "amber", "red", "amber+strict"),
    ],
)
def test_a_marking_is_never_looser_than_what_it_rests_on(wanted, held, clearance, marked) -> None:
    assert settle(wanted, held, clearance) == marked


@pytest.mark.parametrize(
    ("wanted", "held", "clearance"),
    [("green", "amber", "red"), ("red", "clear", "amber"), (None, "red", "amber"), (None, "clear", "green")],
)
def test_what_is_above_the_clearance_or_loosened_is_refused(wanted, held, clearance) -> None:
    with pytest.raises(UsageError):
        settle(wanted, held, clearance)


def test_markings_are_read_from_tags_of_any_spelling() -> None:
    assert of_tags(("attack.t1190", "tlp.green", "TLP:AMBER+STRICT", "tlp:white")) == "amber+strict"
    assert of_tags(("tlphotel",)) == "clear"


def _pseudonym(kind: str, value: str) -> str:
    return f"{kind}-00aabb-{'abcdefgh' * 3}{len(value) % 6 + 2}{'z'}"[:38]


_PEOPLE = (
    Entity("user", "GOV\\a.hoxha"),
    Entity("user", "Name"),
    Entity("user", "WEB01$"),
    Entity("user", "NT\\Administrator"),
    Entity("mailbox", "e.krasniqi@gov.example"),
    Entity("user", "x.*(y"),
)


def test_names_are_replaced_wherever_they_stand() -> None:
    people = People(_PEOPLE, _pseudonym)
    told = people.text(
        "GOV\\A.Hoxha opened C:\\Users\\b.leka\\x.txt, /home/c.dema/y and e.krasniqi@gov.example; "
        "x.*(y; WEB01$; Administrator"
    )
    for name in ("hoxha", "leka", "dema", "krasniqi", "x.*(y"):
        assert name not in told.lower()
    assert "WEB01$" in told
    assert "Administrator" in told
    assert "C:\\Users\\name-" in told
    assert people.text(told) == told
    assert people.entity(_PEOPLE[0]).value.startswith("GOV\\name-")
    assert people.entity(_PEOPLE[4]).value.endswith("@gov.example")
    assert people.entity(_PEOPLE[2]) == _PEOPLE[2]
    assert people.text("xa.hoxhay") == "xa.hoxhay"


def test_no_name_is_left_in_any_document() -> None:
    found = case(Entity("file", "C:\\Users\\a.hoxha\\evil.exe"))
    people = People(found.incident.entities, _pseudonym)
    hidden = type(found)(
        incident=people.incident(found.incident),
        alerts=[people.alert(alert) for alert in found.alerts],
        producer=found.producer,
    )
    guide = compile_guide(hidden.incident, load_library().get("web-shell"))
    for document in (
        incident_to_stix(hidden, [], "amber"),
        incident_to_misp(hidden, "amber"),
        guide_to_openc2(guide, "red"),
    ):
        content = as_json(document).lower()
        assert "hoxha" not in content
    assert "hoxha" in as_json(incident_to_stix(found, [], "amber"))


def test_a_misp_event_is_unpublished_marked_and_one_line_a_value() -> None:
    event = json.loads(
        as_json(incident_to_misp(case(Entity("url", "https://evil.example/\n" + HOSTILE)), "amber+strict"))
    )["Event"]
    assert not event["published"]
    assert event["distribution"] == "0"
    assert {"name": "tlp:amber+strict"} in event["Tag"]
    assert {"name": 'misp-galaxy:mitre-attack-pattern="Web Shell - T1505.003"'} in event["Tag"]
    attributes = {item["value"]: item for item in event["Attribute"]}
    assert (attributes["203.0.113.9"]["type"], attributes["203.0.113.9"]["to_ids"]) == ("ip-src", True)
    assert attributes["ab" * 32]["type"] == "sha256"
    assert "10.1.2.3" not in attributes
    assert not attributes["C:\\Temp\\x' y.aspx"]["to_ids"]
    for item in event["Attribute"]:
        assert not any(ord(char) < 32 for char in item["value"])
    assert [item for item in event["Attribute"] if item["type"] == "text" and not item["to_ids"]]
    assert len({item["uuid"] for item in event["Attribute"]}) == len(event["Attribute"])


def test_openc2_blocks_and_isolates_what_the_guide_does_with_its_approvals_and_inverse() -> None:
    guide = compile_guide(case(Entity("ip", "2001:db8::1")).incident, load_library().get("web-shell"))
    commands = guide_to_openc2(guide, "amber")["commands"]
    told = {json.dumps(item["command"]["target"]): item for item in commands}
    block, isolate = told['{"ipv4_net": "203.0.113.9/32"}'], told['{"device": {"hostname": "web01.gov.example"}}']
    assert '{"ipv6_net": "2001:db8::1/128"}' in told
    assert '{"ipv4_net": "10.1.2.3/32"}' not in told
    assert (block["command"]["action"], block["undo"]["action"]) == ("deny", "allow")
    assert isolate["command"]["action"] == "contain"
    assert isolate["command"]["args"]["x-kulla"]["approvals_needed"] == 1
    ids = [item[part]["command_id"] for item in commands for part in ("command", "undo")]
    assert len(ids) == len(set(ids))
