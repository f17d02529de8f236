"""Traces of one value: finding it in texts and bytes in whatever form it was written, and replacing it there.

A personal code is written as `EE47101010033`, `PNOEE-47101010033`, `471010-10033`, percent-encoded in a URL, escaped in
JSON within JSON, or in base64 and hexadecimal digits. A code counts wherever its letters and digits stand in a row,
whatever stands between them; a name, and what is shorter than five letters or eight digits, counts as whole words.

Texts belong to the attacker: patterns are literals with bounded separators that no letter of the value can match, so
that matching takes linear time.
"""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, Literal, TypeAlias
from urllib.parse import quote, unquote_plus

SHORTEST: Final = 5  # letters and digits that are looked for wherever they stand
_SHORTEST_NUMBER: Final = 8  # digits: fewer are in every other stamp and counter
Counting: TypeAlias = Literal["code", "letters", "words", "whole"]
_ROUNDS: Final = 3  # of decoding: percent within JSON within JSON
_LONGEST: Final = 512  # characters of a value that is looked for with separators in between
_PUNCTUATION: Final = bytes(code for code in range(128) if not chr(code).isalnum())
_SEPARATOR: Final = r"(?:[ ./()_:+-]|%2[0BDEF]){0,2}"
# ETSI EN 319 412-1 (PNOEE-), eIDAS identifiers (AL/AL/), a country alone (EE); + and 00 of telephone numbers.
_PREFIX: Final = r"(?:(?:PNO|IDC|PAS|TAX|TIN)[A-Z]{2}(?:-|%2D)|[A-Z]{2}(?:/|%2F)[A-Z]{2}(?:/|%2F)|[A-Z]{2}|\+|%2B|00)?"
_BEFORE: Final = r"(?:(?<![^\W_])|(?<=%[0-9A-F]{2})|(?<=\\u[0-9A-F]{4})|(?<=\\[nrtbf]))"  # of a word: also an escape
_ESCAPED = re.compile(r"(?P<bytes>(?:\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2})+)|\\(?:u(?P<unit>[0-9a-fA-F]{4})|(?P<one>.))")
_BYTE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2}))")
_BLANKS: Final = frozenset("nrtbf")
_WORD = re.compile(r"[^\W_]+")
_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=")


def reduced(text: str) -> bytes:
    """Return the text's letters and digits alone, in lower case, without regard to how Unicode composes them."""
    if text.isascii():
        return text.lower().encode("ascii").translate(None, _PUNCTUATION)
    return folded(text).encode("utf-8", "surrogatepass").translate(None, _PUNCTUATION)


def folded(text: str) -> str:
    """Return the text in lower case and composed: mathematical and full-width letters are letters too."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def views(text: str) -> Iterator[str]:
    """Yield the text, and what it says once percent, JSON and HTML escapes in it are decoded, and decoded again."""
    yield text
    for _ in range(_ROUNDS):
        decoded = text
        if "%" in decoded:
            decoded = unquote_plus(decoded)
        if "\\" in decoded:
            decoded = _ESCAPED.sub(_unescaped, decoded)
        if "&" in decoded:
            decoded = html.unescape(decoded)
        if decoded == text:
            return
        text = decoded
        yield text


def _unescaped(match: re.Match[str]) -> str:
    if (found := match["bytes"]) is not None:
        return bytes(int(a, 16) if a else int(b, 8) for a, b in _BYTE.findall(found)).decode("utf-8", "replace")
    if (unit := match["unit"]) is not None:
        return chr(int(unit, 16))
    return " " if match["one"] in _BLANKS else match["one"]


class Looked:
    """A text that is being looked through: what it says in every view, worked out once for all values."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._views = list(views(text))

    @cached_property
    def letters(self) -> list[bytes]:
        """The letters and digits of each view."""
        return [reduced(view) for view in self._views]

    @cached_property
    def folded(self) -> list[str]:
        """Each view in lower case."""
        return [folded(view) for view in self._views]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One value that is looked for. Make it with `trace_of`.

    `core` are its letters and digits (see `reduced`), `words` those of a value that counts as whole words, `bare` is
    what it is without the prefix that it may be written with, `encoded` how it looks in base64 and hexadecimal digits.
    """

    value: str
    core: bytes
    words: tuple[str, ...]  # in lower case
    encoded: tuple[str, ...]
    bare: str = ""

    def found_in(self, text: str) -> bool:
        """Tell whether the value stands in the text, in any form that is known."""
        return self.seen_in(Looked(text))

    def seen_in(self, looked: Looked) -> bool:
        """Tell the same of a text that several values are looked for in."""
        if any(each in looked.text for each in self.encoded):
            return True
        if not self.words:
            return any(self.core in letters for letters in looked.letters)
        return any(all(any(_standing(folded, word)) for word in self.words) for folded in looked.folded)

    def is_number(self, number: float) -> bool:
        """Tell whether a number says the value: a personal code or a telephone number without sign and spaces."""
        return len(self.core) > SHORTEST and self.core in reduced(str(number))

    def replaced_as_written(self, text: str, by: str) -> str:
        """Return the text with the value replaced where it stands letter by letter: fast, and most often enough."""
        if self.value in text:
            text = _replaced_words(text, self.value, by) if self.words else text.replace(self.value, by)
        if self.bare and self.bare in text:
            text = _replaced_words(text, self.bare, by)  # else its prefix would stay
        return text

    def replaced(self, text: str, by: str) -> str:
        """Return the text with the value replaced wherever its place can be told; `found_in` tells what is left."""
        text = self.replaced_as_written(text, by)
        if not self.found_in(text):
            return text
        found = _pattern(self.bare, self.words, prefixed=self.bare != self.value or self.bare[:1].isdigit()).sub(
            lambda _: by, text
        )
        for each in self.encoded:
            found = _without(found, each, by)
        return found

    def in_bytes(self) -> tuple[bytes, ...]:
        """Return the forms that are looked for in files of bytes: every encoding of the value as it was given."""
        return _byte_forms(self.value)


def trace_of(value: str, by: Counting = "code") -> Trace | None:
    """Return the trace of a value, None where it has no letter or digit.

    By `letters`, what counts are its letters and digits in a row; as a `code`, the same without a prefix (`PNOEE-`,
    `+`); by `words` (names), each of its words; as a `whole` (addresses), only the value as it is written.
    """
    return _trace(value.strip(), by)


@lru_cache(maxsize=8192)
def _trace(value: str, by: Counting) -> Trace | None:
    bare = _bare(value) if by == "code" else value
    core = reduced(bare)
    if not core:
        return None
    lower = folded(value)
    words: tuple[str, ...] = ()
    if by == "whole":
        words = (lower,)
    elif by == "words" or len(core) < (_SHORTEST_NUMBER if core.isdigit() else SHORTEST):
        words = tuple(_WORD.findall(lower))
    return Trace(value, core, words, _encodings(value, bare) if len(core) >= SHORTEST else (), "" if words else bare)


def _encodings(value: str, bare: str) -> tuple[str, ...]:
    """Return how a value is written in base64 and hexadecimal digits: with its prefix where it is short without."""
    found = _encoded(bare)
    return found if bare == value or len(bare) > SHORTEST + 2 else tuple(dict.fromkeys((*found, *_encoded(value))))


def _encoded(bare: str) -> tuple[str, ...]:
    """Return how base64 (at each of three places, of UTF-8 and UTF-16) and hexadecimal digits write the value.

    Only the letters that do not depend on what stands before and after it; its prefix may be any.
    """
    found: dict[str, None] = {}
    for raw in (bare.encode("utf-8", "surrogatepass"), bare.encode("utf-16-le", "surrogatepass")):
        for before in range(3):
            coded = base64.b64encode(bytes(before) + raw).decode("ascii").rstrip("=")
            inner = coded[(0, 2, 3)[before] : len(coded) - ((before + len(raw)) % 3 > 0)]
            if len(inner) >= SHORTEST + 2:
                found[inner] = found[inner.replace("+", "-").replace("/", "_")] = None
        found[raw.hex()] = found[raw.hex().upper()] = None
    return tuple(found)


def _bare(value: str) -> str:
    """Return a value without the prefix that says what and whose it is (see `_PREFIX`)."""
    match = _PREFIXED.match(value)
    return value[match.end() :] if match and len(value) - match.end() >= SHORTEST else value


_PREFIXED = re.compile(_PREFIX + r"(?=[0-9A-Z])", re.IGNORECASE)


def _standing(text: str, word: str) -> Iterator[int]:
    """Yield the places at which a word stands by itself: no letter or digit right before or after it."""
    place = text.find(word)
    while place >= 0:
        end = place + len(word)
        if not (text[place - 1 : place].isalnum() or text[end : end + 1].isalnum()):
            yield place + 1  # never 0, so that any() tells whether there is one
        place = text.find(word, end)


def _replaced_words(text: str, word: str, by: str) -> str:
    parts: list[str] = []
    start = 0
    for place in _standing(text, word):
        parts += [text[start : place - 1], by]
        start = place - 1 + len(word)
    return "".join([*parts, text[start:]])


@lru_cache(maxsize=2048)
def _pattern(bare: str, words: tuple[str, ...], *, prefixed: bool) -> re.Pattern[str]:
    if words:
        forms = sorted(dict.fromkeys(form for word in words for form in _word_forms(word)), key=len, reverse=True)
        return re.compile(_BEFORE + "(?:" + "|".join(map(re.escape, forms)) + r")(?![^\W_])", re.IGNORECASE)
    letters = [each for each in bare[:_LONGEST] if each.isalnum()]
    return re.compile((_PREFIX if prefixed else "") + _SEPARATOR.join(map(_letter, letters)), re.IGNORECASE)


def _letter(letter: str) -> str:
    if letter.isascii():
        return letter
    return "(?:" + "|".join(map(re.escape, _word_forms(letter))) + ")"


def _word_forms(word: str) -> list[str]:
    """Return how a word is written in texts and in escapes, longest escapes first."""
    found: dict[str, None] = {}
    for cased in dict.fromkeys((word, word.lower(), word.upper(), word.title())):
        for text in dict.fromkeys((cased, unicodedata.normalize("NFC", cased), unicodedata.normalize("NFD", cased))):
            escaped = json.dumps(text)[1:-1]
            twice = json.dumps(escaped)[1:-1]
            percent = quote(text.encode("utf-8", "surrogatepass"), safe="")
            entities = text.encode("ascii", "xmlcharrefreplace").decode("ascii")
            found |= dict.fromkeys((twice, escaped, percent, entities, text))
    return list(found)


def _without(text: str, inner: str, by: str) -> str:
    """Replace every run of base64 or hexadecimal digits that holds `inner`."""
    parts: list[str] = []
    start = 0
    while (place := text.find(inner, start)) >= 0:
        first, last = place, place + len(inner)
        while first > start and text[first - 1] in _BASE64:
            first -= 1
        while last < len(text) and text[last] in _BASE64:
            last += 1
        parts += [text[start:first], by]
        start = last
    return "".join([*parts, text[start:]])


@lru_cache(maxsize=256)
def _byte_forms(value: str) -> tuple[bytes, ...]:
    found: dict[bytes, None] = {}
    for text in dict.fromkeys((value, _bare(value))):
        for form in _word_forms(text):
            found |= dict.fromkeys(form.encode(code, "surrogatepass") for code in ("utf-8", "utf-16-le", "utf-16-be"))
    if len(reduced(value)) >= SHORTEST:
        found |= dict.fromkeys(each.encode("ascii") for each in _encodings(value, _bare(value)))
    return tuple(found)
