"""CloudFront's access logs: by their own `#Fields:` line, by the usual columns, and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_ROW = {
    "date": "2024-03-05",
    "time": "09:12:44",
    "x-edge-location": "LAX1",
    "sc-bytes": "392",
    "c-ip": "192.0.2.4",
    "cs-method": "GET",
    "cs(Host)": "d1.cloudfront.net",
    "cs-uri-stem": "/a%20b.html",
    "sc-status": "403",
    "cs(Referer)": "-",
    "cs(User-Agent)": "curl%2F8",
    "cs-uri-query": "c=1",
    "cs(Cookie)": "-",
    "x-edge-result-type": "Error",
    "x-edge-request-id": "r1==",
    "x-host-header": "www.example.org",
    "cs-protocol": "https",
    "cs-bytes": "23",
    "time-taken": "0.358",
    "x-forwarded-for": "-",
    "ssl-protocol": "TLSv1.3",
    "ssl-cipher": "TLS_AES",
    "x-edge-response-result-type": "Error",
    "cs-protocol-version": "HTTP/2.0",
    "fle-status": "-",
    "fle-encrypted-fields": "-",
    "c-port": "11040",
}
_LINE = "\t".join(_ROW.values())
_HEADED = f"#Version: 1.0\n#Fields: {' '.join(reversed(_ROW))}\n" + "\t".join(reversed(_ROW.values()))


@pytest.mark.parametrize("text", [_LINE, _HEADED, json.dumps(_ROW)], ids=["columns", "fields line", "json"])
def test_every_form_says_the_same(text: str) -> None:
    fields: dict[str, Any] = one("aws_cloudfront", text)
    assert (fields["source.ip"], fields["source.port"], fields["http.request.method"]) == ("192.0.2.4", 11040, "GET")
    assert (fields["http.response.status_code"], fields["event.outcome"]) == (403, "failure")
    assert (fields["url.domain"], fields["url.path"], fields["url.query"]) == ("www.example.org", "/a%20b.html", "c=1")
    assert (fields["user_agent.original"], fields["http.request.bytes"]) == ("curl/8", 23)
    assert (fields["tls.version"], fields["event.duration"]) == ("1.3", 358_000_000)
    assert (fields["destination.domain"], fields["aws.cloudfront.x_edge_location"]) == ("d1.cloudfront.net", "LAX1")
    assert "http.request.referrer" not in fields
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert known_as(text + "\n") == "aws_cloudfront"


def test_a_client_that_went_away_has_no_status() -> None:
    fields = one("aws_cloudfront", json.dumps(_ROW | {"sc-status": "000"}))
    assert not {"http.response.status_code", "event.outcome"} & fields.keys()


@pytest.mark.parametrize("text", ["2024-03-05\t09:12:44\tLAX1", '{"c-ip": "192.0.2.4"}', "nothing"])
def test_a_damaged_line_is_a_dead_letter(text: str) -> None:
    events, dead = read("aws_cloudfront", text)
    assert (len(events), len(dead)) == (0, 1)
