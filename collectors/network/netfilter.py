"""Packets that the Linux kernel logs (`IN= OUT= MAC= SRC= DST= LEN= ... PROTO= SPT= DPT=`), with their rule's prefix.

Format: `net/ipv4/netfilter/nf_log_ipv4.c` and `net/netfilter/nf_log_syslog.c` of the Linux kernel: the rule's prefix,
then pairs, and flags without a value. MAC is destination, source and type.
"""

from __future__ import annotations

import re

from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of, put_port
from collectors.sensors.addresses import known_ip
from engine.events import Fields

MARK = re.compile(r"IN=[^\s=]{0,64} (?:OUT=|PHYSIN=|MAC=|SRC=)")
_PAIR = re.compile(r"(?:(?<=\s)|^)(?P<key>[A-Z][A-Z0-9]{0,11})=(?P<value>\S{0,255})", re.ASCII)
_UPTIME = re.compile(r"^\[ *\d{1,10}\.\d{3,6}\] ?")
_FLAGS = frozenset(("SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR"))
_INNER = re.compile(r"\[(?=SRC=)")  # of the packet that an ICMP error is about
_DENY = re.compile(
    r"\b(?:DROP(?:PED)?|DENY|DENIED|BLOCK(?:ED)?|REJECT(?:ED)?|KILL|BAN(?:NED)?|INVALID|FINAL_REJECT)\b", re.IGNORECASE
)
_ALLOW = re.compile(r"\b(?:ACCEPT(?:ED)?|ALLOW(?:ED)?|PASS(?:ED)?|PERMIT(?:TED)?)\b", re.IGNORECASE)
# Ubiquiti's gateways: [wan-lan-default-D], the rule set, the rule, and the action's first letter
_ZONED = re.compile(r"\[(?P<set>[A-Za-z0-9_\-]{1,64}?)-(?P<rule>\d{1,6}|default)-(?P<action>[ADR])\]$")
_ZONES = re.compile(r"(?P<from>[A-Za-z0-9_]{1,32})-(?P<to>[A-Za-z0-9_]{1,32})(?:-(?:4|6))?\Z")
_LETTERS = {"A": "accept", "D": "drop", "R": "reject"}
_VERDICTS = {"accept": "allowed", "drop": "denied", "reject": "denied"}


def read_packet(text: str, fields: Fields) -> bool:
    """Read a packet that the kernel logged, the time since its start taken off; tell whether the text is one."""
    text = _UPTIME.sub("", text, count=1)
    mark = MARK.search(text, 0, 2048)
    if mark is None:
        return False
    fields["message"] = text
    values, flags = _packet(text[mark.start() :])
    fields["event.type"] = ["connection"]
    _ends(values, fields)
    _sizes(values, fields)
    _prefix(text[: mark.start()].strip(), fields)
    for key, value in values.items():
        if value:
            fields.setdefault(f"iptables.{_NAMES.get(key, key.lower())}", value)
    if flags:
        fields["iptables.tcp.flags"] = flags
    return True


_NAMES = {"LEN": "length", "TTL": "ttl", "ID": "id", "TOS": "tos", "PREC": "precedence_bits", "WINDOW": "tcp.window"}


def _packet(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the first value of each key, and the TCP flags; what an ICMP error quotes of its packet is left out."""
    inner = _INNER.search(text)
    outer = text[: inner.start()] if inner else text
    values: dict[str, str] = {}
    for found in _PAIR.finditer(outer[:8192]):
        values.setdefault(found["key"], found["value"])
    return values, [word for word in outer[:8192].split() if word in _FLAGS]


def _ends(values: dict[str, str], fields: Fields) -> None:
    for address, port, side in (("SRC", "SPT", "source"), ("DST", "DPT", "destination")):
        if known_ip(found := values.get(address, "")):
            fields[f"{side}.ip"] = found
        put_port(fields, f"{side}.port", values.get(port, ""))
    parts = values.get("MAC", "").split(":")
    if len(parts) >= 12:
        for at, side in ((0, "destination"), (6, "source")):
            if mac := mac_of(":".join(parts[at : at + 6])):
                fields[f"{side}.mac"] = mac
    for key, side in (("IN", "ingress"), ("OUT", "egress")):
        if name := values.get(key):
            fields[f"observer.{side}.interface.name"] = name
    if transport := values.get("PROTO"):
        fields.update(transport_fields(transport))
    if values.get("IN") and not values.get("OUT"):
        fields["network.direction"] = "inbound"
    elif values.get("OUT") and not values.get("IN"):
        fields["network.direction"] = "outbound"


def _sizes(values: dict[str, str], fields: Fields) -> None:
    length = values.get("LEN", "")
    if length.isascii() and length.isdecimal() and len(length) <= 6:
        fields["source.bytes"] = int(length)


def _prefix(prefix: str, fields: Fields) -> None:
    """Read the rule's prefix, which is free text; the words people use in it tell the verdict."""
    zoned = _ZONED.search(prefix)
    if zoned is not None:
        action = _LETTERS[zoned["action"]]
        fields["rule.name"], fields["rule.id"] = zoned["set"], zoned["rule"]
        if (zones := _ZONES.match(zoned["set"])) is not None:
            fields["observer.ingress.zone"], fields["observer.egress.zone"] = zones["from"], zones["to"]
        _verdict(action, fields)
        return
    if prefix:
        fields["rule.name"] = prefix.strip("[]: ")
    if _DENY.search(prefix):
        _verdict("reject" if "REJECT" in prefix.upper() else "drop", fields)
    elif _ALLOW.search(prefix):
        _verdict("accept", fields)


def _verdict(action: str, fields: Fields) -> None:
    fields["event.action"], fields["event.type"] = action, [_VERDICTS[action], "connection"]
    fields["event.outcome"] = "success"  # of the rule: it did what it says
