"""Names of persons in texts: which spellings name one, and which names a text may hold. Papers and exports share it.

Accounts that every system has, and those of machines, are nobody's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Literal
from unicodedata import normalize

Pseudonym = Callable[[Literal["name", "email"], str], str]
NOBODY: Final = frozenset((
    "administrator", "administrators", "admin", "guest", "root", "krbtgt", "system", "local service", "network service",
    "service", "nobody", "daemon", "www-data", "public", "default", "default user", "all users", "defaultaccount",
    "wdagutilityaccount", "anonymous logon", "everyone", "user", "users", "nginx", "apache", "sshd", "postgres",
    "mysql", "postmaster", "noreply", "no-reply", "kulla",
))  # fmt: skip
# Pseudonyms that the house has given already: they stay as they are.
PSEUDONYM: Final = r"(?P<known>(?:person|phone|name|email|session|content)-[0-9a-f]{6}-[a-z2-7]{26})"
_WORD: Final = re.compile(r"\w+")
_DOT: Final = "\u0307"  # above the letter before it
_MARKS: Final = re.compile("[\u0300-\u036f]+")
_LETTER: Final = re.compile("(?s:.)[\u0300-\u036f]*")
_IS_PSEUDONYM: Final = re.compile(PSEUDONYM)


class Names:
    """Names that are looked for in texts; only those whose first word a text holds, so that many names cost little."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._by_word: dict[str, set[str]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Look for one more name."""
        first = _WORD.search(_folded(name))
        self._by_word.setdefault(first[0] if first else "", set()).add(name)

    def within(self, text: str) -> frozenset[str]:
        """Return the names that the text may hold."""
        words = {"", *_WORD.findall(_folded(text))} & self._by_word.keys()
        return frozenset(name for word in words for name in self._by_word[word])


def alike(name: str) -> str:
    """Return one spelling for all in which letters are small or large, and composed or not (Unicode's NFC and NFD)."""
    return normalize("NFC", name.lower())


def _folded(text: str) -> str:
    """Return a text so that what patterns take for one is one, whatever marks its letters have; `ı` is an `i`, too."""
    return _MARKS.sub("", normalize("NFD", text.casefold())).replace("ı", "i")


def either(names: Iterable[str]) -> str:
    """Return a pattern of these names, the longest first, letters composed or not; linear in the text that it reads.

    An `İ` in small letters is an `i` with a dot above it: either is found by the other.
    """
    return "|".join(_spellings(name) for name in sorted(names, key=lambda name: (-len(name), name)))


def _spellings(name: str) -> str:
    return "".join(_letter(found[0]) for found in _LETTER.finditer(normalize("NFD", name)))


def _letter(text: str) -> str:
    """Return a pattern of one letter with its marks."""
    if text[0] in "Iiı" and text[1:] in {"", _DOT}:
        return f"i{_DOT}?"
    composed = normalize("NFC", text)
    return re.escape(text) if composed == text else f"(?:{re.escape(composed)}|{re.escape(text)})"


def bare(name: str) -> str:
    """Return `a.hoxha` for `GOV\\a.hoxha` and `a.hoxha@gov.example`, spelled as it is."""
    return name.rpartition("\\")[2].partition("@")[0].strip()


def is_person(name: str) -> bool:
    """Tell whether a bare name may be a person's."""
    return bool(name) and not name.endswith("$") and name.casefold() not in NOBODY


def is_pseudonym(name: str) -> bool:
    """Tell whether a name is one of the house's pseudonyms."""
    return _IS_PSEUDONYM.fullmatch(name) is not None
