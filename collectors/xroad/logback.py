"""Lines of X-Road's own programs (logback), also behind a header of syslog or journald.

Format: X-Road's logback configurations: `%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %level [xroad-proxy] [%thread] %logger{36} -
%msg%n%rEx{3}`; older ones have no program or write the level elsewhere. The user interface's access log is
`... INFO [xroad-proxy-ui-api] [N] o.niis.xroad.securityserver.RequestLog - host - user "request" status bytes`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from collectors.json_fields import to_instant
from collectors.source import Options

_LEVELS: Final = "TRACE|DEBUG|INFO|WARN|ERROR|FATAL"
# `2026-02-03T04:05:06.789+02:00 ERROR [xroad-proxy] [qtp-42] e.r.x.p.s.ServerMessageProcessor - text`
_LINE: Final = re.compile(
    rf"""(?P<stamp>\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{{1,9}}(?:Z|[+-]\d\d:?\d\d)?)\ {{1,4}}
    (?P<first>(?:{_LEVELS})\ {{1,4}})?
    (?:\[(?P<program>xroad-[a-z0-9\-]{{1,48}}|X-Road\ [^\]]{{1,64}})\]\ {{1,4}})?
    (?:(?:correlation-id:?\ ?)\[(?P<correlation>[^\]]{{0,128}})\]\ {{1,4}})?
    (?:\[(?P<thread>[^\]]{{1,256}})\]\ {{1,4}})?
    (?:(?P<second>{_LEVELS})\ {{1,4}})?
    (?:(?P<logger>[A-Za-z_$][\w$]{{0,127}}(?:\.[\w$]{{1,127}}){{1,24}})\ {{1,4}})?
    -\ ?(?P<message>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# `ee.ria.xroad.common.CodedException: Server.ServerProxy.AccessDenied: Request is not allowed: SERVICE:...`
_TYPE: Final = re.compile(r"((?:[a-z_][\w$]{0,63}\.){1,16}[A-Z][\w$]{0,127})(?:: ?(.*))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogbackLine:
    """One line, taken apart: the message's own lines, and the stack trace behind it. Absent parts are None."""

    message: str
    stamp: datetime | None
    level: str | None = None
    program: str | None = None
    thread: str | None = None
    logger: str | None = None
    correlation: str | None = None
    trace: str | None = None


def read_line(text: str, options: Options) -> LogbackLine | None:
    """Take a record apart; None where it does not begin (behind a header of syslog, perhaps) as X-Road's lines do."""
    match = _LINE.match(text) or _LINE.match(text, _inner(text))
    if match is None:
        return None
    level = (match["first"] or match["second"] or "").strip() or None
    if level is None and match["logger"] is None:
        return None
    message, _, rest = match["message"].partition("\n")
    extra, trace = _split_trace(rest)
    return LogbackLine(
        message=f"{message}\n{extra}".strip() if extra else message.strip(),
        stamp=to_instant(match["stamp"], options.zone),
        level=level,
        program=match["program"],
        thread=match["thread"],
        logger=match["logger"],
        correlation=match["correlation"] or None,
        trace=trace,
    )


def _inner(text: str) -> int:
    """Return where a second stamp begins, behind the header of syslog; the text's length where there is none."""
    start = text.find("Z ", 0, 40)
    found = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d", re.ASCII).search(text, max(start, 1), 400)
    return found.start() if found else len(text)


def _split_trace(rest: str) -> tuple[str, str | None]:
    """Part the further lines of a message from the stack trace that ends it."""
    if not rest:
        return "", None
    lines = rest.split("\n")
    for number, line in enumerate(lines):
        frame = line.lstrip()
        if frame.startswith(("at ", "Caused by: ", "Wrapped by: ", "... ", "Suppressed: ")) or _TYPE.fullmatch(line):
            return "\n".join(lines[:number]).strip(), "\n".join(lines[number:]).strip()
    return rest.strip(), None


def exception_of(trace: str) -> tuple[str, str] | None:
    """Return the type and the message of a stack trace's first exception."""
    for line in trace.split("\n", 8)[:8]:
        text = line.strip().removeprefix("Caused by: ").removeprefix("Wrapped by: ")
        if match := _TYPE.fullmatch(text):
            return match[1], match[2] or ""
    return None


_START: Final = re.compile(rb"(?:<\d{1,3}>)?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )")


def continues(before: bytes, line: bytes) -> bool:  # noqa: ARG001 - the line alone decides
    """Tell that a line belongs to the record before it: it begins with no stamp."""
    return _START.match(line) is None
