"""Microsoft DNS Server: the debug log (`dns.log`), one packet a line, and the details that may follow a packet.

Format: "Using server debugging logging options", Microsoft Learn, and the legend at the top of the file: date, time,
thread, context, packet identifier, protocol, `Snd` or `Rcv`, remote address, Xid, `R` for responses, opcode, flags
(hex and letters A T D R), response code, type, name as `(3)www(7)example(3)org(0)`. Stamps are the server's local time,
written in its locale: month first, day first or year first, which the file's own stamps tell (`Options.zone`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO, Final

from collectors.dns.question import ask, flag_bits, opcode_of
from collectors.framing import decode, lines
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.line import begun
from collectors.source import Options, Parser, Record, Source
from collectors.syslog import Header, parse_header
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = (
    r"(?P<a>\d{1,4})(?P<s>[/.\-])(?P<b>\d{1,2})(?P=s)\.?\ ?(?P<c>\d{1,4})\.?\ "
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)[:.](?P<second>\d\d)(?:\ (?P<half>[AaPp]\.?[Mm]\.?))?"
)
_PACKET = re.compile(
    _STAMP
    + r"""\ (?P<thread>[0-9A-F]{3,8})\ PACKET\ {1,2}(?P<packet>[0-9A-Fa-f]{8,16})\ (?P<transport>UDP|TCP)
    \ (?P<way>Snd|Rcv)\ (?P<ip>[0-9A-Fa-f.:]{2,45})\ {1,40}(?P<id>[0-9a-fA-F]{4})\ (?P<response>[R ])
    \ (?P<opcode>[QNU?])\ \[(?P<bits>[0-9A-Fa-f]{4})\ {1,4}(?P<letters>[ATDR ]{0,12})(?P<rcode>[A-Z]{4,16})\]
    (?:\ {1,8}(?P<type>\S{1,24}))?(?:\ {1,8}(?P<name>\S{1,2048}))?""",
    re.VERBOSE | re.ASCII,
)
_EVENT = re.compile(
    _STAMP.replace("\\ ", " ") + r" (?P<thread>[0-9A-F]{3,8}) (?P<context>[A-Z]{3,16}) {1,4}(?P<text>.*)", re.ASCII
)
_LABEL = re.compile(r"\((\d{1,3})\)", re.ASCII)
_OPCODES = {"Q": "QUERY", "N": "NOTIFY", "U": "UPDATE", "?": ""}
_HEADING = re.compile(
    r"(?:DNS Server log file creation|Log file wrap|Message logging key|\tField #|\s*-------|\s{0,2}\d{1,2} {1,3}[A-Z])"
)


def plain_name(text: str) -> str:
    """Return `www.example.org` for `(3)www(7)example(3)org(0)`, `.` for the root."""
    return _LABEL.sub(".", text).strip(".") or "."


class _DnsParser:
    """Reads one line at a time; remembers which way round the log writes its dates, once a day above 12 tells it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._day_first: bool | None = None

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for the legend and for the details of a packet. See `Parser`."""
        line = decode(record.raw).strip("\x00\r\n")
        packet = _PACKET.search(line, 0, 1024)
        if packet is not None:
            return self._packet(line, packet)
        event = _EVENT.search(line, 0, 512)
        if event is not None and event.start() in {0, *_ends(line)}:
            return self._event(event)
        if not line.strip() or _HEADING.match(line) or line[:1] in " \t" or line.lstrip().startswith(_DETAILS):
            return None
        raise MalformedRecordError("no line of the DNS debug log: date, time, thread and context are missing")

    def _packet(self, line: str, found: re.Match[str]) -> Fields:
        fields = self._begin(line, found)
        ask(fields, plain_name(found["name"] or ""), found["type"] or "")
        bits, response = int(found["bits"], 16), found["response"] == "R"
        fields["dns.type"], fields["dns.id"] = "answer" if response else "query", str(int(found["id"], 16))
        fields["dns.op_code"] = _OPCODES[found["opcode"]] or opcode_of(_swapped(bits)) or "QUERY"

        if flags := flag_bits(_swapped(bits)):
            fields["dns.header_flags"] = flags
        if response:
            fields["dns.response_code"] = found["rcode"]
            fields["event.outcome"] = "success" if found["rcode"] in {"NOERROR", "NXDOMAIN"} else "failure"
        received = found["way"] == "Rcv"
        if is_ip(found["ip"]):
            fields["source.ip" if received else "destination.ip"] = found["ip"]
        fields["network.direction"] = "inbound" if received else "outbound"
        fields["network.protocol"], fields["event.type"] = "dns", ["protocol"]
        fields["event.action"] = "packet-received" if received else "packet-sent"
        fields.update(transport_fields(found["transport"]))
        fields["microsoft_dns.packet"], fields["microsoft_dns.thread"] = found["packet"], found["thread"]
        return fields

    def _event(self, found: re.Match[str]) -> Fields:
        fields = self._begin("", found)
        fields["event.type"], fields["event.action"] = ["info"], found["context"].lower()
        fields["message"], fields["microsoft_dns.thread"] = found["text"].strip(), found["thread"]
        return fields

    def _begin(self, line: str, found: re.Match[str]) -> Fields:
        header = Header(kind="bare", message="", host=self._options.host)
        if found.start() > 3 and line:
            header = parse_header(line[: found.start()].rstrip() + " x", self._options)
        fields = begun("microsoft_dns.log", header, self._options)
        moment = self._instant(found)
        if moment is not None:
            fields["@timestamp"] = moment
        return fields

    def _instant(self, found: re.Match[str]) -> datetime | None:
        a, b, c = int(found["a"]), int(found["b"]), int(found["c"])
        if len(found["a"]) == 4:
            year, month, day = a, b, c
        else:
            if a > 12:
                self._day_first = True
            elif b > 12:
                self._day_first = False
            day_first = self._day_first if self._day_first is not None else found["s"] != "/"
            day, month, year = (a, b, c) if day_first else (b, a, c)
            year += 2000 if year < 100 else 0
        hour = int(found["hour"])
        if found["half"]:
            hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
        return _moment((year, month, day, hour, int(found["minute"]), int(found["second"])), self._options.zone)

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)


_DETAILS = (
    *(
        "Socket",
        "Remote addr",
        "Time Query",
        "Buf length",
        "Msg length",
        "Message:",
        "XID",
        "Flags",
        "QR",
        "OPCODE",
        "AA",
    ),
    *(
        "TC",
        "RD",
        "RA",
        "RCODE",
        "QCOUNT",
        "ACOUNT",
        "NSCOUNT",
        "ARCOUNT",
        "QUESTION",
        "ANSWER",
        "AUTHORITY",
        "ADDITIONAL",
    ),
    *(
        "Offset",
        "Name",
        "QTYPE",
        "QCLASS",
        "TYPE",
        "CLASS",
        "TTL",
        "DLEN",
        "DATA",
        "Z ",
        "CD",
        "AD",
        "UDP ",
        "TCP ",
        "empty",
    ),
)


def _swapped(bits: int) -> int:
    """Return the header's 16 bits: the log writes their two bytes as a little-endian number."""
    return ((bits & 0xFF) << 8) | (bits >> 8)


def _ends(line: str) -> tuple[int, ...]:
    """Return where a message may begin behind a header of syslog."""
    at = line.find(": ", 0, 200)
    return (at + 2,) if at >= 0 else ()


def _moment(parts: tuple[int, int, int, int, int, int], zone: tzinfo) -> datetime | None:
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class _DnsSource:
    """The debug log of Microsoft's DNS server; see the module's docstring."""

    name = "microsoft_dns"
    aliases: tuple[str, ...] = ("ms_dns", "windows_dns", "dns_debug")
    title = "Microsoft DNS Server debug log"
    datasets = ("microsoft_dns.log",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the legend, or by the share of packets. See `Source`."""
        found = [line for line in decode(head[:65536]).splitlines()[:120] if line.strip()]
        if not found:
            return 0
        packets = sum(_PACKET.search(line, 0, 1024) is not None for line in found)
        legend = found[0].startswith("DNS Server log file creation") or "Message logging key" in "".join(found[:4])
        return 97 if legend or (packets and packets * 4 >= len(found)) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _DnsParser(options)


SOURCE: Final[Source] = _DnsSource()
