"""Envoy's and Istio's access logs: three forms, and addresses that only Envoy wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_SHORT = (
    '[2024-03-05T09:12:44.955Z] "{request}" 403 - 12 178 2 1 "{chain}" "{agent}" "785918d6" "shop.example:8443" '
    '"10.68.2.10:9080"'
)
_LONG = (
    '[2024-03-05T09:12:44.955Z] "GET /a?b=1 HTTP/2" 200 UF via_upstream - "-" 0 178 2 1 "-" "{agent}" "785918d6" '
    '"shop.example" "10.68.2.10:9080" inbound|9080|| 127.0.0.6:47889 10.68.2.10:9080 198.51.100.9:39696 '
    "sni.example default"
)
_JSON = {
    "start_time": "2024-03-05T09:12:44.955Z",
    "method": "POST",
    "path": "/a",
    "protocol": "HTTP/1.1",
    "response_code": 503,
    "response_flags": "UH",
    "response_code_details": "rbac_access_denied_matched_policy[none]",
    "bytes_received": 12,
    "bytes_sent": 19,
    "duration": 3,
    "upstream_cluster": "x",
    "downstream_remote_address": "198.51.100.9:1",
    "upstream_host": None,
    "authority": "shop.example",
    "request_id": "r1",
}


def seen(text: str) -> dict[str, Any]:
    return one("envoy", text)


def short(request: str = "GET /a?b=1 HTTP/1.1", chain: str = "-", agent: str = "curl/8") -> str:
    return _SHORT.format(request=request, chain=chain, agent=agent)


def test_the_default_format_has_request_sizes_and_time() -> None:
    fields = seen(short())
    assert (fields["http.request.method"], fields["url.path"], fields["url.query"]) == ("GET", "/a", "b=1")
    assert (fields["http.response.status_code"], fields["event.outcome"]) == (403, "failure")
    assert (fields["http.request.body.bytes"], fields["http.response.body.bytes"]) == (12, 178)
    assert (fields["event.duration"], fields["destination.ip"], fields["destination.port"]) == (
        2_000_000,
        "10.68.2.10",
        9080,
    )
    assert (fields["url.domain"], fields["http.request.id"]) == ("shop.example", "785918d6")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.955")


def test_istios_format_has_the_client_and_why() -> None:
    fields = seen(_LONG.format(agent="x"))
    assert (fields["source.ip"], fields["source.port"], fields["http.version"]) == ("198.51.100.9", 39696, "2")
    assert (fields["istio.access.response_code_details"], fields["istio.access.response_flags"]) == (
        "via_upstream",
        "UF",
    )
    assert fields["tls.client.server_name"] == "sni.example"


def test_json_is_read_alike() -> None:
    fields = seen(json.dumps(_JSON))
    assert (fields["source.ip"], fields["http.response.status_code"], fields["event.action"]) == (
        "198.51.100.9",
        503,
        "denied",
    )
    assert (fields["http.request.body.bytes"], fields["event.duration"]) == (12, 3_000_000)


def test_of_a_chain_the_address_that_envoy_added_is_the_source() -> None:
    assert seen(short(chain="203.0.113.66,198.51.100.9"))["source.ip"] == "198.51.100.9"


def test_what_a_client_writes_is_no_address() -> None:
    agent = '\\" \\"r\\" \\"h\\" \\"203.0.113.66:1\\" c 203.0.113.66:1 203.0.113.66:1 203.0.113.66:1 s r'
    fields = seen(_LONG.format(agent=agent))
    assert fields["source.ip"] == "198.51.100.9"
    assert fields["user_agent.original"] == agent


def test_a_connection_without_a_request_is_kept() -> None:
    fields = seen(short(request="- - -"))
    assert not {"http.request.method", "url.path"} & fields.keys()


@pytest.mark.parametrize("text", [short(), _LONG.format(agent="x"), json.dumps(_JSON)])
def test_each_form_is_known(text: str) -> None:
    assert known_as(text + "\n") == "envoy"


@pytest.mark.parametrize("text", ['[2024-03-05T09:12:44.955Z] "GET / HTTP/1.1" 200', '{"start_time": "x"}'])
def test_a_damaged_line_is_a_dead_letter(text: str) -> None:
    events, dead = read("envoy", text)
    assert (len(events), len(dead)) == (0, 1)
