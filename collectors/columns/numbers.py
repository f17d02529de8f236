"""Reading decimal numbers out of a buffer, many at a time, eight digits at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from collectors.columns.pieces import Bytes, Places
from collectors.columns.seam import Mask
from engine.record_ids import WORD, Words

_MOST_DIGITS: Final = 18
_ZEROS: Final = np.uint64(0x3030303030303030)
_UPPER: Final = np.uint64(0xF0F0F0F0F0F0F0F0)
_SIX: Final = np.uint64(0x0606060606060606)


def words_at(buffer: Bytes, places: Places) -> Words:
    """Return the eight bytes at each place as a little-endian word.

    A place without eight bytes behind it is taken for the nearest that has them.
    """
    words = np.ndarray((len(buffer) - WORD + 1,), dtype="<u8", buffer=buffer, strides=(1,))
    found: Words = words[np.clip(places, 0, len(words) - 1)]  # `take` would copy them all: they are not aligned
    return found


def decimals(buffer: Bytes, starts: Places, ends: Places) -> tuple[Places, Mask]:
    """Return the numbers that stand between these places, and where there is one of up to 18 digits and nothing else.

    The buffer must go on for eight bytes at every start.
    """
    width = ends - starts
    bits = (np.clip(width, 1, WORD) * 8).astype(np.uint64)
    digits = (words_at(buffer, starts) << (np.uint64(64) - bits)) | (_ZEROS >> bits)
    digits ^= _ZEROS
    right = ((digits & _UPPER) | ((digits + _SIX) & _UPPER)) == 0
    right &= (width >= 1) & (width <= WORD)
    for factor, shift, mask in ((10, 8, 0x00FF00FF00FF00FF), (100, 16, 0x0000FFFF0000FFFF), (10_000, 32, 0xFFFFFFFF)):
        digits = (digits * np.uint64(factor) + (digits >> np.uint64(shift))) & np.uint64(mask)
    numbers = digits.astype(np.int64)
    for place in np.flatnonzero((width > WORD) & (width <= _MOST_DIGITS)).tolist():
        text = buffer[starts[place] : ends[place]].tobytes()
        if text.isdigit():
            numbers[place], right[place] = int(text), True
    return numbers, right
