"""Snyk: what people did, and weaknesses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def audit(event: str) -> dict[str, object]:
    return {"created": "2024-03-05T09:12:44Z", "event": event, "userId": "u1", "orgId": "o1", "groupId": "g1",
            "content": {"email": "new@example.org"}}  # fmt: skip


_ISSUE = {
    "introducedDate": "2024-03-05",
    "issue": {
        "id": "npm:ejs:1",
        "title": "Code execution",
        "severity": "high",
        "cvssScore": "8.1",
        "CVSSv3": "CVSS:3.1/AV:N",
        "identifiers": {"CVE": ["CVE-2024-0001"]},
        "package": "ejs",
        "version": "0.8.8",
        "packageManager": "npm",
        "url": "https://example.org/v",
    },
    "projects": [{"source": "github"}, {"source": "github"}, {"source": "cli"}],
}


def seen(document: object) -> dict[str, Any]:
    return one("snyk", json.dumps(document))


@pytest.mark.parametrize(
    ("event", "category", "types"),
    [
        ("org.user.invite", "iam", ("user", "creation")),
        ("org.project.delete", "configuration", ("deletion",)),
        ("org.settings.edit", "configuration", ("change",)),
        ("api.access", "configuration", ("info",)),
    ],
)
def test_what_somebody_did(event: str, category: str, types: object) -> None:
    fields = seen(audit(event))
    assert (fields["event.action"], fields["event.category"], fields["event.type"]) == (event, (category,), types)
    assert (fields["user.id"], fields["organization.id"], fields["user.target.email"]) == (
        "u1",
        "o1",
        "new@example.org",
    )
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_weakness() -> None:
    fields = seen(_ISSUE)
    assert (fields["vulnerability.id"], fields["vulnerability.score.base"]) == (["CVE-2024-0001"], 8.1)
    assert (fields["vulnerability.score.version"], fields["vulnerability.category"]) == ("3.1", ["Github", "Cli"])
    assert (fields["package.name"], fields["@timestamp"]) == ("ejs", at("2024-03-05T00:00:00"))


@pytest.mark.parametrize("document", [audit("org.create"), _ISSUE])
def test_each_is_known(document: object) -> None:
    assert known_as(json.dumps(document)) == "snyk"


def test_what_is_none_is_a_dead_letter() -> None:
    events, dead = read("snyk", json.dumps(_ISSUE) + '\n{"event": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)
