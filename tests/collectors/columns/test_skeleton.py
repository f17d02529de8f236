"""Objects that are written alike: what a skeleton takes is what a JSON parser finds, and it takes nothing else."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.columns.pieces import piece_of
from collectors.columns.skeleton import Skeleton, most_alike

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
_WHOLE = st.integers(-(2**66), 2**66) | st.sampled_from([0, -1, 2**63 - 1, -(2**63), 10**18, 10**19])
_VALUE = _TEXT | _WHOLE | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([-0.0, True, None, [], {}])


def _taken(lines: list[bytes]) -> dict[int, dict[str, Any]]:
    """Return the objects that the skeleton of the first line takes out of lines, by place."""
    piece = piece_of(lines)
    skeleton = Skeleton.of(lines[0])
    found = most_alike(piece, np.arange(len(lines)), np.empty(len(piece.buffer), dtype=np.bool_))
    if skeleton is None or found.total != skeleton.total:
        return {}
    places, parts = found.values(skeleton)
    columns = [part.to_pylist() for part in parts.values()]
    return {
        place: dict(zip(parts, row, strict=True))
        for place, row in zip(places.tolist(), zip(*columns, strict=True), strict=True)
    }


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack("d", one) == struct.pack("d", other)
    return type(one) is type(other) and one == other


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({"a": _TEXT, "number": _WHOLE, "b": _TEXT, "part": st.floats(0, 9)}),
    st.lists(st.fixed_dictionaries({"a": _VALUE, "number": _VALUE, "b": _VALUE, "part": _VALUE}), max_size=12),
    st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
)
def test_what_is_taken_is_what_the_text_says(
    first: dict[str, Any], others: list[dict[str, Any]], marks: tuple[str, str]
) -> None:
    lines = [json.dumps(each, separators=marks).encode() for each in (first, *others)]
    for place, row in _taken(lines).items():
        wanted = orjson.loads(lines[place])
        assert list(row) == list(wanted)
        assert all(_same(row[name], wanted[name]) for name in wanted)


_HOSTILE = (
    b'{"a": "x", "n": 01, "b": "y"}',
    b'{"a": "x", "n": 1., "b": "y"}',
    b'{"a": "x", "n": , "b": "y"}',
    b'{"a": "x", "n": -, "b": "y"}',
    b'{"a": "x", "n": 1 2, "b": "y"}',
    b'{"a": "x", "n": 1, 2, "b": "y"}',
    b'{"a": "x", "n": [1], "b": "y"}',
    b'{"a": "x", "n": 1, "c": "y"}',
    b'{"a": "x", "n": 1, "b": "y"},}',
    b'{"a": "x", "n": 1, "b": "y"}}',
    b'{"a": "x" "n": 1, "b": "y"}',
    b'{"a": "x", "n": 1, "b" "y": }',
    b'{"b": "x", "n": 1, "a": "y"}',
    b'{"a": "x\ty", "n": 1, "b": "y"}',
    b'{"a": "x\\", "n": 1, "b": "y"}',
    b'{"a": "x", "n": NaN, "b": "y"}',
    b'{"a": "x", "n": 1.0, "b": "y"}',
    b'{"a": "x", "n": true, "b": "y"}',
)


@pytest.mark.parametrize("line", _HOSTILE)
def test_what_only_looks_alike_is_left(line: bytes) -> None:
    usual = b'{"a": "x", "n": 1, "b": "y"}'
    assert list(_taken([usual, line, usual, usual])) == [0, 2, 3]


def test_numbers_of_every_form_are_read() -> None:
    numbers = (0, 7, -7, 123456789012345678, -(2**63), 2**63 - 1)
    lines = [b'{"n":%d,"a":""}' % number for number in numbers]
    assert [row["n"] for row in _taken(lines).values()] == list(numbers)


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": {"b": "c"}}',
        b'{"a": ["b"], "c": "d"}',
        b'{"a": "b", "a": "c"}',
        b'["a", "b"]',
        b'"a"',
        b"{}",
        b'{"a": "b"',
        b'{"a": [{"b": 1}], "c": 2}',
    ],
)
def test_only_flat_objects_have_a_skeleton(line: bytes) -> None:
    assert Skeleton.of(line) is None
