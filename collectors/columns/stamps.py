"""Stamps of the Common Log Format by columns: `10/Oct/2000:13:55:36 -0700`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.columns.building import lengths
from collectors.columns.pieces import Bytes
from collectors.web.stamps import MONTHS, clf_instant
from engine.batches import INSTANT
from engine.errors import MalformedRecordError

LENGTH: Final = 26  # characters of a stamp
Numbers: TypeAlias = NDArray[np.int64]

_DIGITS: Final = np.array([0, 1, 7, 8, 9, 10, 12, 13, 15, 16, 18, 19, 22, 23, 24, 25])
_MARKS: Final = ((2, "/"), (6, "/"), (11, ":"), (14, ":"), (17, ":"), (20, " "))
_MONTH_NUMBERS: Final = {name.encode(): number - 1 for name, number in MONTHS.items()}
_SECOND: Final = 1_000_000  # microseconds


def clf_instants(stamps: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Return the instants of stamps, null where there is none, and which of the texts are stamps of this very form."""
    found = np.zeros(len(stamps), dtype=np.int64)
    ordinary, formed = np.zeros((2, len(stamps)), dtype=np.bool_)
    whole = np.flatnonzero(lengths(stamps) == LENGTH)
    if len(whole):
        found[whole], ordinary[whole], formed[whole] = _read(_table(stamps.take(pa.array(whole))))
    known = ordinary.copy()
    for place in np.flatnonzero(formed & ~ordinary).tolist():  # leap seconds, zones of a day and more, no such day
        try:
            moment = clf_instant(stamps[place].as_py(), UTC)
        except MalformedRecordError:
            continue
        found[place] = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * _SECOND
        known[place] = True
    return pa.array(found, mask=~known).cast(INSTANT), formed


def _table(stamps: pa.Array) -> Bytes:
    """Return the bytes of texts of the same length, a row each."""
    start = int(np.frombuffer(stamps.buffers()[1], dtype=np.int32)[stamps.offset])
    return np.frombuffer(stamps.buffers()[2], dtype=np.uint8)[start : start + len(stamps) * LENGTH].reshape(-1, LENGTH)


def _read(table: Bytes) -> tuple[Numbers, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return microseconds since 1970, which stamps are ordinary (only of them is that right), and which are stamps."""
    digits = table - ord("0")
    formed = (digits[:, _DIGITS] <= 9).all(axis=1)
    for place, mark in _MARKS:
        formed &= table[:, place] == ord(mark)
    west = table[:, 21] == ord("-")
    formed &= west | (table[:, 21] == ord("+"))
    formed &= (table[:, 3] >= ord("A")) & (table[:, 3] <= ord("Z"))
    formed &= ((table[:, 4:6] >= ord("a")) & (table[:, 4:6] <= ord("z"))).all(axis=1)
    number = digits.astype(np.int64)
    day, hour, minute, second, hours, minutes = (
        number[:, at] * 10 + number[:, at + 1] for at in (0, 12, 15, 18, 22, 24)
    )
    year = number[:, 7] * 1000 + number[:, 8] * 100 + number[:, 9] * 10 + number[:, 10]
    month = _months(table[:, 3:6])
    usable = formed & (month >= 0) & (year >= 1678) & (year <= 2261)
    months = np.where(usable, (year - 1970) * 12 + month, 0).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - first
    ordinary = usable & (day >= 1) & (day <= length) & (hour < 24) & (minute < 60) & (second < 60)
    ordinary &= (hours < 24) & (minutes < 60)
    offset = np.where(west, -1, 1) * (hours * 3600 + minutes * 60)
    seconds = (first + day - 1) * 86400 + hour * 3600 + minute * 60 + second - offset
    return seconds * _SECOND, ordinary, formed


def _months(names: Bytes) -> Numbers:
    """Return the number of each month from 0, -1 for what is none."""
    distinct, places = np.unique(np.ascontiguousarray(names).view("S3").reshape(-1), return_inverse=True)
    numbers = np.array([_MONTH_NUMBERS.get(name, -1) for name in distinct.tolist()])
    return numbers[places]
