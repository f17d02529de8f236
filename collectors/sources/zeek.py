"""Zeek (formerly Bro): every log, as TSV with its header lines or as JSON, flat or under the log's name.

Format: "Zeek log formats" (https://docs.zeek.org/en/master/log-formats.html). TSV says its path and fields itself; JSON
says its log in `_path`, in the key around it (`{"dns": {...}}`), or by its fields. Names: Elastic's integration `zeek`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.documents import Document, first_document, is_owned, read_document
from collectors.files import rewound
from collectors.framing import decode, lines
from collectors.json_fields import Json
from collectors.json_framing import json_objects
from collectors.network.finish import finish
from collectors.source import Options, Parser, Record, Source
from collectors.zeek.logs import known_log, log_of, shape_of
from collectors.zeek.record import record_fields
from collectors.zeek.tsv import Header
from engine.errors import MalformedRecordError
from engine.events import Fields

_CERTAIN, _PROBABLE = 98, 92
_HEAD = 64 * 1024
_START = re.compile(rb"(?:\xef\xbb\xbf)?#(?:separator \\x|set_separator|fields\s+ts|path\s)")
_ROW = re.compile(rb"\n#fields[\t ,;|]")
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{")


class _ZeekParser:
    """Reads one stream in order: TSV by the header lines before it, JSON one object a record."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._header = Header()

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one row or object; None for header lines. See `Parser`."""
        raw = record.raw.strip(b"\x00\r\n")
        if not raw.strip():
            return None
        if raw.startswith(b"#"):
            self._header.read(decode(raw))
            return None
        if raw.lstrip().startswith(b"{") and not self._header.columns:
            return self._named(_json_fields(raw))
        row = self._header.row(decode(raw))
        return self._named(record_fields(log_of(self._header.path or shape_of(row) or "log"), row))

    def _named(self, fields: Fields) -> Fields:
        if self._options.host:
            fields.setdefault("observer.name", self._options.host)
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        for name in ("event.category", "event.type"):
            if isinstance(value := fields.get(name), tuple):
                fields[name] = list(value)
        fields.setdefault("observer.type", "ids")
        fields.setdefault("observer.product", "zeek")
        return finish(fields)


def _json_fields(raw: bytes) -> Fields:
    document = read_document(raw, lambda _: True)
    found = _identify(document)
    if found is None and is_owned(document, _owns):
        document = read_document(raw, _owns)
        found = _identify(document)
    if found is None:
        if "ts" not in document:
            raise MalformedRecordError("JSON, but no record of Zeek: neither `_path` nor `ts` is there")
        found = "log", document
    log, row = found
    return record_fields(log, _flat(row))


def _identify(document: Document) -> tuple[str, Document] | None:
    """Return the log that a document is of, and its record."""
    document = _renamed(document)
    path = document.get("_path")
    if isinstance(path, str) and path:
        return log_of(path), document
    if len(document) <= 3:  # {"dns": {"ts": ...}}
        for key, inner in document.items():
            if isinstance(inner, dict) and known_log(key) and ("ts" in inner or "_path" in inner):
                return log_of(key), inner
    if "ts" in document:
        shape = shape_of(_flat(document) if isinstance(document.get("id"), dict) else document)
        if shape is not None:
            return shape, document
    return None


# What writers call a record's own names that may put no dot or no underscore at the front into theirs.
_OTHER_NAMES: Final = {f"id_{name}": f"id.{name}" for name in ("orig_h", "orig_p", "resp_h", "resp_p")} | {
    "@stream": "_path",
    "@system": "_system_name",
}


def _renamed(row: Document) -> Document:
    """Return a record under Zeek's own names: `id_orig_h` is `id.orig_h`, `@stream` is `_path`."""
    if row.keys().isdisjoint(_OTHER_NAMES):
        return row
    return {_OTHER_NAMES.get(name, name): value for name, value in row.items() if name != "@proc"}


def _flat(row: Document) -> Document:
    """Return a record with `id.orig_h` for `{"id": {"orig_h": ...}}`; others as they are."""
    ends = row.get("id")
    if not isinstance(ends, dict):
        return row
    return {**{f"id.{key}": value for key, value in ends.items()}, **{k: v for k, v in row.items() if k != "id"}}


def _owns(document: Mapping[str, Json]) -> bool:
    if "event_type" in document or "ecs" in document or ("@timestamp" in document and "_path" not in document):
        return False
    path = document.get("_path")
    if isinstance(path, str) and ("ts" in document or "_write_ts" in document or known_log(path) is not None):
        return True
    return _identify(dict(document)) is not None


class _ZeekSource:
    """Zeek's logs; see the module's docstring."""

    name = "zeek"
    aliases: tuple[str, ...] = ("bro", "zeek_tsv", "zeek_json", "corelight")
    title = (
        "Zeek logs (TSV with #fields, JSON): conn, dns, http, ssl, x509, files, smb, kerberos, notice and all others"
    )
    datasets = ("zeek.",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell TSV by its header lines, JSON by its first record. See `Source`."""
        if _START.match(head):
            return _CERTAIN if _ROW.search(head) or head.startswith(b"#separator \\x") else 0
        if not _JSON.match(head):
            document = first_document(head)
            return _PROBABLE if document is not None and is_owned(document, _owns) else 0
        document = first_document(head)
        if document is None or not is_owned(document, _owns):
            return 0
        return _CERTAIN if "_path" in document or "uid" in document else _PROBABLE

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut TSV into lines, JSON into objects."""
        head = stream.read(_HEAD)
        stream = rewound(stream, head)
        return json_objects(stream) if _JSON.match(head) else lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _ZeekParser(options)


SOURCE: Final[Source] = _ZeekSource()
