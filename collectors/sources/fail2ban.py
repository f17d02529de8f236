"""fail2ban's own log file: whom it shut out, let in again, or saw.

Format: fail2ban's fail2ban.conf (`2024-03-05 09:12:44,123 fail2ban.actions [812]: NOTICE [sshd] Ban 203.0.113.9`).
Stamps are in the machine's zone. By syslog its lines are read by the host's source with the same words.
"""

from __future__ import annotations

import re

from collectors.auth.guards import read_fail2ban
from collectors.network.times import instant_of
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) fail2ban\.(?P<part>\w{2,32}) *\[(?P<pid>\d{1,10})\]:"
    r" (?P<level>[A-Z]{4,8}) +(?P<text>.*)",
    re.DOTALL | re.ASCII,
)


def _own(line: str) -> bool:
    return _LINE.match(line) is not None


def _read(line: str, options: Options) -> Fields:
    found = _LINE.fullmatch(line)
    if found is None:
        raise MalformedRecordError("no line of fail2ban: stamp, `fail2ban.` and its part, and a level are missing")
    fields: Fields = {"event.kind": "event", "event.category": (), "event.type": ("info",)}
    read_fail2ban(found["text"], fields)
    fields |= {"event.dataset": "fail2ban.log", "event.module": "fail2ban", "message": found["text"]}
    moment = instant_of(found["stamp"].replace(",", "."), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["log.level"], fields["log.logger"] = found["level"].lower(), f"fail2ban.{found['part']}"
    fields["process.name"], fields["process.pid"] = "fail2ban-server", int(found["pid"])
    if options.host:
        fields["host.name"] = options.host
    return fields


SOURCE = LineSource(
    name="fail2ban",
    aliases=("fail2ban.log",),
    title="fail2ban's log: bans, unbans and matches",
    datasets=("fail2ban.log",),
    own=_own,
    read=_read,
    weight=96,
)
