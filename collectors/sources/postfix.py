"""Postfix and the services around it, as the mail log has them: smtpd, smtp, qmgr, postscreen, postgrey, SPF, spamd.

Lines carry a syslog header of any kind or none at all (relays cut it off). Lines of other programs in the same file
are events with their text. Formats: see `collectors.mail`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.framing import decode, lines
from collectors.host.programs import refuse_others
from collectors.mail.dovecot import read_dovecot
from collectors.mail.peers import put_domain, put_port
from collectors.mail.policy import read_policy
from collectors.mail.postfix import read_postfix
from collectors.mail.spamd import read_spamd
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.syslog import Header, parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LOOKED_AT = 60
_LINE = 2000
_PROGRAM = re.compile(r"postfix(?:-[\w.-]{1,40})?(?:/[\w./-]{1,60})?", re.ASCII)
_BESIDE = frozenset(
    {"spamd", "postgrey", "policyd-spf", "dovecot", "amavis", "opendkim", "opendmarc", "postsrsd", "postlogd"}
)


class PostfixParser:
    """Reads the lines of one mail log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is no text."""
        text = decode(record.raw)
        header = parse_header(text, self._options)
        if not header.message and header.kind == "bare":
            return None
        refuse_others(header, "postfix", "dovecot", "spamassassin")
        fields = _start(header)
        known = _read(header, fields)
        if not known and header.kind == "bare" and header.program is None and _CONTROL.search(text):
            raise MalformedRecordError("no text: neither a syslog header nor a known message, and control characters")
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        fields["service.type"] = fields["event.module"]
        return finish(fields)


def _start(header: Header) -> Fields:
    program = header.program or ""
    fields: Fields = {
        "event.kind": "event",
        "event.module": "postfix",
        "event.dataset": "postfix.log",
        "event.category": ["email"],
        "event.type": ["info"],
        "network.protocol": "smtp",
        "message": header.message,
    }
    values = (
        ("@timestamp", header.timestamp),
        ("host.name", header.host),
        ("process.name", program or None),
        ("process.pid", header.pid),
    )
    fields.update({name: value for name, value in values if value is not None})
    fields.update(syslog_fields(header))
    return fields


def _read(header: Header, fields: Fields) -> bool:
    """Read a message by its program; without one, every reader is asked in turn."""
    program, message = header.program or "", header.message
    if program == "spamd" and header.kind == "bare":
        message = f"spamd: {message}"  # without a header, spamd's own prefix looks like a tag
        fields["message"] = message
    if message.startswith("spamd: ") or program == "spamd":
        return _spamd(message, fields)
    if program.startswith("dovecot"):
        fields["event.module"], fields["event.dataset"] = "dovecot", "dovecot.log"
        return read_dovecot(message, fields)
    if header.kind == "bare" and program and not _is_own(program):
        message = f"{program}: {message}"  # a queue id or a word before a colon is no tag
        fields["message"] = message
        del fields["process.name"]
        if header.pid is not None:
            del fields["process.pid"]
    if not _is_own(program) and header.kind != "bare" and program not in _BESIDE and program:
        fields["event.module"], fields["event.dataset"], fields["event.category"] = "system", "system.syslog", ()
        del fields["network.protocol"]
        return False
    return read_policy(message, fields) or read_postfix(message, fields)


def _spamd(message: str, fields: Fields) -> bool:
    known = read_spamd(message, fields)
    for name, key in (("user.name", "user"), ("source.ip", "raddr")):
        if f"spamassassin.{key}" in fields and fields["event.action"] not in {"processing", "checking"}:
            fields[name] = fields[f"spamassassin.{key}"]
    put_domain("source", str(fields.get("spamassassin.rhost", "")), fields)
    put_port("source", str(fields.get("spamassassin.rport", "")), fields)
    put_port("destination", str(fields.get("spamassassin.lport", "")), fields)
    if "spamassassin.message_id" in fields:
        fields["email.message_id"] = fields.get("spamassassin.mid", fields["spamassassin.message_id"])
    return known


def _is_own(program: str) -> bool:
    return _PROGRAM.fullmatch(program) is not None


class Postfix:
    """The mail log of Postfix."""

    name = "postfix"
    datasets = ("postfix.log", "dovecot.log")
    aliases: tuple[str, ...] = ("postfix.log", "maillog", "mail.log", "postscreen", "postgrey")
    title = (
        "Postfix mail log (smtpd, smtp, qmgr, postscreen), with postgrey, SPF policy services, spamd and Dovecot in it"
    )

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the programs that wrote the lines, or by messages that only Postfix writes."""
        found = [decode(line[:_LINE]) for line in head.split(b"\n")[:_LOOKED_AT] if line.strip()]
        known = sum(_is_own_line(line) for line in found)
        if not found or known * 3 < len(found):
            return 0
        return round(85 + 12 * known / len(found)) + ("mail" in filename.lower() or "postfix" in filename.lower())

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> PostfixParser:
        """Return a parser for one log."""
        return PostfixParser(options)


def _is_own_line(line: str) -> bool:
    header = parse_header(line, Options())
    if header.kind != "bare":
        return header.program is not None and (_is_own(header.program) or header.program == "postgrey")
    fields: Fields = {}
    return len(header.message) > 12 and (
        read_policy(line, fields) or (read_postfix(line, fields) and _says_much(fields))
    )


def _says_much(fields: Fields) -> bool:
    """Tell a message that only a mail server writes: it names an address, a message, or a queue and an action."""
    if "email.from.address" in fields or "email.to.address" in fields or "postfix.stage" in fields:
        return True
    return "event.action" in fields and ("source.ip" in fields or "destination.ip" in fields)


SOURCE: Final = Postfix()
