"""Sigma's encoding modifiers where pySigma 1.5 falls short of the specification.

pySigma knows `utf16le` only as `wide`, encodes nothing but ASCII as UTF-16, writes the byte order mark of `utf16` as
UTF-8, counts characters where `base64offset` needs bytes, expands `windash` to 5^n strings, and forgets `cased` where
an encoding or `windash` comes after it. The classes here take the places of its own in the table of modifiers (Sigma
specification 2.1, appendix "Modifiers").
"""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import product

from sigma.exceptions import SigmaValueError
from sigma.modifiers import (
    SigmaBase64Modifier,
    SigmaBase64OffsetModifier,
    SigmaCaseSensitiveModifier,
    SigmaValueModifier,
    SigmaWindowsDashModifier,
    modifier_mapping,
)
from sigma.types import SigmaCasedString, SigmaExpansion, SigmaString, SpecialChars

DASHES = ("-", "/", "\u2013", "\u2014", "\u2015")
MAX_DASHES = 4  # 5^4 variants; a value with more is refused
_DASH = re.compile(r"\B[-/]\b")


class EncodedString(SigmaString):
    """A string in an encoding that is not UTF-8: matched as text where possible, encoded by Base64 as bytes."""

    encoded: bytes = b""

    def __bytes__(self) -> bytes:
        return self.encoded


class EncodedCasedString(EncodedString, SigmaCasedString):
    """The same, compared with regard to case."""


def _empty_like(value: SigmaString) -> SigmaString:
    return SigmaCasedString() if isinstance(value, SigmaCasedString) else SigmaString()


def _encoded(value: SigmaString, codec: str, mark: bytes = b"") -> SigmaString:
    result = EncodedCasedString() if isinstance(value, SigmaCasedString) else EncodedString()
    result.original = value.original
    parts: list[str | SpecialChars] = [mark.decode("latin-1")] if mark else []
    for part in value.s:
        if isinstance(part, str):
            parts.append(part.encode(codec).decode("latin-1"))
        elif isinstance(part, SpecialChars):
            parts.append(part)
    result.s = list(parts)
    result.encoded = mark + "".join(part for part in value.s if isinstance(part, str)).encode(codec)
    return result


class Utf16LittleEndian(SigmaValueModifier[SigmaString, SigmaString]):
    """`utf16le` and `wide`: UTF-16, little endian, no byte order mark."""

    def modify(self, val: SigmaString) -> SigmaString:
        """Return the encoded string."""
        return _encoded(val, "utf-16-le")


class Utf16BigEndian(SigmaValueModifier[SigmaString, SigmaString]):
    """`utf16be`: UTF-16, big endian, no byte order mark."""

    def modify(self, val: SigmaString) -> SigmaString:
        """Return the encoded string."""
        return _encoded(val, "utf-16-be")


class Utf16WithMark(SigmaValueModifier[SigmaString, SigmaString]):
    """`utf16`: UTF-16, little endian, after a byte order mark."""

    def modify(self, val: SigmaString) -> SigmaString:
        """Return the encoded string."""
        return _encoded(val, "utf-16-le", b"\xff\xfe")


def _plain_bytes(value: SigmaString) -> bytes:
    if value.contains_special():
        raise SigmaValueError("Base64 encoding of strings with wildcards is not allowed")
    if isinstance(value, EncodedString):
        return bytes(value)
    return "".join(part for part in value.s if isinstance(part, str)).encode()


def _ascii_like(value: SigmaString, text: str) -> SigmaString:
    result = _empty_like(value)
    result.original = text
    result.s = [text]
    return result


class Cased(SigmaCaseSensitiveModifier):
    """`cased`: compared with regard to case."""

    def modify(self, val: SigmaString) -> SigmaCasedString:
        """Return the string as one that is compared with regard to case."""
        if not isinstance(val, EncodedString):
            return super().modify(val)
        result = EncodedCasedString()
        result.original, result.s, result.encoded = val.original, val.s, val.encoded
        return result


class Base64(SigmaBase64Modifier):
    """`base64`: the Base64 form of the value's bytes."""

    def modify(self, val: SigmaString) -> SigmaString:
        """Return the encoded string."""
        return _ascii_like(val, b64encode(_plain_bytes(val)).decode())


class Base64Offset(SigmaBase64OffsetModifier):
    """`base64offset`: the three forms the value can have inside a longer Base64 text."""

    def modify(self, val: SigmaString) -> SigmaExpansion:
        """Return the three encoded strings, without the characters that depend on neighbours.

        Raise `SigmaValueError` for less than two bytes: no character of one of its forms is that value's alone, so
        that the form would be found in every text.
        """
        plain = _plain_bytes(val)
        if len(plain) < 2:
            raise SigmaValueError("base64offset needs a value of two bytes or more")
        return SigmaExpansion([_ascii_like(val, self._at(plain, offset)) for offset in range(3)])

    def _at(self, plain: bytes, offset: int) -> str:
        encoded = b64encode(b" " * offset + plain)
        return encoded[self.start_offsets[offset] : self.end_offsets[(len(plain) + offset) % 3]].decode()


class Windash(SigmaWindowsDashModifier):
    """`windash`: every dash in front of a word may be any of the characters that Windows programs take for it."""

    def modify(self, val: SigmaString) -> SigmaExpansion:
        """Return all variants; raise `SigmaValueError` for a value with more than `MAX_DASHES` dashes."""
        pieces: list[str | SpecialChars | None] = []
        for part in val.s:
            if isinstance(part, str):
                for index, piece in enumerate(_DASH.split(part)):
                    pieces.extend([None, piece] if index else [piece])
            elif isinstance(part, SpecialChars):
                pieces.append(part)
        count = pieces.count(None)
        if count > MAX_DASHES:
            raise SigmaValueError(f"windash on a value with {count} dashes; at most {MAX_DASHES} can be expanded")
        return SigmaExpansion([_joined(val, pieces, dashes) for dashes in product(DASHES, repeat=count)])


def _joined(value: SigmaString, pieces: list[str | SpecialChars | None], dashes: tuple[str, ...]) -> SigmaString:
    rest = iter(dashes)
    merged: list[str | SpecialChars] = []
    for piece in pieces:
        item = next(rest) if piece is None else piece
        if isinstance(item, str) and merged and isinstance(merged[-1], str):
            merged[-1] += item
        elif item != "":
            merged.append(item)
    result = _empty_like(value)
    result.s = list(merged)
    return result


def install() -> None:
    """Put these modifiers into pySigma's table; doing it again changes nothing."""
    modifier_mapping.update(
        {
            "utf16": Utf16WithMark,
            "utf16le": Utf16LittleEndian,
            "wide": Utf16LittleEndian,
            "utf16be": Utf16BigEndian,
            "base64": Base64,
            "base64offset": Base64Offset,
            "windash": Windash,
            "cased": Cased,
        }
    )
