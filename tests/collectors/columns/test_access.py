"""Access logs read by columns give what reading them one by one gives, whatever stands in them."""

from __future__ import annotations

import gzip
import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.columns.access import AccessColumns
from collectors.columns.pieces import Pieces
from collectors.reader import LogReader, Parsed
from collectors.source import Options
from engine.events import DeadLetter
from tests.collectors.columns.both import REFERENCE, assert_alike

GOOD = (
    b'198.51.100.7 - - [03/Mar/2024:14:05:06 +0100] "GET /a/x.php?y=1 HTTP/1.1" 200 5 "http://gov.example/" "agent/1"'
)
STAMPS = (
    b"03/Mar/2024:14:05:06 +0100",
    b"29/Feb/2024:23:59:60 +0000",
    b"29/Feb/2023:00:00:00 -0330",
    b"31/Dec/9999:23:59:59 -1200",
    b"01/Jan/0001:00:00:00 +1400",
    b"01/Jan/1677:00:00:00 +0000",
    b"03/Foo/2024:14:05:06 +0100",
    b"03/Mar/2024:24:05:06 +0100",
    b"03/Mar/2024:14:05:06 +2400",
    b"03/Mar/2024:14:05:06 +0060",
    b"03/Mar/2024:14:05:06",
    b"2024-03-03T14:05:06+01:00",
)
PREFIXES = (
    *(b"198.51.100.7 - -", b"203.0.113.255 - eva", b"256.1.1.1 - -", b"01.2.3.4 - -", b"1.2.3 - -", b"::1 - -"),
    *(
        b"2001:db8::1 - -",
        b"host.gov.example - -",
        b"- - -",
        b"198.51.100.7 ident user name",
        b"198.51.100.7 - GOV\\\\eva",
    ),
    *(b"tax.gov.example:443 198.51.100.7 - -", b"198.51.100.7, 10.0.0.1 - -", b'"198.51.100.7, 10.0.0.1" 10.0.0.2 - -'),
    *(b"<190>Mar  3 14:05:06 web1 nginx: 198.51.100.7 - -", b"", b" ", b"198.51.100.7  - -", b"198.51.100.7 - - "),
    *(
        b"198.51.100.7 - a[b",
        b"{198.51.100.7 - -",
        b"\x00198.51.100.7 - -",
        b"198.51.100.7:50112 - -",
        b"198.51.100.7 - \xc3\xab",
    ),
    *(
        b"Mar  3 14:05:06 web1 httpd[9]: 198.51.100.7 - -",
        b"<190>1 2024-03-03T14:05:06.000000+00:00 web1 nginx - - - 198.51.100.7 - -",
        b'<190>1 2024-03-03T14:05:06Z web1 nginx - - [a b="c"] 198.51.100.7 - -',
        b"198.51.100.7 - aaaaaaaaaaaa h nginx: 192.0.2.9 - -",
    ),
    *(b"198.51.100.7 - 0123456789abcdef0123456789abcdef -", b"nginx 198.51.100.7 - -"),
)
REQUESTS = (
    *(
        b"GET / HTTP/1.1",
        b"GET /a/b.PHP?c=d&e=/f.g HTTP/1.0",
        b"POST /x HTTP/2",
        b"GET /a b HTTP/1.1",
        b"-",
        b"",
        b"GET",
    ),
    *(
        b"\\x16\\x03\\x01",
        b"GET http://tax.gov.example:8080/a.html?x HTTP/1.1",
        b"CONNECT tax.gov.example:443 HTTP/1.1",
    ),
    *(
        b"OPTIONS * HTTP/1.1",
        b"GET /%2e%2e/x.%70hp HTTP/1.1",
        b"GET /x.tar.gz",
        b"GET /.hidden HTTP/1.1",
        b"GET /a/ HTTP/1.1",
    ),
    *(
        b"GET /\\x22quoted\\x22 HTTP/1.1",
        b'GET /\\"quoted\\" HTTP/1.1',
        b"GET /end\\",
        b"GET /? HTTP/1.1",
        b"GET //x?? HTTP/1.1",
    ),
    *(
        b"get /x HTTP/1.1",
        b"M-SEARCH /x HTTP/1.1",
        b"G@T /x HTTP/1.1",
        b"GET /x HTTP/1.1 ",
        b" GET /x HTTP/1.1",
        b"GET  /x HTTP/1.1",
    ),
    *(
        b"GET /x HTTP/11.1",
        b"GET x HTTP/1.1",
        b"GET /x.a_very_long_extension HTTP/1.1",
        b"GET /caf\xc3\xa9 HTTP/1.1",
        b"GET /\xff HTTP/1.1",
    ),
    *(b"GET /${jndi:ldap://203.0.113.9/a} HTTP/1.1", b"GET /x?PNOEE-38001085718 HTTP/1.1", b"GET /x\ty HTTP/1.1"),
)
STATUSES = (b"200", b"404", b"000", b"499", b"-", b"20", b"2000", b"2x0", b"")
SIZES = (
    b"5",
    b"0",
    b"-",
    b"0123",
    b"12345678",
    b"123456789",
    b"999999999999999999",
    b"1234567890123456789",
    b"5x",
    b"",
    b"--",
)
HEADERS = (
    b"-",
    b"",
    b"http://gov.example/",
    b'said \\"x\\"',
    b"end\\",
    b"Mozilla/5.0 (X11; Linux) \\x22",
    b"\xe2\x82\xac",
    b"a b",
)
TAILS = (
    *(
        b"",
        b' "-"',
        b' "203.0.113.4"',
        b' "203.0.113.4, 10.0.0.1"',
        b" 0.123",
        b" 1234",
        b" -",
        b' "unclosed',
        b" ",
        b"  ",
    ),
    *(
        b" rt=0.5 uct=0.1 host=tax.gov.example",
        b" TLSv1.3 TLS_AES_256_GCM_SHA384",
        b"x",
        b' "a" "b" "c"',
        b" x-forwarded-for=8.8.8.8",
    ),
    b" 501 0.002 [tax-tax-80] [] 10.0.0.9:8080 5 0.002 200 0123456789abcdef0123456789abcdef",
)
OTHER = (
    *(
        b"",
        b" ",
        b"\x00",
        b"garbage",
        b"\xff\xfe",
        b"- - -",
        b'"',
        b'""""""',
        b'[] "" "" ""',
        b"\r",
        b"    at Main.java:5",
    ),
    b'2024/03/03 14:05:06 [error] 3#3: *1 open() "/x" failed, client: 203.0.113.4, request: "GET / HTTP/1.1"',
    b"[Sun Mar 03 14:05:06.5 2024] [core:error] [pid 1:tid 2] [client 203.0.113.4:1] AH00128: File does not exist: /x",
    b"[Sun Mar 03 14:05:06.5 2024] [php:warn] [pid 1] sh: 1: wget: not found",
    b'{"time_iso8601": "2024-03-03T14:05:06Z", "remote_addr": "192.0.2.1", "request": "GET / HTTP/1.1", "status": 200}',
    b'[03/Mar/2024:14:05:06 +0100] - 200 - GET https gov.example "/x" [Client 203.0.113.4] [Length 5] [Gzip -] "a" "-"',
    b'203.0.113.4 - - [03/Mar/2024:14:05:06 +0100] "GET / HTTP/1.1" 200 5 "-" "-" x="y',
)


def _line(  # noqa: PLR0917 - the parts of a line, in their order
    prefix: bytes, stamp: bytes, request: bytes, numbers: tuple[bytes, bytes], headers: bytes | None, tail: bytes
) -> bytes:
    return prefix + b" [" + stamp + b'] "' + request + b'" ' + b" ".join(numbers) + (headers or b"") + tail


headers_of = st.tuples(st.sampled_from(HEADERS), st.sampled_from(HEADERS)).map(lambda pair: b' "%s" "%s"' % pair)
numbers_of = st.one_of(
    st.just((b"200", b"5")),
    st.tuples(st.sampled_from(STATUSES), st.sampled_from(SIZES)),
    st.tuples(st.just(b"404"), st.integers(0, 10**20).map(lambda number: str(number).encode())),
)
usual = st.one_of(st.just(GOOD), st.integers(0, 300).map(lambda n: GOOD.replace(b"100.7", b"100.%d" % n)))
composed = st.builds(
    _line,
    st.one_of(st.just(PREFIXES[0]), st.sampled_from(PREFIXES)),
    st.one_of(st.just(STAMPS[0]), st.sampled_from(STAMPS)),
    st.one_of(
        st.just(REQUESTS[0]), st.sampled_from(REQUESTS), st.binary(max_size=20).map(lambda b: b.replace(b"\n", b" "))
    ),
    numbers_of,
    st.one_of(headers_of, st.none()),
    st.one_of(st.just(b""), st.sampled_from(TAILS)),
)
damaged = st.builds(
    lambda line, place, text: line[:place] + text + line[place + len(text) :],
    composed,
    st.integers(0, 120),
    st.one_of(st.binary(max_size=3), st.sampled_from([b'"', b"\\", b" ", b"[", b"]", b"\r", b"\x00", b'" "'])),
).map(lambda line: line.replace(b"\n", b""))
a_line = st.one_of(
    usual, composed, damaged, st.sampled_from(OTHER), st.binary(max_size=40).map(lambda b: b.replace(b"\n", b""))
)
ending = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r\r\n", b"\n\n"])
logs = st.lists(st.tuples(a_line, ending), max_size=30).map(lambda parts: b"".join(line + end for line, end in parts))
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(logs, st.sampled_from(["nginx", "apache"]), st.sampled_from([None, "web1.gov.example"]), st.booleans())
def test_any_mixture_is_read_alike(data: bytes, source: str, host: str | None, ended: bool) -> None:
    data = data if ended else data.rstrip(b"\r\n")
    with tempfile.TemporaryDirectory() as folder:
        assert_alike(Path(folder), source, data or GOOD, host=host)


@pytest.mark.parametrize("source", ["nginx", "apache"])
@pytest.mark.parametrize("host", [None, "web1.gov.example"])
def test_every_part_in_an_otherwise_usual_line_is_read_alike(tmp_path: Path, source: str, host: str | None) -> None:
    numbers = [(status, SIZES[0]) for status in STATUSES] + [(STATUSES[0], size) for size in SIZES]
    lines = [
        _line(prefix, STAMPS[0], REQUESTS[0], (b"200", b"5"), b' "-" "a"', tail)
        for prefix in PREFIXES
        for tail in TAILS
    ]
    lines += [_line(PREFIXES[0], stamp, REQUESTS[0], (b"200", b"5"), b' "-" "a"', b"") for stamp in STAMPS]
    lines += [
        _line(prefix, STAMPS[0], request, (b"200", b"5"), b' "-" "a"', b"")
        for request in REQUESTS
        for prefix in PREFIXES
    ]
    lines += [
        _line(PREFIXES[0], STAMPS[0], REQUESTS[0], pair, headers, b"")
        for pair in numbers
        for headers in (None, b' "-" "a"')
    ]
    lines += [
        _line(PREFIXES[0], STAMPS[0], REQUESTS[0], (b"200", b"5"), b' "%s" "%s"' % (a, b), b"")
        for a in HEADERS
        for b in HEADERS
    ]
    data = b"\n".join(line for each in lines for line in (each, OTHER[len(each) % len(OTHER)]))
    rows = assert_alike(tmp_path, source, data, host=host)
    assert rows > 500


def test_usual_lines_are_read_by_columns_whatever_their_ends(tmp_path: Path) -> None:
    common = b'198.51.100.7 - - [03/Mar/2024:14:05:06 +0100] "GET / HTTP/1.1" 200 5'
    forwarded = GOOD + b' "203.0.113.4, 10.0.0.1"'
    data = b"\r\n".join([GOOD, common, forwarded, GOOD])
    assert assert_alike(tmp_path, "nginx", data) == 4


def test_more_lines_than_a_batch_holds_are_read_alike(tmp_path: Path) -> None:
    line = b'192.0.2.%d - - [03/Mar/2024:14:05:06 +0100] "GET /%d HTTP/1.1" 200 %d "-" "-"\n'
    data = b"".join(line % (n % 256, n % 5000, n) + (b"odd\n" if n % 4000 == 0 else b"") for n in range(40_000))
    assert assert_alike(tmp_path, "nginx", data) == 40_000


def test_what_continues_an_error_is_told_from_what_does_not(tmp_path: Path) -> None:
    error, trace = OTHER[11], b"  at Main.java:5"
    data = b"\n".join([error, trace, GOOD, trace, GOOD, error, trace, trace, GOOD, GOOD, trace, b""])
    assert assert_alike(tmp_path, "nginx", data) == 4


def test_a_line_beyond_all_limits_is_a_dead_letter_both_ways(tmp_path: Path) -> None:
    data = GOOD + b"\n" + b"x" * (17 * 1024 * 1024) + b"\n" + GOOD + b"\n" + b"y" * (2 * 1024 * 1024) + b"\n" + GOOD
    assert assert_alike(tmp_path, "nginx", data) == 3


def test_many_odd_lines_among_usual_ones_are_read_alike(tmp_path: Path) -> None:
    odd = b"".join(b"odd %d\n" % n for n in range(9000))
    assert assert_alike(tmp_path, "nginx", GOOD + b"\n" + odd + GOOD + b"\n" + b"\n" * 9000 + GOOD) == 3


def test_a_log_that_breaks_off_keeps_what_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "access.log.gz"
    lines = b"".join(GOOD + b" %d\n" % n for n in range(3000))
    path.write_bytes(gzip.compress(lines)[:-400])
    by_columns, by_records = LogReader(path, source="nginx"), LogReader(path, source="nginx")
    portions = list(by_columns.portions())
    records = list(by_records.records())
    assert sum(len(portion.batch) for portion in portions) == sum(isinstance(item, Parsed) for item in records) > 100
    assert [letter for portion in portions for letter in portion.letters] == [
        item for item in records if isinstance(item, DeadLetter)
    ]
    assert by_columns.tally == by_records.tally


def test_long_texts_are_not_remembered(tmp_path: Path) -> None:
    name = b"x" * 2000
    columns = AccessColumns("nginx", Options(reference=REFERENCE))
    long = [GOOD.replace(b"- -", b"- a%d%s" % (number, name)) for number in range(20)]
    data = b"\n".join([*long, GOOD + b' "203.0.113.9"', b""])
    (piece,) = Pieces(io.BytesIO(data))
    cut = columns.cut(piece)
    columns.columns({part: pa.chunked_array([values]) for part, values in cut.parts.items()}, len(cut.lines))
    assert columns._remembered.cache_info().currsize == 1  # that with a short tail
    assert assert_alike(tmp_path, "nginx", data) == 21
