"""Generic JSON: one object per line, an array, {"Records": [...]}, or objects printed over several lines.

Documents in ECS (nested or dotted) keep their names and get ECS' types; everything else is flattened to dotted
names. The
instant is `@timestamp`, or the first of the usual names that holds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import orjson

from collectors.json_fields import REST, Json, as_json, flatten, load_object, to_instant
from collectors.json_framing import json_objects
from collectors.source import Options, Parser, Record, Source
from engine.events import Fields, Scalar, Value, texts

_STAMPS = (
    *("timestamp", "time", "ts", "datetime", "date_time", "eventTime", "event_time", "EventTime"),
    *(
        "eventtime",
        "event.created",
        "TimeGenerated",
        "TimeCreated",
        "CreationTime",
        "creationTime",
        "created_at",
        "createdAt",
    ),
    *("created", "date", "_time", "log_time", "logTime", "log.time", "startTime", "start_time"),
    *("published", "receivedTimestamp", "asctime", "when", "t", "Timestamp", "Time"),
)
_RELATED = (
    ("related.ip", ("source.ip", "destination.ip", "client.ip", "server.ip", "host.ip")),
    ("related.user", ("user.name", "user.effective.name", "user.target.name")),
    ("related.hosts", ("host.name", "host.hostname", "source.domain", "destination.domain")),
)
# ECS' `host.os.type`, by what older agents say instead
_SYSTEM_FIELDS = ("host.os.family", "host.os.platform", "host.os.name", "host.os.full")
_LINUXES = (
    *("linux", "debian", "ubuntu", "kali", "redhat", "rhel", "centos", "fedora", "rocky", "almalinux", "oracle"),
    *("amazon", "amzn", "suse", "sles", "opensuse", "arch", "alpine", "gentoo"),
)
_SYSTEMS = {
    **dict.fromkeys(("darwin", "macos", "mac os x", "osx"), "macos"),
    **dict.fromkeys(("windows", "win32"), "windows"),
    **dict.fromkeys(_LINUXES, "linux"),
}
_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*(?:\"|\})")


class _JsonParser:
    """Reads JSON objects, one a record."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the object's fields; None for an object without any value. Raise where it is no JSON object."""
        if not record.raw.strip():
            return None
        document = load_object(record.raw)
        fields, rest = flatten(_unwrapped(document))
        if not fields and not rest:
            return None
        self._stamp(fields)
        fields.setdefault("event.kind", "event")
        fields.setdefault("event.dataset", "json.generic")
        fields.setdefault("event.module", str(fields["event.dataset"]).partition(".")[0])
        _host_facts(fields)
        if rest:
            fields[REST] = as_json(rest)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def _stamp(self, fields: Fields) -> None:
        """Find the record's instant where `@timestamp` is not one."""
        if isinstance(fields.get("@timestamp"), datetime):
            return
        fields.pop("@timestamp", None)
        zone = self._options.zone
        for name in _STAMPS:
            if name in fields and (moment := to_instant(fields[name], zone)):
                fields["@timestamp"] = moment
                return
        date, time = fields.get("date"), fields.get("time")
        if isinstance(date, str) and isinstance(time, str) and (moment := to_instant(f"{date}T{time}", zone)):
            fields["@timestamp"] = moment

    def complete(self, fields: Fields) -> Fields:
        """Add `related.*` where the document has none."""
        for name in ("event.category", "event.type"):
            fields.setdefault(name, ())  # ECS: empty where none fits
        for related, names in _RELATED:
            if related not in fields:
                values = list(dict.fromkeys(value for name in names for value in _texts(fields.get(name))))
                if values:
                    fields[related] = values
        return fields


def _host_facts(fields: Fields) -> None:
    """Say of an agent's event what rules for hosts need and ECS lets it leave out, or once called otherwise."""
    if "host.os.type" not in fields:
        for name in _SYSTEM_FIELDS:
            system = _SYSTEMS.get(str(fields.get(name, "")).lower())
            if system is not None:
                fields["host.os.type"] = system
                break
    parent = str(fields.get("process.ppid", ""))  # until ECS 8
    if parent.isascii() and parent.isdecimal() and len(parent) < 11:
        fields.setdefault("process.parent.pid", int(parent))
    arguments = fields.get("process.args")
    if isinstance(arguments, list | tuple) and "process.command_line" not in fields:
        fields["process.command_line"] = " ".join(texts(arguments))


def _texts(value: Value | None) -> Iterator[Scalar]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from value


def _unwrapped(document: dict[str, Json]) -> dict[str, Json]:
    """Return the document that a search result carries in `_source`, with its `_id` and `_index`; others as they
    are."""
    inner = document.get("_source")
    if not isinstance(inner, dict) or "_index" not in document:
        return document
    return {**inner, "_id": document.get("_id"), "_index": document.get("_index")}


class _JsonSource:
    """Generic JSON objects; see the module's docstring."""

    name = "json"
    aliases: tuple[str, ...] = ("ecs", "ndjson", "jsonl", "json_lines", "auditbeat", "beats")
    title = "JSON objects of any kind: one per line, an array, or {Records: [...]}; ECS documents keep their names"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell JSON objects by their beginning; a low score, so that sources that know the objects come first."""
        if not _BEGIN.match(head):
            return 0
        first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].strip()
        bonus = 2 if filename.lower().endswith((".json", ".jsonl", ".ndjson")) else 0
        try:
            orjson.loads(first)
        except orjson.JSONDecodeError:
            return 15 + bonus
        return 20 + bonus

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects."""
        return json_objects(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _JsonParser(options)


SOURCE: Source = _JsonSource()
