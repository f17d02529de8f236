"""Akamai's security events: the request, who sent it, and the rules that fired."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.collectors.reading import at, known_as, one, read


def encoded(*members: str) -> str:
    return quote(";".join(base64.b64encode(member.encode()).decode() for member in members))


_HEADERS = "User-Agent: curl/8.1\r\nReferer: https://ref.example/\r\nX-Forwarded-For: 203.0.113.9\r\n"


def event(*actions: str, attack: dict[str, object] | None = None, **message: object) -> str:
    fired = {
        "clientIP": "198.51.100.7",
        "configId": "12",
        "policyId": "gov_1",
        "ruleActions": encoded(*actions),
        "rules": encoded("950004", "990011"),
        "ruleMessages": encoded("Cross-site scripting", "Known tool"),
        "ruleTags": encoded("WEB_ATTACK/XSS", "AUTOMATION/MISC"),
    }
    request = {
        "requestId": "9f2",
        "start": "1709629964",
        "protocol": "HTTP/1.1",
        "method": "POST",
        "host": "portal.example.al",
        "port": "443",
        "path": "/login.php",
        "query": "a%3D..%2F..%2Fetc",
        "requestHeaders": quote(_HEADERS),
        "status": "403",
        "bytes": "266",
        "tls": "tls1.3",
    }
    return json.dumps({"type": "akamai_siem", "attackData": fired | (attack or {}), "httpMessage": request | message})


def seen(text: str) -> dict[str, Any]:
    return one("akamai_siem", text)


def test_the_request_is_told_with_who_sent_it() -> None:
    fields = seen(event("alert", "deny"))
    assert (fields["@timestamp"], fields["event.id"]) == (at("2024-03-05T09:12:44"), "9f2")
    assert (fields["source.ip"], fields["client.ip"]) == ("198.51.100.7", "198.51.100.7")
    assert (fields["http.request.method"], fields["http.version"]) == ("POST", "1.1")
    assert (fields["http.response.status_code"], fields["http.response.bytes"]) == (403, 266)
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == (
        "portal.example.al",
        "/login.php",
        "a=../../etc",
    )
    assert fields["url.full"] == "https://portal.example.al/login.php?a%3D..%2F..%2Fetc"
    assert (fields["tls.version"], fields["user_agent.original"]) == ("1.3", "curl/8.1")
    assert fields["http.request.referrer"] == "https://ref.example/"


@pytest.mark.parametrize(
    ("actions", "action", "denied"),
    [
        (("alert", "alert"), "alert", False),
        (("alert", "deny"), "deny", True),
        (("monitor", "tarpit"), "tarpit", True),
        ((), "", False),
    ],
)
def test_the_sternest_action_counts(actions: tuple[str, ...], action: str, denied: bool) -> None:
    fields = seen(event(*actions))
    assert fields.get("event.action", "") == action
    assert ("denied" in fields["event.type"]) is denied


def test_what_was_really_applied_goes_first() -> None:
    assert "denied" not in seen(event("deny", attack={"appliedAction": "alert"}))["event.type"]


def test_rules_are_told_in_plain_text() -> None:
    fields = seen(event("alert", "deny"))
    assert fields["rule.id"] == ["950004", "990011"]
    assert fields["rule.name"] == ["Cross-site scripting", "Known tool"]
    assert fields["rule.category"] == ["WEB_ATTACK/XSS", "AUTOMATION/MISC"]
    assert (fields["akamai.siem.policy_id"], fields["akamai.siem.config_id"]) == ("gov_1", "12")


def test_words_that_are_no_base64_stay_as_they_are() -> None:
    fields = seen(event("alert", attack={"rules": "950004;", "ruleMessages": "not base64!"}))
    assert fields["rule.name"] == "not base64!"


def test_what_the_client_wrote_is_no_address() -> None:
    fields = seen(event("deny", attack={"clientIP": "admin"}))
    assert "source.ip" not in fields
    assert "203.0.113.9" not in fields.get("related.ip", [])


def test_it_is_recognised_and_others_are_not() -> None:
    assert known_as(event("deny")) == "akamai_siem"
    other = json.dumps({"attackData": {"x": 1}, "httpMessage": {"host": "a"}})
    assert known_as(other) != "akamai_siem"
    events, dead = read("akamai_siem", other)
    assert (events, len(dead)) == ([], 1)
    assert dead[0].reason
