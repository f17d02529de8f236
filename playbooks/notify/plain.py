"""Text from logs made harmless for messages: what would steer a screen or hide a word becomes a visible escape."""

from __future__ import annotations

import unicodedata

_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, most: int = 200) -> str:
    """Return the text on one line, of at most so many characters."""
    shown = "".join(_shown(letter) for letter in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _shown(letter: str) -> str:
    if letter in "\t\n\r":
        return " "
    if unicodedata.category(letter) not in _STEERING:
        return letter
    number = ord(letter)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
