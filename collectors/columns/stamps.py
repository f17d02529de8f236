"""Stamps of a fixed form by columns: those of the Common Log Format, and ISO 8601 as nginx writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.columns.building import lengths
from collectors.columns.pieces import Bytes
from collectors.web.stamps import MONTHS, any_instant
from engine.batches import INSTANT
from engine.errors import MalformedRecordError

Numbers: TypeAlias = NDArray[np.int64]

_MONTH_NUMBERS: Final = {name.encode(): number - 1 for name, number in MONTHS.items()}
_SECOND: Final = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Where the parts of a stamp stand. `example` has 0 for each digit, `+` for the zone's sign, Mmm for a name."""

    example: str
    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    zone: int  # its hours
    rest: int  # its minutes


CLF: Final = Form(
    example="00/Mmm/0000:00:00:00 +0000", day=0, month=3, year=7, hour=12, minute=15, second=18, zone=22, rest=24
)
ISO: Final = Form(
    example="0000-00-00T00:00:00+00:00", year=0, month=5, day=8, hour=11, minute=14, second=17, zone=20, rest=23
)
LENGTH: Final = len(CLF.example)


def instants(stamps: pa.Array, *forms: Form) -> pa.Array:
    """Return the instants of stamps (see `collectors.web.stamps`), null for what is of none of these forms."""
    found = np.zeros(len(stamps), dtype=np.int64)
    known = np.zeros(len(stamps), dtype=np.bool_)
    sizes = lengths(stamps)
    for form in forms:
        places = np.flatnonzero(sizes == len(form.example))
        if len(places):
            found[places], known[places], formed = _read(_table(stamps.take(pa.array(places)), len(form.example)), form)
            odd = places[formed & ~known[places]]  # leap seconds, zones of a day and more, no such day
            _read_each(stamps, odd.tolist(), found, known)
    return pa.array(found, mask=~known).cast(INSTANT)


def _read_each(stamps: pa.Array, places: Sequence[int], found: Numbers, known: NDArray[np.bool_]) -> None:
    for place in places:
        try:
            moment = any_instant(stamps[place].as_py(), UTC)
        except MalformedRecordError:
            continue
        found[place] = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * _SECOND
        known[place] = True


def _table(stamps: pa.Array, length: int) -> Bytes:
    """Return the bytes of texts of the same length, a row each."""
    start = int(np.frombuffer(stamps.buffers()[1], dtype=np.int32)[stamps.offset])
    return np.frombuffer(stamps.buffers()[2], dtype=np.uint8)[start : start + len(stamps) * length].reshape(-1, length)


def _read(table: Bytes, form: Form) -> tuple[Numbers, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return microseconds since 1970, which stamps are ordinary (only of them is that right), and which are stamps."""
    number = (table - ord("0")).astype(np.int64)
    day, hour, minute, second, hours, minutes = (
        number[:, at] * 10 + number[:, at + 1]
        for at in (form.day, form.hour, form.minute, form.second, form.zone, form.rest)
    )
    year = number[:, form.year : form.year + 4] @ np.array([1000, 100, 10, 1])
    formed = _are_formed(table, form)
    month = _months(table, form)
    usable = formed & (month >= 0) & (month < 12) & (year >= 1678) & (year <= 2261)
    months = np.where(usable, (year - 1970) * 12 + month, 0).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - first
    ordinary = usable & (day >= 1) & (day <= length) & (hour < 24) & (minute < 60) & (second < 60)
    ordinary &= (hours < 24) & (minutes < 60)
    west = table[:, form.zone - 1] == ord("-")
    offset = np.where(west, -1, 1) * (hours * 3600 + minutes * 60)
    seconds = (first + day - 1) * 86400 + hour * 3600 + minute * 60 + second - offset
    return seconds * _SECOND, ordinary, formed


def _are_formed(table: Bytes, form: Form) -> NDArray[np.bool_]:
    formed = np.ones(len(table), dtype=np.bool_)
    for place, mark in enumerate(form.example):
        column = table[:, place]
        if mark == "0":
            formed &= column - np.uint8(ord("0")) <= 9
        elif mark == "+":
            formed &= (column == ord("+")) | (column == ord("-"))
        elif mark.isalpha() and mark != "T":
            formed &= column - np.uint8(ord("A" if mark.isupper() else "a")) < 26
        else:
            formed &= column == ord(mark)
    return formed


def _months(table: Bytes, form: Form) -> Numbers:
    """Return the number of each month from 0; what is none of the twelve is below or above."""
    if form.example[form.month] == "0":
        two = table[:, form.month : form.month + 2].astype(np.int64) - ord("0")
        numbers: Numbers = two[:, 0] * 10 + two[:, 1] - 1
        return numbers
    names = np.ascontiguousarray(table[:, form.month : form.month + 3]).view("S3").reshape(-1)
    distinct, places = np.unique(names, return_inverse=True)
    return np.array([_MONTH_NUMBERS.get(name, -1) for name in distinct.tolist()])[places]
