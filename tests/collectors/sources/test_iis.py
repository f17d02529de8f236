"""IIS: W3C logs by whatever `#Fields:` says, logs without it, HTTP.sys errors, and the older comma format."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options
from collectors.sources.iis import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields

DEFAULT = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
LINE = (
    r"2024-03-03 13:05:06 10.0.0.5 POST /_layouts/15/Picker.aspx PickerDialogType=x&a=b 443 GOV\anna 203.0.113.4 "
    "Mozilla/5.0+(Windows+NT+10.0) https://sp.gov.example/ 200 0 64 1406"
)


def outcomes(text: str, **options: Any) -> list[Fields | str | None]:
    """Return each line's completed fields, the reason why it is dead, or None for what is no record."""
    parser = SOURCE.open(Options(**options))
    found: list[Fields | str | None] = []
    for record in SOURCE.frame(io.BytesIO(text.encode())):
        try:
            fields = parser.parse(record)
        except MalformedRecordError as error:
            found.append(error.message)
        else:
            found.append(fields if fields is None else parser.complete(fields))
    return found


def events(text: str, **options: Any) -> list[Fields]:
    found = [item for item in outcomes(text, **options) if item is not None]
    assert not any(isinstance(item, str) for item in found), found
    return [item for item in found if isinstance(item, dict)]


def one(text: str, **options: Any) -> Fields:
    (fields,) = events(text, **options)
    return fields


def test_default_selection() -> None:
    assert one(f"{DEFAULT}\n{LINE}\n") == {
        "@timestamp": datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC),
        "event.dataset": "iis.access",
        "event.module": "iis",
        "event.kind": "event",
        "event.category": ["web"],
        "event.type": ["access"],
        "event.outcome": "success",
        "event.duration": 1_406_000_000,
        "service.type": "iis",
        "source.ip": "203.0.113.4",
        "source.address": "203.0.113.4",
        "client.ip": "203.0.113.4",
        "client.address": "203.0.113.4",
        "destination.ip": "10.0.0.5",
        "destination.address": "10.0.0.5",
        "destination.port": 443,
        "server.ip": "10.0.0.5",
        "server.address": "10.0.0.5",
        "user.name": "anna",
        "user.domain": "GOV",
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.request.referrer": "https://sp.gov.example/",
        "url.original": "/_layouts/15/Picker.aspx?PickerDialogType=x&a=b",
        "url.path": "/_layouts/15/Picker.aspx",
        "url.query": "PickerDialogType=x&a=b",
        "url.extension": "aspx",
        "user_agent.original": "Mozilla/5.0 (Windows NT 10.0)",
        "iis.access.sub_status": 0,
        "iis.access.win32_status": 64,
        "related.ip": ["203.0.113.4", "10.0.0.5"],
        "related.user": ["anna"],
    }


def test_any_selection_in_any_order_and_custom_columns() -> None:
    header = "#Fields: c-ip sc-status X-Forwarded-For cs-host time date cs-bytes sc-bytes s-computername cs(Cookie)"
    line = "2001:db8::9 403 8.8.4.4,+10.1.1.1 mail.gov.example:8443 01:02:03 2024-03-03 700 99 WEB01 a=b;+c=d"
    fields = one(
        f"{header} cs-version cs(X-Tenant) cs-method cs-uri-stem\n{line} HTTP/2.0 tax GET /ews/exchange.asmx\n"
    )
    assert fields["@timestamp"] == datetime(2024, 3, 3, 1, 2, 3, tzinfo=UTC)
    assert (fields["source.ip"], fields["network.forwarded_ip"]) == ("2001:db8::9", "8.8.4.4")
    assert (fields["url.domain"], fields["url.port"]) == ("mail.gov.example", 8443)
    assert (fields["http.request.bytes"], fields["http.response.bytes"]) == (700, 99)
    assert (fields["client.bytes"], fields["server.bytes"]) == (700, 99)
    assert (fields["host.name"], fields["iis.access.cookie"], fields["http.version"]) == ("WEB01", "a=b;+c=d", "2.0")
    assert (fields["iis.x_forwarded_for"], fields["iis.cs_x_tenant"]) == ("8.8.4.4,+10.1.1.1", "tax")
    assert fields["url.original"] == "/ews/exchange.asmx"
    assert fields["event.outcome"] == "failure"


def test_the_header_can_change_in_the_middle() -> None:
    short = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2024-03-03 13:05:07 198.51.100.8 GET / 404\n"
    first, second = events(f"{DEFAULT}\n{LINE}\n{short}")
    assert (first["source.ip"], second["source.ip"]) == ("203.0.113.4", "198.51.100.8")
    assert second["http.response.status_code"] == 404
    assert "destination.ip" not in second


def test_a_line_that_does_not_fit_names_both_counts() -> None:
    header, reason, good = outcomes(f"{DEFAULT}\n2024-03-03 13:05:06 10.0.0.5 GET /trunc\n{LINE}\n")
    assert header is None
    assert reason == "5 values where #Fields names 15 columns"
    assert isinstance(good, dict)


def test_an_empty_value_between_two_blanks() -> None:
    line = LINE.replace("443 ", "443  ")
    assert one(f"{DEFAULT}\n{line}\n")["source.ip"] == "203.0.113.4"


def test_quoted_values_with_blanks() -> None:
    line = LINE.replace("Mozilla/5.0+(Windows+NT+10.0)", '"Mozilla/5.0 (Windows NT 10.0)"')
    assert one(f"{DEFAULT}\n{line}\n")["user_agent.original"] == "Mozilla/5.0 (Windows NT 10.0)"


def test_without_a_header_the_default_selections_are_known_by_their_shape() -> None:
    fields = one(LINE)
    assert (fields["source.ip"], fields["http.response.status_code"]) == ("203.0.113.4", 200)
    old = "2013-07-30 00:00:00 W3SVC1 10.1.1.1 GET /a.asp - 80 - 198.51.100.9 Mozilla/4.0+(x) 200 0 0"
    assert one(old)["iis.access.site_name"] == "W3SVC1"
    (reason,) = outcomes("some other text that is no log line")
    assert reason == "8 values, no #Fields line in front, and not the shape of a default IIS log"


def test_a_log_without_dates_takes_them_from_its_header_and_passes_midnight() -> None:
    text = "#Date: 2024-03-03 22:00:00\n#Fields: time c-ip sc-status\n23:59:59 192.0.2.1 200\n00:00:01 192.0.2.1 200\n"
    assert [fields["@timestamp"] for fields in events(text)] == [
        datetime(2024, 3, 3, 23, 59, 59, tzinfo=UTC),
        datetime(2024, 3, 4, 0, 0, 1, tzinfo=UTC),
    ]
    reasons = [item for item in outcomes("#Fields: time c-ip sc-status\n23:59:59 192.0.2.1 200\n") if item]
    assert reasons == ["no date: #Fields names no date column, and no #Date: line stands in front"]


def test_w3c_stamps_are_utc_whatever_the_zone() -> None:
    fields = one(f"{DEFAULT}\n{LINE}\n", zone=timezone(timedelta(hours=2)))
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC)


def test_http_sys_errors() -> None:
    text = (
        "#Software: Microsoft HTTP API 2.0\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri "
        "sc-status s-siteid s-reason s-queuename\n"
        "2024-03-03 13:05:06 203.0.113.4 50112 10.0.0.5 443 HTTP/1.1 GET /x?y=1 400 - URL -\n"
    )
    fields = one(text)
    assert (fields["event.dataset"], fields["event.type"]) == ("iis.error", ["error"])
    assert (fields["source.port"], fields["url.path"], fields["url.query"]) == (50112, "/x", "y=1")
    assert fields["iis.error.reason_phrase"] == "URL"


def test_the_comma_format_is_in_local_time() -> None:
    line = (
        r"203.0.113.4, GOV\eva, 11/20/2023, 15:44:03, W3SVC1, WEB01, 10.0.0.5, 2, 769, 143, 404, 2, GET, /a.asp, q=1,2,"
    )
    fields = one(line, zone=timezone(timedelta(hours=1)))
    assert fields["@timestamp"] == datetime(2023, 11, 20, 14, 44, 3, tzinfo=UTC)
    assert (fields["source.ip"], fields["destination.ip"], fields["host.name"]) == ("203.0.113.4", "10.0.0.5", "WEB01")
    assert (fields["http.request.bytes"], fields["http.response.bytes"], fields["event.duration"]) == (
        769, 143, 2_000_000,
    )  # fmt: skip
    assert (fields["url.path"], fields["url.query"], fields["iis.access.win32_status"]) == ("/a.asp", "q=1,2", 2)
    assert (fields["user.domain"], fields["user.name"]) == ("GOV", "eva")
    german = line.replace("11/20/2023", "20.11.2023")
    assert one(german, zone=timezone(timedelta(hours=1)))["@timestamp"] == fields["@timestamp"]


def test_zero_bytes_that_a_crash_leaves_are_no_record() -> None:
    assert outcomes(f"{DEFAULT}\n{LINE}\n" + "\0" * 500)[2] is None
    assert one(f"{DEFAULT}\n" + "\0" * 64 + LINE)["source.ip"] == "203.0.113.4"


def test_numbers_that_are_none_are_kept_as_text() -> None:
    fields = one("#Fields: date time c-ip sc-status\n2024-03-03 13:05:06 192.0.2.1 2x0\n")
    assert fields["iis.unreadable.http.response.status_code"] == "2x0"
    assert "http.response.status_code" not in fields


def test_impossible_stamps_are_dead_letters() -> None:
    _, reason = outcomes(f"{DEFAULT}\n{LINE.replace('2024-03-03', '2024-02-31')}\n")
    assert reason == "a time stamp that does not exist [2024-02-31 13:05:06]"


def test_recognition() -> None:
    assert SOURCE.recognise(b"#Software: Microsoft Internet Information Services 10.0\n", "x") >= 95
    assert SOURCE.recognise(f"{DEFAULT}\n{LINE}\n".encode(), "x") >= 90
    assert SOURCE.recognise(LINE.encode(), "x") >= 70
    cdn = b"#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status\n"
    assert SOURCE.recognise(cdn, "x") == 0
    firewall = b"#Software: Microsoft Windows Firewall\n#Fields: date time action protocol src-ip dst-ip src-port\n"
    assert SOURCE.recognise(firewall, "x") == 0
    assert SOURCE.recognise(b"#Software: Microsoft Exchange Server\n#Fields: date-time,client-ip,server-ip\n", "x") == 0


NAMES = ["date", "time", "c-ip", "sc-status", "cs-uri-stem", "cs-uri-query", "cs(User-Agent)", "x-custom", "s-port"]


@settings(max_examples=100, deadline=None)
@given(order=st.permutations(NAMES), status=st.integers(100, 599), agent=st.text("abcXYZ0189/;()+.", min_size=2))
def test_columns_are_read_by_name_not_by_place(order: list[str], status: int, agent: str) -> None:
    values = {
        "date": "2024-03-03", "time": "13:05:06", "c-ip": "192.0.2.77", "sc-status": str(status), "cs-uri-stem": "/a/b",
        "cs-uri-query": "x=1", "cs(User-Agent)": agent, "x-custom": "kept", "s-port": "8080",
    }  # fmt: skip
    fields = one(f"#Fields: {' '.join(order)}\n{' '.join(values[name] for name in order)}\n")
    assert fields["@timestamp"] == datetime(2024, 3, 3, 13, 5, 6, tzinfo=UTC)
    assert (fields["source.ip"], fields["http.response.status_code"]) == ("192.0.2.77", status)
    assert (fields["url.original"], fields["user_agent.original"]) == ("/a/b?x=1", agent.replace("+", " "))
    assert (fields["iis.x_custom"], fields["destination.port"]) == ("kept", 8080)


@pytest.mark.parametrize(
    "name", ["iis6", "iis7_owa", "iis7_sqli", "iis10", "iis10_cookies", "iis10_edge_cases", "iis_without_date"]
)
def test_no_line_of_the_reference_material_is_lost(shared: Path, name: str) -> None:
    content = (shared / "logs" / "plaso" / "test_data" / "iis" / f"{name}.log").read_bytes()
    assert SOURCE.recognise(content[:65536], "x") >= 90
    found = outcomes(content.decode())
    assert not [item for item in found if isinstance(item, str)]
    assert sum(1 for item in found if item is not None) == sum(
        1 for line in content.splitlines() if line and not line.startswith(b"#")
    )
