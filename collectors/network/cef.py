"""ArcSight's Common Event Format: `CEF:0|vendor|product|version|class|name|severity|key=value ...`.

Specification: "Implementing ArcSight Common Event Format", version 26 (Micro Focus, 2023). In the header `|` and `\\`
are escaped; in the extension `=`, `\\` and line ends. Relays cut the `CEF:` off, write it twice or put a blank behind
it, and write fewer pipes than seven where a part is empty; each of these is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.network.cef_keys import FULL_NAMES
from collectors.network.keyvalue import firsts

_MARK = re.compile(r"CEF:\ ?(?P<version>[0-9])\|", re.VERBOSE | re.ASCII)
_BARE = re.compile(r"(?P<version>[01])\|(?=[^|]{1,64}\|[^|]{0,128}\|)", re.ASCII)
_PART = re.compile(r"(?P<part>(?:[^|\\]|\\.)*+)\|", re.DOTALL)
_KEY = re.compile(r"(?:^|(?<=\s))(?P<key>[A-Za-z_0-9][\w.\-\[\]]{0,127}+)=", re.ASCII)
_ESCAPES = {"\\=": "=", "\\|": "|", "\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_ESCAPED = re.compile(r"\\[=|\\nr]")
_LABELLED = re.compile(r"(?:cs|cn|cfp|c6a|flexString|flexNumber|flexDate|deviceCustomDate)\d{1,2}", re.ASCII)
_HEADER_PARTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cef:
    """One message: the header's parts and the extension under its short keys, as written (repeated keys: the first).

    `labelled` holds the custom strings and numbers under the labels that the message gives them.
    """

    vendor: str
    product: str
    version: str
    event_class: str
    name: str
    severity: str
    extension: Mapping[str, str]
    labelled: Mapping[str, str]

    def full(self) -> dict[str, str]:
        """Return the extension under the specification's full names (`sourceAddress` for `src`)."""
        return {FULL_NAMES.get(key, key): text for key, text in self.extension.items()}


def find_cef(text: str) -> int | None:
    """Return where a CEF message begins in a line (its `CEF:`, or its version where a relay cut that off)."""
    found = _MARK.search(text)
    if found is not None:
        return found.start()
    bare = _BARE.match(text)
    return bare.start() if bare is not None else None


def read_cef(text: str) -> Cef | None:
    """Read a message that begins at the text's start; None where it is none, or its header breaks off."""
    found = _MARK.match(text) or _BARE.match(text)
    if found is None:
        return None
    at = found.end()
    if text[at : at + 1] == "|":  # `CEF:0||vendor|`, seen behind relays that rebuild the header
        at += 1
    parts: list[str] = []
    while len(parts) < _HEADER_PARTS and (part := _PART.match(text, at)) is not None:
        parts.append(_unescaped(part["part"]).strip())
        at = part.end()
    if len(parts) < _HEADER_PARTS:
        return None
    written = extension_pairs(text[at:])
    extension = firsts(iter(written))
    vendor, product, version, event_class, name, severity = parts
    return Cef(
        vendor=vendor,
        product=product,
        version=version,
        event_class=event_class,
        name=name,
        severity=severity,
        extension=extension,
        labelled=_labelled(written),
    )


def extension_pairs(text: str) -> list[tuple[str, str]]:
    """Return the keys and values of an extension; a value reaches to the next key."""
    result: list[tuple[str, str]] = []
    key, start = None, 0
    for found in _KEY.finditer(text):
        if key is not None:
            result.append((key, _value(text[start : found.start()])))
        key, start = found["key"], found.end()
    if key is not None:
        result.append((key, _value(text[start:])))
    return result


def _value(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return _unescaped(text)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], text) if "\\" in text else text


def _labelled(written: list[tuple[str, str]]) -> dict[str, str]:
    """Join `cs1=x cs1Label=Rule`; a label may come before its value, and one key may carry several in a row."""
    labels: dict[str, str] = {}
    values: dict[str, str] = {}
    last: dict[str, str] = {}
    for key, text in written:
        if key.endswith("Label") and _LABELLED.fullmatch(key[:-5]):
            labels[key[:-5]] = text
            if key[:-5] in last:
                values.setdefault(text, last.pop(key[:-5]))
        elif _LABELLED.fullmatch(key):
            if key in labels and text:
                values.setdefault(labels[key], text)
            else:
                last[key] = text
    return {label: text for label, text in values.items() if text}
