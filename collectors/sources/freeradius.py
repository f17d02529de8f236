"""FreeRADIUS: `radius.log` and its lines in syslog.

Lines: `Tue Mar  5 09:12:44 2024 : Auth: (123) Login OK: [user] (from client nas port 8 cli 00-11-22-33-44-55)`, the
same behind a syslog header, and the message alone.
Format: FreeRADIUS 3 sources and documentation, `log { auth = yes }`, `rad_authlog` and `listen.c`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final

from collectors.cloud.values import relate, split_account
from collectors.framing import decode, lines
from collectors.host.programs import refuse_others
from collectors.source import Options, Record
from collectors.syslog import Header, parse_header, syslog_fields
from collectors.web.address import endpoint
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(
    r"[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<time>\d\d:\d\d:\d\d) (?P<year>\d{4}) ?: ",
    re.ASCII,
)
_LEVEL = re.compile(r"(?P<level>Auth|Info|Error|Warning|Warn|Debug|Proxy|Acct|Error\s+\w{1,16}): ", re.ASCII)
_NUMBER = re.compile(r"\((?P<number>\d{1,12})\) {1,2}", re.ASCII)

# `Login OK: [account] (from client nas port 8 cli MAC via TLS tunnel)`, `Login incorrect (why): [account] (...)`
_LOGIN = re.compile(
    r"""(?P<what>Login\ OK|Login\ incorrect|Invalid\ user|Rejected\ in\ post-auth|Multiple\ logins|Logout\ OK
    |Rejected\ in\ post-proxy|Account\ locked)
    (?:\ \((?P<reason>[^\[]*)\))?\ ?(?:\[[^\]]*\]\ )?:\ \[(?P<account>[^\n]{0,512})\]
    \ \((?P<where>from\ client\ [^\n]*)\)(?P<more>[^\n]*)""",
    re.VERBOSE,
)
_WHERE = re.compile(
    r"from client (?P<client>\S{1,256}) port (?P<port>\d{1,12})(?: cli (?P<station>\S{1,256}))?"
    r"(?: via (?P<via>[^)]{1,64}))?",
    re.ASCII,
)
# `Ignoring request to auth address * port 1823 bound to server name from unknown client 1.2.2.3 port 1645 proto udp`
_IGNORED = re.compile(
    r"""(?P<what>Ignoring\ request\ to\ (?:auth|acct|auth\+acct|coa|status)\ address)\ (?P<address>\S{1,64})
    \ port\ (?P<port>\d{1,5})(?:\ bound\ to\ server\ (?P<server>\S{1,256}))?
    \ from\ unknown\ client\ (?P<client>\S{1,64})\ port\ (?P<source_port>\d{1,5})(?:\ proto\ (?P<proto>\w{1,8}))?""",
    re.VERBOSE | re.ASCII,
)
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[-:.]?){5}[0-9A-Fa-f]{2}", re.ASCII)
_NETWORKS = frozenset({"wlan", "wifi", "wi-fi", "lan", "vpn", "wan", "eduroam"})  # names of networks, not of machines
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PROGRAMS = frozenset({"radiusd", "freeradius"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LOOKED_AT = 40


class FreeRadiusParser:
    """Reads the lines of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is no text."""
        line = decode(record.raw).strip()
        if not line:
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "freeradius",
            "event.dataset": "freeradius.log",
            "event.category": ("authentication",),
            "event.type": ("info",),
        }
        message, is_headed = self._header(line, fields)
        level = _LEVEL.match(message)
        if level is not None:
            fields["log.level"] = level["level"].lower()
            message = message[level.end() :]
        number = _NUMBER.match(message)
        if number is not None:
            fields["freeradius.request"] = int(number["number"])
            message = message[number.end() :]
        fields["message"] = message
        known = _read_login(message, fields) or _read_ignored(message, fields)
        if not known and not is_headed and level is None and number is None and _CONTROL.search(line):
            raise MalformedRecordError("no text: neither a known message nor a header, and control characters")
        if not known:
            fields["event.category"] = ("process",)
        return fields

    def _header(self, line: str, fields: Fields) -> tuple[str, bool]:
        """Read the stamp of `radius.log` or a syslog header; return the message and whether there was one."""
        if stamp := _STAMP.match(line):
            moment = self._instant(stamp)
            if moment is not None:
                fields["@timestamp"] = moment
            if self._options.host:
                fields["host.name"] = self._options.host
            return line[stamp.end() :], True
        header: Header = parse_header(line, self._options)
        if header.kind == "bare" and header.priority is None:
            return line, False
        refuse_others(header, "freeradius")
        if header.timestamp is not None:
            fields["@timestamp"] = header.timestamp
        for name, value in (("host.name", header.host), ("process.name", header.program), ("process.pid", header.pid)):
            if value is not None:
                fields[name] = value
        fields.update(syslog_fields(header))
        return header.message, True

    def _instant(self, stamp: re.Match[str]) -> datetime | None:
        if stamp["month"] not in _MONTHS:
            return None
        month = _MONTHS.index(stamp["month"]) + 1
        try:
            hour, minute, second = (int(part) for part in stamp["time"].split(":"))
            moment = datetime(
                int(stamp["year"]), month, int(stamp["day"]), hour, minute, min(second, 59), tzinfo=self._options.zone
            )
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        return relate(fields)


def _read_login(message: str, fields: Fields) -> bool:
    """Read the outcome of a request: who, through which device, from which station."""
    match = _LOGIN.match(message)
    if match is None:
        return False
    what = match["what"]
    fields["freeradius.outcome"] = what
    fields["event.action"] = what.lower().replace(" ", "-")
    fields["event.outcome"] = "success" if what.endswith("OK") else "failure"
    fields["event.type"] = ("end", "info") if what == "Logout OK" else ("start", "info")
    if match["reason"]:
        fields["event.reason"] = match["reason"]
    _account(match["account"], fields)
    where = _WHERE.match(match["where"])
    if where is not None:
        _place(where, fields)
    return True


def _account(account: str, fields: Fields) -> None:
    """Read `user`, `DOMAIN\\user`, `user@realm`, `host/machine.domain`; what stands behind a slash else is a password
    or the way the log-in was made (`user/<via Auth-Type = EAP>`) and is left out."""
    if account.startswith("host/"):
        found = endpoint(account.removeprefix("host/").strip())
        if found.domain is not None:
            fields["source.domain"] = found.domain
        return
    account = account.partition("/")[0]
    if not account.strip():
        return
    name, domain = split_account(account.replace("\\\\", "\\"))
    fields["user.name"] = name
    if domain:
        fields["user.domain"] = domain
        if "@" in account:
            fields["user.email"] = account


def _place(where: re.Match[str], fields: Fields) -> None:
    client = where["client"]
    fields["freeradius.client"] = client
    if client.lower() in _NETWORKS:
        fields["network.name"] = client
    else:
        fields.setdefault("host.name", client)
    port = int(where["port"])
    if 0 < port < 65536:
        fields["source.port"] = port
    station = where["station"] or ""
    if _MAC.fullmatch(station):
        fields["source.mac"] = station.replace(":", "-").upper()
    elif station:
        found = endpoint(station)
        if found.ip is not None:
            fields["source.ip"] = found.ip
        fields["freeradius.calling_station_id"] = station
    if where["via"]:
        fields["network.protocol"] = where["via"].partition(" ")[0]


def _read_ignored(message: str, fields: Fields) -> bool:
    match = _IGNORED.match(message)
    if match is None:
        return False
    fields["freeradius.outcome"] = match["what"]
    fields["event.action"] = "ignored-request"
    fields["event.outcome"] = "failure"
    source, own = endpoint(match["client"]), endpoint(match["address"])
    if source.ip is not None:
        fields["source.ip"] = source.ip
    if own.ip is not None:
        fields["destination.ip"] = own.ip
    for name, port in (("destination.port", int(match["port"])), ("source.port", int(match["source_port"]))):
        if 0 < port < 65536:
            fields[name] = port
    if match["server"]:
        fields["freeradius.server"] = match["server"]
    if match["proto"]:
        fields["network.transport"] = match["proto"]
    return True


class FreeRadius:
    """FreeRADIUS logs."""

    name = "freeradius"
    aliases: tuple[str, ...] = ("radius", "freeradius.log")
    title = "FreeRADIUS (radius.log, syslog)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the messages of authentications, which are like nothing else."""
        found = [line for line in decode(head[:16384]).splitlines()[:_LOOKED_AT] if line.strip()]
        parser = FreeRadiusParser(Options())
        known = sum(_is_own(line, parser) for line in found)
        if not found or not known or known * 3 < len(found):
            return 0
        return round(85 + 8 * known / len(found)) + 2 * ("radius" in filename.lower())

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> FreeRadiusParser:
        """Return a parser for one log."""
        return FreeRadiusParser(options)


def _is_own(line: str, parser: FreeRadiusParser) -> bool:
    if stamp := _STAMP.match(line):
        return _LEVEL.match(line, stamp.end()) is not None
    if "from client " not in line[:2000] and "unknown client " not in line[:2000] and "radius" not in line[:400]:
        return False
    try:
        fields = parser.parse(Record(offset=0, number=1, raw=line[:2000].encode("utf-8", "replace")))
    except MalformedRecordError:
        return False
    return fields is not None and ("freeradius.outcome" in fields or fields.get("process.name") in _PROGRAMS)


SOURCE: Final = FreeRadius()
