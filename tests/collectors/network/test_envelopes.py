"""The shared parts: CEF, LEEF, key=value, typed values, stamps, Community ID, folding."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.network.cef import find_cef, read_cef
from collectors.network.finish import community_id
from collectors.network.folding import folded_lines
from collectors.network.keyvalue import colon_pairs, firsts, pairs
from collectors.network.leef import read_leef
from collectors.network.times import instant_of, zone_named
from collectors.network.values import mac_of, put, split_account
from engine.events import Fields
from tests.collectors.reading import one


def test_cef_header_and_extension_are_unescaped() -> None:
    cef = read_cef(r"CEF:0|Ven\|dor|Prod|1.0|42|A name|7|src=192.0.2.1 msg=a \= b and more cs1Label=Rule cs1=drop all")
    assert cef is not None
    assert (cef.vendor, cef.event_class, cef.severity) == ("Ven|dor", "42", "7")
    assert cef.extension["msg"] == "a = b and more"
    assert cef.labelled == {"Rule": "drop all"}
    assert cef.full()["sourceAddress"] == "192.0.2.1"


@pytest.mark.parametrize("text", ["CEF:0|a|b|c", "CEF:0|", "hello", "CEF:x|a|b|c|d|e|f|", "|||||||"])
def test_a_broken_header_is_no_cef(text: str) -> None:
    assert read_cef(text) is None


def test_cef_behind_syslog_and_without_its_mark() -> None:
    assert find_cef("<134>Mar  3 10:00:00 fw CEF:0|a|b|c|d|e|f|x=1") == 24
    bare = read_cef("0|Vendor|Product|1|2|name|5|src=192.0.2.1")
    assert bare is not None
    assert bare.product == "Product"


def test_leef_with_tabs_and_with_a_named_delimiter() -> None:
    one = read_leef("LEEF:1.0|V|P|1|login|src=192.0.2.1\tusrName=anna bel\tproto=TCP")
    two = read_leef("LEEF:2.0|V|P|1|login|x5E|src=192.0.2.1^usrName=anna bel")
    assert one is not None
    assert two is not None
    assert one.attributes["usrName"] == two.attributes["usrName"] == "anna bel"


def test_values_without_quotes_reach_to_the_next_key() -> None:
    found = firsts(pairs('date=2024-03-03,time=10:00:00,msg="a \\"b\\" c" note=two words act=drop'))
    assert found == {"date": "2024-03-03", "time": "10:00:00", "msg": 'a "b" c', "note": "two words", "act": "drop"}
    assert firsts(colon_pairs('[action:"Drop"; src:"192.0.2.1"; ]')) == {"action": "Drop", "src": "192.0.2.1"}


def test_put_sets_what_a_text_is() -> None:
    fields: Fields = {}
    for name, text in (
        ("source.address", "192.0.2.1"),
        ("destination.address", "files.example"),
        ("source.port", "x"),
        ("source.mac", "0000.5e00.5301"),
        ("network.transport", "17"),
        ("user.name", r"GOV\\anna"),
        ("destination.ip", "no address"),
        ("source.bytes", "-"),
    ):
        put(fields, name, text, UTC)
    assert fields == {
        "source.ip": "192.0.2.1",
        "destination.domain": "files.example",
        "source.mac": "00-00-5E-00-53-01",
        "network.iana_number": "17",
        "network.transport": "udp",
        "user.name": "anna",
        "user.domain": "GOV",
    }


def test_macs_and_accounts() -> None:
    assert mac_of("00:00:5e:00:53:01") == "00-00-5E-00-53-01"
    assert mac_of("0000.5e00") is None
    assert split_account("anna") == (None, "anna")
    assert split_account("GOV\\anna") == ("GOV", "anna")


@pytest.mark.parametrize(
    "text",
    [
        "Mar 03 2024 10:00:00",
        "2024/03/03 10:00:00",
        "2024-03-03T11:00:00+01:00",
        "03Mar2024 10:00:00",
        "03/03/2024:10:00:00 GMT",
        "2024/03/03:10:00:00",
        "Sun Mar  3 10:00:00 2024",
        "1709460000",
        "1709460000000",
        "1709460000000000000",
        "3/3/24 10:00",
    ],
)
def test_stamps_of_devices(text: str) -> None:
    assert instant_of(text, UTC) == datetime(2024, 3, 3, 10, tzinfo=UTC)


def test_zones_by_name_and_offset() -> None:
    assert zone_named("CEST") == timezone(timedelta(hours=2))
    assert zone_named("-0330") == timezone(-timedelta(hours=3, minutes=30))
    assert zone_named("XYZ") is None
    assert instant_of("99/99/2024:10:00:00", UTC) is None


def test_community_id_is_the_same_both_ways() -> None:
    """The example of the specification's baseline: TCP, 128.232.110.120:34855 to 66.35.250.204:80."""
    known = "1:LQU9qZlK+B5F3KDmev6m5PMibrg="
    assert community_id("128.232.110.120", "66.35.250.204", 34855, 80, 6) == known
    assert community_id("66.35.250.204", "128.232.110.120", 80, 34855, 6) == known
    assert community_id("66.35.250.204", "2001:db8::1", 80, 34855, 6) is None


def test_folding_leaves_nothing_out() -> None:
    data = b"A one\n two\n three\nA four\n"
    records = list(folded_lines(io.BytesIO(data), lambda _, line: line.startswith(b" ")))
    assert [(record.offset, record.raw) for record in records] == [(0, b"A one\n two\n three"), (18, b"A four")]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_readers_never_fail(text: str) -> None:
    read_cef("CEF:0|" + text)
    read_leef("LEEF:2.0|" + text)
    list(pairs(text))
    list(colon_pairs(text))
    instant_of(text, UTC)


def test_hostile_texts_are_read_in_linear_time() -> None:
    for text in ("a=" * 200_000, '"' * 300_000, "CEF:0|" + "\\|" * 200_000, "a" * 400_000, "x= " * 150_000):
        list(pairs(text))
        list(colon_pairs(text))
        read_cef("CEF:0|a|b|c|d|e|f|" + text)
        read_leef("LEEF:1.0|a|b|c|d|" + text)


def test_leef_tells_log_ins_and_translated_ports() -> None:
    head = "<13>Nov 22 06:25:01 fw1 LEEF:2.0|Vendor|Product|1.0|session|^|"
    line = f"{head}src=10.0.0.1^srcPostNAT=192.0.2.1^srcPostNATPort=4444^isLoginEvent=true^usrName=eva"
    fields = one("leef", line)
    assert (fields["event.category"], fields["event.type"]) == (["authentication"], ["start"])
    assert (fields["source.nat.ip"], fields["source.nat.port"]) == ("192.0.2.1", 4444)
