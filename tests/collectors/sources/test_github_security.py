"""GitHub's security alerts: what was found, where, and how grave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_CODE = {
    "created_at": "2024-03-05T09:12:44Z",
    "html_url": "https://github.example/1",
    "rule": {"id": "js/sql-injection", "description": "SQL", "security_severity_level": "high"},
    "tool": {"name": "CodeQL"},
    "most_recent_instance": {"location": {"path": "a.ts"}, "message": {"text": "depends on a user"}},
}
_SECRET = {
    "created_at": "2024-03-05T09:12:44Z",
    "number": 3,
    "state": "open",
    "secret": "npm_0123456789abcdef",
    "secret_type": "npm_access_token",
    "push_protection_bypassed_by": {"login": "ana"},
}
_PACKAGE = {
    "createdAt": "2024-03-05T09:12:44Z",
    "securityAdvisory": {
        "identifiers": [{"type": "GHSA", "value": "GHSA-1"}, {"type": "CVE", "value": "CVE-2024-1"}],
        "cvss": {"score": 7.5},
        "references": [{"url": "https://nvd.example/1"}],
        "summary": "Bypass",
    },
    "securityVulnerability": {"severity": "CRITICAL", "package": {"name": "jsonwebtoken"}},
    "repository": {"name": "portal"},
}


def seen(document: object) -> dict[str, Any]:
    return one("github_security", json.dumps(document))


def test_code_that_is_weak_has_rule_and_place() -> None:
    fields = seen(_CODE)
    assert (fields["rule.id"], fields["event.severity"], fields["file.path"]) == ("js/sql-injection", 3, "a.ts")
    assert (fields["event.kind"], fields["event.url"]) == ("alert", "https://github.example/1")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_secret_names_who_pushed_it() -> None:
    fields = seen(_SECRET)
    assert (fields["rule.id"], fields["user.name"], fields["event.action"]) == (
        "npm_access_token",
        "ana",
        "secret_scanning",
    )


def test_a_dependency_has_its_vulnerability() -> None:
    fields = seen(_PACKAGE)
    assert (fields["vulnerability.id"], fields["vulnerability.severity"]) == ("CVE-2024-1", "critical")
    assert (fields["vulnerability.score.base"], fields["package.name"]) == (7.5, "jsonwebtoken")
    assert (fields["vulnerability.reference"], fields["github.repository.name"]) == (
        ["https://nvd.example/1"],
        "portal",
    )


@pytest.mark.parametrize("document", [_CODE, _SECRET, _PACKAGE])
def test_each_is_known(document: object) -> None:
    assert known_as(json.dumps(document)) == "github_security"


def test_what_is_no_alert_is_a_dead_letter() -> None:
    events, dead = read("github_security", json.dumps(_CODE) + '\n{"rule": {}}\n')
    assert (len(events), len(dead)) == (1, 1)
