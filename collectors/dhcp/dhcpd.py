"""The messages of ISC dhcpd (and of appliances built on it): one exchange of DHCP, DHCPv6 or BOOTP each.

Format: `server/dhcp.c`, `server/dhcpv6.c`, `server/bootp.c` and `server/failover.c` of ISC DHCP 4
(https://gitlab.isc.org/isc-projects/dhcp): `DHCPREQUEST for 192.0.2.9 (192.0.2.1) from 00:00:5e:00:53:01 (pc9) via
eth0: reason`. Behind `via` stands the interface, or the address of the relay. The client is the source.
"""

from __future__ import annotations

import re

from collectors.network.values import mac_of
from collectors.web.address import is_ip
from engine.events import Fields

_IP = r"[0-9A-Fa-f.:]{2,45}"
_MAC = r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5,19}"
_V4 = re.compile(
    rf"""(?P<verb>DHCP(?:DISCOVER|OFFER|REQUEST|ACK|NAK|DECLINE|RELEASE|INFORM|EXPIRE|LEASEQUERY|UNKNOWN\w{{0,16}}))
    (?:\ (?:for|on|of|to)\ (?P<ip>{_IP}))?
    (?:\ \((?P<server>{_IP})\))?
    (?:\ \((?P<mac_first>{_MAC})\))?
    (?:\ (?:from|to)\ (?:(?P<mac>{_MAC})|(?P<peer>{_IP}))(?:\ \((?P<host>[^)]{{1,255}})\))?)?
    (?:\ via\ (?P<via>[^\s:]{{1,64}}|{_IP}))?
    (?P<rest>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_BOOTP = re.compile(
    rf"(?P<verb>BOOTREQUEST|BOOTREPLY)(?: for (?P<ip>{_IP}))? (?:from|to) (?P<mac>{_MAC})"
    rf"(?: \((?P<host>[^)]{{1,255}})\))?(?: via (?P<via>\S{{1,64}}))?(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_V6_RECEIVED = re.compile(
    rf"(?P<verb>Solicit|Request|Confirm|Renew|Rebind|Release|Decline|Information-request|"
    rf"Relay-forward|Leasequery) message"
    rf" from (?P<ip>{_IP}) port (?P<port>\d{{1,5}})(?:, transaction ID (?P<id>0x[0-9A-Fa-f]{{1,8}}))?",
    re.ASCII,
)
_V6_SENT = re.compile(
    rf"Sending (?P<verb>Advertise|Reply|Relay-reply|Reconfigure) to (?P<ip>{_IP}) port (?P<port>\d{{1,5}})", re.ASCII
)
_V6_LEASE = re.compile(
    rf"(?P<verb>Advertise|Reply|Renew|Rebind|Release|Confirm) (?P<kind>NA|TA|PD): (?:address|"
    rf"prefix) (?P<ip>{_IP})(?:/\d{{1,3}})?"
    r"(?: to client with duid (?P<duid>[0-9A-Fa-f:]{2,400}))?(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_TRANSACTION = re.compile(r" TransID (?P<id>[0-9A-Fa-f]{1,8})", re.ASCII)
_REASON = re.compile(r": (?P<reason>.*)", re.DOTALL)
_NOTE = re.compile(r"\((?P<note>[^()]{1,128})\)\s*$")
_REFUSED = (
    "no free leases",
    "unavailable",
    "unknown",
    "ignored",
    "abandon",
    "not authoritative",
    "wrong network",
    "error",
)
_OTHER = re.compile(
    r"uid lease |Abandoning IP address|failover peer |Wrote \d{1,9} (?:class|deleted|new|lease|NA|TA|PD|IA)|"
    r"(?:Listening|Sending) on {1,3}(?:LPF|BPF|Socket|DLPI|Raw|NIT|UPF)/|Internet Systems Consortium DHCP|"
    r"balanc(?:ing|ed) pool|Dynamic and static leases|reuse_lease|Added new forward map|Added reverse map|"
    r"Removed (?:forward|reverse) map|Unable to add (?:forward|reverse) map|"
    r"bind update on |pool [0-9a-f]{4,16} |r-l-e:|no free leases|ICMP Echo reply while lease|"
    r"network \S{1,64}: no free|DHCPSERVER"
)
_COMMON = re.compile(  # of the daemon, and of any other program
    r"Can't |Unable to add |Copyright |All rights reserved|Config file:|Database file:|PID file:|Wrote \d|"
    r"Server starting service"
)


def is_message(text: str) -> bool:
    """Tell whether a text begins as dhcpd's messages about clients do."""
    return any(pattern.match(text) is not None for pattern in (_V4, _BOOTP, _V6_RECEIVED, _V6_SENT, _V6_LEASE))


def is_other(text: str) -> bool:
    """Tell whether a text is one of the daemon's messages about itself."""
    return _OTHER.match(text) is not None


def is_common(text: str) -> bool:
    """Tell whether a text is a message of the daemon that could be any program's: read, but no proof of it."""
    return _COMMON.match(text) is not None


def read_message(text: str, fields: Fields) -> bool:
    """Read a message about a client; tell whether it is one."""
    for pattern in (_V4, _BOOTP):
        if (found := pattern.match(text)) is not None:
            _v4(found, fields)
            return True
    for pattern in (_V6_RECEIVED, _V6_SENT, _V6_LEASE):
        if (found := pattern.match(text)) is not None:
            _v6(found, fields)
            return True
    return False


def _v4(found: re.Match[str], fields: Fields) -> None:
    parts = found.groupdict()
    fields["event.action"] = found["verb"]
    fields["event.type"] = ["connection", "protocol"]
    address = found["ip"] or parts.get("peer")
    if address and is_ip(address):
        fields["source.ip"] = address
    if mac := mac_of(parts["mac"] or parts.get("mac_first") or ""):
        fields["source.mac"] = mac
    if found["host"]:
        fields["source.domain"] = found["host"]
    server = parts.get("server")
    if server and is_ip(server) and server != address:
        fields["server.ip"] = server
    via = found["via"] or ""
    if is_ip(via):
        fields["dhcp.relay.ip"] = via
    elif via:
        fields["observer.ingress.interface.name"] = via
    _verdict(found["verb"], found["rest"], fields)


def _verdict(verb: str, rest: str, fields: Fields) -> None:
    if (transaction := _TRANSACTION.search(rest)) is not None:
        fields["dhcp.transaction_id"] = transaction["id"]
    reason = _REASON.search(rest)
    note = _NOTE.search(rest) if reason is None else None
    said = reason["reason"].strip() if reason else note["note"] if note else ""
    if said:
        fields["event.reason"] = said
    low = said.lower()
    failed = verb in {"DHCPNAK", "DHCPDECLINE"} or any(word in low for word in _REFUSED)
    fields["event.outcome"] = "failure" if failed else "success"
    if failed:
        fields["event.type"] = ["connection", "protocol", "denied"]


def _v6(found: re.Match[str], fields: Fields) -> None:
    parts = found.groupdict()
    fields["event.action"], fields["event.type"] = found["verb"].lower(), ["connection", "protocol"]
    fields["event.outcome"] = "success"
    if is_ip(found["ip"]):
        fields["source.ip"] = found["ip"]
    if parts.get("port"):
        fields["source.port"] = int(parts["port"] or 0)
    if parts.get("id"):
        fields["dhcp.transaction_id"] = parts["id"] or ""
    if duid := parts.get("duid"):
        fields["dhcp.client.duid"] = duid
        if mac := _mac_in(duid):
            fields["source.mac"] = mac


def _mac_in(duid: str) -> str | None:
    """Return the hardware address in a DUID of type LLT or LL over Ethernet (RFC 8415, 11.2 and 11.4)."""
    parts = [part.zfill(2).lower() for part in duid.split(":")]
    if parts[:4] == ["00", "01", "00", "01"] and len(parts) == 14:
        return mac_of(":".join(parts[8:]))
    if parts[:4] == ["00", "03", "00", "01"] and len(parts) == 10:
        return mac_of(":".join(parts[4:]))
    return None
