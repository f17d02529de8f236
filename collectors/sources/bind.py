"""ISC BIND: the query, response, security, transfer, policy and resolver logs of `named`, by syslog or in files.

Format: see `collectors.dns.named`. File channels put a stamp (local, ISO 8601 or ISO 8601 in UTC), the category and
the severity in front (`28-Nov-2024 15:26:27.498 queries: info: `), each only where the configuration asks for it.
"""

from __future__ import annotations

import re

from collectors.dns.named import is_like, is_message, read_message
from collectors.network.times import instant_of
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.syslog import Header
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(
    r"(?P<stamp>\d{1,2}-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\.\d{3}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z?) ", re.ASCII
)
_CATEGORIES = (
    "client|cname|config|database|default|delegation-only|dispatch|dnssec|dnstap|edns-disabled|general|lame-servers|"
    "network|notify|nsid|queries|query-errors|rate-limit|resolver|responses|rpz|rpz-passthru|security|serve-stale|spill|"
    "sslkeylog|trust-anchor-telemetry|unmatched|update|update-security|xfer-in|xfer-out|zoneload|DNSSEC"
)
_CATEGORY = re.compile(rf"(?P<category>{_CATEGORIES}): +(?=\S)")
_SEVERITY = re.compile(r"(?P<level>critical|error|warning|notice|info|debug(?: \d{1,2})?): ")
_DAEMON = re.compile(r"named|bind", re.IGNORECASE)


def _cut(text: str) -> tuple[str, str | None, str | None]:
    """Take category and severity off a message; a category that is part of the message (`rpz: ...`) stays there too."""
    category, level = _CATEGORY.match(text), None
    start = category.end() if category else 0
    severity = _SEVERITY.match(text, start)
    if severity is not None:
        return text[severity.end() :], category and category["category"], severity["level"]
    if category is not None and category["category"] != "rpz":
        return text[start:], category["category"], level
    return text, None, None


def _bare(line: str) -> bool:
    return _STAMP.match(line) is not None or is_message(_cut(line)[0])


def _own(line: str) -> bool:
    text = _cut(_unstamped(line))[0]
    if is_message(text) or (text.startswith("dispatch 0x") and is_like(text)):
        return True
    at = line.find("named[", 0, 400)
    return at >= 0 and ": " in line[at:] and not line.startswith("{") and "|Infoblox|NIOS" not in line[at:]


def _unstamped(line: str) -> str:
    stamp = _STAMP.match(line)
    return line[stamp.end() :] if stamp else line


def _read(line: str, options: Options) -> Fields:
    stamp = _STAMP.match(line)
    header = (
        Header(kind="bare", message=_unstamped(line).strip(), host=options.host) if stamp else _headed(line, options)
    )
    text, category, level = _cut(_unstamped(header.message))
    fields = begun("bind.log", header, options)
    inner = stamp or _STAMP.match(header.message)
    if inner is not None and (moment := instant_of(inner["stamp"], options.zone)):
        fields["@timestamp"] = moment
    if category:
        fields["bind.category"] = category
    if level:
        fields["log.level"] = level.partition(" ")[0]
    fields["event.type"], fields["network.protocol"] = ["info", "protocol"], "dns"
    fields["message"] = text
    known = read_message(text, fields)
    told = stamp or category or level or _DAEMON.search(header.program or "") or is_like(text)
    if not known and not told:
        raise MalformedRecordError("no message of BIND: it is not from named, and its text is unknown")
    return fields


def _headed(line: str, options: Options) -> Header:
    return headed(line, options, _bare)


SOURCE = LineSource(
    name="bind",
    aliases=("named", "bind9", "bind.log"),
    title="ISC BIND (named): query, security, transfer, policy and resolver logs",
    datasets=("bind.log",),
    own=_own,
    read=_read,
    weight=95,
)
