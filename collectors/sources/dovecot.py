"""Dovecot over syslog or in its own files (`log_path`): log-ins, failed authentications, deliveries.

Format: see `collectors.mail.dovecot`. Its own files begin `Mar 05 09:12:44 imap-login: Info: ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.framing import decode, lines
from collectors.host.programs import refuse_others
from collectors.mail.dovecot import read_dovecot
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.syslog import Header, parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_OWN = re.compile(
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) "
    r"(?:imap|pop3|managesieve|submission|lmtp|lda|auth|auth-worker|master|indexer|stats|config|anvil)"
    r"(?:-login)?(?:\([^)]{0,255}\))?(?:<[^>]{0,80}>){0,3}: (?:Debug|Info|Warning|Error|Fatal|Panic): ",
    re.ASCII,
)
_LEVEL = re.compile(r"\b(?P<level>Debug|Info|Warning|Error|Fatal|Panic): ")
_LOOKED_AT = 60


class DovecotParser:
    """Reads the lines of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is no text."""
        text = decode(record.raw)
        header = parse_header(text, self._options)
        if not header.message and header.kind == "bare":
            return None
        if not _OWN.match(text):
            refuse_others(header, "dovecot")
        fields = _start(text, header)
        message = str(fields["message"])
        if level := _LEVEL.search(message, 0, 300):
            fields["log.level"] = level["level"].lower()
        known = read_dovecot(message, fields)
        if not known and header.kind == "bare" and _CONTROL.search(text):
            raise MalformedRecordError("no text: neither a stamp nor a known message, and control characters")
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        fields["service.type"] = "dovecot"
        return finish(fields)


def _start(text: str, header: Header) -> Fields:
    fields: Fields = {
        "event.kind": "event",
        "event.module": "dovecot",
        "event.dataset": "dovecot.log",
        "event.category": ["email"],
        "event.type": ["info"],
        "process.name": "dovecot",
        "message": header.message,
    }
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    if _OWN.match(text):  # what looks like a host there is the service
        fields["message"] = text[20:].strip() if text[:4].isdecimal() else text[16:].strip()
        return fields
    if header.host is not None:
        fields["host.name"] = header.host
    if header.pid is not None:
        fields["process.pid"] = header.pid
    if header.program and header.program != "dovecot":
        fields["message"] = f"{header.program}: {header.message}"
    fields.update(syslog_fields(header))
    return fields


class Dovecot:
    """Dovecot's log."""

    name = "dovecot"
    datasets = ("dovecot.log",)
    aliases: tuple[str, ...] = ("dovecot.log", "imap-login", "pop3-login")
    title = "Dovecot IMAP and POP3 server (syslog or its own files)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Count the lines of Dovecot; a mail log with a transport agent in it is that agent's."""
        found = [line for line in decode(head[:32768]).split("\n")[:_LOOKED_AT] if line.strip()]
        known = sum(_is_own(line[:2000]) for line in found)
        if not known or known * 2 < len(found):
            return 0
        return round(84 + 12 * known / len(found)) + ("dovecot" in filename.lower())

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> DovecotParser:
        """Return a parser for one log."""
        return DovecotParser(options)


def _is_own(line: str) -> bool:
    return _OWN.match(line) is not None or parse_header(line, Options()).program == "dovecot"


SOURCE: Final = Dovecot()
