"""Keycloak: server log lines, JSON log lines (Quarkus, plain or ECS), and events of the admin REST API.

Text lines are WildFly's and Quarkus': `2024-05-06 20:40:16,353 WARN  [org.keycloak.events] (executor-1) type=...`.
Format: Keycloak guides, "Configuring logging" and "Configuring auditing to track events"; the admin REST API's
EventRepresentation and AdminEventRepresentation. Field names: Elastic's `keycloak.log`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.documents import Document, first_document, is_owned, read_document
from collectors.cloud.flatten import spread
from collectors.cloud.values import first, number, put_text, relate, text
from collectors.framing import decode
from collectors.identity.keycloak_events import pairs, read_event
from collectors.json_fields import Json, to_instant
from collectors.json_framing import json_objects
from collectors.source import Options, Record
from collectors.syslog import parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE = re.compile(
    r"""(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,9}(?:Z|[+-]\d\d:?\d\d)?)\ {1,4}
    (?P<level>[A-Z]{4,8})\ {1,4}\[(?P<logger>[^\]\s]{1,256})\]\ \((?P<thread>[^)]{1,256})\)\ ?(?P<message>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_TEXTS = (  # names in ECS form, then in Quarkus' own
    ("log.level", ("log.level", "level")),
    ("log.logger", ("log.logger", "loggerName")),
    ("process.thread.name", ("process.thread.name", "threadName")),
    ("process.name", ("process.name", "processName")),
    ("host.name", ("host.hostname", "hostName", "host.name")),
    ("service.name", ("service.name",)),
    ("service.version", ("service.version",)),
    ("service.environment", ("service.environment",)),
)
_NUMBERS = (
    ("process.pid", ("process.pid", "processId")),
    ("process.thread.id", ("process.thread.id", "threadId")),
    ("event.sequence", ("event.sequence", "sequence")),
)
_LOGGERS = ("org.keycloak", "org.key.")
_LOOKED_AT = 40  # lines of the head
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


def _is_log_line(document: Mapping[str, Json]) -> bool:
    logger = document.get("log.logger") or document.get("loggerName")
    return isinstance(logger, str) and "message" in document and logger.startswith(_LOGGERS)


def _is_event(document: Mapping[str, Json]) -> bool:
    if "realmId" not in document or "time" not in document:
        return False
    return "operationType" in document or ("type" in document and ("ipAddress" in document or "clientId" in document))


def _owns(document: Mapping[str, Json]) -> bool:
    return (
        _is_log_line(document)
        or _is_event(document)
        or ("message" in document and ("loggerName" in document or "log.logger" in document))
    )


def _own_for_sure(document: Mapping[str, Json]) -> bool:
    """Tell Keycloak's documents; other programs on Quarkus write log lines of the same shape."""
    service = document.get("service.name")
    return _is_log_line(document) or _is_event(document) or (_owns(document) and service == "Keycloak")


class KeycloakParser:
    """Reads the lines or objects of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._last: Fields = {}

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields; None for a blank line."""
        raw = record.raw.strip()
        if not raw:
            return None
        fields: Fields = {"event.kind": "event", "event.module": "keycloak", "event.dataset": "keycloak.log"}
        if raw.startswith(b"{"):
            self._read_document(read_document(raw, _owns), fields)
        else:
            self._read_line(decode(raw), fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def _read_document(self, document: Document, fields: Fields) -> None:
        if _is_event(document):
            moment = to_instant(document.get("time"), self._options.zone)
            read_event(document, fields)
        else:
            stamp = first(document, ("@timestamp", "timestamp"))
            moment = to_instant(stamp, self._options.zone)
            self._read_log(document, fields)
        if moment is not None:
            fields["@timestamp"] = moment

    def _read_log(self, document: Document, fields: Fields) -> None:
        for field, names in _TEXTS:
            put_text(field, first(document, names), fields)
        for field, names in _NUMBERS:
            found = next((value for name in names if (value := number(document.get(name))) is not None), None)
            if found is not None:
                fields[field] = found
        self._read_message(text(document.get("message")), fields)
        for name in ("mdc", "exception", "error", "error.stack_trace", "error.message", "error.type", "stackTrace"):
            if document.get(name):
                spread("keycloak.", {name: document[name]}, fields)

    def _read_line(self, line: str, fields: Fields) -> None:
        match = _LINE.match(line)
        if match is None:
            header = parse_header(line, self._options)
            match = _LINE.match(header.message)
            if match is None and not self._last and (header.kind == "bare" or _CONTROL.search(line)):
                raise MalformedRecordError("no line of a Keycloak server's log")
            if header.host is not None:
                fields["host.name"] = header.host
        if match is None:  # a line of a stack trace or of a text of many lines belongs to the line before it
            if _CONTROL.search(line):
                raise MalformedRecordError("no line of a Keycloak server's log: control characters")
            fields.update(self._last)
            fields["message"] = line
            return
        moment = to_instant(match["stamp"], self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        fields["log.level"], fields["log.logger"] = match["level"], match["logger"]
        fields["process.thread.name"] = match["thread"]
        self._last = {name: fields[name] for name in ("@timestamp", "log.level", "log.logger") if name in fields}
        self._read_message(match["message"], fields)

    @staticmethod
    def _read_message(message: str, fields: Fields) -> None:
        if message:
            fields["message"] = message
        found = pairs(message)
        if found is not None:
            event: dict[str, Json] = dict(found)
            read_event(event, fields)

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        return relate(fields)


class Keycloak:
    """Keycloak's logs and events."""

    name = "keycloak"
    aliases: tuple[str, ...] = ("keycloak.log", "keycloak_log")
    title = "Keycloak server log, JSON log, and events of the admin API"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the logger of the first record, or by the fields of an event."""
        named = 2 * ("keycloak" in filename.lower())
        document = first_document(head)
        if document is not None:
            return 96 + named if is_owned(document, _own_for_sure) else 0
        found = [line for line in decode(head[:16384]).splitlines()[:_LOOKED_AT] if line.strip()]
        loggers = [match["logger"] for line in found if (match := _LINE.search(line[:400]))]
        if not any(logger.startswith(_LOGGERS) for logger in loggers):
            speaks = any("org.keycloak." in line and _LINE.search(line[:400]) for line in found)
            return 50 + named if speaks else 0
        return 95 if len(loggers) * 2 >= len(found) else 60 + named

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines, or into objects where they span lines."""
        return json_objects(stream)

    def open(self, options: Options) -> KeycloakParser:
        """Return a parser for one log."""
        return KeycloakParser(options)


SOURCE: Final = Keycloak()
