"""Linux netfilter: packets logged by iptables, nftables and ip6tables (`LOG` target, `log` statement, ulogd), with UFW
and firewalld prefixes.

Format: `net/ipv4/netfilter/nf_log_ipv4.c` and `net/netfilter/nf_log_syslog.c` of the Linux kernel: the rule's prefix,
then `IN= OUT= MAC= SRC= DST= LEN= ... PROTO= SPT= DPT=` and flags without a value. MAC is destination, source and type.
"""

from __future__ import annotations

import re

from collectors.network.netfilter import MARK, read_packet
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields


def _own(line: str) -> bool:
    head = line[:2048]
    return MARK.search(head) is not None and "SRC=" in head and "DST=" in head


def _bare(line: str) -> bool:
    mark = MARK.search(line, 0, 1024)
    return mark is not None and (mark.start() == 0 or not re.match(r"<\d|[A-Z][a-z]{2} {1,2}\d|\d{4}-|\[? *\d", line))


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    fields = begun("iptables.log", header, options)
    if not read_packet(header.message, fields):
        raise MalformedRecordError("no packet of netfilter: IN= and OUT= are missing")
    return fields


SOURCE = LineSource(
    name="netfilter",
    aliases=("iptables", "nftables", "ufw", "iptables.log"),
    title="Linux netfilter: packets logged by iptables, nftables and UFW",
    datasets=("iptables.log",),
    own=_own,
    read=_read,
    weight=96,
)
