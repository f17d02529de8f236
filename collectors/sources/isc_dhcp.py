"""ISC dhcpd: DHCP and DHCPv6 exchanges, BOOTP, failover and the daemon's own messages, by syslog or bare.

Format: see `collectors.dhcp.dhcpd`. The client is the source; its relay is `destination.ip`, where the message went.
"""

from __future__ import annotations

import re

from collectors.dhcp.dhcpd import is_common, is_message, is_other, read_message
from collectors.host.programs import refuse_others
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_DAEMON = re.compile(r"dhcpd?6?(?:\d)?\Z|dhcpd", re.IGNORECASE)
_TAGGED = re.compile(r"(?:^|\s)dhcpd?6?(?:\[\d{1,10}\])?: (?=\S)")


def _bare(line: str) -> bool:
    return is_message(line) or is_other(line)


def _own(line: str) -> bool:
    if _bare(line):
        return True
    tag = _TAGGED.search(line, 0, 400)
    return tag is not None and _bare(line[tag.end() :])


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    refuse_others(header, "isc_dhcp")
    text = header.message
    fields = begun("isc_dhcp.log", header, options)
    fields["message"], fields["network.protocol"] = text, "dhcp"
    fields["event.type"] = ["info"]
    if read_message(text, fields):
        relay = fields.get("dhcp.relay.ip")
        if isinstance(relay, str):
            fields["destination.ip"] = relay
    elif not (is_other(text) or is_common(text) or _DAEMON.match(header.program or "")):
        raise MalformedRecordError("no message of dhcpd: its words are unknown, and it is not from dhcpd")
    elif "no free leases" in text or "failed" in text.lower() or text.startswith("Can't"):
        fields["event.outcome"], fields["event.type"] = "failure", ["error"]
    return fields


SOURCE = LineSource(
    name="isc_dhcp",
    aliases=("dhcpd", "isc_dhcp.log", "isc-dhcp-server"),
    title="ISC dhcpd: DHCP, DHCPv6 and BOOTP exchanges",
    datasets=("isc_dhcp.log",),
    own=_own,
    read=_read,
    weight=94,
)
