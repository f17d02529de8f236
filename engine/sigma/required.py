"""The text that a value must hold for a pattern to match it.

Testing a hundred regular expressions costs far more than finding a hundred texts at once. Most patterns can match only
where some plain text stands; it is looked for together with all other literals, and only then is the pattern tried.
Of the others, some need at least a character that few values hold, or many characters.
"""

from __future__ import annotations

import re
from typing import Final

from engine.sigma.predicates import MANY, ONE, Predicate

SHORTEST: Final = 3  # characters; shorter texts are found everywhere

_SPECIAL: Final = frozenset("\\.^$*+?{}[]()|")
_TOKEN: Final = re.compile(
    r"\\(?P<escaped>.)|(?P<count>\{\d+(?:,\d*)?\})|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<other>.)", re.DOTALL
)
_RARE: Final = frozenset("`{}^+\"~$<>|=()[];&%#@!?*'")  # characters that few values hold
_ANYTHING: Final = re.compile(r"\.\{(\d{1,6})(?:,\d*)?\}")
_FLAGS: Final = re.compile(r"\(\?[a-zA-Z]+\)")
_ODD: Final = frozenset("QEpPxuUC0123456789")  # escapes after which letters and digits are no literals


def required(item: Predicate) -> str:
    """Return the longest text, in small letters, that stands in every value that the pattern matches; or nothing.

    It stands in the folded value, unless that holds a LATIN SMALL LETTER LONG S: to a pattern without regard to case
    this is an `s`, but it does not fold into one.
    """
    longest = max(_texts(item), key=len, default="")
    return longest.lower() if len(longest) >= SHORTEST else ""


def needle(item: Predicate) -> str:
    """Return a text, shorter than `SHORTEST` and not found everywhere, that every match holds; or nothing."""
    return max((run for run in _texts(item) if len(run) > 1 or run in _RARE), key=len, default="").lower()


def least(item: Predicate) -> int:
    """Return how many characters a value must have for the pattern to match, where that is all it asks (`.{150}`)."""
    found = _ANYTHING.fullmatch(item.value) if item.operator == "re" else None
    return int(found[1]) if found else 0


def _texts(item: Predicate) -> list[str]:
    runs = item.value.replace(ONE, MANY).split(MANY) if item.operator == "glob" else _runs(item.value)
    return [run for run in runs if run.isascii()]


def _runs(pattern: str) -> list[str]:
    """Return texts that every match of a regular expression holds: literals outside groups, with no alternative."""
    runs = [""]
    depth = 0
    for token in _TOKEN.finditer(_FLAGS.sub("", pattern)):
        text, escaped = token[0], token["escaped"]
        if escaped in _ODD or (text == "|" and depth == 0):
            return []
        if text in {"*", "?"} or token["count"]:
            runs[-1] = runs[-1][:-1]  # what comes before may be absent
        depth += (text == "(") - (text == ")")
        literal = (escaped if not escaped.isalnum() else None) if escaped else token["other"]
        if depth or literal is None or (not escaped and literal in _SPECIAL):
            runs.append("")
        else:
            runs[-1] += literal
    return runs if depth == 0 else []
