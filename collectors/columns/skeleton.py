"""Flat JSON objects that one program writes alike: the same bytes in every line, but for the values.

A `Skeleton` is what one such line is made of: the bytes between its values. A line that has no backslash and no control
character, as many quotes as the skeleton and all of its bytes in their places is an object of the same names in the
same order, whatever its strings are; so only values that are no strings have to be parsed, each distinct one once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import orjson
import pyarrow as pa

from collectors.columns.building import coded, texts
from collectors.columns.numbers import decimals, words_at
from collectors.columns.pieces import Bytes, Piece, Places
from collectors.columns.seam import Mask
from engine.record_ids import WORD

_QUOTE, _BACKSLASH, _LF, _BLANK, _ZERO = b'"\\\n 0'
_LONG: Final = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """What stands around the values of a line: `literals[i]` in front of value `i`, the last behind the last value.

    `kinds` are the types of the values, and `quotes` says how many quotes stand in front of each literal.
    """

    names: tuple[str, ...]
    kinds: tuple[type, ...]
    literals: tuple[bytes, ...]
    quotes: tuple[int, ...]

    @classmethod
    def of(cls, line: bytes) -> Self | None:
        """Return the skeleton of a line without backslashes, None where it is no flat object with all names once."""
        try:
            found: Any = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        parsed = _literals(line.decode("ascii")) if isinstance(found, dict) and found else None
        if parsed is None:
            return None
        names, literals = parsed
        if tuple(found) != tuple(names):
            return None
        counts = np.cumsum([0, *(literal.count('"') for literal in literals)]).tolist()
        kinds = tuple(map(type, found.values()))
        return cls(
            names=tuple(names), kinds=kinds, literals=tuple(map(str.encode, literals)), quotes=tuple(counts[:-1])
        )

    @property
    def total(self) -> int:
        """How many quotes a line has."""
        return self.quotes[-1] + self.literals[-1].count(b'"')

    @property
    def shape(self) -> tuple[tuple[str, ...], tuple[type, ...]]:
        """The names and types of the values."""
        return self.names, self.kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of a piece that have `total` quotes each; `first` are the numbers of their first ones among `quotes`."""

    piece: Piece
    total: int
    lines: Places
    quotes: Places
    first: Places

    def values(self, skeleton: Skeleton) -> tuple[Places, dict[str, pa.Array]]:
        """Return the lines that are objects of this skeleton, and their values by name."""
        buffer = self.piece.buffer
        starts, ends = self.piece.starts[self.lines], self.piece.ends[self.lines]
        edges = self._edges(skeleton, starts, ends)
        fits = edges[-1] + len(skeleton.literals[-1]) == ends
        for literal, edge in zip(skeleton.literals, edges, strict=True):
            fits &= _stands(buffer, edge, literal)
        bounds = [
            (before + len(literal), behind)
            for literal, before, behind in zip(skeleton.literals[:-1], edges[:-1], edges[1:], strict=True)
        ]
        for begin, end in bounds:
            fits &= begin <= end
        chosen = np.flatnonzero(fits)
        found = [(begin[chosen], end[chosen]) for begin, end in bounds]
        columns, right = _columns(buffer, skeleton.kinds, found)
        kept = columns if right.all() else [column.filter(pa.array(right)) for column in columns]
        return self.lines[chosen[right]], dict(zip(skeleton.names, kept, strict=True))

    def _edges(self, skeleton: Skeleton, starts: Places, ends: Places) -> list[Places]:
        """Return where each literal would begin: by its first quote, or by the line's own ends."""
        last = len(self.quotes) - 1
        found = [starts]
        for count, literal in zip(skeleton.quotes[1:], skeleton.literals[1:], strict=True):
            place = literal.find(b'"')
            quote = self.quotes[np.minimum(self.first + count, last)]
            found.append(quote - place if place >= 0 else ends - len(literal))
        return found


def most_alike(piece: Piece, lines: Places, space: Mask) -> Lines:
    """Return those of the lines that have neither a backslash nor a control character, and the most usual of quotes.

    `space` is memory to work in, as large as a piece: new memory would cost more than what is done in it.
    """
    marks = space[: len(piece.buffer)]
    odd = _odd(piece.buffer, marks)
    quotes = np.flatnonzero(np.equal(piece.buffer, _QUOTE, out=marks))
    starts, ends = piece.starts[lines], piece.ends[lines]
    first = np.searchsorted(quotes, starts)
    counts = np.searchsorted(quotes, ends) - first
    if len(odd):
        counts[np.searchsorted(odd, starts) != np.searchsorted(odd, ends)] = 0
    total = int(np.bincount(counts[counts > 0]).argmax()) if counts.any() else 0
    own = np.flatnonzero(counts == total) if total else np.empty(0, dtype=np.int64)
    return Lines(piece=piece, total=total, lines=lines[own], quotes=quotes, first=first[own])


def _odd(buffer: Bytes, marks: Mask) -> Places:
    """Return where backslashes and control characters stand, but for the ends of lines: mostly nowhere."""
    ends = np.count_nonzero(np.equal(buffer, _LF, out=marks))
    control = np.count_nonzero(np.less(buffer, _BLANK, out=marks))
    if control == ends and not np.equal(buffer, _BACKSLASH, out=marks).any():
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero((buffer == _BACKSLASH) | ((buffer < _BLANK) & (buffer != _LF)))


def _literals(line: str) -> tuple[list[str], list[str]] | None:
    """Return the names of an object's values, and the text in front of each and behind the last.

    None where a value is itself an object or a list with strings in it.
    """
    pieces = line.split('"')  # gaps, and between each two of them a string
    names: list[str] = []
    literals: list[str] = []
    text, place = pieces[0], 1
    while place < len(pieces):
        names.append(pieces[place])
        gap = pieces[place + 1]
        text += f'"{pieces[place]}"'
        if gap.strip(" ") == ":":  # a string
            literals.append(f'{text}{gap}"')
            text = f'"{pieces[place + 3]}'
            rest, place = pieces[place + 3].strip(" "), place + 4
        else:
            value, rest = gap.strip(" ")[1:-1].strip(" "), gap.rstrip(" ")[-1:]
            front = gap.index(value, 1)
            literals.append(text + gap[:front])
            text, place = gap[front + len(value) :], place + 2
        if rest != ("," if place < len(pieces) else "}"):
            return None
    return names, [*literals, text]


def _stands(buffer: Bytes, places: Places, literal: bytes) -> Mask:
    """Tell at which places a text stands, which is not empty; the buffer goes on for eight bytes behind each."""
    found = np.ones(len(places), dtype=np.bool_)
    if len(literal) < WORD:
        mask = np.uint64((1 << 8 * len(literal)) - 1)
        found &= (words_at(buffer, places) & mask) == np.uint64(int.from_bytes(literal, "little"))
        return found
    for start in (*range(0, len(literal) - WORD, WORD), len(literal) - WORD):
        word = int.from_bytes(literal[start : start + WORD], "little")
        found &= words_at(buffer, places + start) == np.uint64(word)
    return found


def _columns(
    buffer: Bytes, kinds: Sequence[type], bounds: Sequence[tuple[Places, Places]]
) -> tuple[list[pa.Array], Mask]:
    """Return the values between these bounds, of these types, and the rows in which all are of them."""
    right = np.ones(len(bounds[0][0]), dtype=np.bool_)
    found: list[pa.Array] = []
    for kind, column, (starts, ends) in zip(kinds, texts(buffer, *bounds), bounds, strict=True):
        if kind is str:
            found.append(column)
            continue
        values, fine = _whole(buffer, starts, ends, column) if kind is int else _parsed(column, float)
        right &= fine
        found.append(values)
    return found, right


def _whole(buffer: Bytes, starts: Places, ends: Places, column: pa.Array) -> tuple[pa.Array, Mask]:
    """Return whole numbers as JSON has them; those of the usual form are read at once."""
    numbers, right = decimals(buffer, starts, ends)
    right &= (buffer.take(starts, mode="clip") != _ZERO) | (ends - starts == 1)
    others = np.flatnonzero(~right)
    if len(others):
        values, fine = _parsed(column.take(pa.array(others)), int)
        numbers[others], right[others] = values.fill_null(0).to_numpy(), fine
    return pa.array(numbers), right


def _parsed(column: pa.Array, kind: type) -> tuple[pa.Array, Mask]:
    """Return what texts are as JSON, null where they are not of a type, and where they are."""
    codes, distinct = coded(pa.chunked_array([column]))
    values = [_value(text, kind) for text in distinct.to_pylist()]
    found = pa.array(values, pa.int64() if kind is int else pa.float64()).take(codes)
    fine: Mask = np.array([value is not None for value in values], dtype=np.bool_)[codes.to_numpy()]
    return found, fine


def _value(text: str, kind: type[int | float]) -> int | float | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if kind is float:
        return value if type(value) is float and (value or not np.signbit(value)) else None  # -0.0: see `objects`
    return value if type(value) is int and -_LONG <= value < _LONG else None
