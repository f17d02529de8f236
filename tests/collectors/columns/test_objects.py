"""Access events as JSON objects, read by columns, give what reading them one by one gives."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.collectors.columns.both import assert_alike

GOOD: dict[str, Any] = {
    "time_iso8601": "2024-03-03T14:05:06+01:00",
    "remote_addr": "198.51.100.7",
    "remote_user": "-",
    "request": "GET /a/x.php?y=1 HTTP/1.1",
    "status": 200,
    "body_bytes_sent": 5,
    "request_time": 0.25,
    "http_referer": "-",
    "http_user_agent": "agent/1",
    "http_x_forwarded_for": "",
    "upstream_addr": "10.0.0.9:8080",
    "geoip_country": "AL",
}
VALUES: dict[str, tuple[Any, ...]] = {
    "time_iso8601": ("2024-03-03T14:05:07Z", "", "-", "yesterday", 1709471106, 1709471106.5, None),
    "remote_addr": ("2001:db8::1", "host.gov.example", "", "198.51.100.7, 10.0.0.1", 5, "PNOAL-J12345678N"),
    "remote_user": ("eva", "GOV\\\\eva", "caf\u00e9", ""),
    "request": ("", "-", "GET http://tax.gov.example/ HTTP/1.1", "/only/a/path", "\x16\x03", "GET /x HTTP/2.0", 7),
    "status": (404, 0, "200", "-", "", -1, 10**30, 200.0, True),
    "body_bytes_sent": (0, 10**17, 10**18, 10**19, -1, "12", "x", 5.0, None),
    "request_time": (0.0, -0.0, 0, 1, "0.5", "0.001, 0.002", 1e300),
    "http_referer": ("http://gov.example/", "", "\u0000", "\ud83d\ude00"),
    "http_user_agent": ("", "-", "Mozilla/5.0"),
    "http_x_forwarded_for": ("203.0.113.4, 10.0.0.1", "unknown", "8.8.8.8"),
    "upstream_addr": ("", "10.0.0.9:8080, 10.0.0.10:8080", "unix:/run/x.sock", "-"),
    "geoip_country": ("", "XK", 7, 0.5, True, {"a": 1}, [1, 2], ["a"], None),
}
MORE: dict[str, tuple[Any, ...]] = {
    "host": ("tax.gov.example", "tax.gov.example:8443", "192.0.2.1"),
    "server_addr": ("192.0.2.9",),
    "server_port": (443, "443"),
    "scheme": ("https",),
    "ssl_protocol": ("TLSv1.3", "strange"),
    "ssl_cipher": ("TLS_AES_256_GCM_SHA384",),
    "request_method": ("GET", "POST"),
    "request_uri": ("/x?y=z", "/caf\u00e9"),
    "uri": ("/other",),
    "args": ("a=b",),
    "time_local": ("03/Mar/2024:14:05:06 +0100",),
    "msec": (1709471106.123,),
    "request_id": ("0123456789abcdef",),
    "hostname": ("web1",),
    "destination.ip": ("192.0.2.3",),
    "event.id": ("x",),
    "key": ("value", 5),
}


def changed(changes: dict[str, Any], more: dict[str, Any], without: set[str]) -> bytes:
    return json.dumps(
        {name: value for name, value in {**GOOD, **changes, **more}.items() if name not in without}
    ).encode()


values = st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in VALUES.items()})
further = st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in MORE.items()})
rarely = st.one_of(st.just({}), st.just({}), further)
absent = st.one_of(st.just(set()), st.sets(st.sampled_from(sorted(GOOD)), max_size=2))
OTHER = (
    b"{}",
    b'{"time_iso8601": "2024-03-03T14:05:06Z"',
    b' {"time_iso8601": "2024-03-03T14:05:06Z", "request": "GET / HTTP/1.1"}',
    b'{"a": 1} {"b": 2}',
    b"garbage",
    b"",
    b'2024/03/03 14:05:06 [error] 3#3: *1 open() "/x" failed, client: 203.0.113.4',
    b'198.51.100.7 - - [03/Mar/2024:14:05:06 +0100] "GET / HTTP/1.1" 200 5 "-" "-"',
    json.dumps({**GOOD, "remote_user": "caf\u00e9"}, ensure_ascii=False).encode(),
)
line = st.one_of(
    st.just(json.dumps(GOOD).encode()),
    st.builds(changed, values, rarely, absent),
    st.builds(changed, st.just({}), further, st.just(set())),
    st.sampled_from(OTHER),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(line, max_size=25), st.sampled_from(["nginx", "apache"]), st.sampled_from([None, "web1.gov.example"]))
def test_any_mixture_is_read_alike(lines: list[bytes], source: str, host: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_alike(Path(folder), source, b"\n".join([json.dumps(GOOD).encode(), *lines]), host=host)


def test_a_log_in_which_no_client_has_an_address_is_read_alike(tmp_path: Path) -> None:
    assert_alike(tmp_path, "nginx", b"\n".join([changed({"remote_addr": ""}, {}, set())] * 3))


@pytest.mark.parametrize("name", sorted(VALUES))
def test_every_value_is_read_alike_among_usual_ones(tmp_path: Path, name: str) -> None:
    lines = [changed({name: value}, {}, set()) for value in VALUES[name] for _ in range(2)]
    usual = [json.dumps(GOOD).encode()] * 20
    rows = assert_alike(tmp_path, "nginx", b"\n".join([*usual, *lines, *usual]))
    assert rows >= 40 or name in {"request_time", "body_bytes_sent"}  # -0.0 and 10**19 cost a piece its columns


@pytest.mark.parametrize("name", sorted(MORE))
def test_every_further_name_is_read_alike(tmp_path: Path, name: str) -> None:
    lines = [changed({}, {name: value}, set()) for value in MORE[name] for _ in range(20)]
    rows = assert_alike(tmp_path, "nginx", b"\n".join(lines))
    assert rows >= 20


def test_usual_objects_are_read_by_columns(tmp_path: Path) -> None:
    lines = [changed({"remote_addr": f"192.0.2.{n % 256}", "body_bytes_sent": n}, {}, set()) for n in range(3000)]
    assert assert_alike(tmp_path, "nginx", b"\n".join(lines)) == 3000


@pytest.mark.parametrize("every", [2, 7, 150])
def test_objects_with_escapes_stand_among_those_without(tmp_path: Path, every: int) -> None:
    escaped = {"http_user_agent": 'a "quoted" \\ agent', "status": 404}
    lines = [changed(escaped if place % every == 0 else {"status": place % 600}, {}, set()) for place in range(700)]
    assert assert_alike(tmp_path, "nginx", b"\n".join(lines)) == 700
