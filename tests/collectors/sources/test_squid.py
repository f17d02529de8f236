"""squid's lines: the native format, its emulations of other servers' formats, and what operators add to them."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options, Record
from collectors.sources.squid import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields


def parse(line: str, **options: str) -> Fields:
    parser = SOURCE.open(Options(host=options.get("host")))
    fields = parser.parse(Record(offset=0, number=1, raw=line.encode()))
    assert fields is not None
    return parser.complete(fields)


def test_a_request_to_a_server() -> None:
    fields = parse(
        "1773100834.621    140 10.21.1.7 TCP_MISS/200 78873 GET http://www.lajme.example:8080/a/b?x=1 a.hoxha "
        "HIER_DIRECT/192.0.2.240 text/html"
    )
    assert fields["@timestamp"] == datetime(2026, 3, 10, 0, 0, 34, 621000, UTC)
    assert fields["event.duration"] == 140_000_000
    assert fields["source.ip"] == "10.21.1.7"
    assert fields["user.name"] == "a.hoxha"
    assert fields["http.request.method"] == "GET"
    assert fields["http.response.status_code"] == 200
    assert fields["http.response.bytes"] == 78873
    assert fields["http.response.mime_type"] == "text/html"
    assert fields["url.original"] == "http://www.lajme.example:8080/a/b?x=1"
    assert (fields["url.domain"], fields["url.port"], fields["url.path"]) == ("www.lajme.example", 8080, "/a/b")
    assert fields["destination.ip"] == "192.0.2.240"
    assert fields["squid.cache_status"] == "miss"
    assert fields["event.outcome"] == "success"


def test_a_tunnel_names_its_destination_and_the_server_behind() -> None:
    fields = parse(
        "1773100834.621  92638 2001:db8::7 TCP_TUNNEL/200 58380395 CONNECT files.dergo.example:443 - "
        "HIER_DIRECT/203.0.113.36 -"
    )
    assert fields["source.ip"] == "2001:db8::7"
    assert (fields["destination.domain"], fields["destination.port"]) == ("files.dergo.example", 443)
    assert fields["server.ip"] == "203.0.113.36"
    assert fields["url.domain"] == "files.dergo.example"
    assert "user.name" not in fields
    assert "http.response.mime_type" not in fields


def test_a_refused_request_failed() -> None:
    fields = parse(
        '1773100834.621      0 10.21.1.7 TCP_DENIED/403 3868 GET http://x.example/ - HIER_NONE/- text/html "-" "-"'
    )
    assert fields["event.outcome"] == "failure"
    assert "denied" in fields["event.type"]
    assert fields["destination.domain"] == "x.example"
    assert "user_agent.original" not in fields


def test_a_connection_without_a_request_has_a_reason() -> None:
    fields = parse("1773100834.621      0 10.21.1.7 NONE_NONE/000 0 - error:invalid-request - HIER_NONE/- -")
    assert fields["event.reason"] == "error:invalid-request"
    assert fields["http.response.status_code"] == 0
    assert "http.request.method" not in fields
    assert "url.original" not in fields
    assert "network.transport" not in fields


def test_referrer_and_user_agent_behind_the_native_format() -> None:
    fields = parse(
        "1773100834.621 5 10.21.1.7 TCP_MEM_HIT/200 10 GET http://x.example/ - HIER_NONE/- text/css "
        r'"http://y.example/" "Agent \"x\" 1.0"'
    )
    assert fields["http.request.referrer"] == "http://y.example/"
    assert fields["user_agent.original"] == 'Agent "x" 1.0'
    assert fields["squid.cache_status"] == "hit"


def test_logged_headers() -> None:
    fields = parse(
        "1773100834.621 5 10.21.1.7 TCP_MISS/200 10 GET http://x.example/ - HIER_DIRECT/192.0.2.1 text/css "
        "[User-Agent:%20curl/8.5.0%0D%0AHost:%20x.example%0D%0A] [HTTP/1.1%20200%20OK%0D%0A]"
    )
    assert fields["user_agent.original"] == "curl/8.5.0"
    assert str(fields["squid.response_headers"]).startswith("HTTP/1.1")


def test_the_combined_emulation() -> None:
    fields = parse(
        '10.21.1.7 - a.hoxha [10/Mar/2026:08:00:01 +0100] "GET http://x.example/a HTTP/1.1" 200 512 '
        '"http://y.example/" "curl/8.5.0" TCP_MISS:HIER_DIRECT'
    )
    assert fields["@timestamp"] == datetime(2026, 3, 10, 7, 0, 1, tzinfo=UTC)
    assert fields["user.name"] == "a.hoxha"
    assert fields["http.response.bytes"] == 512
    assert fields["http.version"] == "1.1"
    assert fields["user_agent.original"] == "curl/8.5.0"
    assert fields["squid.hierarchy_code"] == "HIER_DIRECT"


def test_the_common_emulation() -> None:
    fields = parse(
        '10.21.1.7 - - [10/Mar/2026:08:00:01 +0000] "CONNECT x.example:443 HTTP/1.1" 200 512 TCP_TUNNEL:HIER_DIRECT'
    )
    assert (fields["destination.domain"], fields["destination.port"]) == ("x.example", 443)


def test_a_line_through_syslog() -> None:
    fields = parse(
        "<134>Mar 10 08:00:01 proxy01 (squid-1)[812]: 1773100834.621 5 10.21.1.7 TCP_HIT/200 10 GET http://x.example/ "
        "- HIER_NONE/- text/css"
    )
    assert fields["host.name"] == "proxy01"
    assert fields["@timestamp"] == datetime(2026, 3, 10, 0, 0, 34, 621000, UTC)


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "1773100834.621 5 10.21.1.7 TCP_HIT/200 10 GET",
        "99999999999999.0 5 10.21.1.7 TCP_HIT/200 10 GET http://x.example/ - HIER_NONE/- -",
        '10.0.0.1 - - [99/Foo/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 5 TCP_HIT:HIER_NONE',
    ],
)
def test_other_lines_are_dead_letters_with_a_reason(line: str) -> None:
    with pytest.raises(MalformedRecordError):
        parse(line)


def test_recognition_is_by_the_result_codes() -> None:
    native = b"1773100834.621 5 10.21.1.7 TCP_HIT/200 10 GET http://x.example/ - HIER_NONE/- text/css\n"
    emulated = b'10.0.0.1 - - [10/Mar/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 5 "-" "-" TCP_HIT:HIER_NONE\n'
    combined = b'10.0.0.1 - - [10/Mar/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n'
    assert SOURCE.recognise(native * 9, "access.log") > 90
    assert SOURCE.recognise(emulated * 9, "access.log") > 90
    assert SOURCE.recognise(combined * 9, "squid.log") == 0
    assert SOURCE.recognise(b"", "squid.log") == 0


def test_a_long_hostile_line_is_read_in_linear_time() -> None:
    for line in ("1 " * 200_000, '10.0.0.1 - - [10/Mar/2026:08:00:01 +0000] "' + '\\"' * 200_000, "A" * 400_000):
        with pytest.raises(MalformedRecordError):
            parse(line)


@settings(max_examples=100)
@given(st.text(max_size=200), st.sampled_from(["", "1773100834.621 5 10.0.0.1 TCP_HIT/200 10 GET "]))
def test_whatever_stands_there_is_fields_or_a_dead_letter(text: str, start: str) -> None:
    parser = SOURCE.open(Options())
    for record in SOURCE.frame(io.BytesIO((start + text).encode("utf-8", "surrogatepass"))):
        try:
            fields = parser.parse(record)
        except MalformedRecordError:
            continue
        if fields is not None:
            assert parser.complete(fields)["event.module"] == "squid"
