"""The request line of an HTTP log: method, target and version, whatever the client really sent.

Request lines are described in RFC 9112 section 3; logs also hold TLS hello bytes, worm greetings, blanks in targets and
nothing at all. What can be told is told, and the whole text is kept as `url.original` where it is no request line.
"""

from __future__ import annotations

import re

from collectors.web.address import endpoint
from engine.events import Fields

# Method, target (blanks and all), version. Each part is possessive or ends at the line's end: linear.
_REQUEST = re.compile(r"([A-Za-z][A-Za-z0-9_\-]{0,31}+) +(.*)", re.DOTALL | re.ASCII)
_VERSION = re.compile(r" HTTP/(\d(?:\.\d)?)\Z", re.ASCII)
_WORD = re.compile(r"[A-Za-z_\-]{1,32}", re.ASCII)
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]{0,31}+)://([^/?#]*+)(.*)", re.DOTALL | re.ASCII)
_TARGET_START = ("/", "*")


def read_request(text: str, fields: Fields) -> None:
    """Put the parts of a request line into `fields`: `http.request.method`, `http.version` and `url.*`."""
    if text in {"", "-"}:
        return
    found = _REQUEST.fullmatch(text)
    if found is None:
        if _WORD.fullmatch(text):
            fields["http.request.method"] = text
        fields["url.original"] = text
        return
    method, target = found.groups()
    version = _VERSION.search(target, max(0, len(target) - 9))
    if version is not None:
        fields["http.version"] = version[1]
        target = target[: version.start()]
    elif not target.startswith(_TARGET_START) and "://" not in target:
        fields["url.original"] = text
        return
    fields["http.request.method"] = method
    read_target(target, fields, connect=method == "CONNECT")


def read_target(target: str, fields: Fields, *, connect: bool = False) -> None:
    """Put the request target into `fields`: `url.original`, `url.path`, `url.query`, and the host of absolute ones."""
    if not target:
        return
    fields["url.original"] = target
    if target[0] != "/":
        if connect:
            read_host(target, fields)
            return
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is not None:
            fields["url.scheme"] = absolute[1].lower()
            read_host(absolute[2].rpartition("@")[2], fields)
            target = absolute[3]
            if not target:
                return
    path, mark, query = target.partition("?")
    if path:
        fields["url.path"] = path
    if mark and query:
        fields["url.query"] = query


def read_host(text: str, fields: Fields) -> None:
    """Put the host that a request was for (`Host` header, authority) into `url.domain` and `url.port`."""
    host = endpoint(text)
    name = host.ip or host.domain
    if name is not None:
        fields["url.domain"] = name
    if host.port is not None:
        fields["url.port"] = host.port
