"""Exact numbers: what a log or a rule writes as a number, without the rounding and the order of floating point.

A sum of floats depends on the order in which they are added, so it would give different alerts for the same events.
"""

from __future__ import annotations

import re
from fractions import Fraction

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?\Z")  # bounded: 1e999999999 is an attack


def number(text: str) -> Fraction | None:
    """Return the number that a text is (decimal, perhaps with an exponent of two digits), None for other text."""
    stripped = text.strip()
    return Fraction(stripped) if _NUMBER.match(stripped) else None


def shown(value: Fraction) -> str:
    """Return a number as people read it: whole numbers whole, others with up to three decimals."""
    if value.denominator == 1:
        return str(value.numerator)
    rounded = round(value * 1000)
    whole, rest = divmod(abs(rounded), 1000)
    return f"{'-' if rounded < 0 else ''}{whole}.{rest:03d}".rstrip("0").rstrip(".")
