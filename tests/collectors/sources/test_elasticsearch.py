"""Elasticsearch and OpenSearch: server logs as text and JSON, and who did what by the audit logs of both."""

from __future__ import annotations

import json
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def seen(text: str, **options: Any) -> dict[str, Any]:
    return one("elasticsearch", text, **options)


def line(kind: str, level: str = "INFO", **more: object) -> str:
    return json.dumps(
        {
            "type": kind,
            "timestamp": "2023-07-03T17:18:34,886Z",
            "level": level,
            "component": "o.e.n.Node",
            "cluster.name": "soc",
            "node.name": "node-1",
            **more,
        }
    )


def audit(action: str, **more: object) -> str:
    return json.dumps(
        {
            "type": "audit",
            "timestamp": "2023-07-03T17:18:34,886+0200",
            "node.id": "n1",
            "event.type": "rest",
            "event.action": action,
            **more,
        }
    )


def test_a_line_of_text_has_level_logger_node_and_the_trace_below_it() -> None:
    text = (
        "[2023-07-03T21:22:29,799][ERROR][o.e.b.Bootstrap          ] [node-1] cannot start\njava.lang.X\n\tat a.b(c)\n"
    )
    fields = seen(text)
    assert (fields["log.level"], fields["log.logger"], fields["elasticsearch.node.name"]) == (
        "ERROR",
        "o.e.b.Bootstrap",
        "node-1",
    )
    assert (fields["event.type"], fields["event.dataset"]) == (("error",), "elasticsearch.server")
    assert fields["message"] == "cannot start\njava.lang.X\n\tat a.b(c)"
    assert fields["@timestamp"] == at("2023-07-03T21:22:29.799")


def test_a_stamp_without_a_zone_is_in_the_given_one() -> None:
    fields = seen("[2023-07-03T21:22:29,799][INFO ][o.e.n.Node] [n] x", zone=timezone(timedelta(hours=2)))
    assert fields["@timestamp"].astimezone(UTC) == at("2023-07-03T19:22:29.799")


@pytest.mark.parametrize(
    ("kind", "dataset"),
    [("server", "server"), ("deprecation", "deprecation"), ("index_search_slowlog", "slowlog")],
)
def test_a_type_names_the_dataset(kind: str, dataset: str) -> None:
    fields = seen(line(kind, took_millis="38"))
    assert fields["event.dataset"] == f"elasticsearch.{dataset}"
    assert (fields["elasticsearch.cluster.name"], fields["event.duration"]) == ("soc", 38_000_000)
    assert fields["@timestamp"] == at("2023-07-03T17:18:34.886")


@pytest.mark.parametrize(
    ("action", "category", "outcome"),
    [
        ("authentication_failed", "authentication", "failure"),
        ("authentication_success", "authentication", "success"),
        ("access_denied", "authentication", "failure"),
        ("access_granted", "database", "success"),
        ("put_role", "iam", "success"),
        ("connection_denied", "network", "failure"),
    ],
)
def test_an_audit_event_says_what_and_whether_it_was_let(action: str, category: str, outcome: str) -> None:
    fields = seen(
        audit(
            action,
            **{
                "user.name": "ana",
                "origin.address": "[2001:db8::1]:33333",
                "url.path": "/_search",
                "url.query": "q=1",
                "request.method": "GET",
            },
        )
    )
    assert (fields["event.category"][0], fields["event.outcome"]) == (category, outcome)
    assert (fields["user.name"], fields["source.ip"], fields["source.port"]) == ("ana", "2001:db8::1", 33333)
    assert (fields["url.path"], fields["url.query"], fields["http.request.method"]) == ("/_search", "q=1", "GET")
    assert fields["@timestamp"] == at("2023-07-03T15:18:34.886")


def test_opensearchs_audit_log_tells_a_failed_log_in() -> None:
    fields = seen(
        json.dumps(
            {
                "audit_cluster_name": "soc",
                "audit_category": "FAILED_LOGIN",
                "audit_request_effective_user": "admin",
                "audit_request_remote_address": "192.0.2.9",
                "audit_rest_request_path": "/_plugins/_security/authinfo",
                "audit_rest_request_method": "GET",
                "@timestamp": "2023-07-03T17:18:34.886+00:00",
            }
        )
    )
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), "failure")
    assert (fields["user.name"], fields["source.ip"]) == ("admin", "192.0.2.9")
    assert (fields["event.dataset"], fields["@timestamp"]) == ("elasticsearch.audit", at("2023-07-03T17:18:34.886"))


def test_each_form_is_known() -> None:
    assert known_as("[2023-07-03T21:22:29,799][INFO ][o.e.n.Node               ] [node-1] started\n") == "elasticsearch"
    assert known_as(line("server")) == known_as(audit("access_granted")) == "elasticsearch"
    assert known_as('{"type":"server","timestamp":"2023-07-03T17:18:34Z"}') != "elasticsearch"


def test_what_is_none_of_its_lines_is_a_dead_letter() -> None:
    events, dead = read("elasticsearch", line("server") + '\n{"type": "other"}\n{broken\n')
    assert (len(events), len(dead)) == (1, 2)
