"""Fortinet FortiClient by syslog: connections that its firewall judged on a workstation.

Format: `June 5 21:33:08 HOST proto=tcp service=http status=deny src=192.0.2.7 dst=... src_port=... pid=6
app_name=... traff_direct=outbound block_count=2 logon_user=eva@example.org msg=...`; stamps have no year and name no
zone. Field names: Elastic's `fortinet_forticlient.log`.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.values import split_account
from collectors.network.keyvalue import firsts_and_doubts, pairs
from collectors.network.times import instant_of, with_year
from collectors.network.values import keep, put
from collectors.network.verdicts import verdict_of_word
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_HEAD: Final = re.compile(
    r"(?:<\d{1,3}>)?(?P<stamp>[A-Z][a-z]{2,8} {1,2}\d{1,2} \d\d:\d\d:\d\d) (?P<host>[^\s=]{1,255}) (?=proto=)", re.ASCII
)
_KEYS: Final = frozenset({"proto", "status", "src", "dst", "app_name", "traff_direct"})
_DIRECTIONS: Final = frozenset({"inbound", "outbound", "internal", "external", "unknown", "ingress", "egress"})
_NAMES: Final = (
    ("src", "source.ip"),
    ("dst", "destination.ip"),
    ("src_port", "source.port"),
    ("dst_port", "destination.port"),
    ("pid", "process.pid"),
    ("app_name", "process.name"),
    ("service", "network.protocol"),
    ("proto", "network.transport"),
    ("msg", "message"),
)


def _own(line: str) -> bool:
    return " traff_direct=" in line and " app_name=" in line and "proto=" in line


def _read(line: str, options: Options) -> Fields:
    start = line.find("proto=")
    values, doubtful = firsts_and_doubts(pairs(line[start:] if start >= 0 else ""))
    if not values.keys() >= _KEYS:
        raise MalformedRecordError("no record of FortiClient: proto=, status=, src=, dst= and app_name= are wanted")
    head = _HEAD.match(line)
    fields = begun(
        "fortinet_forticlient.log", headed(line[:start].rstrip(), options, lambda _: head is not None), options
    )
    if head is not None:
        fields["host.name"] = head["host"]
        if (moment := instant_of(with_year(head["stamp"], options), options.zone)) is not None:
            fields["@timestamp"] = moment
    sure = {key: text for key, text in values.items() if key not in doubtful}
    for key, name in _NAMES:
        put(fields, name, sure.get(key, ""), options.zone)
    fields["observer.vendor"], fields["observer.product"] = "Fortinet", "FortiClient"
    status = sure.get("status", "")
    fields["event.action"] = status
    verdict = verdict_of_word(status)
    fields["event.type"] = ["connection", *([verdict] if verdict else [])]
    if verdict is not None:
        fields["event.outcome"] = "success" if verdict == "allowed" else "failure"
    if (direction := sure.get("traff_direct", "").lower()) in _DIRECTIONS:
        fields["network.direction"] = direction
    name, domain = split_account(sure.get("logon_user", ""))
    put(fields, "user.name", name, options.zone)
    put(fields, "user.domain", domain, options.zone)
    keep(fields, "forticlient.", values.items())
    return fields


SOURCE = LineSource(
    name="forticlient",
    aliases=("fortinet_forticlient", "fortinet_clientendpoint"),
    title="Fortinet FortiClient by syslog",
    datasets=("fortinet_forticlient.log",),
    own=_own,
    read=_read,
)
