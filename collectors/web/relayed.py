"""The header that syslog puts in front of a web server's lines, so that they can be read as those of a file.

Shapes: RFC 3164 and ISO 8601 stamps with a host and a tag (`<190>Mar 11 10:00:00 web1 nginx: `), and RFC 5424. A header
begins with a stamp at the very start of the line: what a client sends as its name, further on, is never taken for one.
"""

from __future__ import annotations

import re

_ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_HEADER = re.compile(
    rf"""(?:<\d{{1,3}}>)?(?:[A-Z][a-z]{{2}}\ [ \d]\d\ (?:\d{{4}}\ )?\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?|{_ISO})
    \ (?P<host>[^\s\[\]]{{1,255}})\ [^\s\[\]:]{{1,64}}(?:\[\d{{1,10}}\])?:\ {{1,2}}
    |<\d{{1,3}}>[1-9]\d?\ (?:{_ISO}|-)\ (?P<named>\S{{1,255}})\ \S{{1,48}}\ \S{{1,128}}\ \S{{1,32}}
    \ (?:-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*+")*+\])++)\ {{1,2}}\ufeff?""",
    re.VERBOSE | re.ASCII,
)


def relayed(text: str) -> tuple[str | None, int]:
    """Return the host that a header in front of a line names, and where the line itself begins; None and 0 without."""
    found = _HEADER.match(text) if text[:1] == "<" or text[:1].isupper() or text[4:5] == "-" else None
    if found is None:
        return None, 0
    return found["host"] or found["named"], found.end()
