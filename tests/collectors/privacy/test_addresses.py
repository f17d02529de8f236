"""Prefix-preserving addresses: the published vectors of Crypto-PAn, and what it promises of any two addresses."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.privacy.addresses import PrefixPreserving, truncated

# The key and the first pairs of the sample trace that comes with the authors' implementation (Crypto-PAn 1.0).
PUBLISHED = bytes(
    (
        *(21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16),
        *(216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2),
    )
)
MAPPER = PrefixPreserving(PUBLISHED)


@pytest.mark.parametrize(
    ("plain", "changed"),
    [
        ("128.11.68.132", "135.242.180.132"),
        ("129.118.74.4", "134.136.186.123"),
        ("130.132.252.244", "133.68.164.234"),
        ("141.223.7.43", "141.167.8.160"),
        ("24.0.250.221", "100.15.198.226"),
        ("::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"),
        ("2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"),
        ("2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"),
    ],
)
def test_the_published_vectors_hold(plain: str, changed: str) -> None:
    assert MAPPER.address(plain) == changed


def shared_bits(one: str, other: str) -> int:
    first, second = ip_address(one), ip_address(other)
    return first.max_prefixlen - (int(first) ^ int(second)).bit_length()


@settings(max_examples=40, deadline=None)
@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_two_addresses_share_as_many_bits_as_before(one, other) -> None:
    assert shared_bits(str(one), str(other)) == shared_bits(MAPPER.address(str(one)), MAPPER.address(str(other)))


@settings(max_examples=15, deadline=None)
@given(st.ip_addresses(v=6), st.ip_addresses(v=6))
def test_two_addresses_of_ipv6_share_as_many_bits_as_before(one, other) -> None:
    assert shared_bits(str(one), str(other)) == shared_bits(MAPPER.address(str(one)), MAPPER.address(str(other)))


def test_what_is_no_address_is_none() -> None:
    assert MAPPER.address("proxy.example") is None
    assert truncated("proxy.example", 24) is None


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PrefixPreserving(b"short")


@pytest.mark.parametrize(
    ("plain", "bits", "kept"),
    [
        ("192.0.2.77", 24, "192.0.2.0"),
        ("192.0.2.77", 32, "192.0.2.77"),
        ("192.0.2.77", 8, "192.0.0.0"),
        ("2001:db8:1:2::77", 24, "2001:db8:1::"),
    ],
)
def test_truncated_addresses_keep_their_network(plain: str, bits: int, kept: str) -> None:
    assert truncated(plain, bits) == kept
