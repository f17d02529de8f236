"""SpamAssassin's spamd in a log of its own, or picked out of a mail log: connections, messages, verdicts.

Format: see `collectors.mail.spamd`. The event's user is the account that spamd worked for; its source is the client
that handed the message over, under the name of the host that made the message's identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.framing import decode, lines
from collectors.host.programs import refuse_others
from collectors.mail.peers import domain_of, put_domain, put_port
from collectors.mail.spamd import read_spamd
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LOOKED_AT = 60


class SpamAssassinParser:
    """Reads the lines of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is no text."""
        text = decode(record.raw)
        header = parse_header(text, self._options)
        if not header.message and header.kind == "bare":
            return None
        refuse_others(header, "spamassassin")
        message = header.message
        if header.kind == "bare" and header.program in {"spamd", "prefork"}:
            message = f"{header.program}: {message}"
        fields: Fields = {
            "event.kind": "event",
            "event.module": "spamassassin",
            "event.dataset": "spamassassin.log",
            "event.category": ["email"],
            "event.type": ["info"],
            "message": message,
        }
        values = (("@timestamp", header.timestamp), ("host.name", header.host), ("process.pid", header.pid))
        fields.update({name: value for name, value in values if value is not None})
        fields.update(syslog_fields(header))
        known = read_spamd(message, fields)
        if not known and header.kind == "bare" and _CONTROL.search(text):
            raise MalformedRecordError("no text: neither a syslog header nor a known message, and control characters")
        _ends(fields)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        fields["service.type"] = "spamassassin"
        return finish(fields)


def _ends(fields: Fields) -> None:
    if "spamassassin.user" in fields:
        fields["user.name"] = fields["spamassassin.user"]
    if "spamassassin.uid" in fields:
        fields["user.id"] = str(fields["spamassassin.uid"])
    if "spamassassin.raddr" in fields:
        fields["source.ip"] = fields["spamassassin.raddr"]
    put_port("source", str(fields.get("spamassassin.rport", "")), fields)
    put_port("destination", str(fields.get("spamassassin.lport", "")), fields)
    message_id = str(fields.get("spamassassin.message_id", ""))
    put_domain("source", domain_of(message_id) or str(fields.get("spamassassin.rhost", "")), fields)


class SpamAssassin:
    """The log of spamd."""

    name = "spamassassin"
    datasets = ("spamassassin.log",)
    aliases: tuple[str, ...] = ("spamd", "spamassassin.log")
    title = "SpamAssassin's spamd (connections, messages, verdicts)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Count the lines of spamd; a mail log with other programs is left to the mail server's source."""
        found = [line for line in decode(head[:32768]).split("\n")[:_LOOKED_AT] if line.strip()]
        known = sum(_is_own(line[:2000]) for line in found)
        if not known or known * 10 < len(found) * 9:
            return 0
        return 97 + ("spam" in filename.lower())

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> SpamAssassinParser:
        """Return a parser for one log."""
        return SpamAssassinParser(options)


def _is_own(line: str) -> bool:
    header = parse_header(line, Options())
    return header.program == "spamd" and (header.kind != "bare" or read_spamd(f"spamd: {header.message}", {}))


SOURCE: Final = SpamAssassin()
