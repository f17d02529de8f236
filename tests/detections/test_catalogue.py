"""The reading of test events from rule files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from detections.catalogue import CatalogueError, own_rules_folder, read_evidence, rule_files

_RULE = """\
title: A rule
id: 7d4c8a52-6c25-4d6c-9d2b-0f1f3c3a7e11
kulla:
  playbook: web-shell
  tests:
    - name: a burst
      match: true
      events:
        - repeat: 3
          every: 90s
          event:
            "@timestamp": '2026-03-04T08:00:00+01:00'
            source.ip: '192.0.2.{n}'
            url.query: '${jndi:x} {n}'
            http.response.status_code: 404
        - {"@timestamp": '2026-03-04T06:59:00Z', event.category: [web, network]}
"""


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_own_rules_are_found() -> None:
    assert own_rules_folder().name == "rules"
    files = rule_files()
    assert len(files) >= 48
    assert {path.parent.name for path in files} >= {"windows", "exchange", "web", "linux", "network", "xroad"}


def test_repeated_events_are_numbered_and_spread_over_time(tmp_path: Path) -> None:
    evidence = read_evidence(_write(tmp_path, _RULE))
    assert evidence is not None
    assert (evidence.rule, evidence.playbook) == ("7d4c8a52-6c25-4d6c-9d2b-0f1f3c3a7e11", "web-shell")
    first, *burst = evidence.tests[0].events
    assert first["event.category"] == ["web", "network"]
    assert [event["@timestamp"] for event in burst] == [
        datetime(2026, 3, 4, 7, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 4, 7, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 4, 7, 3, 0, tzinfo=UTC),
    ]
    assert [event["source.ip"] for event in burst] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert burst[1]["url.query"] == "${jndi:x} 2"
    assert burst[0]["http.response.status_code"] == 404


def test_blind_spots_are_read_where_somebody_wrote_them(tmp_path: Path) -> None:
    told = read_evidence(_write(tmp_path, _RULE.replace("  tests:", "  blind_spots:\n    - slow attacks\n  tests:", 1)))
    untold = read_evidence(_write(tmp_path, _RULE))
    assert told is not None
    assert told.blind_spots == ("slow attacks",)
    assert untold is not None
    assert untold.blind_spots == ()


def test_a_rule_from_elsewhere_has_no_evidence(tmp_path: Path) -> None:
    assert read_evidence(_write(tmp_path, "title: x\nid: y\n")) is None
    assert read_evidence(_write(tmp_path, "")) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("match: true", "match: 1", "match has to be true or false"),
        ("every: 90s", "every: soon", "time span"),
        ("repeat: 3", "repeat: 0", "repeat has to be a number"),
        ("repeat: 3", "repeat: 999999999", "repeat has to be a number"),
        ("2026-03-04T08:00:00+01:00", "yesterday", "ISO 8601"),
        ("status_code: 404", "status_code: {a: 1}", "has to be text, a number"),
        ("playbook: web-shell", "playbok: web-shell", "unknown keys"),
        ("playbook: web-shell", "playbook: web-shell\n  blind_spots: none", "blind_spots has to be a list"),
        ("playbook: web-shell", "playbook: web-shell\n  blind_spots: [3]", "blind_spots has to be text"),
        ("playbook: web-shell", "playbook: 3", "has to be text"),
        ("id: 7d4c", "uuid: 7d4c", "id has to be text"),
        ("title: A rule", "title: [", "no valid YAML"),
    ],
)
def test_faults_are_named_with_their_file(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = _write(tmp_path, _RULE.replace(old, new, 1))
    with pytest.raises(CatalogueError, match=reason) as raised:
        read_evidence(path)
    assert str(raised.value).startswith(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        read_evidence(tmp_path / "none.yml")


def test_no_yaml_object_is_built(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no valid YAML"):
        read_evidence(_write(tmp_path, "kulla: !!python/object/apply:os.system ['true']\n"))
