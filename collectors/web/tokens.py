"""Cutting an access line of no known shape into tokens: quoted texts, bracketed ones, `key=value` pairs and words."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A token: key="text", "text", [text], or a word. A quote closes where a blank, a comma or the end follows it; a text
# that nowhere closes takes the rest of the line, so no character is looked at twice: linear.
_TOKEN = re.compile(
    r"""(?:(?P<key>[A-Za-z0-9_.\-]{1,64}+)=)?+"(?P<quoted>(?:[^"\\]++|\\.|"(?=[^\s,]))*+)(?:"(?=[\s,]|$)|\\?\Z)
    |\[(?P<bracket>[^\]]*+)\]
    |(?P<word>[^\s,]++)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_PAIR = re.compile(r"([A-Za-z0-9_.\-]{1,64})=(\S+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of a line: its kind (`word`, `quoted`, `bracket`, `pair`), its text, where it starts, a pair's key."""

    kind: str
    text: str
    start: int
    key: str = ""


def tokens(text: str) -> list[Token]:
    """Cut a line, or the rest of one, into its tokens."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, start = match.lastgroup or "word", match.start()
        if match["key"]:
            found.append(Token(kind="pair", key=match["key"], text=match["quoted"], start=start))
        elif kind == "word" and (pair := _PAIR.fullmatch(match["word"])):
            found.append(Token(kind="pair", key=pair[1], text=pair[2], start=start))
        else:
            found.append(Token(kind=kind, text=match[kind], start=start))
    return found
