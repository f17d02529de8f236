"""A header of RFC 5424 whose priority and version a relay took off: `2024-03-05T09:12:44Z host program 42 - - text`."""

from __future__ import annotations

import re

from collectors.source import Options
from collectors.syslog import Header, parse_header

_SHORN = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{1,20} \S{1,255} [^\s:]{1,255}(?<!\]) (?:-|\d{1,10}) \S{1,128} (?:- |\[)",
    re.ASCII,
)


def shorn_header(line: str, options: Options) -> Header:
    """Return a line's header, also where the two parts in front of its stamp are missing."""
    if line[:2] == "20" and _SHORN.match(line):
        header = parse_header("1 " + line, options)
        if header.kind == "rfc5424":
            return header
    return parse_header(line, options)
