"""A record's id is the same whether records are digested one by one or by the piece."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.record_ids import Digester, hexadecimal, record_id

IDENTITY = "ab" * 16


def ids_of(data: bytes, offset: int, bounds: list[tuple[int, int]], identity: str = IDENTITY) -> list[str]:
    padded = data + bytes(-len(data) % 8)
    starts, ends = (np.array(each, dtype=np.int64) for each in zip(*bounds, strict=True))
    digests = Digester(identity, len(padded)).digests(np.frombuffer(padded, dtype=np.uint8), offset, starts, ends)
    text = hexadecimal(digests).tobytes().decode()
    return [text[place : place + 32] for place in range(0, len(text), 32)]


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.integers(0, 10**9), st.data())
def test_both_ways_give_the_same_ids(data: bytes, words: int, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(data)), min_size=2, max_size=12), label="cuts") | {0, len(data)})
    bounds = list(pairwise(cuts))
    offset = 8 * words
    assert ids_of(data, offset, bounds) == [record_id(IDENTITY, offset + a, data[a:b]) for a, b in bounds]


def test_a_record_longer_than_all_keys_has_an_id_both_ways() -> None:
    data = bytes(range(256)) * 400
    assert ids_of(data, 32_760, [(5, len(data) - 3)]) == [record_id(IDENTITY, 32_765, data[5:-3])]


def test_ids_do_not_change_between_versions() -> None:
    assert record_id(IDENTITY, 0, b"") == "0d85f1313ab10c123a157e73049da5ff"
    assert record_id(IDENTITY, 4711, b'198.51.100.7 - - "GET / HTTP/1.1"') == "54a80403ed29e099a55c1fdf3423c4d2"


def test_place_identity_and_every_byte_count() -> None:
    raw = b"GET /a?b=c HTTP/1.1 and some more words behind it"
    found = {record_id(IDENTITY, offset, raw) for offset in range(100)}
    found |= {record_id("cd" * 16, offset, raw) for offset in range(100)}
    found |= {
        record_id(IDENTITY, 0, raw[:n] + bytes([raw[n] ^ bit]) + raw[n + 1 :]) for n in range(48) for bit in (1, 128)
    }
    found |= {record_id(IDENTITY, 0, raw + b"\x00" * n) for n in range(1, 20)}
    assert len(found) == 100 + 100 + 96 + 19
