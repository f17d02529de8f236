"""Netskope: alerts and events as its interface gives them, and as its log shipper writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_BASE = {"_id": "n1", "timestamp": 1709629964, "access_method": "Client", "ccl": "high", "app": "Dropbox",
         "user": "ana@example.org", "srcip": "198.51.100.7", "dstip": "203.0.113.1"}  # fmt: skip
_SHIPPED = {
    "event": {"id": "f6", "module": "forged"},
    "netskope": {"alerts": {"access_method": "API Connector", "action": "block"}},
    "source": {"ip": "198.51.100.7"},
    "user": {"email": {"1": "ana@example.org", "2": "ana@example.org"}, "group": {"name": "null"}},
    "file": {"size": 7, "mime_type": {"1": "text/plain"}},
    "@timestamp": "2024-03-05T09:12:44.000Z",
}


def seen(**more: object) -> dict[str, Any]:
    return one("netskope", json.dumps({**_BASE, **more}))


@pytest.mark.parametrize(
    ("kind", "category"), [("malware", "malware"), ("DLP", "file"), ("Compromised Credential", "intrusion_detection")]
)
def test_an_alert(kind: str, category: str) -> None:
    fields = seen(type="x", alert="yes", alert_type=kind, action="block", md5="ab" * 16, object="a.docx")
    assert (fields["event.kind"], fields["event.dataset"]) == ("alert", "netskope.alerts")
    assert (fields["event.category"][0], fields["event.type"]) == (category, ("info", "denied"))
    assert (fields["user.name"], fields["source.ip"], fields["file.name"]) == (
        "ana@example.org",
        "198.51.100.7",
        "a.docx",
    )
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize(
    ("activity", "outcome"), [("Login Successful", "success"), ("Login Failed", "failure"), ("Login Attempt", None)]
)
def test_a_log_in(activity: str, outcome: str | None) -> None:
    fields = seen(type="nspolicy", activity=activity)
    assert (fields["event.category"], fields.get("event.outcome")) == (("authentication",), outcome)
    assert fields["event.dataset"] == "netskope.events"


@pytest.mark.parametrize("url", ["https://www.tax.example/a?b=1", "www.tax.example/a?b=1"])
def test_an_address_with_and_without_its_scheme(url: str) -> None:
    fields = seen(type="page", url=url, useragent="curl/8", http_status="403")
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("www.tax.example", "/a", "b=1")
    assert (fields["url.original"], fields["http.response.status_code"]) == (url, 403)


def test_what_the_log_shipper_wrote() -> None:
    fields = one("netskope", json.dumps(_SHIPPED))
    assert (fields["event.dataset"], fields["event.module"], fields["event.kind"]) == (
        "netskope.alerts",
        "netskope",
        "alert",
    )
    assert (fields["user.email"], fields["file.mime_type"]) == ("ana@example.org", "text/plain")
    assert (fields["netskope.alerts.action"], "user.group.name" in fields) == ("block", False)
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


@pytest.mark.parametrize("document", [{**_BASE, "type": "page"}, _SHIPPED])
def test_it_is_known(document: object) -> None:
    assert known_as(json.dumps(document)) == "netskope"


def test_what_is_none_is_a_dead_letter() -> None:
    events, dead = read("netskope", json.dumps(_SHIPPED) + '\n{"timestamp": 1, "type": "page"}\n')
    assert (len(events), len(dead)) == (1, 1)
