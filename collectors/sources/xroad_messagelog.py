"""X-Road's message log, metadata alone: rows of the `logrecord` table as JSON objects or CSV.

Format: the schema of X-Road's message log database (`logrecord`): a row is a message (`discriminator` m) or a time
stamp over messages (t). What citizens and officials wrote to one another is never read: bodies, attachments and
signatures are taken out of the record before anything else sees it, so that no event and no dead letter holds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final

import orjson

from collectors.cloud.documents import first_document, is_owned, read_document
from collectors.cloud.values import number, put_text, text
from collectors.files import rewound
from collectors.framing import decode
from collectors.json_fields import Json, to_instant
from collectors.json_framing import json_objects
from collectors.network.folding import folded_lines
from collectors.source import Options, Record
from collectors.xroad.rows import Rows, header_of, open_quote, plain_name
from engine.errors import MalformedRecordError
from engine.events import Fields

_PEEK = 4096
_BODIES: Final = frozenset(
    (
        *("message", "ciphermessage", "attachment", "attachments", "attachmentstream"),
        *("signature", "hashchain", "hashchainresult", "timestamp", "timestamphashchain"),
    )
)
_COLUMNS: Final = (
    *("id", "discriminator", "time", "archived", "queryid", "signaturehash", "timestamprecord", "response"),
    *("memberclass", "membercode", "subsystemcode", "xrequestid", "keyid"),
    *_BODIES,
)
_ALIASES: Final[Mapping[str, str]] = {name: name for name in _COLUMNS} | {"timestamprecordid": "timestamprecord"}
_OWN: Final = frozenset({"queryid", "signaturehash", "timestamprecord", "xrequestid", "archived", "discriminator"})
_BODY_MARKS: Final = (b"message", b"attachment", b"signature", b"hashchain")
_TRUE = frozenset({"true", "t", "1"})
_LEAST = 3


def _lowered(document: Mapping[str, Json]) -> dict[str, Json]:
    return {_column(key): value for key, value in document.items()}


def _column(key: str) -> str:
    return _ALIASES.get(plain_name(key), key)


def _owns(document: Mapping[str, Json]) -> bool:
    keys = {_column(key) for key in document}
    return len(keys & _OWN) >= _LEAST and ("time" in keys or "id" in keys)


def _are_columns(names: Sequence[str]) -> bool:
    return len(_OWN.intersection(names)) >= _LEAST


class MessageLogParser:
    """Reads the rows of one export. It remembers the last id, since a gap between ids may be a deleted row."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._rows = Rows(_ALIASES, _are_columns)
        self._last: int | None = None

    def parse(self, record: Record) -> Fields | None:
        """Return the row's fields; None for a blank line and for a line of column names."""
        raw = record.raw.strip()
        if not raw:
            return None
        if raw.startswith(b"{"):
            row = _lowered(read_document(raw, _owns))
        else:
            line = decode(record.raw)
            if self._rows.header(line):
                return None
            row = self._rows.cells(line)
        fields: Fields = {"event.kind": "event", "event.module": "xroad", "event.dataset": "xroad.messagelog"}
        self._read_row(row, fields)
        if self._options.host:
            fields["host.name"] = self._options.host
        return fields

    def _read_row(self, row: Mapping[str, Json], fields: Fields) -> None:
        moment = to_instant(number(row.get("time")) or row.get("time"), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        for name, field in (
            ("queryid", "xroad.message_id"),
            ("xrequestid", "trace.id"),
            ("signaturehash", "event.hash"),
            ("memberclass", "xroad.client.member_class"),
            ("membercode", "xroad.client.member_code"),
            ("subsystemcode", "xroad.client.subsystem"),
            ("keyid", "xroad.messagelog.key_id"),
            ("timestamprecord", "xroad.messagelog.timestamp_record"),
        ):
            put_text(field, row.get(name), fields)
        parts = [fields.get(f"xroad.client.{name}") for name in ("member_class", "member_code")]
        if all(parts):
            fields["organization.id"] = "/".join(str(part) for part in parts)
        stamp = text(row.get("discriminator")).lower() == "t"
        fields["event.category"], fields["event.type"] = ("api", "network"), ("info",) if stamp else ("connection",)
        fields["event.action"] = "timestamp" if stamp else "request"
        _read_flags(row, fields, stamp=stamp)
        self._read_id(number(row.get("id")), fields)

    def _read_id(self, identifier: int | None, fields: Fields) -> None:
        if identifier is None:
            return
        fields["event.sequence"] = identifier
        if self._last is not None and identifier > self._last + 1:
            fields["xroad.messagelog.missing_before"] = identifier - self._last - 1
        self._last = identifier

    def complete(self, fields: Fields) -> Fields:
        """Add nothing: a row says it all."""
        return fields


def _read_flags(row: Mapping[str, Json], fields: Fields, *, stamp: bool) -> None:
    response = _truth(row.get("response"))
    if response is not None and not stamp:
        fields["event.action"] = "response" if response else "request"
    archived = _truth(row.get("archived"))
    if archived is not None:
        fields["xroad.messagelog.archived"] = archived
    if not stamp:
        fields["xroad.messagelog.timestamped"] = bool(text(row.get("timestamprecord")))


def _truth(value: Json) -> bool | None:
    if isinstance(value, bool):
        return value
    word = text(value).lower()
    return None if not word else word in _TRUE


def _without_body(record: Record) -> Record:
    """Return a JSON record without bodies."""
    if record.problem is not None or not record.raw.lstrip().startswith(b"{"):
        return _hidden(record, record.problem)
    try:
        row = orjson.loads(record.raw)
    except orjson.JSONDecodeError as error:
        return _hidden(record, f"no valid JSON: {error}")
    kept = {key: value for key, value in row.items() if _column(key) not in _BODIES}
    return Record(offset=record.offset, number=record.number, raw=orjson.dumps(kept))


def _hidden(record: Record, problem: str | None) -> Record:
    """Return a record that can't be read; its bytes are left out where a body may be among them."""
    if problem is None or not any(name in record.raw.lower() for name in _BODY_MARKS):
        return record
    why = f"{problem}; its {len(record.raw):,} bytes are not kept, since a message's body may be among them"
    return Record(offset=record.offset, number=record.number, raw=b"", problem=why, size=record.size or len(record.raw))


def _rows_without_body(stream: BinaryIO) -> Iterator[Record]:
    """Yield the line of names, and rows of CSV with empty cells where bodies stood."""
    rows = Rows(_ALIASES, _are_columns)
    for record in folded_lines(stream, open_quote):
        line = decode(record.raw)
        if record.problem is not None or rows.header(line) or not rows.begun:
            yield _hidden(record, record.problem)
            continue
        try:
            raw = rows.without(line, _BODIES).encode()
            yield Record(offset=record.offset, number=record.number, raw=raw)
        except MalformedRecordError as error:
            yield Record(
                offset=record.offset, number=record.number, raw=b"", problem=error.message, size=len(record.raw)
            )


class XRoadMessageLog:
    """X-Road's message log."""

    name = "xroad_messagelog"
    aliases: tuple[str, ...] = ("xroad.messagelog",)
    title = "X-Road message log, metadata of its database (JSON, CSV)"
    datasets: tuple[str, ...] = ("xroad.messagelog",)

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the columns of the first row, or by the names in a CSV header."""
        named = 2 * ("messagelog" in filename.lower() or "logrecord" in filename.lower())
        document = first_document(head)
        if document is not None:
            return 95 + named if is_owned(document, _owns) else 0
        first = decode(head.removeprefix(b"\xef\xbb\xbf").lstrip()[:_PEEK]).partition("\n")[0]
        return 95 + named if header_of(first.rstrip("\r"), _ALIASES, _are_columns) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects or rows, and take the bodies out."""
        head = stream.read(_PEEK)
        stream = rewound(stream, head)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return map(_without_body, json_objects(stream))
        return _rows_without_body(stream)

    def open(self, options: Options) -> MessageLogParser:
        """Return a parser for one export."""
        return MessageLogParser(options)


SOURCE: Final = XRoadMessageLog()
