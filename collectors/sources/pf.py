"""BSD packet filter: `filterlog` of pfSense and OPNsense (comma-separated), and what tcpdump prints of pflog.

Format: "Raw filter log format", pfSense documentation, and OPNsense's `filterlog` source: rule number, sub rule,
anchor, tracker or label, interface, reason, action, direction, IP version, and then the columns of that version, of the
protocol, and of the flags. Names: Elastic's integration `pfsense`.
"""

from __future__ import annotations

import re

from collectors.network.protocols import transport_fields
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_CSV = re.compile(
    r"\d{0,6},[^,\n]{0,16},[^,\n]{0,128},[^,\n]{0,64},[^,\s]{1,32},[a-z\-]{1,24},"
    r"(?:pass|block|reject|match|rdr|nat|binat|scrub|unkn\(\d{1,3}\)|nordr|nonat|synproxy-drop),(?:in|out|in/out),[46],",
    re.ASCII,
)
_TCPDUMP = re.compile(
    r"""rule\ (?P<rule>[\w./]{1,64})(?:\((?P<reason>[a-z\-]{1,24})\))?:?\ (?P<action>pass|block|match
    |rdr|nat|scrub|unkn\(\d{1,3}\))\ (?P<direction>in|out)\ on\ (?P<interface>[^\s:]{1,32}):\ (?P<rest>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_V4_ENDS = re.compile(
    r"(?P<src>\d{1,3}(?:\.\d{1,3}){3})(?:\.(?P<sport>\d{1,5}))? > "
    r"(?P<dst>\d{1,3}(?:\.\d{1,3}){3})(?:\.(?P<dport>\d{1,5}))?:",
    re.ASCII,
)
_V6_ENDS = re.compile(
    r"(?P<src>[0-9A-Fa-f:]{2,45})(?:\.(?P<sport>\d{1,5}))? > (?P<dst>[0-9A-Fa-f:]{2,45})(?:\.(?P<dport>\d{1,5}))?:",
    re.ASCII,
)
_TYPES = {"pass": "allowed", "block": "denied", "reject": "denied", "synproxy-drop": "denied"}
_COMMON = 9  # columns before those of the IP version
_PORTED = frozenset(("tcp", "udp", "sctp", "udplite"))


def _own(line: str) -> bool:
    return _CSV.search(line, 0, 1024) is not None or _TCPDUMP.search(line, 0, 512) is not None


def _bare(line: str) -> bool:
    return _CSV.match(line) is not None or line.startswith("rule ")


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    fields = begun("pfsense.log", header, options)
    message = header.message
    found = _CSV.search(message, 0, 1024)
    if found is not None:
        fields["message"], fields["event.provider"] = message[found.start() :], "filterlog"
        _columns(message[found.start() :].split(","), fields)
    elif (dump := _TCPDUMP.search(message, 0, 512)) is not None:
        fields["message"] = message
        _dump(dump, fields)
    else:
        raise MalformedRecordError(
            "no packet of pf: the columns rule, interface, reason, action and direction are missing"
        )
    fields["observer.type"] = "firewall"
    return fields


def _about(fields: Fields, *, interface: str, reason: str, action: str, direction: str) -> None:
    fields["event.reason"], fields["event.action"] = reason, action
    kind = _TYPES.get(action)
    fields["event.type"] = ["connection", kind] if kind else ["connection"]
    if direction in {"in", "out"}:
        fields["network.direction"] = "inbound" if direction == "in" else "outbound"
        side = "ingress" if direction == "in" else "egress"
        fields[f"observer.{side}.interface.name"] = interface
        name, dot, vlan = interface.partition(".")
        if dot and name and vlan.isdecimal():
            fields[f"observer.{side}.vlan.id"] = vlan


def _columns(cells: list[str], fields: Fields) -> None:
    _about(fields, interface=cells[4], reason=cells[5], action=cells[6], direction=cells[7])
    fields["rule.id"] = cells[0]
    if cells[2]:
        fields["rule.ruleset"] = cells[2]
    if cells[3] and cells[3] != "0":
        fields["pf.tracker"] = cells[3]
    rest = cells[_COMMON:]
    at = _addresses(rest)
    if at is None:
        return
    fields["source.ip"], fields["destination.ip"] = rest[at], rest[at + 1]
    _protocol(rest[:at], fields)
    _ports(rest[at + 2 :], str(fields.get("network.transport", "")), fields)


def _addresses(cells: list[str]) -> int | None:
    """Return where the two addresses stand: by what they are, for versions of pf write differing columns before."""
    for at in range(min(len(cells) - 1, 14)):
        if len(cells[at]) > 2 and is_ip(cells[at]) and is_ip(cells[at + 1]):
            return at
    return None


def _protocol(before: list[str], fields: Fields) -> None:
    """Read protocol and length: the last three columns before the addresses, name and number in either order."""
    if len(before) < 3:
        return
    one, two, length = before[-3:]
    name, number = (one, two) if two.isdecimal() else (two, one)
    transport = transport_fields(name) if name and not name.isdecimal() else {}
    known = transport_fields(number)
    if "network.iana_number" in known:
        fields["network.iana_number"] = known["network.iana_number"]
    fields["network.transport"] = transport.get("network.transport", known.get("network.transport", name.lower()))
    if length.isdecimal() and len(length) < 7:
        fields["network.bytes"] = int(length)


def _ports(cells: list[str], transport: str, fields: Fields) -> None:
    if transport in _PORTED:
        for cell, side in zip(cells, ("source", "destination"), strict=False):
            if cell.isascii() and cell.isdecimal() and len(cell) < 6 and int(cell) < 65536:
                fields[f"{side}.port"] = int(cell)
        if transport == "tcp" and len(cells) > 3:
            fields["pf.tcp.flags"] = cells[3]
    elif transport in {"icmp", "ipv6-icmp"} and cells and "=" not in cells[0]:
        fields["pf.icmp.type"] = cells[0]
        if cells[0].startswith(("unreach", "timexceed", "paramprob", "redirect", "needfrag", "maskreply")):
            fields["error.type"] = cells[0]


def _dump(found: re.Match[str], fields: Fields) -> None:
    _about(
        fields,
        interface=found["interface"],
        reason=found["reason"] or "match",
        action=found["action"],
        direction=found["direction"],
    )
    fields["rule.id"] = found["rule"].partition("/")[0]
    rest = found["rest"][:4096]
    ends = _V4_ENDS.search(rest) or _V6_ENDS.search(rest)
    if ends is None or not (is_ip(ends["src"]) and is_ip(ends["dst"])):
        return
    fields["source.ip"], fields["destination.ip"] = ends["src"], ends["dst"]
    for group, side in (("sport", "source"), ("dport", "destination")):
        if ends[group] and int(ends[group]) < 65536:
            fields[f"{side}.port"] = int(ends[group])
    low = rest.lower()
    transport = next(
        (name for name in ("icmp6", "icmp", "udp", "sctp") if name in low), "tcp" if "flags [" in low else ""
    )
    fields.update(transport_fields(transport))


SOURCE = LineSource(
    name="pf",
    aliases=("pfsense", "opnsense", "filterlog", "pfsense.log"),
    title="BSD packet filter: filterlog of pfSense and OPNsense, pflog through tcpdump",
    datasets=("pfsense.log",),
    own=_own,
    read=_read,
    weight=97,
)
