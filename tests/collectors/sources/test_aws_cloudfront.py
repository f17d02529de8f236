"""Amazon CloudFront: standard logs with and without their header, as JSON, and real-time logs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_REQUEST = {
    "date": "2024-03-05",
    "time": "09:12:44",
    "x-edge-location": "VIE50-C1",
    "sc-bytes": "1045",
    "c-ip": "198.51.100.7",
    "cs-method": "POST",
    "cs(Host)": "d3abc.cloudfront.net",
    "cs-uri-stem": "/shop/pay.php",
    "sc-status": "403",
    "cs(Referer)": "https://ref.example/%22a",
    "cs(User-Agent)": "curl/8.1%20(x;%20y)",
    "cs-uri-query": "id=1%27",
    "cs(Cookie)": "-",
    "x-edge-result-type": "Error",
    "x-edge-request-id": "Zq9x==",
    "x-host-header": "shop.example.al",
    "cs-protocol": "https",
    "cs-bytes": "311",
    "time-taken": "0.052",
    "x-forwarded-for": "203.0.113.4,%2010.0.0.1",
    "ssl-protocol": "TLSv1.3",
    "ssl-cipher": "TLS_AES_128_GCM_SHA256",
    "x-edge-response-result-type": "Error",
    "cs-protocol-version": "HTTP/2.0",
    "fle-status": "-",
    "fle-encrypted-fields": "-",
    "c-port": "40112",
    "time-to-first-byte": "0.051",
    "x-edge-detailed-result-type": "Error",
    "sc-content-type": "text/html",
    "sc-content-len": "919",
    "sc-range-start": "-",
    "sc-range-end": "-",
}


def line(columns: int = 33, **more: str) -> str:
    values = _REQUEST | {name.replace("_", "-"): value for name, value in more.items()}
    return "\t".join(list(values.values())[:columns])


def realtime() -> str:
    values = ["1709629964.123", "198.51.100.7", "0.002", "200", "500", "GET", "https", "d3abc.cloudfront.net", "/a.js",
              "50", "VIE50-C1", "Zq9x==", "shop.example.al", "0.002", "HTTP/3.0", "IPv4", "curl/8.1", "-", "-", "-",
              "Hit"]  # fmt: skip
    return "\t".join(values)


_HEADER = "#Version: 1.0\n#Fields: " + " ".join(_REQUEST) + "\n"
_BY_NAME = (
    "#Version: 1.0\n#Fields: c-ip sc-status date time x-edge-location\n192.0.2.4\t200\t2024-03-05\t09:12:44\tVIE50\n"
)


def seen(text: str) -> dict[str, Any]:
    return one("aws_cloudfront", text)


@pytest.mark.parametrize("log", [line(), line(26), _HEADER + line(), json.dumps(_REQUEST)])
def test_a_request_is_read_however_it_was_delivered(log: str) -> None:
    fields = seen(log)
    assert (fields["event.dataset"], fields["event.type"]) == ("aws.cloudfront_logs", ["access"])
    assert (fields["event.outcome"], fields["event.action"]) == ("failure", "Error")
    assert (fields["@timestamp"], fields["event.duration"]) == (at("2024-03-05T09:12:44"), 52_000_000)
    assert (fields["source.ip"], fields["network.forwarded_ip"]) == ("198.51.100.7", "203.0.113.4")
    assert (fields["http.request.method"], fields["http.response.status_code"]) == ("POST", 403)
    assert (fields["url.domain"], fields["destination.domain"]) == ("shop.example.al", "d3abc.cloudfront.net")
    assert (fields["url.path"], fields["url.query"]) == ("/shop/pay.php", "id=1%27")
    assert fields["url.full"] == "https://shop.example.al/shop/pay.php?id=1%27"
    assert (fields["user_agent.original"], fields["url.extension"]) == ("curl/8.1 (x; y)", "php")
    assert fields["http.request.referrer"] == 'https://ref.example/"a'
    assert (fields["tls.version"], fields["http.version"]) == ("1.3", "2.0")
    assert (fields["http.request.bytes"], fields["http.response.bytes"]) == (311, 1045)
    assert "aws.cloudfront.cookies" not in fields
    assert known_as(log) == "aws_cloudfront"


def test_the_header_names_the_columns() -> None:
    fields = seen(_BY_NAME)
    assert (fields["source.ip"], fields["http.response.status_code"]) == ("192.0.2.4", 200)
    assert (fields["event.outcome"], fields["aws.cloudfront.edge_location"]) == ("success", "VIE50")
    assert known_as(_BY_NAME) == "aws_cloudfront"


def test_a_real_time_line_is_read() -> None:
    fields = seen(realtime())
    assert (fields["@timestamp"], fields["url.path"]) == (at("2024-03-05T09:12:44.123000"), "/a.js")
    assert (fields["user_agent.original"], fields["event.action"]) == ("curl/8.1", "Hit")
    assert known_as(realtime()) == "aws_cloudfront"


def test_an_agent_that_was_encoded_twice_is_read() -> None:
    twice = _REQUEST | {"cs(User-Agent)": "curl/8.1%2520(x)"}
    assert seen(json.dumps(twice))["user_agent.original"] == "curl/8.1 (x)"


def test_a_client_that_left_has_no_status() -> None:
    fields = seen(line(sc_status="000"))
    assert "http.response.status_code" not in fields
    assert "event.outcome" not in fields


def test_what_a_client_wrote_is_no_address() -> None:
    fields = seen(line(x_forwarded_for="admin,%2010.0.0.9"))
    assert "network.forwarded_ip" not in fields
    assert fields["related.ip"] == ["198.51.100.7"]


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (line(9).rpartition("\t")[0], "no request of CloudFront"),
        (line().replace("198.51.100.7", "nobody"), "no request of CloudFront"),
        (_HEADER + line(20), "20 values where #Fields names 33 columns"),
        (json.dumps(_REQUEST | {"c-ip": "x"}), "c-ip is no address"),
        (json.dumps(_REQUEST | {"time": "soon"}), "no date and time"),
        (json.dumps(_REQUEST)[:200], "JSON"),
    ],
)
def test_a_damaged_line_is_kept_with_the_reason(damaged: str, reason: str) -> None:
    events, dead = read("aws_cloudfront", damaged)
    assert events == []
    assert len(dead) == 1
    assert reason in dead[0].reason


@pytest.mark.parametrize(
    "other",
    [
        "#Fields: date time s-ip cs-method cs-uri-stem sc-status\n2024-03-05 09:12:44 192.0.2.1 GET / 200\n",
        "2024-03-05\t09:12:44\ta\tb\tc\td\te\tf\tg\th\ti\tj\n",
        '{"date": "2024-03-05", "c-ip": "192.0.2.1", "sc-status": "200"}\n',
    ],
)
def test_logs_of_others_are_not_taken(other: str) -> None:
    assert known_as(other) != "aws_cloudfront"
