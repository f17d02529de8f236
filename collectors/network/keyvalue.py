"""Texts made of `key=value`: quoted or not, parted by blanks, commas or semicolons; and `key:"value"`, and JSON.

A value that stands without quotes reaches to the next key, so that values with blanks (`msg=File is infected act=...`)
are whole. Every pattern is linear: keys are bounded, values are read past with possessive classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.json_fields import flatten, load
from engine.events import texts

_KEY = re.compile(
    r"""(?:^|(?<=[\s,;|]))(?P<key>[A-Za-z_0-9][\w.\-@/]{0,127}+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*+)")?""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_COLON = re.compile(
    r"""(?:^|(?<=[\s,;\[]))(?P<key>[A-Za-z_0-9][\w.\-@/]{0,127}+):\ ?"(?P<quoted>(?:[^"\\]|\\.)*+)\"""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ESCAPED = re.compile(r'\\(["\\\]])')


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of a text of `key=value`, in order, repeated keys too."""
    key, start = None, 0
    for found in _KEY.finditer(text):
        if key is not None:
            yield key, _bare(text[start : found.start()])
        if found["quoted"] is not None:
            yield found["key"], _unescaped(found["quoted"])
            key = None
        else:
            key, start = found["key"], found.end()
    if key is not None:
        yield key, _bare(text[start:])


def colon_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of a text of `key:"value"; key:"value"` (Check Point's syslog form)."""
    for found in _COLON.finditer(text):
        yield found["key"], _unescaped(found["quoted"])


def firsts(found: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs as a mapping; of a repeated key the first value that is not empty."""
    values: dict[str, str] = {}
    for key, text in found:
        if text or key not in values:
            values[key] = values.get(key) or text
    return values


def firsts_and_doubts(found: Iterator[tuple[str, str]]) -> tuple[dict[str, str], frozenset[str]]:
    """Return the first value of every key, and the keys that stand twice with different values.

    Who chooses a name may write other keys into it: what a record says twice, it does not say.
    """
    values: dict[str, str] = {}
    doubtful: set[str] = set()
    for key, text in found:
        if values.setdefault(key, text) != text:
            doubtful.add(key)
    return values, frozenset(doubtful)


def _bare(text: str) -> str:
    return text.strip().rstrip(",;|").rstrip()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def json_pairs(text: str) -> dict[str, str]:
    """Return what a JSON object says under dotted keys, every value as text; nothing where it is no object."""
    try:
        document = load(text.encode("utf-8", "backslashreplace"))
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    flat, _ = flatten(document)
    return {key: ", ".join(texts(value)) for key, value in flat.items()}
