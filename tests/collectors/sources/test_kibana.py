"""Kibana and OpenSearch Dashboards: requests, log-ins and errors, with and without a syslog header."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEADER = "Jun 23 15:10:54 engine opensearch-dashboards[681]: "


def line(kind: str, tags: tuple[str, ...] = (), **more: object) -> str:
    document = {"type": kind, "@timestamp": "2023-06-23T15:10:54Z", "tags": tags, "pid": 681, **more}
    return json.dumps(document, separators=(",", ":"))


def response(url: str, status: int, method: str = "get") -> str:
    headers = {"host": "soc.example:5601", "user-agent": "curl/8", "content-length": "73"}
    request = {"url": url, "method": method, "headers": headers, "remoteAddress": "192.0.2.3"}
    return line("response", req=request, method=method, statusCode=status, res={"responseTime": 12, "contentLength": 9})


def seen(text: str) -> dict[str, Any]:
    return one("kibana", text)


@pytest.mark.parametrize("header", ["", _HEADER])
def test_a_request_has_client_target_status_and_time(header: str) -> None:
    fields = seen(header + response("/api/request?a=1", 401, "post"))
    assert (fields["source.ip"], fields["url.path"], fields["url.query"]) == ("192.0.2.3", "/api/request", "a=1")
    assert (fields["http.response.status_code"], fields["event.outcome"]) == (401, "failure")
    assert (fields["http.request.method"], fields["user_agent.original"]) == ("post", "curl/8")
    assert (fields["http.request.body.bytes"], fields["event.duration"]) == (73, 12_000_000)
    assert (fields["process.pid"], fields["@timestamp"]) == (681, at("2023-06-23T15:10:54"))
    assert fields.get("host.name") == ("engine" if header else None)


@pytest.mark.parametrize(
    ("url", "method", "status", "kind", "outcome"),
    [
        ("/auth/login", "post", 401, "start", "failure"),
        ("/internal/security/login?next=x", "post", 200, "start", "success"),
        ("/auth/logout", "post", 200, "end", "success"),
    ],
)
def test_log_ins_and_log_outs_are_told(url: str, method: str, status: int, kind: str, outcome: str) -> None:
    fields = seen(response(url, status, method))
    assert "authentication" in fields["event.category"]
    assert (fields["event.type"], fields["event.outcome"]) == ((kind,), outcome)


def test_the_page_of_the_log_in_is_no_log_in() -> None:
    assert seen(response("/auth/login", 200))["event.category"] == ("web",)


def test_an_error_has_its_message_and_trace() -> None:
    fields = seen(line("error", level="error", error={"message": "no", "stack": "at x", "code": "E1"}))
    assert (fields["error.message"], fields["error.stack_trace"], fields["error.code"]) == ("no", "at x", "E1")
    assert fields["event.type"] == ("error",)


def test_a_failed_authentication_is_told_by_the_beginning_of_the_message() -> None:
    failed = seen(line("log", ("error",), message="Failed authentication: Error: Authentication Exception"))
    assert (failed["event.category"][0], failed["event.outcome"]) == ("authentication", "failure")
    other = seen(line("log", ("info",), message="saved search named Failed authentication"))
    assert other["event.category"] == ("web",)


def test_it_is_known_with_and_without_a_header() -> None:
    assert known_as(response("/", 200)) == known_as(_HEADER + response("/", 200)) == "kibana"
    assert known_as('{"type":"log","message":"x"}') != "kibana"


def test_a_damaged_line_is_a_dead_letter() -> None:
    events, dead = read("kibana", response("/", 200) + '\n{"type":"log"}\nnothing\n')
    assert (len(events), len(dead)) == (1, 2)
