"""Access logs in the Common Log Format and the combined one, by columns, with whatever operators append.

Taken are lines of the shape that `collectors.web.access` decides by its one anchored pattern: a prefix without a
bracket, a stamp, a request, status and size, and either nothing more or a referrer, a user agent and the rest. Quotes
that a client sent are escaped by the server; lines with an escaped quote or a byte that is not ASCII are not taken.
Each distinct prefix with its rest, request, referrer and agent is read once, by the functions that read whole lines.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.columns.addresses import are_ipv4
from collectors.columns.building import (
    Reading,
    Sheet,
    ascii_lines,
    coded,
    codes_where,
    constant,
    lengths,
    lists_of,
    placed,
    reading_of,
    spread,
    texts,
)
from collectors.columns.numbers import decimals, words_at
from collectors.columns.pieces import ROOM, Bytes, Piece, Places
from collectors.columns.requests import put_requests
from collectors.columns.seam import Columns, Cut, Mask
from collectors.columns.stamps import CLF, LENGTH, instants
from collectors.source import Options
from collectors.web.access import LONGEST_TAIL
from collectors.web.client import KEEPS_DASH, REMEMBERED, place
from collectors.web.complete import complete
from collectors.web.extras import read_tail
from engine.events import Fields

_NOBODY: Final = " - -"
_SAMPLE: Final = "192.0.2.1"
_OUTCOMES: Final = pa.array(["success", "failure"])
_QUOTE, _SPACE, _SLASH, _DASH = b'" \\-'
_READINGS: Final = 8192  # of prefixes with what stands behind the line that are remembered


class AccessColumns:
    """A column parser of the access logs of `module` (`apache` or `nginx`)."""

    def __init__(self, module: str, options: Options) -> None:
        self._module = module
        self._host = options.host
        self._marks = np.empty(ROOM, dtype=np.bool_)
        dataset: Fields = {"event.dataset": f"{module}.access", "event.module": module}
        self._base = complete(dict(dataset))
        self._remembered = lru_cache(maxsize=_READINGS)(self._reading)

    def cut(self, piece: Piece) -> Cut:
        """Cut the usual lines of a piece; see `ColumnParser`."""
        if not len(piece.starts):
            return Cut(lines=piece.starts, parts={})
        quotes = self._quotes(piece)
        first = np.searchsorted(quotes, piece.starts)
        counts = np.diff(first, append=len(quotes))
        lines = np.flatnonzero((counts == 2) | (counts >= 6))
        lines = lines[ascii_lines(piece, lines)]
        shape = _Shape(piece, lines, quotes, first[lines], counts[lines])
        usual = np.flatnonzero(shape.usual)
        return Cut(lines=lines[usual], parts=shape.taken(usual).parts())

    def _quotes(self, piece: Piece) -> Places:
        start, end = int(piece.starts[0]), int(piece.ends[-1])
        marks = self._marks[: end - start]
        np.equal(piece.buffer[start:end], _QUOTE, out=marks)
        return np.flatnonzero(marks) + start

    def columns(self, parts: Mapping[str, pa.ChunkedArray], rows: int, shape: Hashable = None) -> Columns:  # noqa: ARG002
        """Return the completed fields of lines; see `ColumnParser`."""
        sheet = Sheet(rows)
        for name, value in self._base.items():
            sheet.put(name, constant(value, rows))
        self._put_stamps(parts["stamp"], sheet)
        self._put_ends(parts["prefix"], parts["tail"], sheet)
        codes, requests = coded(parts["request"])
        put_requests(codes, requests, sheet, self._base)
        sheet.put("http.response.body.bytes", parts["size"].combine_chunks())
        self._put_status(parts["status"].to_numpy(), sheet)
        nothing = ["", "-"]
        sheet.put("user_agent.original", _text(parts["agent"], nothing))
        sheet.put("http.request.referrer", _text(parts["referrer"], nothing[: 1 + (self._module not in KEEPS_DASH)]))
        return sheet.columns()

    def _put_stamps(self, stamps: pa.ChunkedArray, sheet: Sheet) -> None:
        codes, distinct = coded(stamps)
        moments = spread(instants(distinct, CLF), codes)
        if moments.null_count:
            sheet.refused |= moments.is_null().to_numpy(zero_copy_only=False)
        sheet.put("@timestamp", moments)

    def _put_status(self, status: Places, sheet: Sheet) -> None:
        sheet.put("http.response.status_code", pa.array(status))
        kinds = (status >= 400).astype(np.int32)
        outcome = pa.array(kinds) if status.all() else pa.array(kinds, mask=status == 0)
        sheet.put("event.outcome", spread(_OUTCOMES, outcome))

    def _put_ends(self, prefixes: pa.ChunkedArray, tails: pa.ChunkedArray, sheet: Sheet) -> None:
        """Put what the text in front of the stamp and that behind the line say: who asked, whom, and how."""
        codes, distinct = coded(prefixes)
        own = codes.to_numpy()
        plain = _are_plain(distinct)[own]
        tailed = np.concatenate([lengths(chunk) for chunk in tails.chunks]) > 0
        plain &= ~tailed
        addresses = pc.utf8_slice_codeunits(distinct, 0, -len(_NOBODY))
        self._put_addresses(spread(addresses, codes if plain.all() else codes_where(codes, plain)), sheet)
        others = np.flatnonzero(~plain)
        if len(others):
            behind, rest = coded(tails.take(pa.array(others)))
            pairs = own[others].astype(np.int64) * len(rest) + behind.to_numpy()
            found, places = np.unique(pairs, return_inverse=True)
            who, how = distinct.take(pa.array(found // len(rest))), rest.take(pa.array(found % len(rest)))
            readings = [self._ends(*pair) for pair in zip(who.to_pylist(), how.to_pylist(), strict=True)]
            reading = np.zeros(sheet.rows, dtype=np.int32)
            reading[others] = places
            sheet.put_readings(codes_where(pa.array(reading), ~plain), readings)

    def _put_addresses(self, addresses: pa.Array, sheet: Sheet) -> None:
        """Put what prefixes of an address and nobody's name say: the same of each, but for the address."""
        valid = addresses.is_valid()
        for name, value in (self._read_ends(_SAMPLE + _NOBODY, "") or {}).items():
            if value == _SAMPLE:
                sheet.put(name, addresses)
            elif value == [_SAMPLE]:
                sheet.put(name, lists_of(addresses))
            else:
                sheet.put(name, pc.if_else(valid, constant(value, sheet.rows), None))

    def _ends(self, prefix: str, tail: str) -> Reading:
        return (self._remembered if len(prefix) + len(tail) <= REMEMBERED else self._reading)(prefix, tail)

    def _reading(self, prefix: str, tail: str) -> Reading:
        return reading_of(self._read_ends(prefix, tail))

    def _read_ends(self, prefix: str, tail: str) -> Fields | None:
        """Read the two texts; None where the line may be another than an access line."""
        if not prefix or "[" in prefix or prefix[0] in " \x00{":
            return None
        fields = {**self._base, **place(prefix, self._module)}
        if tail:
            read_tail(tail[:LONGEST_TAIL], self._module, fields)
        if self._host is not None:
            fields.setdefault("host.name", self._host)
        return {name: value for name, value in complete(fields).items() if self._base.get(name) != value}


def _are_plain(prefixes: pa.Array) -> Mask:
    """Tell which prefixes are an IPv4 address and nobody's name."""
    buffer, starts, ends = placed(prefixes)
    nobody = pc.ends_with(prefixes, _NOBODY).to_numpy(zero_copy_only=False)
    found: Mask = nobody & are_ipv4(buffer, starts, np.maximum(starts, ends - len(_NOBODY)))
    return found


def _text(column: pa.ChunkedArray, nothing: list[str]) -> pa.Array:
    """Return a text column without the values that say nothing."""
    codes, distinct = coded(column)
    absent = pc.is_in(distinct, value_set=pa.array(nothing))
    return spread(pc.if_else(absent, pa.scalar(None, pa.string()), distinct), codes)


class _Shape:
    """Lines of a piece with the places of what bounds their parts: the first six quotes."""

    def __init__(self, piece: Piece, lines: Places, quotes: Places, first: Places, counts: Places) -> None:
        self.buffer = piece.buffer
        self.starts, self.ends = piece.starts[lines], piece.ends[lines]
        self.short = counts == 2  # neither referrer nor agent
        most = len(quotes) - 1
        self.quotes = [quotes[np.minimum(first + place, most)] if len(lines) else lines for place in range(6)]
        if self.short.any():
            for place in range(2, 6):
                self.quotes[place] = np.where(self.short, self.ends + 1, self.quotes[place])
        self.status, with_status = self._statuses()
        self.size, with_size = self._sizes()
        self.usual = with_status & with_size & self._is_usual()

    def taken(self, chosen: Places) -> _Shape:
        """Keep these lines only."""
        if len(chosen) < len(self.starts):
            self.starts, self.ends, self.short = self.starts[chosen], self.ends[chosen], self.short[chosen]
            self.quotes = [quotes[chosen] for quotes in self.quotes]
            self.status, self.size = self.status[chosen], self.size[chosen]
        return self

    def _is_usual(self) -> Mask:
        opening, closing, before, behind, third, last = self.quotes
        usual: Mask = (opening - LENGTH - 4 > self.starts) & (self._at(closing - 1) != _SLASH)
        usual &= self._pair(opening - LENGTH - 4, b" [") & self._pair(opening - 2, b"] ")
        long = (self._at(before - 1) == _SPACE) & (self._at(behind + 1) == _SPACE) & (third == behind + 2)
        long &= (self._at(behind - 1) != _SLASH) & (self._at(last - 1) != _SLASH)
        final = self._at(self.ends - 1)  # blanks and zeros at a line's ends are cut off before it is read
        usual &= (final != _SPACE) & (final != 0)
        long &= (last + 1 == self.ends) | (self._at(last + 1) == _SPACE)
        usual &= self.short | long
        return usual

    def _at(self, places: Places) -> Bytes:
        return self.buffer.take(places, mode="clip")

    def _pair(self, places: Places, pair: bytes) -> Mask:
        found: Mask = (words_at(self.buffer, places) & np.uint64(0xFFFF)) == int.from_bytes(pair, "little")
        return found

    def _statuses(self) -> tuple[Places, Mask]:
        """Return the numbers between blanks behind the request, and where three digits stand there."""
        digits = words_at(self.buffer, self.quotes[1] + 1) ^ np.uint64(0x2030303020)  # a blank, zeros, a blank
        wrong = (digits & np.uint64(0xFFF0F0F0FF)) | ((digits + np.uint64(0x0006060600)) & np.uint64(0x00F0F0F000))
        one, two, three = ((digits >> np.uint64(shift) & np.uint64(255)).astype(np.int64) for shift in (8, 16, 24))
        return one * 100 + two * 10 + three, wrong == 0

    def _sizes(self) -> tuple[Places, Mask]:
        """Return the numbers between the status and the next quote (-1 for a dash), and where there is one."""
        start, end = self.quotes[1] + 6, self.quotes[2] - 1
        numbers, sized = decimals(self.buffer, start, end)
        dash = (end - start == 1) & (self._at(start) == _DASH)
        return np.where(dash, -1, numbers), sized | dash

    def parts(self) -> dict[str, pa.Array]:
        """Return the parts of the lines, which must be usual."""
        opening, closing, before, behind, third, last = self.quotes
        ends = self.ends
        bounds = {
            "prefix": (self.starts, opening - LENGTH - 4),
            "stamp": (opening - LENGTH - 2, opening - 2),
            "request": (opening + 1, closing),
            "referrer": (np.minimum(before + 1, ends), np.minimum(behind, ends)),
            "agent": (np.minimum(third + 1, ends), np.minimum(last, ends)),
            "tail": (np.minimum(last + 2, ends), ends),
        }
        if not (last + 2 < ends).any():
            del bounds["tail"]
        found = dict(zip(bounds, texts(self.buffer, *bounds.values()), strict=True))
        found.setdefault("tail", pa.repeat("", len(ends)))
        found["status"] = pa.array(self.status)
        found["size"] = pa.array(self.size, mask=self.size < 0)
        return found
