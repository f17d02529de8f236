"""Reading ATT&CK's data in its forms, and what the table makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.attack.building import add, as_text, empty, with_countermeasures
from engine.attack.comparing import canonical, technique_fault
from engine.attack.reading import facts_of_bundle, read_facts
from engine.attack.table import Table, read_table
from engine.errors import InputError


def _pattern(key: str, number: str, name: str, **more: object) -> dict[str, object]:
    return {
        "type": "attack-pattern",
        "id": f"attack-pattern--{key}",
        "name": name,
        "external_references": [
            {"source_name": "capec", "external_id": "CAPEC-1"},
            {"source_name": "mitre-attack", "external_id": number},
        ],
        "kill_chain_phases": [
            {"kill_chain_name": "mitre-attack", "phase_name": "execution"},
            {"kill_chain_name": "lockheed", "phase_name": "delivery"},
        ],
        **more,
    }


def _link(kind: str, source: str, target: str, **more: object) -> dict[str, object]:
    return {"type": "relationship", "relationship_type": kind, "source_ref": source, "target_ref": target, **more}


BUNDLE: list[dict[str, object]] = [
    {"type": "x-mitre-collection", "id": "x-mitre-collection--1", "x_mitre_version": "20.0"},
    _pattern("a", "T0001", "Alpha"),
    _pattern("b", "T0002", "Beta", revoked=True),
    _pattern("c", "T0003", "Gamma", x_mitre_deprecated=True),
    {"type": "intrusion-set", "id": "intrusion-set--1", "name": "G"},
    {"type": "tool", "id": "tool--1", "name": "S"},
    {"type": "malware", "id": "malware--1", "name": "gone", "revoked": True},
    {
        "type": "course-of-action",
        "id": "course-of-action--1",
        "name": "Patch",
        "external_references": [{"source_name": "mitre-attack", "external_id": "M1051"}],
    },
    _link("revoked-by", "attack-pattern--b", "attack-pattern--a"),
    _link("uses", "intrusion-set--1", "attack-pattern--a"),
    _link("uses", "intrusion-set--1", "attack-pattern--a"),
    _link("uses", "tool--1", "attack-pattern--a"),
    _link("uses", "malware--1", "attack-pattern--a"),
    _link("mitigates", "course-of-action--1", "attack-pattern--a"),
]


def _read(document: dict[str, object], folder: Path) -> Table:
    path = folder / "table.json"
    path.write_text(as_text(document), encoding="utf-8")
    return read_table(path)


def test_a_bundle_gives_techniques_uses_and_what_was_given_up(tmp_path: Path) -> None:
    found = _read(add(empty(), facts_of_bundle(BUNDLE)), tmp_path)
    assert found.versions == ("20.0",)
    assert set(found.techniques) == {"T0001"}
    alpha = found.techniques["T0001"]
    assert (alpha.name, alpha.newest_tactics) == ("Alpha", ("execution",))
    assert (alpha.use.groups, alpha.use.campaigns, alpha.use.software) == (1, 0, 1)
    assert canonical("T0002", found) == "T0001"
    assert [(item.id, item.name, set(item.techniques)) for item in found.measures] == [("M1051", "Patch", {"T0001"})]


def test_a_newer_version_stands_beside_the_older_and_takes_its_name(tmp_path: Path) -> None:
    base = add(empty(), facts_of_bundle(BUNDLE))
    newer = tmp_path / "newer.json"
    told = {"version": "21.0", "techniques": {"T0001": {"name": "Alpha two", "tactics": ["Defense Impairment"]}}}
    newer.write_text(json.dumps(told), encoding="utf-8")
    found = _read(add(base, read_facts(newer)), tmp_path)
    assert found.versions == ("20.0", "21.0")
    assert found.techniques["T0001"].name == "Alpha two"
    assert dict(found.techniques["T0001"].tactics) == {"20.0": ("execution",), "21.0": ("defense-impairment",)}


def test_the_same_file_twice_changes_nothing() -> None:
    facts = facts_of_bundle(BUNDLE)
    once = add(empty(), facts)
    assert as_text(add(once, facts)) == as_text(once)


def test_a_technique_that_the_newest_version_has_is_not_given_up(tmp_path: Path) -> None:
    walk = tmp_path / "walk.json"
    walk.write_text('{"map": {"T0001": "T0009", "T0004": "T0001", "bad": "T0001"}}', encoding="utf-8")
    found = _read(add(add(empty(), facts_of_bundle(BUNDLE)), read_facts(walk)), tmp_path)
    assert technique_fault("T0001", found) == ""
    assert canonical("T0004", found) == "T0001"
    assert "bad" not in found.moved


def test_countermeasures_are_told_by_the_uuids_of_techniques(tmp_path: Path) -> None:
    facts = facts_of_bundle(BUNDLE)
    meta = {"external_id": "D3-EAL", "kill_chain": ["Harden:Platform-Hardening"]}
    galaxy = {"values": [{"value": "Allowlisting", "meta": meta, "related": [{"dest-uuid": "a"}, {"dest-uuid": "z"}]}]}
    found = _read(with_countermeasures(add(empty(), facts), galaxy, facts.uuids), tmp_path)
    assert ("D3-EAL", "Harden", {"T0001"}) in [(m.id, m.kind, set(m.techniques)) for m in found.measures]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"type": "bundle", "objects": []}', '{"techniques": 3}', "[" * 100_000]
)
def test_what_is_no_data_of_attack_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        read_facts(path)


def test_the_packaged_table_agrees_with_the_reference_material(shared: Path) -> None:
    usage = json.loads((shared / "attack" / "attack_v18.1_usage.json").read_text(encoding="utf-8"))
    from engine.attack.table import PACKAGED

    found = read_table(PACKAGED)
    for number, told in usage["techniques"].items():
        assert set(found.techniques[number].tactics["18.1"]) == set(told["tactics"]), number
