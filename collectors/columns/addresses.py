"""Telling IPv4 addresses by columns, as `collectors.web.address` does."""

from __future__ import annotations

from typing import Final

import numpy as np

from collectors.columns.pieces import Bytes, Places
from collectors.columns.seam import Mask

_ZERO, _POINT = b"0."
_LONGEST: Final = 15  # characters


def are_ipv4(buffer: Bytes, starts: Places, ends: Places) -> Mask:
    """Tell which texts of an ASCII buffer are four numbers up to 255 without zeros in front, parted by points."""
    if not len(buffer):
        return np.zeros(len(starts), dtype=np.bool_)
    points = np.append(np.flatnonzero(buffer == _POINT), [len(buffer)] * 4)
    first = np.searchsorted(points, starts)
    found: Mask = (np.searchsorted(points, ends) - first == 3) & (ends - starts <= _LONGEST)
    start = starts
    for octet in range(4):
        end = np.where(found, points[first + octet], start) if octet < 3 else ends
        found &= _are_octets(buffer, start, end)
        start = end + 1
    return found


def _are_octets(buffer: Bytes, starts: Places, ends: Places) -> Mask:
    width = ends - starts
    number = np.zeros(len(starts), dtype=np.int64)
    found: Mask = (width >= 1) & (width <= 3)
    for place in range(3):
        inside = place < width
        digit = buffer.take(starts + place, mode="clip") - np.uint8(_ZERO)
        found &= ~inside | (digit <= 9)
        number = np.where(inside, number * 10 + digit, number)
    leading = (width > 1) & (buffer.take(starts, mode="clip") == _ZERO)
    found &= (number <= 255) & ~leading
    return found
