"""OpenVPN servers: connections, log-ins, refusals, TLS errors; through syslog or with the daemon's own time stamps.

Format: the messages of OpenVPN 2.4 to 2.7 (https://github.com/OpenVPN/openvpn, `src/openvpn/`: `multi.c`, `ssl.c`,
`ssl_verify.c`, `push.c`, `error.c`), and those of its PAM, LDAP and pfSense helpers. A message about a client begins
with `address:port` until it is known, then with `name/address:port`. Own stamps are in `Options.zone`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from collectors.framing import decode, lines
from collectors.host.programs import refuse_others
from collectors.network.tls import put_tls
from collectors.source import Options, Parser, Record
from collectors.syslog import Header, parse_header, syslog_fields
from collectors.web.address import is_ip
from collectors.web.stamps import ctime_instant, iso_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

_LOOKED_AT = 60  # lines
_NAMED = 256  # a common name has at most 64 characters; some servers put the whole subject there

# `2023-10-31 15:09:55 `, `2023-10-31 15:09:55 us=340080 ` (2.5 on), `Tue Aug 12 08:26:30 2025 us=340080 ` (before)
_OWN_STAMP = re.compile(
    r"""(?:(?P<iso>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d)
      |(?P<ctime>[A-Z][a-z]{2}\ [A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d\ \d{4}))
    (?:\ us=(?P<micro>\d{1,6}))?(?:\ |$)""",
    re.VERBOSE | re.ASCII,
)
# --machine-readable-output: `1698765432.123456 f0004001 message`
_MACHINE_STAMP = re.compile(r"(?P<epoch>\d{10})\.(?P<micro>\d{6}) [0-9a-f]{1,8} ", re.ASCII)
_RELAYED = re.compile(r"\S{1,255} [^\s\[\]:]{0,64}(?:openvpn|ovpn)[^\s\[\]:]{0,64}(?:\[\d{1,10}\])?: ", re.IGNORECASE)
_PROGRAM = re.compile(r"openvpn|ovpn", re.IGNORECASE)

# Who a message is about: an address and a port, with or without a name in front.
_PEER = re.compile(r"(?:(?:udp|tcp)[46]?(?:-server)?:)?\[?(?P<ip>[0-9A-Fa-f.:]{2,45})\]?:(?P<port>\d{1,5}) ", re.ASCII)
_LINK = r"\[AF_INET6?\](?P<ip>[0-9A-Fa-f.:]{2,45}?):(?P<port>\d{1,5})(?:\s|,|$)"
_AT_LINK = re.compile(_LINK, re.ASCII)

Reader = Callable[[re.Match[str], Fields], None]


class OpenvpnParser:
    """Reads one line at a time; each stands for itself."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; see `Parser`."""
        line = decode(record.raw).strip("\x00\r\n")
        if not line.strip():
            return None
        header = _header(line, self._options)
        if not header.message:
            raise MalformedRecordError("a line of OpenVPN without a message")
        fields: Fields = {"event.dataset": "openvpn.log", "event.module": "openvpn"}
        if header.timestamp is not None:
            fields["@timestamp"] = header.timestamp
        for name, value in (("host.name", header.host), ("process.pid", header.pid), ("process.name", header.program)):
            if value is not None:
                fields[name] = value
        fields.update(syslog_fields(header))
        _read(header.message, fields)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        fields["event.kind"] = "event"
        fields["observer.vendor"] = fields["observer.product"] = "OpenVPN"
        fields["observer.type"] = "vpn"
        address = fields.get("client.ip") or fields.get("client.domain")
        if address:
            fields["client.address"] = fields["source.address"] = address
        hosts = (fields.get("client.domain"), fields.get("host.name"))
        addresses = (fields.get("client.ip"), fields.get("client.nat.ip"), fields.get("observer.ip"))
        for name, values in (
            ("related.ip", addresses),
            ("related.user", (fields.get("user.name"),)),
            ("related.hosts", hosts),
        ):
            members = {value: None for value in values if isinstance(value, str)}
            if members:
                fields[name] = list(members)
        return fields


def _header(line: str, options: Options) -> Header:
    """Take the stamp off: the daemon's own one, or what syslog put in front."""
    own = _OWN_STAMP.match(line)
    if own is not None and not _RELAYED.match(line, own.end()):
        micro = timedelta(microseconds=int(own["micro"] or 0))
        stamp = iso_instant(own["iso"], options.zone) if own["iso"] else ctime_instant(own["ctime"], options.zone)
        message = line[own.end() :].strip()
        return Header(kind="bare", message=message, timestamp=stamp + micro, host=options.host)
    machine = _MACHINE_STAMP.match(line)
    if machine is not None:
        stamp = datetime.fromtimestamp(int(machine["epoch"]), UTC).replace(microsecond=int(machine["micro"]))
        return Header(kind="bare", message=line[machine.end() :].strip(), timestamp=stamp, host=options.host)
    header = parse_header(line, options)
    if header.kind == "bare" and header.priority is None:
        return Header(kind="bare", message=line.strip(), host=options.host)
    refuse_others(header, "openvpn")
    return header


def _read(message: str, fields: Fields) -> None:
    fields["message"] = message
    text = _client(message, fields)
    fields["event.reason"] = text
    fields["event.category"] = ["network"]
    fields["event.type"] = ["info"]
    for words, pattern, reader in _MESSAGES:
        if words in text and (found := pattern.search(text)):
            reader(found, fields)
            break
    if "client.ip" in fields:
        fields["source.ip"] = fields["client.ip"]
        if "client.port" in fields:
            fields["source.port"] = fields["client.port"]


def _client(message: str, fields: Fields) -> str:
    """Read whom the message is about, and return the rest of it."""
    start = 0
    while True:
        found = _PEER.match(message, start)
        if found is not None and is_ip(found["ip"]) and int(found["port"]) < 65536:
            name = message[: max(0, start - 1)]
            fields["client.ip"] = found["ip"]
            fields["client.port"] = int(found["port"])
            if name:
                fields["user.name"] = name
            return message[found.end() :].strip()
        slash = message.find("/", start, _NAMED)
        if slash < 0:
            return message
        start = slash + 1


def _event(
    action: str, *, kinds: tuple[str, ...] = ("info",), outcome: str = "", category: str = "network"
) -> Callable[[Fields], None]:
    def note(fields: Fields) -> None:
        fields["event.action"] = action
        fields["event.type"] = list(kinds)
        fields["event.category"] = [category]
        if outcome:
            fields["event.outcome"] = outcome

    return note


_LOGGED_IN = _event("login", kinds=("start",), outcome="success", category="authentication")
_REFUSED = _event("login-failed", kinds=("start",), outcome="failure", category="authentication")
_INITIATED = _event("peer-connection-initiated", kinds=("info",))
_TLS_FAILED = _event("tls-error", kinds=("error",), outcome="failure")
_CERTIFICATE = _event("certificate-refused", kinds=("start",), outcome="failure", category="authentication")
_ENDED = _event("session-ended", kinds=("info", "end"))
_BAD_PACKET = _event("packet-refused", kinds=("error",), outcome="failure")


def _login(found: re.Match[str], fields: Fields) -> None:
    _LOGGED_IN(fields)
    _user(found, fields)


def _failed_login(found: re.Match[str], fields: Fields) -> None:
    _REFUSED(fields)
    _user(found, fields)


def _user(found: re.Match[str], fields: Fields) -> None:
    name = found["user"]
    if name:
        fields["user.name"] = name


def _peer_initiated(found: re.Match[str], fields: Fields) -> None:
    _INITIATED(fields)
    name = found["name"]
    if name:
        fields["user.name"] = fields["client.domain"] = name
    if is_ip(found["ip"]):
        fields["client.ip"] = found["ip"]
        fields["client.port"] = int(found["port"])


def _learned(found: re.Match[str], fields: Fields) -> None:
    fields["event.action"] = "address-assigned"
    if "user.name" in fields:
        fields["client.domain"] = fields["user.name"]
    if is_ip(found["nat"]):
        fields["client.nat.ip"] = found["nat"]


def _pool(found: re.Match[str], fields: Fields) -> None:
    fields["client.domain"] = found["name"]
    if is_ip(found["nat"]):
        fields["client.nat.ip"] = found["nat"]


def _tls_error(found: re.Match[str], fields: Fields) -> None:
    _TLS_FAILED(fields)
    link = _AT_LINK.search(found.string)
    if link is not None and is_ip(link["ip"]):
        fields["client.ip"], fields["client.port"] = link["ip"], int(link["port"])


def _bad_packet(found: re.Match[str], fields: Fields) -> None:
    _tls_error(found, fields)
    _BAD_PACKET(fields)


def _first_packet(found: re.Match[str], fields: Fields) -> None:
    fields["event.action"] = "connection-attempted"
    fields["event.type"] = ["info", "start"]
    if is_ip(found["ip"]):
        fields["client.ip"], fields["client.port"] = found["ip"], int(found["port"])


def _verified(found: re.Match[str], fields: Fields) -> None:
    fields["event.action"] = "certificate-verified"
    if found["depth"] == "0":
        _subject(found["subject"], fields)


def _unverified(found: re.Match[str], fields: Fields) -> None:
    _CERTIFICATE(fields)
    fields["openvpn.verify.error"] = found["error"].strip()
    _subject(found["subject"], fields)


_SERIAL = re.compile(r"(?P<subject>.*), serial=(?P<serial>[0-9A-Fa-f]{1,64})", re.ASCII)
_COMMON_NAME = re.compile(r"(?:^|[,/ ])CN ?= ?(?P<name>[^,/]{1,256})")


def _subject(subject: str, fields: Fields) -> None:
    numbered = _SERIAL.fullmatch(subject)
    if numbered is not None:  # since 2.5 a refused certificate is told with its serial number
        subject = numbered["subject"]
        fields["tls.client.x509.serial_number"] = numbered["serial"].upper()
    fields["tls.client.subject"] = subject
    name = _COMMON_NAME.search(subject)
    if name is not None:
        fields.setdefault("user.name", name["name"].strip())


def _control_channel(found: re.Match[str], fields: Fields) -> None:
    fields["event.action"] = "tls-established"
    put_tls(found["version"], fields)
    fields["tls.cipher"] = found["cipher"]


def _data_channel(found: re.Match[str], fields: Fields) -> None:
    fields["tls.cipher"] = found["cipher"]


def _peer_info(found: re.Match[str], fields: Fields) -> None:
    name = found["name"].lower()
    fields[f"openvpn.peer_info.{name}"] = found["value"]
    if name == "iv_hwaddr":
        fields["client.mac"] = found["value"].replace(":", "-").upper()


def _ended(found: re.Match[str], fields: Fields) -> None:
    _ENDED(fields)
    fields["openvpn.signal"] = found["why"]


def _lost(_found: re.Match[str], fields: Fields) -> None:
    _ENDED(fields)
    fields["event.action"] = "connection-lost"


def _interface(found: re.Match[str], fields: Fields) -> None:
    fields["observer.ingress.interface.name"] = found["device"]
    named = found.groupdict()
    if named.get("own"):
        fields["observer.ip"] = named["own"]
    if named.get("far"):
        fields["openvpn.peer.ip"] = named["far"]


def _auth_failed_sent(_found: re.Match[str], fields: Fields) -> None:
    fields["event.action"] = "refusal-sent"
    fields["event.outcome"] = "failure"


_DEVICE = r"(?P<device>(?:tun|tap|ovpn|dco|utun)[\w.\-]{0,24})"
_ADDRESS = r"[0-9A-Fa-f.:]{2,45}"
_FAILED_LOGIN = re.compile(
    r"""user(?:name)?\ ?['"](?P<user>[^'"]{1,256})['"]
    (?:\ failed\ to\ authenticate|\ could\ not\ authenticate|.{0,40}denied)""",
    re.VERBOSE,
)
_AUTH_ERROR = re.compile(r"""TLS Auth Error(?::? .*?(?:username|user) ['"](?P<user>[^'"]{1,256})['"])?""")
_INITIATED_WITH = re.compile(
    rf"(?:\[(?P<name>[^\]]{{0,256}})\] )?Peer Connection Initiated with (?:\S{{0,12}} )?{_LINK}", re.ASCII
)
_CONTROL = re.compile(
    r"""Control\ Channel:\ (?P<version>(?:TLS|SSL)v[\d.]{1,3}),
    \ cipher\ (?:\S{1,20}\ )?(?P<cipher>[\w\-]{3,64})""",
    re.VERBOSE | re.ASCII,
)
_SIGNAL = re.compile(r"(?P<why>SIG[A-Z0-9]{3,8}\[[\w,\-]{1,64}\]) received")
_NET_ADDRESS = re.compile(
    rf"net_addr_\w{{1,20}}: (?P<own>{_ADDRESS})(?:/\d{{1,3}})?(?: peer (?P<far>{_ADDRESS}))? dev {_DEVICE}"
)
_IP_ADDRESS = re.compile(
    rf"ip addr(?:ess)? add dev {_DEVICE}(?: local)? (?P<own>{_ADDRESS})(?:/\d{{1,3}})?(?: peer (?P<far>{_ADDRESS}))?"
)
# (words that the message has, its pattern, what it tells); the first that fits is taken
_MESSAGES: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    (
        "authentication succeeded for username",
        re.compile(r"authentication succeeded for username '(?P<user>[^']{0,256})'"),
        _login,
    ),
    ("' authenticated", re.compile(r"user '(?P<user>[^']{1,256})' authenticated"), _login),
    (
        "authentication failed for username",
        re.compile(r"authentication failed for username '(?P<user>[^']{0,256})'"),
        _failed_login,
    ),
    ("user", _FAILED_LOGIN, _failed_login),
    ("TLS Auth Error", _AUTH_ERROR, _failed_login),
    ("LDAP", re.compile(r"LDAP .{0,60}(?:[Ii]nvalid|[Ff]ailed|[Ii]ncorrect)(?P<user>)"), _failed_login),
    ("ldap_bind", re.compile(r"ldap_bind with zero-length password(?P<user>)"), _failed_login),
    ("pam_authenticate", re.compile(r"pam_authenticate.{0,40}fail(?P<user>)", re.IGNORECASE), _failed_login),
    ("'AUTH_FAILED", re.compile("AUTH_FAILED"), _auth_failed_sent),
    ("AUTH: Received control message: AUTH_FAILED", re.compile("AUTH_FAILED"), _auth_failed_sent),
    ("Peer Connection Initiated with", _INITIATED_WITH, _peer_initiated),
    ("primary virtual IP", re.compile(rf"primary virtual IPv?[46]? for .{{1,400}}: (?P<nat>{_ADDRESS})$"), _learned),
    ("MULTI: Learn: ", re.compile(rf"MULTI: Learn: (?P<nat>{_ADDRESS})(?:/\d{{1,3}})? -> "), _learned),
    ("pool returned IPv4", re.compile(rf"pool returned IPv4=(?P<nat>{_ADDRESS})"), _learned),
    ("ifconfig_pool_", re.compile(rf"in='(?P<name>[^',]{{1,256}}),(?P<nat>{_ADDRESS})"), _pool),
    (",", re.compile(rf"^(?P<name>[^\s,]{{1,256}}),(?P<nat>{_ADDRESS}),", re.ASCII), _pool),
    ("Initial packet from", re.compile(rf"Initial packet from {_LINK}", re.ASCII), _first_packet),
    ("connection established with", re.compile(rf"TCP connection established with {_LINK}", re.ASCII), _first_packet),
    ("VERIFY OK", re.compile(r"VERIFY OK: depth=(?P<depth>\d{1,2}), (?P<subject>.{1,2048})"), _verified),
    (
        "VERIFY ERROR",
        re.compile(r"VERIFY ERROR: depth=\d{1,2}, error=(?P<error>[^:]{1,200}): (?P<subject>.{1,2048})"),
        _unverified,
    ),
    ("Control Channel: ", _CONTROL, _control_channel),
    ("Data Channel", re.compile(r"[Cc]ipher '(?P<cipher>[\w\-]{2,64})'"), _data_channel),
    ("peer info: ", re.compile(r"peer info: (?P<name>[A-Za-z_0-9]{1,64})=(?P<value>.{0,1024})"), _peer_info),
    ("Authenticate/Decrypt packet error", re.compile("packet error"), _bad_packet),
    ("cannot locate HMAC", re.compile("HMAC"), _bad_packet),
    ("TLS Error", re.compile("TLS Error"), _tls_error),
    ("TLS_ERROR", re.compile("TLS_ERROR"), _tls_error),
    ("tls-crypt unwrap error", re.compile("tls-crypt unwrap error"), _bad_packet),
    ("OpenSSL: error", re.compile("OpenSSL: error"), _tls_error),
    ("client-instance exiting", _SIGNAL, _ended),
    ("client-instance restarting", _SIGNAL, _ended),
    ("Inactivity timeout", re.compile("Inactivity timeout"), _lost),
    ("Connection reset", re.compile("Connection reset"), _lost),
    ("TUN/TAP device", re.compile(rf"TUN/TAP device {_DEVICE} (?:opened|closed)"), _interface),
    ("net_iface_", re.compile(rf"net_iface_\w{{1,20}}: set(?: mtu \d{{1,6}} for)? {_DEVICE}"), _interface),
    ("net_iface_", re.compile(rf"net_iface_mtu_set: mtu \d{{1,6}} for {_DEVICE}"), _interface),
    ("net_addr_", _NET_ADDRESS, _interface),
    ("ip a", _IP_ADDRESS, _interface),
    ("ip link set", re.compile(rf"ip link set dev {_DEVICE} up"), _interface),
)  # fmt: skip


# Words that only OpenVPN's log has, for lines without a program's name.
_TYPICAL = re.compile(
    r"""peer\ info:\ IV_|Peer\ Connection\ Initiated\ with|MULTI(?:_sva)?:\ |TLS:\ Initial\ packet\ from
    |VERIFY\ OK:\ depth=
    |SENT\ CONTROL\ \[|Control\ Channel:\ (?:TLS|MTU)|PUSH:\ Received|Data\ Channel|\[AF_INET6?\]|link\ (?:local|remote)
    |ifconfig_pool|TUN/TAP\ device|net_(?:iface|addr|route)_|client-instance|Socket\ Buffers:\ R=|OpenVPN\ \d\.\d
    |TLS\ Error:\ |Initialization\ Sequence\ Completed""",
    re.VERBOSE,
)


class OpenvpnSource:
    """OpenVPN server logs."""

    name = "openvpn"
    aliases: tuple[str, ...] = ("openvpn.log", "ovpn")
    title = "OpenVPN server log (own stamps or syslog)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Return the share of lines that name the daemon or hold words that only it says. See `Source`."""
        found = [line for line in decode(head[:65536]).splitlines()[:_LOOKED_AT] if line.strip()]
        known = sum(_is_own(line) for line in found)
        if not found or known * 2 < len(found):
            return 0
        return round(90 * known / len(found)) + (5 if _PROGRAM.search(filename) else 4)

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return OpenvpnParser(options)


def _is_own(line: str) -> bool:
    if _OWN_STAMP.match(line) or _PEER.match(line):
        return _TYPICAL.search(line) is not None
    header = parse_header(line[:4096], Options())
    if header.program is not None:
        return _PROGRAM.search(header.program) is not None
    return header.kind == "bare" and _TYPICAL.search(line) is not None


SOURCE = OpenvpnSource()
