"""The one escaping function of the terminal: log content shows as text, and never acts.

Control characters (C0, DEL, C1), bidirectional controls, invisible and format characters, line and paragraph
separators, surrogates, private-use and unassigned-plane characters become visible escapes: `\\x1b`, `\\u202e`,
`\\U000e0041`, and `\\t`, `\\n`, `\\r` for the usual three. Letters, marks and ordinary spaces stay as they are.
A backslash in the value stays one backslash, so that Windows paths read as they are written.

Sources: ECMA-48 (C0, C1), Unicode UAX 9 (bidirectional controls), UAX 44 (general categories Cc, Cf, Cs, Co, Zl, Zp)
and the property Default_Ignorable_Code_Point. A test compares the ranges with Python's own Unicode tables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

_RANGES = (
    (0x0000, 0x001F),  # C0
    (0x007F, 0x009F),  # DEL, C1
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x0600, 0x0605),  # Arabic number signs
    (0x061C, 0x061C),  # Arabic letter mark
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),  # Mongolian selectors and vowel separator
    (0x200B, 0x200F),  # zero width, direction marks
    (0x2028, 0x202E),  # separators, bidirectional embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, bidirectional isolates
    (0x2800, 0x2800),  # blank braille cell
    (0x3164, 0x3164),  # Hangul filler
    (0xD800, 0xF8FF),  # surrogates, private use
    (0xFDD0, 0xFDEF),  # noncharacters
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFB),  # annotations
    (0xFFFE, 0xFFFF),  # noncharacters
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1345F),  # Egyptian hieroglyph controls
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0x10FFFF),  # tags, supplementary selectors, private-use planes
)

_UNSAFE = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _RANGES).replace("\\", "\\\\") + "]")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escape(value: str) -> str:
    """Return the value with every character that could act, hide or reorder written as a visible escape."""
    return _UNSAFE.sub(_visible, value)


def is_safe(value: str) -> bool:
    """Tell whether `escape` would leave the value as it is."""
    return _UNSAFE.search(value) is None


def escape_json(document: str) -> str:
    r"""Return JSON text with the same characters written as `\uXXXX`, which changes nothing of its meaning.

    JSON itself escapes C0 inside strings; outside strings, only line feeds stand in what kulla writes.
    """
    if document.isascii() and document.isprintable():
        return document
    return _UNSAFE.sub(_json_escape, document)


def safe_text(value: object, style: str = "") -> Text:
    """Return the value as rich text that holds no markup, no link and no control character.

    `style` is kulla's own choice of colour, never taken from a log.
    """
    from rich.text import Text

    return Text(escape(value if isinstance(value, str) else str(value)), style=style, end="")


def _visible(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character == "\n":
        return character
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
