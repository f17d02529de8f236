"""Exim: mainlog, rejectlog (with the headers of what was refused) and the same messages over syslog.

Format: see `collectors.mail.exim`. Stamps are local time unless the log has a zone (`log_selector = +tz`, or
`log_timezone`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.host.programs import refuse_others
from collectors.mail.exim import ID, read_exim
from collectors.network.finish import finish
from collectors.network.times import instant_of
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?P<zone> [+-]\d{4})? (?:\[(?P<pid>\d{1,10})\] )?",
    re.ASCII,
)
_BEGINS = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |<\d{1,3}>|\d{4}-\d\d-\d\dT"
)
_RULE = re.compile(r"-{20,}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LOOKED_AT = 60
_SURE = re.compile(
    r"<= |=> |-> |\*\* |== |Completed| H=|^H=|authenticator failed for|sender verify|queue run"
    r"|rejected (?:RCPT|MAIL|EHLO)"
)


class EximParser:
    """Reads the records of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for a rule between records. Raise where there is no stamp."""
        text = decode(record.raw).strip()
        if not text or _RULE.fullmatch(text):
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "exim",
            "event.dataset": "exim.mainlog",
            "event.category": ["email"],
            "event.type": ["info"],
            "network.protocol": "smtp",
        }
        message = self._header(text, fields)
        if "\n" in message:
            message = _without_rule(message)
            fields["event.dataset"] = "exim.rejectlog"
        fields["message"] = message
        read_exim(message, fields)
        return fields

    def _header(self, text: str, fields: Fields) -> str:
        """Read the stamp of Exim's own files or a syslog header; return what stands behind."""
        head, mark, rest = text.partition("\n")
        found = _STAMP.match(head)
        if found is None:
            header = parse_header(head, self._options)
            if header.kind == "bare" and _CONTROL.search(head):
                raise MalformedRecordError("no line of Exim: no stamp, and control characters")
            if header.kind == "bare":
                return text
            refuse_others(header, "exim")
            values = (("@timestamp", header.timestamp), ("host.name", header.host), ("process.pid", header.pid))
            fields.update({name: value for name, value in values if value is not None})
            fields["process.name"] = header.program or "exim"
            fields.update(syslog_fields(header))
            head, again = header.message, _STAMP.match(header.message)
            return (head[again.end() :] if again else head) + mark + rest
        fields["process.name"] = "exim"
        moment = instant_of(found["stamp"] + (found["zone"] or ""), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        if found["pid"]:
            fields["process.pid"] = int(found["pid"])
        if self._options.host:
            fields["host.name"] = self._options.host
        return head[found.end() :] + mark + rest

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        fields["service.type"] = "exim"
        return finish(fields)


def _without_rule(message: str) -> str:
    body, _, last = message.rpartition("\n")
    return body if _RULE.fullmatch(last.strip()) else message


class Exim:
    """Exim's logs."""

    name = "exim"
    datasets = ("exim.mainlog", "exim.rejectlog")
    aliases: tuple[str, ...] = ("exim4", "exim.log", "exim_mainlog", "exim_rejectlog")
    title = "Exim mail log (mainlog, rejectlog, syslog)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by Exim's message identifiers, flags and `H=` fields behind its stamp, or by its name in syslog."""
        found = [line for line in decode(head[:32768]).split("\n")[:_LOOKED_AT] if line.strip()]
        begun = [line for line in found if _BEGINS.match(line.encode("utf-8", "replace"))]
        known = sum(_is_own(line[:3000]) for line in begun)
        if not known or known * 3 < len(begun):
            return 0
        return round(86 + 9 * known / len(begun)) + 2 * ("exim" in filename.lower())

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records: a line with a stamp, and the headers behind it in the reject log."""
        return grouped_lines(stream, lambda line: _BEGINS.match(line) is not None)

    def open(self, options: Options) -> EximParser:
        """Return a parser for one log."""
        return EximParser(options)


def _is_own(line: str) -> bool:
    found = _STAMP.match(line)
    if found is not None:
        rest = line[found.end() :]
        return ID.match(rest) is not None or _SURE.search(rest) is not None
    header = parse_header(line, Options())
    return header.program is not None and header.program.startswith("exim") and header.kind != "bare"


SOURCE: Final = Exim()
