"""What the sources for devices have in common: one line, one event; known by the share of lines like theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from collectors.framing import decode
from collectors.network.finish import finish
from collectors.network.octets import syslog_records
from collectors.source import Options, Parser, Record
from engine.events import Fields

LOOKED_AT = 60  # lines that recognition looks at
_HEAD = 65536

Reader = Callable[[str, Options], Fields | None]
Framer = Callable[[BinaryIO], Iterator[Record]]


class DeviceParser:
    """Reads one line at a time with a pure function of the line and the options."""

    def __init__(self, read: Reader, options: Options) -> None:
        self._read = read
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; see `Parser`."""
        line = decode(record.raw).strip("\x00\r\n")
        return self._read(line, self._options) if line.strip() else None

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSource:
    """A `Source` made of two functions: `own` tells a line of the device, `read` reads one.

    `weight` is how sure lines make it: 94 for a device's own words, less for an envelope that many devices use.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    own: Callable[[str], bool]
    read: Reader
    weight: int = 94
    framer: Framer = syslog_records

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Return the share of lines that look like the device's. See `Source`."""
        found = [line for line in decode(head[:_HEAD]).splitlines()[: LOOKED_AT + 1] if line.strip()]
        if len(found) > 1 and (len(head) >= 4096 or len(found) > LOOKED_AT):
            found = found[:-1]  # the last may be cut
        known = sum(self.own(line[:8192]) for line in found)
        if not found or known * 2 < len(found):
            return 0
        return max(1, round(self.weight * known / len(found)))

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records."""
        return self.framer(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return DeviceParser(self.read, options)
