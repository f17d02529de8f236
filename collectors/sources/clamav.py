"""ClamAV: what it found in files and mails, from the logs of clamd, clamscan and clamonacc.

Format: ClamAV documentation, "Usage": `Tue Mar  5 09:12:44 2024 -> /srv/x.docx: Win.Trojan.Agent-1(HASH:SIZE) FOUND`,
and clamscan's report without a stamp (`/srv/x: NAME FOUND`). What clamd writes to syslog stands among a host's lines.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.auth.guards import read_clamav
from collectors.network.times import instant_of
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP: Final = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}) -> (?P<text>\S.*)", re.ASCII | re.DOTALL
)
_REPORT: Final = re.compile(
    r"(?:/|[A-Z]:\\).{0,4096}: (?:[^\s:]{1,400} FOUND|OK|Empty file|Excluded|Symbolic link|Access denied)", re.DOTALL
)
_CLEAN: Final = re.compile(
    r"(?P<path>.{1,4096}): (?P<what>OK|Empty file|Excluded|Symbolic link|Access denied)\.?.{0,64}", re.DOTALL
)


def _own(line: str) -> bool:
    return _STAMP.match(line) is not None or _REPORT.fullmatch(line.strip()) is not None


def _read(line: str, options: Options) -> Fields:
    stamped = _STAMP.match(line)
    if stamped is None and _REPORT.fullmatch(line.strip()) is None:
        raise MalformedRecordError("no line of ClamAV: neither its stamp with -> nor what it says of a file")
    text = (line if stamped is None else stamped["text"]).strip()
    fields = begun("clamav.log", Header(kind="bare", message=text, host=options.host), options, categories=("host",))
    fields["event.type"], fields["message"] = ["info"], text
    if stamped is not None and (moment := instant_of(stamped["stamp"], options.zone)) is not None:
        fields["@timestamp"] = moment
    if not read_clamav(text, fields) and (clean := _CLEAN.fullmatch(text)) is not None:
        fields["file.path"], fields["file.name"] = clean["path"], clean["path"].rpartition("/")[2]
        fields["event.category"], fields["event.action"] = ["file"], clean["what"]
    fields["event.dataset"] = "clamav.log"
    return fields


SOURCE = LineSource(
    name="clamav",
    aliases=("clamscan", "clamonacc"),
    title="ClamAV: clamd, clamscan, clamonacc",
    datasets=("clamav.log",),
    own=_own,
    read=_read,
    weight=95,
)
