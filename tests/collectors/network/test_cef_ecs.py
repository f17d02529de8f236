"""CEF of any product: the device's zone, stamps without a year, custom keys with a label that says what they hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.collectors.reading import one

SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ("rt=Mar 01 2024 20:48:21 dtz=Europe/Tirane", "2024-03-01T19:48:21"),
        ("rt=Mar 01 20:48:21 dtz=+02:00", "2024-03-01T18:48:21"),
        ("rt=Dec 31 23:00:00.500", "2023-12-31T23:00:00.500"),
        ("rt=Feb 29 01:02:03 GMT", "2024-02-29T01:02:03"),
        ("rt=1709326101000 dtz=Europe/Tirane", "2024-03-01T20:48:21"),
        ("start=Mar 01 2024 20:48:21 dtz=../../etc/passwd", "2024-03-01T20:48:21"),
    ],
)
def test_stamps_are_in_the_zone_and_the_year_of_the_device(stamps: str, expected: str) -> None:
    fields = one("cef", f"CEF:0|V|P|1|c|n|5|src=192.0.2.1 {stamps}")
    assert fields["@timestamp"] == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_bytes_in_flow_from_the_source() -> None:
    fields = one("cef", "CEF:0|V|P|1|c|n|5|src=192.0.2.1 dst=192.0.2.2 in=100 out=2000")
    assert (fields["source.bytes"], fields["destination.bytes"], fields["network.bytes"]) == (100, 2000, 2100)


def test_custom_keys_mean_what_their_labels_say() -> None:
    fields = one(
        "cef",
        f"CEF:0|V|P|1|c|n|5|c6a2=2001:db8::5 c6a2Label=Source IPv6 Address c6a3=::ffff:0 "
        f"c6a3Label=Destination IPv6 Address cs1={SHA256} cs1Label=SHA256 cs2=no hash cs2Label=md5 "
        "cs4=76030baf8e80653b883474f56c06164c33417ece cs4Label=processSha1 cs5=x cs5Label=Rule",
    )
    assert (fields["source.ip"], fields.get("destination.ip")) == ("2001:db8::5", None)
    assert fields["file.hash.sha256"] == SHA256
    assert fields["process.hash.sha1"] == "76030baf8e80653b883474f56c06164c33417ece"
    assert "file.hash.md5" not in fields


def test_an_address_in_its_own_key_goes_before_a_custom_one() -> None:
    fields = one("cef", "CEF:0|V|P|1|c|n|5|src=192.0.2.1 c6a2=2001:db8::5 c6a2Label=Source IPv6 Address")
    assert fields["source.ip"] == "192.0.2.1"


def test_a_machine_that_is_named_by_its_address_has_one() -> None:
    fields = one("cef", "CEF:0|V|P|1|c|n|5|shost=192.0.2.1 dhost=srv1 suser=eva")
    assert (fields["source.ip"], fields["destination.domain"]) == ("192.0.2.1", "srv1")
    assert "source.domain" not in fields


def test_what_a_device_did_to_a_connection_is_its_type() -> None:
    for action, types in (
        ("Drop", ["connection", "denied"]),
        ("allowed", ["connection", "allowed"]),
        ("IDS:Reset", ["info"]),
    ):
        assert one("cef", f"CEF:0|V|P|1|c|n|5|src=192.0.2.1 dst=192.0.2.2 act={action}")["event.type"] == types
    assert one("cef", "CEF:0|V|P|1|c|n|5|src=192.0.2.1 act=blocked")["event.type"] == ["info"]
