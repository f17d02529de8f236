"""Request lines by columns: `GET /path?query HTTP/1.1` and nothing else; all others are read one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from collectors.columns.building import Reading, Sheet, coded, codes_where, placed, reading_of, spread, texts
from collectors.columns.pieces import Bytes, Places
from collectors.columns.seam import Mask
from collectors.web.complete import complete, extension
from collectors.web.request import read_request
from engine.events import Fields

# As `collectors.web.request` reads a target that begins with a slash and has no blank in it.
_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,31}", re.ASCII)
_VERSION: Final = re.compile(r"HTTP/(\d(?:\.\d)?)", re.ASCII)
_SPACE, _SLASH, _MARK, _POINT = b" /?."


def put_requests(codes: pa.Array, requests: pa.Array, sheet: Sheet, base: Fields) -> None:
    """Put the fields of request lines into a sheet: `requests` are the distinct ones, `codes` say which each row has.

    `base` are the fields that complete a request's (the dataset), and are not put.
    """
    buffer, starts, ends = placed(requests)
    first, last, blanks = _blanks(buffer, starts, ends)
    candidates = np.flatnonzero(blanks == 2)
    candidates = candidates[buffer[first[candidates] + 1] == _SLASH]
    bounds = [each[candidates] for each in (starts, first, last, ends)]
    own = np.full(len(requests), -1, dtype=np.int32)
    own[candidates] = np.arange(len(candidates))
    usual = np.zeros(len(requests), dtype=np.bool_)
    usual[candidates], columns = _usual(buffer, *bounds)
    rows = pa.array(own, mask=~usual).take(codes)
    for name, column in columns.items():
        sheet.put(name, spread(column, rows))
    _put_others(codes, requests, ~usual, sheet, base)


def _blanks(buffer: Bytes, starts: Places, ends: Places) -> tuple[Places, Places, Places]:
    """Return where the first and the last blank of each text stand, and how many it has (0: the places say nothing)."""
    blanks = np.append(np.flatnonzero(buffer == _SPACE), len(buffer))
    before, behind = np.searchsorted(blanks, starts), np.searchsorted(blanks, ends)
    return blanks[before], blanks[np.maximum(behind - 1, 0)], behind - before


def _usual(
    buffer: Bytes, starts: Places, first: Places, last: Places, ends: Places
) -> tuple[Mask, dict[str, pa.Array]]:
    """Read requests of three words whose second begins with a slash; tell which of them are of the usual form."""
    query = np.minimum(_next(buffer, _MARK, first), last)  # where the path ends
    behind = np.minimum(query + 1, last)
    method, target, version = texts(buffer, (starts, first), (first + 1, last), (last + 1, ends))
    path, rest = texts(buffer, (first + 1, query), (behind, last))
    slash, point = _previous(buffer, _SLASH, query), _previous(buffer, _POINT, query)
    point = np.where(point > slash + 1, point, query)
    names = texts(buffer, (np.minimum(point + 1, query), query))[0]
    columns = {
        "http.request.method": _each(method, lambda text: text if _METHOD.fullmatch(text) else None),
        "url.original": target,
        "url.path": path,
        "url.query": _each(rest, lambda text: text or None),
        "http.version": _each(version, lambda text: found[1] if (found := _VERSION.fullmatch(text)) else None),
        "url.extension": _each(names, extension),
    }
    usual = columns["http.request.method"].is_valid().to_numpy(zero_copy_only=False)
    return usual & columns["http.version"].is_valid().to_numpy(zero_copy_only=False), columns


def _each(column: pa.Array, read: Callable[[str], str | None]) -> pa.Array:
    """Return what a function makes of each distinct text."""
    codes, distinct = coded(pa.chunked_array([column]))
    return pa.array([read(text) for text in distinct.to_pylist()], pa.string()).take(codes)


def _next(buffer: Bytes, byte: int, places: Places) -> Places:
    """Return where a byte stands next, at or behind each place."""
    found = np.append(np.flatnonzero(buffer == byte), len(buffer))
    return found[np.searchsorted(found, places)]


def _previous(buffer: Bytes, byte: int, places: Places) -> Places:
    """Return where a byte stands last in front of each place, -1 where it does not."""
    found = np.append(-1, np.flatnonzero(buffer == byte))
    return found[np.searchsorted(found, places) - 1]


def _put_others(codes: pa.Array, requests: pa.Array, others: Mask, sheet: Sheet, base: Fields) -> None:
    if others.any():
        chosen = np.flatnonzero(others)
        readings = [_read(text, base) for text in requests.take(pa.array(chosen)).to_pylist()]
        places = np.zeros(len(requests), dtype=np.int32)
        places[chosen] = np.arange(len(chosen))
        sheet.put_readings(codes_where(pa.array(places), others).take(codes), readings)


def _read(text: str, base: Fields) -> Reading:
    fields = dict(base)
    read_request(text, fields)
    return reading_of({name: value for name, value in complete(fields).items() if name not in base})
