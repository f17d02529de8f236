"""Web servers' lines behind a header of syslog, and names that clients send to look like one."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEADERS = (
    "<171>Nov  5 20:47:03 web1 {program}: ",
    "Nov  5 20:47:03 web1 {program}[12]: ",
    "2023-11-05T20:47:03.000000+00:00 web1 {program}: ",
    "<171>1 2023-11-05T20:47:03.000000+00:00 web1 {program} - - - ",
    '<171>1 2023-11-05T20:47:03Z web1 {program} 12 access [meta sequenceId="4"] ',
)
_ACCESS = '198.51.100.7 - - [05/Nov/2023:20:47:03 +0000] "GET /c HTTP/1.1" 404 5 "-" "agent"'
_JSON = (
    '{"time_iso8601": "2023-11-05T20:47:03+00:00", "remote_addr": "198.51.100.7", "request": "GET /c HTTP/1.1", '
    '"status": 404, "body_bytes_sent": 5, "http_user_agent": "agent"}'
)
_NGINX_ERROR = (
    '2023/11/05 20:47:03 [error] 9#8: *4 open() "/x" failed (2: No such file or directory), client: 198.51.100.7, '
    'server: , request: "GET /c HTTP/2.0", host: "web.gov.example"'
)
_APACHE_ERROR = (
    "[Sun Nov 05 20:47:03.000001 2023] [core:error] [pid 9:tid 8] [client 198.51.100.7:50112] AH00126: Invalid URI in "
    "request GET /c HTTP/1.1"
)


@pytest.mark.parametrize("header", _HEADERS)
@pytest.mark.parametrize(
    ("program", "line", "dataset"),
    [
        ("nginx", _ACCESS, "nginx.access"),
        ("nginx", _JSON, "nginx.access"),
        ("nginx", _NGINX_ERROR, "nginx.error"),
        ("httpd", _ACCESS, "apache.access"),
        ("apache2", _APACHE_ERROR, "apache.error"),
        ("apache2", _APACHE_ERROR.partition("] ")[2], "apache.error"),
    ],
)
def test_lines_that_syslog_carried(header: str, program: str, line: str, dataset: str) -> None:
    source = dataset.partition(".")[0]
    for name in (source, "auth"):
        fields = one(name, header.format(program=program) + line)
        assert (fields["event.dataset"], fields["source.ip"]) == (dataset, "198.51.100.7")
        assert fields["host.name"] == "web1"
        assert fields["@timestamp"].replace(microsecond=0) == at("2023-11-05T20:47:03")


def test_relayed_errors_are_recognised() -> None:
    for header in _HEADERS:
        assert known_as(f"{header.format(program='nginx')}{_NGINX_ERROR}\n") in {"nginx", "auth"}


@pytest.mark.parametrize("source", ["nginx", "apache"])
@pytest.mark.parametrize(
    "name",
    [
        "aaaaaaaaaaaaaaaa h nginx: 192.0.2.9 - ",
        "Nov  5 20:47:03 h nginx: 192.0.2.9 - x",
        "aaaaaaaaaaaaaaaa h nginx: 2023/11/05 20:47:03 [error] 9#8: *4 x, client: 192.0.2.9, server: x",
        "aaaaaaaaaaaaaaaa httpd: [Sun Nov 05 20:47:03 2023] [core:error] [pid 9] [client 192.0.2.9] AH00126: x",
        "<171>1 2023-11-05T20:47:03Z h nginx - - - 192.0.2.9 - x",
    ],
)
def test_a_clients_name_is_no_header(source: str, name: str) -> None:
    fields = one(source, f'198.51.100.7 - {name} [05/Nov/2023:20:47:03 +0000] "GET /c HTTP/1.1" 401 5 "-" "agent"')
    assert (fields["event.dataset"], fields["source.ip"]) == (f"{source}.access", "198.51.100.7")
    assert "host.name" not in fields


def test_a_header_with_nothing_behind_it_is_a_dead_letter() -> None:
    events, dead = read("nginx", "<171>Nov  5 20:47:03 web1 nginx: \n")
    assert (events, len(dead)) == ([], 1)
