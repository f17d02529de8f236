"""Needles: for many predicates at once, which of a column's texts can make any of them true.

Each predicate needs a piece of plain text. The texts of a column lie behind one another in one buffer, which is
searched for all pieces in one go, at gigabytes a second; only texts in which something was found are tested exactly.
Letters outside ASCII that fold into ASCII letters are needles too, so that a text that holds one is always tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from engine.sigma.coded import Codes
from engine.sigma.glances import MOST, ROOMY, STRANGERS, Finding, Glance, automaton, forms_of, glance
from engine.sigma.predicates import Predicate
from engine.sigma.required import required

_AT_ONCE: Final = 1 << 20  # bytes searched at a time
_LITERALS: Final = frozenset({"contains", "startswith", "endswith", "eq"})
_TEXTLESS: Final = frozenset({"exists", "null", "absent"})  # true or false of any text, whatever it is
_STRANGERS: Final = tuple(letter.encode() for letter in STRANGERS)
_WIDEST: Final = 3  # bytes of a letter that folds into an ASCII letter
_RUN: Final = re.compile(r"[\x00-\x7f]+")
_UNESCAPED: Final = re.compile(r"[\x00-\x21\x23-\x5b\x5d-\x7f]+")  # not `"` and `\`, which JSON escapes


class Finder(Protocol):
    """Who finds texts that must be tested; `shared` where several partitions ask the same one."""

    shared: bool

    def touched(self, texts: pa.StringArray) -> Codes:
        """Return the places of the texts that must be tested, in order; of all others no predicate can be true."""
        ...


class SharedNeedles:
    """Needles of predicates of many partitions, each of which fits a glance: so do a few groups of them."""

    shared = True

    def __init__(self, predicates: Iterable[Predicate]) -> None:
        self._needles = [Needles(group) for group in _groups(predicates)]

    def touched(self, texts: pa.StringArray) -> Codes:
        """Return the places of the texts that must be tested, in order; of all others no predicate can be true."""
        parts = [each.touched(texts) for each in self._needles]
        return np.unique(np.concatenate(parts)) if len(parts) > 1 else parts[0]


def _groups(predicates: Iterable[Predicate]) -> list[list[Predicate]]:
    """Put predicates, each of which fits a glance, together as long as few forms stand for them all."""
    groups: list[tuple[list[Predicate], set[bytes]]] = []
    for item in sorted(predicates):
        forms = _forms(item) or frozenset()
        fitting = next((group for group in groups if len(group[1] | forms) <= ROOMY), None)
        if fitting is None:
            groups.append(([item], set(forms)))
        else:
            fitting[0].append(item)
            fitting[1].update(forms)
    return [items for items, _ in groups]


def fits_a_glance(predicates: Iterable[Predicate]) -> bool:
    """Tell whether few forms stand for all that these predicates need (see `glances`)."""
    found = [_forms(item) for item in predicates if item.operator not in _TEXTLESS]
    forms = [each for each in found if each is not None]
    return len(forms) == len(found) > 0 and len(frozenset[bytes]().union(*forms)) <= MOST


def _forms(item: Predicate) -> frozenset[bytes] | None:
    """Return the forms of which a text has one where the predicate is true of it; None where there are none."""
    piece = "" if item.operator in _TEXTLESS else _piece(item, _RUN)
    return forms_of(piece) if piece else None


class Needles:
    """The needles of some predicates. `usable` tells whether each has one: else every text must be tested.

    With `escaped`, quotes and backslashes may have another before them in the texts, as in JSON.
    """

    shared = False

    def __init__(self, predicates: Iterable[Predicate], *, escaped: bool = False) -> None:
        pieces = [
            _piece(item, _UNESCAPED if escaped else _RUN) for item in predicates if item.operator not in _TEXTLESS
        ]
        self.usable = all(pieces)
        found = sorted({piece.encode() for piece in pieces})
        self._automaton = automaton([*found, *_STRANGERS]) if found and self.usable else None
        self._glance = glance(pieces) if self._automaton is not None else None
        self._reach = _WIDEST * max(map(len, pieces), default=0)

    def touched(self, texts: pa.StringArray) -> Codes:
        """Return the places of the texts that must be tested, in order; of all others no predicate can be true."""
        if not self.usable:
            return np.arange(len(texts))
        if self._automaton is None or not len(texts):
            return np.zeros(0, dtype=np.int64)
        return _found(texts, self._search if self._glance is None else partial(self._search_closely, self._glance))

    def _search(self, part: memoryview | bytes) -> Sequence[Finding]:
        assert self._automaton is not None  # noqa: S101 - `touched` sees to it
        found: Sequence[Finding] = self._automaton.find_matches_as_indexes(bytes(part).lower())
        return found

    def _search_closely(self, glance: Glance, part: memoryview) -> Sequence[Finding]:
        """Search what stands around the findings of a glance."""
        hits = glance.look(part)
        if not hits:
            return hits
        starts, ends = _around(np.array(hits, dtype=np.int64), self._reach, len(part))
        near = b"".join(part[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True))
        found = self._search(near)
        if not found:
            glance.mistaken(near)
            return found
        bounds = np.cumsum(ends - starts)
        moved = starts - bounds + ends - starts  # from where something stands in `near` to where it stands in the part
        spans = np.array(found, dtype=np.int64)
        first, last = (np.searchsorted(bounds, spans[:, 1:] - [0, 1], side="right")).T
        spans[:, 1] += moved[first]
        spans[:, 2] += moved[last]
        return [(index, start, end) for index, start, end in spans.tolist()]


def _around(hits: Codes, reach: int, length: int) -> tuple[Codes, Codes]:
    """Return where the surroundings of findings begin and end, those that overlap as one."""
    starts = np.maximum(hits[:, 1] - reach, 0)
    ends = np.minimum(hits[:, 2] + reach, length)
    apart = np.flatnonzero(starts[1:] > ends[:-1]) + 1
    return starts[np.append(0, apart)], ends[np.append(apart - 1, len(ends) - 1)]


def _found(texts: pa.StringArray, search: Callable[[memoryview], Sequence[Finding]]) -> Codes:
    """Return the places of the texts in which something is found, searching so many at a time as the cache holds."""
    _, places, data = texts.buffers()
    if data is None:
        return np.zeros(0, dtype=np.int64)
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    ends = np.frombuffer(places, dtype=width)[texts.offset : texts.offset + len(texts) + 1]
    whole = memoryview(data).cast("B")
    parts: list[Codes] = []
    start = 0
    while start < len(texts):
        stop = max(start + 1, int(np.searchsorted(ends, int(ends[start]) + _AT_ONCE, side="right")) - 1)
        if int(ends[stop]) - int(ends[start]) > _AT_ONCE:  # one text: it is tested at once, for findings take memory
            parts.append(np.array([start], dtype=np.int64))
        elif found := search(whole[int(ends[start]) : int(ends[stop])]):
            parts.append(start + _holding(np.array(found, dtype=np.int64), ends[start : stop + 1] - ends[start]))
        start = stop
    return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)


def _holding(found: Codes, ends: Codes) -> Codes:
    """Return the places of all texts that the findings touch.

    A finding may reach over the end of a text and hide another behind it, so every text that it touches counts.
    """
    first = np.searchsorted(ends, found[:, 1], side="right") - 1
    last = np.searchsorted(ends, found[:, 2], side="left") - 1
    wide = np.flatnonzero(last > first + 1).tolist()
    return np.unique(np.concatenate([first, last, *(np.arange(first[place], last[place]) for place in wide)]))


def _piece(item: Predicate, run: re.Pattern[str]) -> str:
    """Return the longest piece of text, in small letters, without which the predicate is false; or nothing."""
    if item.operator in _LITERALS:
        return max(run.findall(item.value), key=len, default="").lower()
    text = required(item) if item.operator in {"glob", "re"} else ""
    return max(run.findall(text), key=len, default="")
