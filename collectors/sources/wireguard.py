"""WireGuard: the kernel module's debug messages, those of wireguard-go and boringtun, and of wg-quick.

Format: `drivers/net/wireguard/` of the Linux kernel (`receive.c`, `send.c`, `peer.c`, `noise.c`; dynamic debug:
`module wireguard +p`): `wireguard: wg0: Receiving handshake initiation from peer 3 (192.0.2.9:51820)`; wireguard-go:
`(wg0) 2024/03/03 14:05:06 peer(abcd…wxyz) - Received handshake initiation`.
"""

from __future__ import annotations

import re

from collectors.host.programs import refuse_others
from collectors.network.times import instant_of
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.web.address import endpoint, is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_KERNEL = re.compile(r"(?:^|\s|\] )wireguard: (?:(?P<interface>[\w.\-]{1,32}): )?(?P<text>.*)", re.DOTALL)
_GO = re.compile(
    r"(?:(?:INFO|DEBUG|ERROR|VERBOSE): )?\((?P<interface>[\w.\-]{1,32})\) "
    r"(?:(?P<stamp>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?:\.\d{1,6})? )?(?P<text>.*)",
    re.DOTALL,
)
_GO_PEER = re.compile(r"peer\((?P<key>\S{4,64})\) - (?P<text>.*)", re.DOTALL)
_PEER = re.compile(r"peer (?P<id>\d{1,10})(?: \((?P<end>[^)\s]{2,64})\))?", re.ASCII)
_FROM = re.compile(r"(?:from|to) (?P<end>\[?[0-9A-Fa-f.:]{2,45}\]?:\d{1,5})(?=\D|$)", re.ASCII)
_INNER = re.compile(
    r"(?:unallowed|disallowed) (?P<side>src|source|dst|destination) (?:IP|address)(?: \((?P<ip>[0-9A-Fa-f.:]{2,45})\))?"
)
_UPTIME = re.compile(r"^\[ *\d{1,10}\.\d{3,6}\] ?")

# words, action, types, outcome
_ACTIONS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("eceiving handshake initiation", "handshake-initiation-received", ("connection", "start"), ""),
    ("eceived handshake initiation", "handshake-initiation-received", ("connection", "start"), ""),
    ("eceiving handshake response", "handshake-response-received", ("connection", "start"), "success"),
    ("eceived handshake response", "handshake-response-received", ("connection", "start"), "success"),
    ("ending handshake initiation", "handshake-initiation-sent", ("connection", "start"), ""),
    ("ending handshake response", "handshake-response-sent", ("connection", "start"), "success"),
    ("did not complete", "handshake-timeout", ("connection", "error"), "failure"),
    ("nvalid handshake", "handshake-invalid", ("connection", "denied"), "failure"),
    ("nvalid MAC", "handshake-invalid", ("connection", "denied"), "failure"),
    ("nvalid mac", "handshake-invalid", ("connection", "denied"), "failure"),
    ("eplay", "packet-replayed", ("connection", "denied"), "failure"),
    ("nonce", "packet-replayed", ("connection", "denied"), "failure"),
    ("unallowed", "packet-refused", ("connection", "denied"), "failure"),
    ("disallowed", "packet-refused", ("connection", "denied"), "failure"),
    ("malformed", "packet-refused", ("connection", "denied"), "failure"),
    ("eceiving keepalive", "keepalive-received", ("connection",), ""),
    ("eceived keepalive", "keepalive-received", ("connection",), ""),
    ("ending keepalive", "keepalive-sent", ("connection",), ""),
    ("Keypair", "keypair", ("info",), ""),
    ("cookie", "cookie", ("connection",), ""),
    ("Zeroing out all keys", "keys-zeroed", ("connection", "end"), ""),
    ("destroyed", "removed", ("deletion",), ""),
    ("created", "created", ("creation",), ""),
    ("No peer has allowed IPs matching", "no-peer", ("connection", "denied"), "failure"),
    ("No valid endpoint", "no-endpoint", ("connection", "error"), "failure"),
    ("Giving up", "handshake-timeout", ("connection", "error"), "failure"),
    ("UAPI", "configuration", ("change",), ""),
    ("ailed", "error", ("error",), "failure"),
)


def _own(line: str) -> bool:
    head = line[:1024]
    if (found := _KERNEL.search(head)) is not None and found["interface"]:
        return True
    return "wg-quick[" in head or _go(head) or "wireguard-go" in head


def _go(line: str) -> bool:
    found = _GO.match(line)
    return found is not None and ("peer(" in found["text"] or "Routine:" in found["text"] or "UAPI" in found["text"])


def _bare(line: str) -> bool:
    return _GO.match(line) is not None or _UPTIME.match(line) is not None or line.startswith("wireguard: ")


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    if header.program != "kernel":
        refuse_others(header, "wireguard")
    text = _UPTIME.sub("", header.message, count=1)
    if header.program == "wireguard":
        text = f"wireguard: {text}"
    program = header.program or ""
    found = _KERNEL.search(text[:65536]) or _GO.match(text)
    if found is None and not ("wireguard" in program or program.startswith("wg-quick") or "wireguard" in text[:256]):
        raise MalformedRecordError("no line of WireGuard: `wireguard: interface:` is missing")
    fields = begun("wireguard.log", header, options)
    fields["event.type"], fields["observer.type"], fields["observer.product"] = ["info"], "vpn", "WireGuard"
    fields["network.protocol"], fields["network.transport"], fields["network.iana_number"] = "wireguard", "udp", "17"
    if found is not None:
        parts = found.groupdict()
        if parts.get("stamp") and (moment := instant_of(parts["stamp"] or "", options.zone)):
            fields["@timestamp"] = moment
        if found["interface"]:
            fields["observer.ingress.interface.name"] = found["interface"]
        text = found["text"].strip()
    fields["message"] = text
    _message(text[:4096], fields)
    return fields


def _message(text: str, fields: Fields) -> None:
    if (go := _GO_PEER.match(text)) is not None:
        fields["wireguard.peer.key"] = go["key"]
    for words, action, types, outcome in _ACTIONS:
        if words in text:
            fields["event.action"], fields["event.type"] = action, list(types)
            if outcome:
                fields["event.outcome"] = outcome
            break
    if fields.get("event.outcome") == "failure":
        fields["event.reason"] = text
    sent = "ending " in text or " to " in text
    peer = _PEER.search(text)
    if peer is not None:
        fields["wireguard.peer.id"] = peer["id"]
        _end(peer["end"] or "", "destination" if sent else "source", fields)
    elif (found := _FROM.search(text)) is not None:
        _end(found["end"], "destination" if found[0].startswith("to") else "source", fields)
    if (inner := _INNER.search(text)) is not None and is_ip(inner["ip"] or ""):
        fields["wireguard.packet.source" if inner["side"].startswith("s") else "wireguard.packet.destination"] = inner[
            "ip"
        ]


def _end(text: str, side: str, fields: Fields) -> None:
    found = endpoint(text)
    if found.ip is not None:
        fields[f"{side}.ip"] = found.ip
        if found.port is not None:
            fields[f"{side}.port"] = found.port


SOURCE = LineSource(
    name="wireguard",
    aliases=("wg", "wireguard.log"),
    title="WireGuard: kernel debug messages, wireguard-go, wg-quick",
    datasets=("wireguard.log",),
    own=_own,
    read=_read,
    weight=96,
)
