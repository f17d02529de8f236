"""Apache: access lines of every `LogFormat`, garbage requests, JSON, and the error logs of 2.2 and 2.4."""

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

from collectors.source import Options
from collectors.sources.apache import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields

STAMP = "[03/Mar/2024:14:05:06 -0500]"
COMMON = f'198.51.100.7 - frank {STAMP} "GET /a/b.PHP?x=1 HTTP/1.0" 200 2326'
COMBINED = f'{COMMON} "https://gov.example/" "Mozilla/5.0 (X11)"'
INSTANT = datetime(2024, 3, 3, 19, 5, 6, tzinfo=UTC)


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
    found = outcomes(text, **options)
    assert not any(isinstance(item, str) for item in found), found
    return [item for item in found if isinstance(item, dict)]


def one(text: str, **options: Any) -> Fields:
    (fields,) = read(text, **options)
    return fields


def test_common() -> None:
    assert one(COMMON) == {
        "@timestamp": INSTANT,
        "event.dataset": "apache.access",
        "event.module": "apache",
        "event.kind": "event",
        "event.category": ["web"],
        "event.type": ["access"],
        "event.outcome": "success",
        "service.type": "apache",
        "source.ip": "198.51.100.7",
        "source.address": "198.51.100.7",
        "user.name": "frank",
        "http.request.method": "GET",
        "http.version": "1.0",
        "http.response.status_code": 200,
        "http.response.body.bytes": 2326,
        "url.original": "/a/b.PHP?x=1",
        "url.path": "/a/b.PHP",
        "url.query": "x=1",
        "url.extension": "php",
        "related.ip": ["198.51.100.7"],
        "related.user": ["frank"],
    }


def test_combined_and_hyphens() -> None:
    fields = one(COMBINED)
    assert fields["http.request.referrer"] == "https://gov.example/"
    assert fields["user_agent.original"] == "Mozilla/5.0 (X11)"
    bare = one(f'198.51.100.7 - - {STAMP} "-" 408 - "-" "-"')
    assert (bare["http.response.status_code"], bare["@timestamp"], bare["source.ip"]) == (408, INSTANT, "198.51.100.7")
    assert (bare["user.name"], bare["http.request.referrer"]) == ("-", "-")  # as Filebeat's apache module has them
    assert "related.user" not in bare
    assert not bare.keys() & {"user_agent.original", "url.original", "http.response.body.bytes"}


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("tax.gov.example:443 198.51.100.7 - -", {"destination.domain": "tax.gov.example", "destination.port": 443}),
        ("tax.gov.example 198.51.100.7 - -", {"url.domain": "tax.gov.example", "source.ip": "198.51.100.7"}),
        ("8.8.4.4 10.0.0.7 - -", {"source.ip": "8.8.4.4"}),
        ("8.8.4.4, 10.0.0.8 10.0.0.7 - -", {"source.ip": "8.8.4.4"}),
        ('"8.8.4.4, 10.0.0.8" 10.0.0.7 - -', {"source.ip": "8.8.4.4"}),
        ("- 198.51.100.7 - -", {"source.ip": "198.51.100.7"}),
        ("::1 - -", {"source.ip": "::1"}),
        ("gw.gov.example - -", {"source.domain": "gw.gov.example", "source.address": "gw.gov.example"}),
        (r"198.51.100.7 - GOV\\anna", {"user.domain": "GOV", "user.name": "anna"}),
        ('198.51.100.7 - ""', {"source.ip": "198.51.100.7"}),
    ],
)
def test_what_stands_in_front_of_the_stamp(prefix: str, expected: Fields) -> None:
    fields = one(f'{prefix} {STAMP} "GET / HTTP/1.1" 200 5 "-" "x"')
    assert expected.items() <= fields.items()
    assert fields.get("user.name", "-") == expected.get("user.name", "-")


@pytest.mark.parametrize(
    ("request_line", "method", "original"),
    [
        (r"\x16\x03\x01", None, r"\x16\x03\x01"),
        (r"GET /?q=\"quoted\" HTTP/1.1", "GET", r"/?q=\"quoted\""),
        ('GET /?t=<script>alert("text")</script> HTTP/1.0', "GET", '/?t=<script>alert("text")</script>'),
        ('GET /$%7B("T"+"1")%7D/a.action HTTP/1.0', "GET", '/$%7B("T"+"1")%7D/a.action'),
        (r"\n", None, r"\n"),
    ],
)
def test_hostile_requests_keep_client_status_and_text(request_line: str, method: str | None, original: str) -> None:
    fields = one(f'203.0.113.4 - - {STAMP} "{request_line}" 400 1164')
    assert (fields["source.ip"], fields["@timestamp"]) == ("203.0.113.4", INSTANT)
    assert (fields.get("http.request.method"), fields.get("url.original")) == (method, original)
    assert fields["http.response.status_code"] == 400


def test_an_unfinished_line_keeps_what_it_has() -> None:
    fields = one(f'{COMMON} "-" "Mozilla/5.0 (compatible; bot')
    assert (fields["url.path"], fields["user_agent.original"]) == ("/a/b.PHP", "Mozilla/5.0 (compatible; bot")


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("45210", {"event.duration": 45_210_000}),
        ("0/45210", {"event.duration": 45_210_000}),
        ("7", {"apache.access.extra": ["7"]}),
        ("D=812", {"event.duration": 812_000}),
        ("12ms", {"event.duration": 12_000_000}),
        ('X-Forwarded-For="8.8.4.4, 10.0.0.1"', {"network.forwarded_ip": "8.8.4.4"}),
        ('X-Forwarded-For="-"', {}),
        ('"8.8.4.4"', {"network.forwarded_ip": "8.8.4.4"}),
        ("TLSv1.3 TLS_AES_256_GCM_SHA384", {"tls.version": "1.3", "tls.cipher": "TLS_AES_256_GCM_SHA384"}),
        ("GoAway=- (107 47us)", {"apache.access.extra": ["(107", "47us)"]}),
    ],
)
def test_appended_values_are_told_by_their_form(tail: str, expected: Fields) -> None:
    fields = one(f"{COMBINED} {tail}")
    assert expected.items() <= fields.items()
    assert ("event.duration" in fields) == ("event.duration" in expected)
    assert fields["user_agent.original"] == "Mozilla/5.0 (X11)"


def test_custom_orders() -> None:
    ssl = one(f'{STAMP} 198.51.100.7 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 "GET /x HTTP/1.1" 404')
    assert (ssl["source.ip"], ssl["tls.version"], ssl["http.response.body.bytes"]) == ("198.51.100.7", "1.2", 404)
    assert "http.response.status_code" not in ssl
    before = one(f'198.51.100.7 - - {STAMP} "8.8.4.4" "GET /x HTTP/1.1" 200 2545 0 "https://r.example/" "agent"')
    assert (before["url.path"], before["http.response.status_code"]) == ("/x", 200)
    assert (before["http.request.referrer"], before["user_agent.original"]) == ("https://r.example/", "agent")
    assert before["network.forwarded_ip"] == "8.8.4.4"
    host = one(f'198.51.100.7 - - {STAMP} tax.gov.example "GET /x HTTP/1.1" 200 5 "-" "agent"')
    assert (host["url.domain"], host["destination.domain"], host["url.path"]) == ("tax.gov.example",) * 2 + ("/x",)
    iso = one('198.51.100.7 - - [2024-03-03T14:05:06.250-05:00] "GET /x HTTP/1.1" 200 5')
    assert iso["@timestamp"] == datetime(2024, 3, 3, 19, 5, 6, 250_000, tzinfo=UTC)


def test_stamps_without_a_zone_take_the_given_one() -> None:
    fields = one('198.51.100.7 - - [03/Mar/2024:14:05:06] "GET / HTTP/1.1" 200 5', zone=timezone(timedelta(hours=1)))
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC)


def test_json_by_the_names_of_the_documentation() -> None:
    entry = {
        "time": "[03/Mar/2024:14:05:06 -0500]", "remoteIP": "198.51.100.7", "host": "gov.example", "request": "/x.php",
        "query": "?a=1", "method": "GET", "status": "200", "userAgent": "ua", "referer": "-", "extra": {"k": [1, 2]},
    }  # fmt: skip
    fields = one(json.dumps(entry))
    assert (fields["@timestamp"], fields["source.ip"]) == (INSTANT, "198.51.100.7")
    assert (fields["url.path"], fields["url.query"], fields["url.original"]) == ("/x.php", "a=1", "/x.php?a=1")
    assert (fields["http.request.method"], fields["http.response.status_code"]) == ("GET", 200)
    assert fields["apache.access.extra.k"] == "[1,2]"


def test_error_log_of_2_4() -> None:
    fields = one(
        "[Sun Mar 03 14:05:06.072780 2024] [proxy_fcgi:error] [pid 35708:tid 4328636416] (70007)The timeout specified "
        "has expired: [client 203.0.113.4:57535] AH01075: Error dispatching request to : (polling), "
        "referer: https://gov.example/a",
        zone=timezone(timedelta(hours=1)),
    )
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, 72780, tzinfo=UTC)
    assert (fields["event.dataset"], fields["event.type"], fields["log.level"]) == ("apache.error", ["error"], "error")
    assert (fields["apache.error.module"], fields["log.logger"]) == ("proxy_fcgi", "proxy_fcgi")
    assert (fields["process.pid"], fields["process.thread.id"]) == (35708, 4328636416)
    assert (fields["source.ip"], fields["source.port"]) == ("203.0.113.4", 57535)
    assert (fields["event.code"], fields["http.request.referrer"]) == ("AH01075", "https://gov.example/a")
    assert fields["apache.error.os_error"] == "(70007)The timeout specified has expired"


def test_error_log_of_2_2() -> None:
    fields = one(
        "[Sun Mar  3 14:05:06 2024] [error] [client 203.0.113.4] File does not exist: /srv/a b, referer: http://r.example/"
    )
    assert (fields["source.ip"], fields["file.path"]) == ("203.0.113.4", "/srv/a b")
    assert fields["message"] == "File does not exist: /srv/a b, referer: http://r.example/"
    notice = one("[Sun Mar 03 14:05:06 2024] [notice] Apache/2.2.22 (Ubuntu) configured -- resuming normal operations")
    assert (notice["event.type"], notice["log.level"]) == (["info"], "notice")


def test_ipv6_clients_of_the_error_log_have_a_port_without_brackets() -> None:
    new = one("[Sun Mar 03 14:05:06.1 2024] [core:error] [pid 1:tid 2] [client 2001:db8::1:50112] AH00126: Invalid URI")
    assert (new["source.ip"], new["source.port"]) == ("2001:db8::1", 50112)
    old = one("[Sun Mar 03 14:05:06 2024] [error] [client 2001:db8::1:5011] Invalid URI in request")
    assert (old["source.ip"], "source.port" in old) == ("2001:db8::1:5011", False)


def test_failed_authentication_names_its_user() -> None:
    fields = one(
        "[Sun Mar 03 14:05:06.1 2024] [auth_basic:error] [pid 3] [client 203.0.113.4:1] AH01617: user eve: "
        'authentication failure for "/admin": Password Mismatch'
    )
    assert (fields["user.name"], fields["event.outcome"]) == ("eve", "failure")


def test_what_programs_write_into_the_error_log_is_kept() -> None:
    first, second = read(
        "[Sun Mar 03 14:05:06 2024] [error] [client 203.0.113.4] shell started\nsh: 1: wget: not found\n"
    )
    assert second["message"] == "sh: 1: wget: not found"
    assert (second["@timestamp"], second["event.dataset"]) == (first["@timestamp"], "apache.error")


def test_what_is_no_log_line_is_a_dead_letter_with_the_reason() -> None:
    assert outcomes("nothing of the kind\n") == ["no access log line: it has no time stamp"]
    assert outcomes(f"x {STAMP} and no request\n") == ["no access log line: it has no request behind its time stamp"]
    assert outcomes("[Sun Feb 31 14:05:06 2024] [error] x") == [
        "a time stamp that does not exist [Sun Feb 31 14:05:06 2024]"
    ]


def test_recognition() -> None:
    assert SOURCE.recognise(b"[Sun Mar 03 14:05:06 2024] [notice] Apache configured\n" * 3, "x") >= 90
    assert SOURCE.recognise(COMMON.encode(), "x") >= 75
    assert SOURCE.recognise(COMBINED.encode(), "httpd-access_log") > SOURCE.recognise(COMBINED.encode(), "x")
    assert SOURCE.recognise(b"Mar  3 14:05:06 host sshd[1]: Failed password for root\n" * 5, "auth.log") == 0
    assert SOURCE.recognise(b'{"@timestamp": "2024-03-03T00:00:00Z", "message": "x"}\n', "x.json") == 0


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("AH01630: client denied by server configuration: /srv/www/private", "failure"),
        ("AH00128: File does not exist: /srv/www/.env", "failure"),
        ("AH00126: Invalid URI in request GET /../../etc/passwd HTTP/1.1", "failure"),
        ("AH01071: Got error 'PHP message: PHP Warning:  Undefined variable'", None),
    ],
)
def test_an_error_tells_of_a_failed_request_only_where_it_says_so(message: str, outcome: str | None) -> None:
    line = f"[Sun Mar 03 14:05:06.000001 2024] [core:error] [pid 7:tid 8] [client 198.51.100.7:4000] {message}"
    assert one(line).get("event.outcome") == outcome


@pytest.mark.parametrize("piece", ['"a ', 'k="a ', f'{STAMP} "', "[", '\\"', "(1)a: ", '" 200 5 "', "- "])
def test_hostile_lines_take_linear_time(piece: str) -> None:
    line = piece * (150_000 // len(piece))
    for text in (line, f"198.51.100.7 - - {STAMP} {line}", f"[Sun Mar 03 14:05:06 2024] [error] {line}"):
        began = process_time()
        assert len(outcomes(text)) == 1
        assert process_time() - began < 2


@settings(max_examples=100, deadline=None)
@given(
    path=st.text(st.characters(codec="ascii", exclude_characters='"\\\r\n ?', min_codepoint=33), max_size=60),
    query=st.text(st.characters(codec="ascii", exclude_characters='"\\\r\n ', min_codepoint=33), max_size=60),
    seconds=st.integers(0, 250_000_000_000),
    hours=st.integers(-14, 14),
)
def test_what_is_written_is_what_is_read(path: str, query: str, seconds: int, hours: int) -> None:
    there = datetime(1970, 1, 2, tzinfo=timezone(timedelta(hours=hours))) + timedelta(seconds=seconds)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    stamp = f"{there.day:02}/{months[there.month - 1]}/{there.year:04}:{there:%H:%M:%S %z}"
    fields = one(f'198.51.100.7 - - [{stamp}] "GET /{path}?{query} HTTP/1.1" 200 1 "-" "-"')
    assert fields["@timestamp"] == there
    assert (fields["url.path"], fields.get("url.query", "")) == (f"/{path}", query)


@pytest.mark.parametrize("name", ["apache", "elastic_apache_access", "elastic_apache_error", "wazuh_apache_http"])
def test_no_line_of_the_reference_material_is_lost(shared: Path, name: str) -> None:
    text = (shared / "conformance" / name / "dev" / "raw.log").read_text()
    assert all(isinstance(item, dict) and "@timestamp" in item for item in outcomes(text))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("AH01630: client denied by server configuration: /srv/www/.git", {"file.path": "/srv/www/.git"}),
        (
            'AH01617: user anna: authentication failure for "/admin": Password Mismatch',
            {"user.name": "anna", "url.path": "/admin", "event.outcome": "failure"},
        ),
        ("AH01618: user eva not found: /admin", {"user.name": "eva", "url.path": "/admin"}),
        (
            "AH00126: Invalid URI in request GET /cgi-bin/.%2e/x?y=1 HTTP/1.1",
            {"http.request.method": "GET", "url.path": "/cgi-bin/.%2e/x", "url.query": "y=1"},
        ),
    ],
)
def test_an_error_names_the_file_or_the_page_that_was_asked_for(message: str, expected: dict[str, str]) -> None:
    head = "[Tue Mar 05 09:12:44.123456 2024] [core:error] [pid 100] [client 198.51.100.7:40000] "
    fields = one(head + message)
    assert {name: fields.get(name) for name in expected} == expected
