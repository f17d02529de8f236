"""What the oracle asks of one value: text with wildcards, regular expressions, networks, numbers, instants.

Nothing here is shared with the engine: text is compared with `str` operations and, where a wildcard stands for one
character, position by position.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby

import re2
from sigma.types import (
    CompareOperators,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaTimestampPart,
    SpecialChars,
    TimestampPart,
)

Test = Callable[[str], bool]
Piece = tuple[int, str]  # where a literal stands within its segment
Segment = tuple[int, list[Piece]]  # how long it is, and its literals; the rest of it is any character

_ORDER = {
    CompareOperators.LT: operator.lt,
    CompareOperators.LTE: operator.le,
    CompareOperators.GT: operator.gt,
    CompareOperators.GTE: operator.ge,
    None: operator.eq,
}
# Each code point that has a lower-case form (none lies beyond U+1FFFF), and the first character of that form.
_LOWER = {code: chr(code).lower()[0] for code in range(0x20000) if chr(code).lower() != chr(code)}


def fold(text: str) -> str:
    """Lower each code point by itself, to one code point."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def like(parts: Iterable[str | SpecialChars], *, cased: bool) -> Test:
    """Return a test for text with Sigma's wildcards; it expects folded text unless `cased`.

    Raise `ValueError` for a placeholder that nobody filled.
    """
    segments: list[list[str | None]] = [[]]
    for part in parts:
        if part is SpecialChars.WILDCARD_MULTI:
            segments.append([])
        elif part is SpecialChars.WILDCARD_SINGLE:
            segments[-1].append(None)
        else:
            if not isinstance(part, str):
                raise ValueError(f"{part} has no value")
            segments[-1].extend(part if cased else fold(part))
    first, *rest = [_segment(item) for item in segments]
    if rest:
        return _spaced(first, rest[:-1], rest[-1])
    literal = _literal(first)
    if literal is not None:
        return literal.__eq__
    return lambda text: len(text) == first[0] and _stands(first, text, 0)


def _segment(characters: list[str | None]) -> Segment:
    pieces: list[Piece] = []
    for known, group in groupby(enumerate(characters), lambda item: item[1] is not None):
        if known:
            found = list(group)
            pieces.append((found[0][0], "".join(character or "" for _, character in found)))
    return len(characters), pieces


def _literal(segment: Segment) -> str | None:
    length, pieces = segment
    if not length:
        return ""
    return pieces[0][1] if len(pieces) == 1 and len(pieces[0][1]) == length else None


def _stands(segment: Segment, text: str, place: int) -> bool:
    return all(text[place + start : place + start + len(piece)] == piece for start, piece in segment[1])


def _spaced(first: Segment, middle: list[Segment], last: Segment) -> Test:
    """A beginning, an end, and segments in between wherever they come first, one after the other."""
    middle = [item for item in middle if item[0]]
    if len(middle) == 1 and not first[0] and not last[0] and (found := _literal(middle[0])) is not None:
        return lambda text: found in text
    total = first[0] + last[0]

    def test(text: str) -> bool:
        stop = len(text) - last[0]
        if len(text) < total or not _stands(first, text, 0) or not _stands(last, text, stop):
            return False
        place = first[0]
        for segment in middle:
            place = _next(segment, text, place, stop)
            if place < 0:
                return False
            place += segment[0]
        return True

    return test


def _next(segment: Segment, text: str, place: int, stop: int) -> int:
    literal = _literal(segment)
    if literal is not None:
        return text.find(literal, place, stop)
    return next((here for here in range(place, stop - segment[0] + 1) if _stands(segment, text, here)), -1)


def expression(wanted: SigmaRegularExpression) -> Test:
    """Return RE2's own search for this one expression."""
    flags = "".join(sorted(flag.name[0].lower().replace("d", "s") for flag in wanted.flags))
    options = re2.Options()
    options.max_mem = 64 << 20
    compiled = re2.compile((f"(?{flags})" if flags else "") + wanted.regexp.to_plain_regex(), options)
    return lambda text: compiled.search(text) is not None


def within(wanted: SigmaCIDRExpression) -> Test:
    """Return a test for addresses of a network, borders included; an IPv4 address mapped into IPv6 counts as both."""
    network = wanted.network
    first, last = int(network[0]), int(network[-1])

    def test(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text.strip().strip("[]").split("%")[0])
        except ValueError:
            return False
        number = int(address)
        if address.version == network.version:
            return first <= number <= last
        return network.version == 4 and number >> 32 == 0xFFFF and first <= number & 0xFFFFFFFF <= last

    return test


def is_number(wanted: SigmaNumber, *, fraction: bool) -> Test:
    """Return a test for a number: a whole one as it is written, unless ECS keeps the field as a fraction."""
    if isinstance(wanted.number, int) and not fraction:
        return str(wanted.number).__eq__
    return lambda text: number(text) == wanted.number


def compares(wanted: SigmaCompareExpression) -> Test:
    """Return a test for a comparison with a number or with a part of an instant."""
    compare = _ORDER[wanted.op]
    if isinstance(wanted.number, SigmaTimestampPart):
        return part_is(wanted.number, wanted.op)
    bound = wanted.number.number

    def test(text: str) -> bool:
        found = number(text)
        return found is not None and bool(compare(found, bound))

    return test


def part_is(wanted: SigmaTimestampPart, how: CompareOperators | None = None) -> Test:
    """Return a test for a part of an instant."""
    compare, part, bound = _ORDER[how], wanted.timestamp_part, wanted.number

    def test(text: str) -> bool:
        moment = instant(text)
        return moment is not None and bool(compare(_part(moment, part), bound))

    return test


def number(text: str) -> float | None:
    """Read a finite number, whole numbers exactly; hexadecimal after `0x`."""
    if "_" in text:
        return None
    try:
        found = float(int(text, 16) if text[:2] in {"0x", "0X"} else text)
    except (ValueError, OverflowError):
        return None
    if found - found != 0:  # infinite, or not a number
        return None
    try:
        return int(text, 16 if text[:2] in {"0x", "0X"} else 10)
    except ValueError:
        return found


def instant(text: str) -> datetime | None:
    """Read ISO 8601, or seconds or milliseconds since 1970."""
    seconds = number(text)
    try:
        if seconds is not None and len(text) != 8:
            since = seconds / 1000 if abs(seconds) > 1e11 else seconds
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=since)
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _part(moment: datetime, part: TimestampPart) -> int:
    if part is TimestampPart.WEEK:
        return moment.isocalendar().week
    return int(getattr(moment, part.name.lower()))
