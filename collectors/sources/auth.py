"""Linux authentication logs (`auth.log`, `secure`): sshd, sudo, su, PAM, login, cron, account tools, systemd-logind.

Lines carry a syslog header of any kind (see `collectors.syslog`) or none at all. A `messages` or `syslog` file holds
other programs as well: those of a source are read by it (see `collectors.host.programs`), the rest are events with
their program and text. Stamps without a year take it from the options' reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from collectors.auth.dispatch import is_auth, is_remote, put_header, read_bare, read_message
from collectors.framing import decode, lines
from collectors.host.programs import Programs
from collectors.source import Options, Parser, Record, Source
from collectors.syslog import parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields, Value

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
"""Of a line without a header or a known message these say that it is no text at all."""

_PEER = frozenset({"source.ip", "source.address", "source.domain", "destination.ip"})
_LOOKED_AT = 60  # lines of the head
_LINE = 2000  # bytes of a line that recognition reads


class _AuthParser:
    """Reads the lines of one auth log."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._programs = Programs(options)

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one."""
        text = decode(record.raw)
        header = parse_header(text, self._options)
        if not header.message and header.kind == "bare":
            return None
        if (fields := self._programs.read(header, record)) is not None:
            return fields
        fields = {
            "event.kind": "event",
            "event.module": "system",
            "event.dataset": "system.auth",
            "message": header.message,
        }
        put_header(header, fields)
        known = read_bare(header.message, fields) if header.program is None else read_message(header, fields)
        if header.kind == "bare" and "user.name" in fields and is_remote(fields):
            fields["source.user.name"] = fields["user.name"]  # as intakes do that take the header away
        if not known and header.program is not None and not is_auth(header.program, header.message):
            fields["event.dataset"] = "system.syslog"
        if not known and header.kind == "bare" and _CONTROL.search(text):
            raise MalformedRecordError("no text: neither a syslog header nor a known message, and control characters")
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add host.hostname, addresses and `related.*`."""
        if "host.name" in fields:
            fields["host.hostname"] = fields["host.name"]
        for side in ("source", "destination"):
            address = fields.get(f"{side}.ip") or fields.get(f"{side}.domain")
            if address:
                fields.setdefault(f"{side}.address", address)
        for name in ("event.category", "event.type"):
            fields.setdefault(name, ())  # ECS: empty where none fits
        _relate(fields)
        return fields


_RELATED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("related.ip", ("source.ip", "destination.ip")),
    ("related.user", ("user.name", "user.effective.name", "user.target.name", "user.changes.name")),
    ("related.hosts", ("host.name", "source.domain")),
)


def _relate(fields: Fields) -> None:
    for related, names in _RELATED:
        values: list[str] = []
        for name in names:
            value: Value | None = fields.get(name)
            if isinstance(value, str) and value not in values:
                values.append(value)
        if values:
            fields[related] = values


def _kind_of_line(text: str) -> str:
    """Return `auth` for a line of a program that the auth log holds, `syslog` for another program's, else nothing.

    Without a header only what names a peer tells: any program may say "Connection closed" (`perhaps`).
    """
    header = parse_header(text, Options())
    if header.program is None:
        fields: Fields = {}
        if header.kind != "bare" or not read_bare(header.message, fields):
            return ""
        return "auth" if not is_remote(fields) or not _PEER.isdisjoint(fields) else "perhaps"
    return "auth" if is_auth(header.program, header.message) else "syslog"


class _AuthSource:
    """The Linux auth log; see the module's docstring."""

    name = "auth"
    aliases: tuple[str, ...] = (
        "sshd",
        "linux_auth",
        "aws_ec2_logs",
        "system_auth",
        "auth.log",
        "secure",
        "syslog",
        "linux_syslog",
        "system",
    )
    title = "Linux authentication log and syslog: sshd, sudo, su, PAM, cron, account tools (auth.log, secure, messages)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Weigh the first lines: headers with a program of the auth log, sshd's messages without one, other syslog."""
        found = [line[:_LINE] for line in head.split(b"\n")[:_LOOKED_AT] if line.strip()]
        kinds = [_kind_of_line(decode(line)) for line in found]
        if not found or sum(kind != "" for kind in kinds) * 2 < len(found):
            return 0
        bonus = 3 if re.search(r"auth|secure|sshd|sudo", filename, re.IGNORECASE) else 0
        if known := kinds.count("auth"):
            return round(60 + 30 * known / len(found)) + bonus
        return 30 + bonus if kinds.count("syslog") * 2 >= len(found) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _AuthParser(options)


SOURCE: Source = _AuthSource()
