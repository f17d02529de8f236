"""Files of indicators in every form: what is taken, and that nothing is dropped in silence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.alerts import Level
from engine.errors import InputError
from engine.indicators.model import Reading
from engine.indicators.reading import read_indicators

SHA = "ab" * 32


def _read(tmp_path: Path, content: object, **more: object) -> Reading:
    path = tmp_path / "feed"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_indicators(path, **more)  # type: ignore[arg-type] # options of the function


def _texts(found: Reading) -> list[str]:
    return [item.text for item in found.indicators]


def _stix(number: int, pattern: str, **more: object) -> dict[str, object]:
    return {
        "type": "indicator",
        "id": f"indicator--{number}",
        "pattern_type": "stix",
        "pattern": pattern,
        "name": f"indicator {number}",
        "valid_from": "2026-01-01T00:00:00Z",
        **more,
    }


def test_a_bundle_gives_its_indicators_with_source_marking_expiry_and_techniques(tmp_path: Path) -> None:
    objects = [
        {"type": "identity", "id": "identity--1", "name": "AKSK"},
        {
            "type": "attack-pattern",
            "id": "attack-pattern--1",
            "external_references": [{"source_name": "mitre-attack", "external_id": "T1566.001"}],
        },
        {
            "type": "relationship",
            "relationship_type": "indicates",
            "source_ref": "indicator--1",
            "target_ref": "attack-pattern--1",
        },
        _stix(
            1,
            "[domain-name:value = 'evil.example']",
            created_by_ref="identity--1",
            object_marking_refs=["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"],
            valid_until="2026-06-01T00:00:00Z",
            confidence=50,
        ),
        _stix(2, "[mutex:name = 'x']"),
        _stix(3, "rule x {}", pattern_type="yara"),
        _stix(4, "[file:name = 'evil.dll']", revoked=True),
        "nonsense",
    ]
    found = _read(tmp_path, {"type": "bundle", "id": "bundle--1", "objects": objects})
    assert _texts(found) == ["domain equals evil.example"]
    first = found.indicators[0]
    assert (first.source, first.tlp, first.level, first.tags) == ("AKSK", "amber", Level.MEDIUM, ("attack.t1566.001",))
    assert first.until == datetime(2026, 6, 1, tzinfo=UTC)
    assert len(found.refused) == 4
    assert all(item.reason for item in found.refused)


def test_what_is_marked_above_the_clearance_is_refused(tmp_path: Path) -> None:
    red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
    document = {"type": "bundle", "objects": [_stix(1, "[file:name = 'evil.dll']", object_marking_refs=[red])]}
    refused = _read(tmp_path, document)
    assert not refused.indicators
    assert "TLP:RED" in refused.refused[0].reason
    assert "evil" not in refused.refused[0].what
    assert len(_read(tmp_path, document, clearance="red").indicators) == 1


def _attribute(kind: str, value: str, **more: object) -> dict[str, object]:
    return {"uuid": f"u-{kind}", "type": kind, "value": value, "to_ids": True, **more}


def test_an_event_of_misp_gives_what_is_marked_for_detection(tmp_path: Path) -> None:
    event = {
        "info": "Phishing of ministries",
        "threat_level_id": "2",
        "Orgc": {"name": "CERT"},
        "Tag": [{"name": "tlp:green"}, {"name": 'misp-galaxy:mitre-attack-pattern="Spearphishing - T1566.001"'}],
        "Attribute": [
            _attribute("domain", "evil.example"),
            _attribute("ip-dst|port", "203.0.113.9|8443"),
            _attribute("filename|sha256", f"x.exe|{SHA}"),
            _attribute("ip-src", "192.168.1.1"),
            _attribute("domain|ip", "bad.example|203.0.113.7"),
            _attribute("yara", "rule x {}"),
            _attribute("url", "http://evil.example/a", to_ids=False),
            _attribute("md5", "zz", comment="broken"),
        ],
        "Object": [{"Attribute": [_attribute("email-src", "a@evil.example", Tag=[{"name": "tlp:amber"}])]}],
    }
    found = _read(tmp_path, {"Event": event})
    assert sorted(_texts(found)) == [
        "domain under bad.example or ip equals 203.0.113.7",
        "domain under evil.example",
        f"hash equals {SHA}",
        "ip equals 203.0.113.9 and port equals 8443",
        "source email equals a@evil.example",
    ]
    assert {item.tlp for item in found.indicators} == {"green", "amber"}
    assert {item.level for item in found.indicators} == {Level.MEDIUM}
    assert all(item.tags == ("attack.t1566.001",) and item.source == "MISP CERT" for item in found.indicators)
    assert len(found.refused) == 4
    assert len(_read(tmp_path, {"response": [{"Event": event}]}).indicators) == 5
    assert len(_read(tmp_path, {"Event": event}, private=True).indicators) == 6


def test_a_search_for_attributes_brings_its_events_along(tmp_path: Path) -> None:
    answer = {"response": {"Attribute": [_attribute("md5", "c" * 32, Event={"info": "From elsewhere"})]}}
    assert [item.name for item in _read(tmp_path, answer).indicators] == ["From elsewhere"]


def test_a_plain_list_is_read_with_defanged_values(tmp_path: Path) -> None:
    lines = ["# feed", "hxxps://evil[.]example/x", "203.0.113[.]9 ; seen", "198.51.100.0/24", "bad[.]example", SHA]
    text = "\n".join([*lines, "q@evil.example", "drop.exe", "", "???", ""])
    found = _read(tmp_path, text)
    assert _texts(found) == [
        "url equals https://evil.example/x",
        "ip equals 203.0.113.9",
        "ip in net 198.51.100.0/24",
        "domain equals bad.example",
        f"hash equals {SHA}",
        "email equals q@evil.example",
        "filename equals drop.exe",
    ]
    assert [(item.where, item.what) for item in found.refused] == [("feed:10", "???")]


def test_a_url_of_a_list_may_hold_marks_of_comments(tmp_path: Path) -> None:
    lines = [
        "https://evil.example/a;id=7?x=1 # seen",
        "https://evil.example/b;c",
        "# https://evil.example/d",
        "; https://evil.example/e",
    ]
    found = _read(tmp_path, "\n".join([*lines, "https://evil.example/f,2026-01-01"]))
    expected = ["https://evil.example/a;id=7?x=1", "https://evil.example/b;c", "https://evil.example/f"]
    assert _texts(found) == [f"url equals {each}" for each in expected]


def test_what_stands_beside_a_value_does_not_make_it_a_url(tmp_path: Path) -> None:
    lines = ["1.2.3.4;malware;https://ref.example/x", "evil.example # https://ref.example/y", "bad.example;ftp://z/"]
    found = _read(tmp_path, "\n".join(lines))
    assert _texts(found) == ["ip equals 1.2.3.4", "domain equals evil.example", "domain equals bad.example"]
    assert found.refused == ()


def test_csv_names_its_columns(tmp_path: Path) -> None:
    text = (
        "indicator,type,name,tlp,until\n"
        "evil.example,domain,Loader,amber,2026-05-01\n"
        '"Invoice, unpaid",subject,Lure,,\n'
        "x,mutex,,,\n"
        "bad.example,domain,,purple,\n"
    )
    found = _read(tmp_path, text)
    assert [(item.name, item.text, item.tlp) for item in found.indicators] == [
        ("Loader", "domain equals evil.example", "amber"),
        ("Lure", "subject equals invoice, unpaid", "clear"),
    ]
    assert found.indicators[0].until == datetime(2026, 5, 1, tzinfo=UTC)
    assert [item.where for item in found.refused] == ["feed:4", "feed:5"]


@pytest.mark.parametrize("text", ["{", '{"a": 1}', "[1, 2]", "[" * 100_000])
def test_json_that_is_neither_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        _read(tmp_path, text)


def test_a_file_without_content_gives_nothing(tmp_path: Path) -> None:
    assert _read(tmp_path, "") == Reading(indicators=(), refused=())
