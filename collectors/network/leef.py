"""IBM QRadar's Log Event Extended Format: `LEEF:2.0|vendor|product|version|event|delimiter|key=value<delimiter>...`.

Specification: "IBM QRadar Log Event Extended Format (LEEF)" 1.0 and 2.0. Version 1 parts attributes with tabs;
version 2 names the delimiter, as a character or its code (`0x09`, `x7C`). Senders that write `|` between
attributes are read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.network.keyvalue import firsts, pairs

_MARK = re.compile(r"LEEF:\ ?(?P<version>[12](?:\.\d)?)\|", re.VERBOSE | re.ASCII)
_CODE = re.compile(r"0?x(?P<code>[0-9A-Fa-f]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leef:
    """One message: the header's parts and the attributes."""

    vendor: str
    product: str
    version: str
    event: str
    attributes: Mapping[str, str]


def find_leef(text: str) -> int | None:
    """Return where a LEEF message begins in a line."""
    found = _MARK.search(text)
    return None if found is None else found.start()


def read_leef(text: str) -> Leef | None:
    """Read a message that begins at the text's start; None where it is none, or its header breaks off."""
    found = _MARK.match(text)
    if found is None:
        return None
    parts = text[found.end() :].split("|", 4)
    if len(parts) < 4:
        return None
    vendor, product, version, event = (part.strip() for part in parts[:4])
    rest = parts[4] if len(parts) > 4 else ""
    delimiter = "\t"
    if found["version"].startswith("2"):
        delimiter, rest = _delimiter(rest)
    return Leef(vendor=vendor, product=product, version=version, event=event, attributes=_attributes(rest, delimiter))


def _delimiter(rest: str) -> tuple[str, str]:
    """Return the delimiter that a LEEF 2 header names, and the attributes behind it."""
    written, mark, behind = rest.partition("|")
    if not mark or "=" in written:
        return "\t", rest
    code = _CODE.fullmatch(written)
    if code is not None:
        return chr(int(code["code"], 16)), behind
    return (written if len(written) == 1 else "\t"), behind


def _attributes(text: str, delimiter: str) -> dict[str, str]:
    if delimiter not in text:
        for other in ("\t", "|", "^"):
            if other in text and text.count(other) * 2 >= text.count("="):
                delimiter = other
                break
        else:
            return firsts(pairs(text))
    found = (part.partition("=") for part in text.split(delimiter))
    return firsts(iter([(key.strip(), value.strip()) for key, mark, value in found if mark and key.strip()]))
