"""Labelled web requests: HTTP CSIC 2010 as one request a line, or as raw HTTP requests.

The line form is `METHOD URL` in Latin-1, lines end with a line feed alone. The raw form is RFC 9112's request, one
after another, POST bodies as forms (https://www.tic.itefi.csic.es/dataset/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from engine.anomaly.tables import INSTANT

_RAW = re.compile(r"(?m)^(?P<method>[A-Z]{3,7}) (?P<target>\S{1,65536}) HTTP/1\.[01]\r?$")
_START = 1_263_000_000_000_000  # microseconds since 1970; the data have no instants
_APART = 600_000_000  # each request stands in a window of its own: nothing is known of who asked meanwhile


class Line(NamedTuple):
    """One request of the data."""

    method: str
    path: str
    query: str


def read_lines(path: Path) -> list[Line]:
    """Return the distinct requests of a file, in order."""
    text = path.read_bytes().decode("latin-1")
    found = _raw(text) if _RAW.match(text) else _plain(text)
    return list(dict.fromkeys(found))


def _plain(text: str) -> Iterator[Line]:
    for line in text.split("\n"):
        method, _, url = line.removesuffix("\r").partition(" ")
        if url:
            yield _line(method, url, "")


def _raw(text: str) -> Iterator[Line]:
    starts = [*_RAW.finditer(text)]
    ends = [*(found.start() for found in starts[1:]), len(text)]
    for found, end in zip(starts, ends, strict=True):
        _, _, body = text[found.end() : end].replace("\r\n", "\n").partition("\n\n")
        yield _line(found["method"], found["target"], body.strip("\n"))


def _line(method: str, url: str, body: str) -> Line:
    place = url.partition("://")[2]
    target = "/" + place.partition("/")[2] if place else url
    path, _, query = target.partition("?")
    return Line(method.upper(), path, "&".join(part for part in (query, body) if part))


def as_events(lines: Sequence[Line], name: str) -> pa.Table:
    """Return the requests as events of one service, each of another client."""
    count = len(lines)
    return pa.table(
        {
            "event.id": [f"{name}-{number}" for number in range(count)],
            "@timestamp": pa.array([_START + number * _APART for number in range(count)]).cast(INSTANT),
            "source.ip": [f"198.18.{number >> 8 & 255}.{number & 255}" for number in range(count)],
            "url.domain": ["shop"] * count,
            "http.request.method": [line.method for line in lines],
            "url.path": [line.path for line in lines],
            "url.query": [line.query or None for line in lines],
        },
        schema=pa.schema(
            [
                (field, INSTANT if field == "@timestamp" else pa.string())
                for field in (
                    "event.id",
                    "@timestamp",
                    "source.ip",
                    "url.domain",
                    "http.request.method",
                    "url.path",
                    "url.query",
                )
            ]
        ),
    )
