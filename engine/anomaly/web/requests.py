"""A request as the model sees it: service, method, path and parameters, decoded once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_plus

MOST_PARAMETERS = 100
LONGEST_NAME = 200
# Parts of a path that are ids rather than names: numbers, UUIDs, long hexadecimal digits.
_ID = re.compile(r"[0-9]{1,40}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,128}", re.ASCII)


class Parameter(NamedTuple):
    """One parameter; a name that comes again is numbered (`id#2`), as it is another thing than the first."""

    name: str
    value: str


class Path(NamedTuple):
    """A path with its ids made alike, cut into folder, leaf and ending (`/a/b`, `index`, `.jsp`)."""

    whole: str
    folder: str
    leaf: str
    ending: str


class Request(NamedTuple):
    """One request."""

    service: str
    method: str
    path: Path
    parameters: tuple[Parameter, ...]


@lru_cache(maxsize=8192)
def path_of(text: str) -> Path:
    """Return a path, decoded once; a part that is an id becomes `{id}`."""
    decoded = unquote_plus(text.replace("+", "%2B"), errors="replace")
    whole = "/".join("{id}" if part and _ID.fullmatch(part) else part for part in decoded[:2048].split("/"))
    folder, _, last = whole.rpartition("/")
    leaf, dot, ending = last.partition(".")
    return Path(whole, folder, leaf, dot + ending)


def split_query(query: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the names and values of a query, decoded once; at most `MOST_PARAMETERS`, the last then holds the rest."""
    if not query:
        return (), []
    pairs = list(map(split_pair, query.split("&", MOST_PARAMETERS)))
    return numbered([name for name, _ in pairs]), [value for _, value in pairs]


def split_pair(pair: str) -> tuple[str, str]:
    """Return the name and the value of one parameter as it stands in a query, decoded once."""
    name, _, value = pair.partition("=")
    return (_decoded(name), _decoded(value)) if "+" in pair or "%" in pair else (name, value)


def numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a query's parameters, cut to a length, each that comes again with its number."""
    if not names or (len(set(names)) == len(names) and len(max(names, key=len)) <= LONGEST_NAME):
        return tuple(names)
    times: Counter[str] = Counter()
    found = []
    for name in (name[:LONGEST_NAME] for name in names):
        times[name] += 1
        found.append(name if times[name] == 1 else f"{name}#{times[name]}")
    return tuple(found)


def _decoded(text: str) -> str:
    if "%" in text:
        return unquote_plus(text, errors="replace")
    return text.replace("+", " ")


def request_of(service: str, method: str, path: str, query: str) -> Request:
    """Return a request of its parts as logs give them."""
    names, values = split_query(query)
    return Request(service, method, path_of(path), tuple(map(Parameter, names, values)))
