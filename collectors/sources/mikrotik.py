"""MikroTik RouterOS by syslog: log-ins, connections that its firewall logs, leases, tunnels, changes.

Format: MikroTik documentation, "Log": topics and a text, `system,error,critical login failure for user admin from
192.0.2.7 via ssh`, `firewall,info input: in:ether1 out:(unknown 0), ..., proto TCP (SYN), A:1->B:2, len 60`; behind any
header, with the topics as the tag or in front of the text.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.ends import put_end
from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_TOPIC: Final = (
    "account|backup|bfd|bgp|bridge|caps|certificate|critical|debug|dhcp|dns|dot1x|dude|e-mail|error|event|firewall|gsm|"
    "hotspot|igmp-proxy|info|interface|ipsec|iscsi|isdn|kvm|l2tp|ldp|lora|lte|manager|mme|mpls|mqtt|mvrp|netwatch|ntp|"
    "ospf|ovpn|packet|pim|poe-out|ppp|pppoe|pptp|ptp|queue|radius|radvd|raw|read|rip|route|route6|rpki|rsvp|script|sertcp|"
    "simulator|snmp|ssh|sstp|state|store|stp|system|telephony|tftp|timer|tr069|ups|upnp|vpls|vrrp|warning|watchdog|"
    "web-proxy|wireguard|wireless|write|zerotier"
)
_START: Final = re.compile(
    rf"(?P<topics>(?:{_TOPIC})(?:,(?:{_TOPIC}))+),?:?\ (?P<text>\S.*)", re.VERBOSE | re.ASCII | re.DOTALL
)
_LOG_IN: Final = re.compile(
    r"(?:user (?P<user>.{1,128}?) logged (?P<what>in|out)|login failure for user (?P<refused>.{0,128}?))"
    r"(?: from (?P<from>[0-9A-Fa-f.:]{2,45}))?(?: via (?P<via>[A-Za-z0-9\-_]{1,32}(?: [A-Za-z0-9\-_]{1,16})?))?$",
    re.ASCII | re.DOTALL,
)
_FLOW: Final = re.compile(
    r"""(?:(?P<prefix>.{0,64}?)\ )?(?P<chain>[A-Za-z0-9_\-]{1,48}):\ in:(?P<in>\(unknown\ \d{1,3}\)|[^\s,]{1,48})
    \ out:(?P<out>\(unknown\ \d{1,3}\)|[^\s,]{1,48}),?(?P<rest>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_PROTO: Final = re.compile(r"proto (?P<proto>[A-Za-z0-9\-]{1,16})(?: \((?P<flags>[A-Z,a-z0-9 ]{1,40})\))?", re.ASCII)
_ENDS: Final = re.compile(
    r"\[?(?P<source>[0-9A-Fa-f.:]{2,45}?)\]?(?::(?P<port>\d{1,5}))?->\[?(?P<destination>[0-9A-Fa-f.:]{2,45}?)\]?"
    r"(?::(?P<to>\d{1,5}))?(?=,|\s|$)",
    re.ASCII,
)
_MAC: Final = re.compile(r"src-mac (?P<mac>[0-9A-Fa-f:]{17})", re.ASCII)
_LEASE: Final = re.compile(
    r"(?P<server>\S{1,64}) (?P<what>deassigned|assigned) (?P<ip>[0-9A-Fa-f.:]{2,45}) (?:for|to|from) "
    r"(?P<mac>[0-9A-Fa-f:]{17})",
    re.ASCII,
)
_CHANGE: Final = re.compile(r".{1,128} (?P<what>added|removed|changed|moved) by (?P<who>.{1,128})$", re.DOTALL)
_CHANGES: Final = {"added": "creation", "removed": "deletion"}
_REFUSING: Final = ("drop", "deny", "reject", "block")
_LEVELS: Final = ("critical", "error", "warning", "info", "debug")


def _start(line: str) -> re.Match[str] | None:
    """Return where the topics and the text stand: in front, or behind a header of syslog."""
    found = _START.match(line)
    if found is not None:
        return found
    at = line.find(",")
    begins = line.rfind(" ", 0, at) + 1 if 0 < at < 256 else 0
    return _START.match(line, begins) if begins else None


def _own(line: str) -> bool:
    return _start(line) is not None


def _read(line: str, options: Options) -> Fields:
    found = _start(line)
    if found is None:
        raise MalformedRecordError("no line of RouterOS: topics with commas between them, then a text")
    topics, text = found["topics"].split(","), found["text"].strip()
    header = headed(line[: found.start()].rstrip() + " x", options, lambda _: not found.start())
    fields = begun("mikrotik.log", header, options)
    for name in ("log.syslog.appname", "log.syslog.procid"):
        fields.pop(name, None)
    fields["observer.vendor"], fields["observer.product"] = "MikroTik", "RouterOS"
    fields["message"], fields["event.type"] = text, ["info"]
    fields["mikrotik.topics"] = topics
    if (level := next((word for word in _LEVELS if word in topics), None)) is not None:
        fields["log.level"] = level
    for read in (_read_log_in, _read_lease, _read_change, _read_flow):
        if read(topics, text, fields):
            break
    return fields


def _read_log_in(topics: list[str], text: str, fields: Fields) -> bool:
    found = _LOG_IN.match(text)
    if found is None or not {"account", "system", "hotspot", "ppp", "l2tp", "pptp", "ovpn", "sstp"} & set(topics):
        return False
    ended, refused = found["what"] == "out", found["refused"] is not None
    fields["event.category"], fields["event.type"] = ["authentication"], ["end" if ended else "start"]
    fields["event.outcome"] = "failure" if refused else "success"
    fields["event.action"] = "login-failure" if refused else "logged-out" if ended else "logged-in"
    if name := (found["refused"] if refused else found["user"]).strip():
        fields["user.name"] = name
    put_end(fields, "source", found["from"])
    if found["via"]:
        fields["network.application"] = found["via"].strip().lower()
    return True


def _read_lease(topics: list[str], text: str, fields: Fields) -> bool:
    found = _LEASE.match(text)
    if found is None or "dhcp" not in topics:
        return False
    fields["event.action"] = found["what"]
    fields["event.type"] = ["end" if found["what"] == "deassigned" else "start"]
    fields["network.protocol"] = "dhcp"
    put_end(fields, "client", found["ip"])
    if mac := mac_of(found["mac"]):
        fields["client.mac"] = mac
    return True


def _read_change(topics: list[str], text: str, fields: Fields) -> bool:
    found = _CHANGE.match(text)
    if found is None or "system" not in topics:
        return False
    fields["event.category"], fields["event.type"] = ["configuration"], [_CHANGES.get(found["what"], "change")]
    fields["event.action"] = found["what"]
    fields["user.name"] = found["who"].rpartition(":")[2].partition("@")[0].strip() or found["who"]
    return True


def _read_flow(topics: list[str], text: str, fields: Fields) -> bool:
    found = _FLOW.match(text)
    if found is None or "firewall" not in topics:
        return False
    rest = found["rest"]
    said = f"{found['prefix'] or ''} {found['chain']}".lower()
    fields["event.type"] = ["connection", *(["denied"] if any(word in said for word in _REFUSING) else [])]
    fields["rule.name"] = (found["prefix"] or found["chain"]).strip()
    fields["mikrotik.chain"] = found["chain"]
    for name, key in (("observer.ingress.interface.name", "in"), ("observer.egress.interface.name", "out")):
        if not found[key].startswith("("):
            fields[name] = found[key]
    if (protocol := _PROTO.search(rest)) is not None:
        fields.update(transport_fields(protocol["proto"]))
    if (mac := _MAC.search(rest)) is not None and (address := mac_of(mac["mac"])):
        fields["source.mac"] = address
    if (ends := _ENDS.search(rest)) is not None:
        put_end(fields, "source", ends["source"], ends["port"])
        put_end(fields, "destination", ends["destination"], ends["to"])
    return True


SOURCE = LineSource(
    name="mikrotik",
    aliases=("routeros", "mikrotik_routeros"),
    title="MikroTik RouterOS by syslog",
    datasets=("mikrotik.log",),
    own=_own,
    read=_read,
)
