"""nginx: access lines of every make, garbage requests, JSON, error logs, and what tells nginx from Apache."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options, Record
from collectors.sources.nginx import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields

STAMP = "[03/Mar/2024:14:05:06 +0100]"
COMBINED = (
    f'198.51.100.7 - anna {STAMP} "GET /tax/form?id=7&x=a%20b HTTP/2.0" 404 153 "https://gov.example/" "curl/8.5"'
)


def outcomes(text: str, **options: Any) -> list[Fields | str]:
    """Return each record's completed fields, or the reason why it is dead."""
    parser = SOURCE.open(Options(**options))
    found: list[Fields | str] = []
    for record in SOURCE.frame(io.BytesIO(text.encode())):
        try:
            fields = parser.parse(record)
        except MalformedRecordError as error:
            found.append(error.message)
        else:
            assert fields is not None
            found.append(parser.complete(fields))
    return found


def read(text: str, **options: Any) -> list[Fields]:
    found = [item for item in outcomes(text, **options) if not isinstance(item, str)]
    assert len(found) == text.rstrip("\n").count("\n") + 1, outcomes(text, **options)
    return found


def one(text: str, **options: Any) -> Fields:
    (fields,) = read(text, **options)
    return fields


def raw(text: str) -> Record:
    return Record(offset=0, number=1, raw=text.encode())


def test_combined() -> None:
    fields = one(COMBINED)
    assert fields == {
        "@timestamp": datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC),
        "event.dataset": "nginx.access",
        "event.module": "nginx",
        "event.kind": "event",
        "event.category": ["web"],
        "event.type": ["access"],
        "event.outcome": "failure",
        "service.type": "nginx",
        "source.ip": "198.51.100.7",
        "source.address": "198.51.100.7",
        "user.name": "anna",
        "http.request.method": "GET",
        "http.version": "2.0",
        "url.original": "/tax/form?id=7&x=a%20b",
        "url.path": "/tax/form",
        "url.query": "id=7&x=a%20b",
        "http.response.status_code": 404,
        "http.response.body.bytes": 153,
        "http.request.referrer": "https://gov.example/",
        "user_agent.original": "curl/8.5",
        "related.ip": ["198.51.100.7"],
        "related.user": ["anna"],
    }


def test_rules_find_what_they_need_before_completion() -> None:
    fields = SOURCE.open(Options()).parse(raw(COMBINED))
    assert fields is not None
    assert {
        "@timestamp", "event.dataset", "source.ip", "url.path", "url.query", "url.original", "http.request.method",
        "http.response.status_code", "http.response.body.bytes", "user_agent.original", "user.name",
    } <= fields.keys()  # fmt: skip


def test_hyphens_are_absent_values() -> None:
    fields = one(f'198.51.100.7 - - {STAMP} "GET / HTTP/1.1" 200 0 "-" "-"')
    assert not fields.keys() & {"user.name", "http.request.referrer", "user_agent.original", "url.query"}
    assert fields["http.response.body.bytes"] == 0


@pytest.mark.parametrize(
    ("request_line", "method", "original"),
    [
        (r"\x16\x03\x01\x02\x00\x01\x00\x01", None, r"\x16\x03\x01\x02\x00\x01\x00\x01"),
        ("-", None, None),
        ("", None, None),
        ("hello", "hello", "hello"),
        ("GET /a b c HTTP/1.1", "GET", "/a b c"),
        ("GET /old", "GET", "/old"),
        (r"GET /?q=\x22><script>alert(1)</script> HTTP/1.1", "GET", r"/?q=\x22><script>alert(1)</script>"),
        ("lv|'|'|VHJvamFu|'|'|MARK", None, "lv|'|'|VHJvamFu|'|'|MARK"),
        ("CONNECT 203.0.113.9:443 HTTP/1.1", "CONNECT", "203.0.113.9:443"),
        (r"t3 12.2.1\x5CnAS:255", None, r"t3 12.2.1\x5CnAS:255"),
        ("OPTIONS * HTTP/1.0", "OPTIONS", "*"),
        ("PROPFIND /dav/ HTTP/1.1", "PROPFIND", "/dav/"),
    ],
)
def test_requests_that_are_none(request_line: str, method: str | None, original: str | None) -> None:
    fields = one(f'203.0.113.4 - - {STAMP} "{request_line}" 400 157 "-" "-"')
    assert fields["source.ip"] == "203.0.113.4"
    assert fields["http.response.status_code"] == 400
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC)
    assert fields.get("http.request.method") == method
    assert fields.get("url.original") == original


def test_absolute_targets_show_their_host() -> None:
    fields = one(f'203.0.113.4 - - {STAMP} "GET http://evil.example:8080/x?y=1 HTTP/1.1" 200 1 "-" "-"')
    assert (fields["url.domain"], fields["url.port"], fields["url.path"]) == ("evil.example", 8080, "/x")
    assert fields["url.original"] == "http://evil.example:8080/x?y=1"


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("2001:db8::7 - -", {"source.ip": "2001:db8::7"}),
        ("gw.gov.example - -", {"source.domain": "gw.gov.example"}),
        ("unix: - -", {"source.address": "unix:"}),
        ("198.51.100.7 - John Doe", {"source.ip": "198.51.100.7", "user.name": "John Doe"}),
        ("tax.gov.example 198.51.100.7 - -", {"url.domain": "tax.gov.example", "source.ip": "198.51.100.7"}),
        ("tax.gov.example:8443 198.51.100.7 - -", {"destination.port": 8443, "source.ip": "198.51.100.7"}),
        ("192.0.2.1:80 127.0.0.1 - -", {"destination.ip": "192.0.2.1", "source.ip": "127.0.0.1"}),
        ("10.0.0.2, 8.8.4.4, 10.0.0.9 - -", {"source.ip": "8.8.4.4"}),
        ('"10.0.0.2, 8.8.4.4" 10.0.0.9 - eva', {"source.ip": "8.8.4.4", "user.name": "eva"}),
        ("- 198.51.100.7 - -", {"source.ip": "198.51.100.7"}),
        (
            "tax.gov.example 198.51.100.7 - 0123456789abcdef0123456789abcdef bob",
            {"source.ip": "198.51.100.7", "http.request.id": "0123456789abcdef0123456789abcdef", "user.name": "bob"},
        ),
        ("<190>Mar  3 14:05:06 web01 nginx: 198.51.100.7 - -", {"host.name": "web01", "source.ip": "198.51.100.7"}),
    ],
)
def test_what_stands_in_front_of_the_stamp(prefix: str, expected: Fields) -> None:
    fields = one(f'{prefix} {STAMP} "GET / HTTP/1.1" 200 612 "-" "Mozilla/5.0 (X11)"')
    assert expected.items() <= fields.items()
    assert fields["user_agent.original"] == "Mozilla/5.0 (X11)"
    assert ("user.name" in fields) == ("user.name" in expected)


def test_a_user_name_cannot_forge_a_request() -> None:
    name = "x [01/Jan/2000:00:00:00 +0000] 200"
    fields = one(f'203.0.113.4 - {name} {STAMP} "GET /real HTTP/1.1" 401 5 "-" "-"')
    assert fields["url.path"] == "/real"
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC)


def test_appended_values_are_told_by_their_form() -> None:
    tail = '"8.8.4.4, 10.0.0.9" "0.184" "TLSv1.2/ECDHE-RSA-AES128-GCM-SHA256" "text/html; charset=utf-8" HIT'
    fields = one(f"{COMBINED} {tail}")
    assert fields["network.forwarded_ip"] == "8.8.4.4"
    assert fields["nginx.access.forwarded_for"] == ["8.8.4.4", "10.0.0.9"]
    assert fields["event.duration"] == 184_000_000
    assert (fields["tls.version"], fields["tls.cipher"]) == ("1.2", "ECDHE-RSA-AES128-GCM-SHA256")
    assert fields["http.response.mime_type"] == "text/html; charset=utf-8"
    assert fields["nginx.access.extra"] == ["HIT"]
    assert fields["source.ip"] == "198.51.100.7"


def test_ingress_controller() -> None:
    tail = "512 0.250 [tax-web-80] [] 10.1.2.3:8080, 10.1.2.4:8080 0, 153 0.010, 0.240 502, 404 6f1e0c"
    fields = one(f"{COMBINED} {tail}")
    assert (fields["http.request.bytes"], fields["event.duration"]) == (512, 250_000_000)
    assert fields["nginx.access.proxy_upstream_name"] == "tax-web-80"
    assert fields["nginx.access.upstream_addr"] == "10.1.2.3:8080, 10.1.2.4:8080"
    assert fields["nginx.access.upstream_status"] == "502, 404"


def test_proxy_manager() -> None:
    fields = one(
        f'{STAMP} - 404 404 - GET https tax.gov.example "/.env" [Client 203.0.113.4] [Length 192] [Gzip 3.10] '
        '[Sent-to 10.0.0.8] "zgrab/0.x" "-"'
    )
    assert (fields["source.ip"], fields["url.path"], fields["url.domain"]) == (
        "203.0.113.4",
        "/.env",
        "tax.gov.example",
    )
    assert (fields["http.response.status_code"], fields["user_agent.original"]) == (404, "zgrab/0.x")


def test_json_by_variable_names() -> None:
    entry = {
        "time_iso8601": "2024-03-03T14:05:06+01:00", "remote_addr": "198.51.100.7", "remote_user": "-", "status": 200,
        "request": 'POST /api/v1/x?a="1 HTTP/1.1', "body_bytes_sent": "77", "request_length": 901, "bytes_sent": 300,
        "request_time": "1.250", "http_referer": "-", "http_user_agent": "py", "http_x_forwarded_for": "8.8.4.4",
        "host": "api.gov.example", "upstream_addr": "10.0.0.1:80, 10.0.0.2:8080", "ssl_protocol": "TLSv1.3", "zone": 3,
    }  # fmt: skip
    fields = one(json.dumps(entry))
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC)
    assert (fields["http.request.method"], fields["url.query"]) == ("POST", 'a="1')
    assert (fields["http.request.bytes"], fields["http.response.bytes"]) == (901, 300)
    assert (fields["http.response.body.bytes"], fields["http.response.status_code"]) == (77, 200)
    assert (fields["event.duration"], fields["network.forwarded_ip"]) == (1_250_000_000, "8.8.4.4")
    assert (fields["url.domain"], fields["destination.ip"], fields["destination.port"]) == (
        "api.gov.example", "10.0.0.2", 8080,
    )  # fmt: skip
    assert (fields["tls.version"], fields["nginx.access.zone"]) == ("1.3", 3)
    assert "user.name" not in fields


def test_error_log() -> None:
    line = (
        "2024/03/03 14:05:06 [error] 31#7: *99 connect() failed (111: Connection refused) while connecting to upstream"
        ', client: 203.0.113.4, server: api.gov.example, request: "GET /x?y HTTP/1.1", '
        'upstream: "http://10.0.0.1:80/x?y", host: "api.gov.example:8443", referrer: "https://gov.example/"'
    )
    fields = one(line, zone=timezone(timedelta(hours=1)))
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC)
    assert (fields["event.dataset"], fields["event.type"], fields["log.level"]) == ("nginx.error", ["error"], "error")
    assert (fields["process.pid"], fields["process.thread.id"], fields["nginx.error.connection_id"]) == (31, 7, 99)
    assert (fields["source.ip"], fields["destination.domain"]) == ("203.0.113.4", "api.gov.example")
    assert (fields["http.request.method"], fields["url.original"]) == ("GET", "/x?y")
    assert (fields["url.domain"], fields["url.port"]) == ("api.gov.example", 8443)
    assert fields["nginx.error.upstream"] == "http://10.0.0.1:80/x?y"
    assert fields["http.request.referrer"] == "https://gov.example/"
    assert str(fields["message"]).startswith("connect() failed")


def test_a_path_cannot_forge_the_client_of_an_error() -> None:
    fields = one(
        '2024/03/03 14:05:06 [error] 31#0: *1 open() "/srv/x, client: 192.0.2.66, server: a" failed (2: No such file '
        'or directory), client: 203.0.113.4, server: _, request: "GET /x HTTP/1.1", host: "gov.example"'
    )
    assert fields["source.ip"] == "203.0.113.4"
    assert fields["file.path"] == "/srv/x, client: 192.0.2.66, server: a"


def test_failed_basic_authentication_names_its_user() -> None:
    fields = one(
        '2024/03/03 14:05:06 [error] 3#3: *1 user "toto": password mismatch, client: 203.0.113.4, server: gov.example, '
        'request: "GET / HTTP/1.1", host: "gov.example"'
    )
    assert (fields["user.name"], fields["event.outcome"]) == ("toto", "failure")


def test_lines_behind_an_error_continue_it() -> None:
    first, second = read(
        '2024/03/03 14:05:06 [error] 3#3: *1 FastCGI sent in stderr: "PHP message: Warning\nPHP message: again\n'
    )
    assert second["message"] == "PHP message: again"
    assert second["@timestamp"] == first["@timestamp"]


def test_what_is_no_log_line_is_a_dead_letter_with_the_reason() -> None:
    assert outcomes("nothing of the kind\n") == ["no access log line: it has no time stamp"]
    assert outcomes(COMBINED.replace("03/Mar", "31/Feb")) == [
        "a time stamp that does not exist [31/Feb/2024:14:05:06 +0100]"
    ]
    assert "unreadable JSON" in str(outcomes('{"status": 200'))


def test_recognition() -> None:
    error = b"2024/03/03 14:05:06 [notice] 1#1: start worker processes\n"
    assert SOURCE.recognise(error, "x") >= 90
    assert SOURCE.recognise(COMBINED.encode(), "x") >= 75
    assert SOURCE.recognise(COMBINED.encode(), "nginx-access.log") > SOURCE.recognise(COMBINED.encode(), "x")
    assert SOURCE.recognise(b'{"ts": 1, "uri": "/", "status_code": 200, "id.orig_h": "192.0.2.1"}', "http.log") == 0
    assert SOURCE.recognise(b"Mar  3 14:05:06 host sshd[1]: Failed password for root\n" * 5, "auth.log") == 0


@pytest.mark.parametrize(
    "piece",
    ['"a ', 'k="a ', f'{STAMP} "', "[", '\\"', ', request: "', ", client: 1.2.3.4", "] ", '" 200 5 "', "- "],
)
def test_hostile_lines_take_linear_time(piece: str) -> None:
    line = piece * (150_000 // len(piece))
    for text in (
        line,
        f"198.51.100.7 - - {STAMP} {line}",
        f"2024/03/03 14:05:06 [error] 1#1: {line}",
        f'x {STAMP} "{line}',
    ):
        began = process_time()
        assert len(outcomes(text)) == 1
        assert process_time() - began < 3


@settings(max_examples=100, deadline=None)
@given(
    path=st.text(st.characters(codec="ascii", exclude_characters='"\\\r\n ', min_codepoint=33), max_size=60),
    agent=st.text(
        st.characters(codec="utf-8", exclude_characters='"\\\r\n\x00', exclude_categories=["Cs"]), max_size=60
    ),
    status=st.integers(100, 599),
    size=st.integers(0, 10**12),
)
def test_what_is_written_is_what_is_read(path: str, agent: str, status: int, size: int) -> None:
    fields = one(f'198.51.100.7 - - {STAMP} "POST /{path} HTTP/1.1" {status} {size} "-" "{agent}"')
    assert fields["url.original"] == f"/{path}"
    assert fields.get("user_agent.original", "-") == (agent or "-")
    assert (fields["http.response.status_code"], fields["http.response.body.bytes"]) == (status, size)
    assert fields["source.ip"] == "198.51.100.7"


@pytest.mark.parametrize("name", ["nginx", "elastic_nginx_access", "elastic_nginx_error", "wazuh_nginx"])
def test_no_line_of_the_reference_material_is_lost(shared: Path, name: str) -> None:
    text = (shared / "conformance" / name / "dev" / "raw.log").read_text()
    assert all(isinstance(item, dict) and "@timestamp" in item for item in outcomes(text))


def test_an_error_without_a_request() -> None:
    fields = one(
        "2024/03/03 14:05:06 [crit] 9#9: *5 SSL_do_handshake() failed (SSL: error:0A00006C::bad key share) while SSL "
        "handshaking, client: 203.0.113.4, server: 0.0.0.0:443"
    )
    assert (fields["source.ip"], fields["destination.port"]) == ("203.0.113.4", 443)
    assert "destination.ip" not in fields


def test_an_endless_line_of_no_known_shape_is_given_up_at_once() -> None:
    assert outcomes("a " * 4_000_000) == ["no access log line: 7,999,999 characters of no known shape"]
    long = one(COMBINED.replace("/tax/form", "/" + "a" * 1_000_000))
    assert len(str(long["url.path"])) == 1_000_001
