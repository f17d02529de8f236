"""What a message from the network says: who speaks, the record itself, and what a shipper put around it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import orjson

from collectors.source import Options, Record
from collectors.syslog import parse_header
from collectors.transports.inbox import Message
from engine.events import DeadLetter, Event, Fields, Origin, event_id

Key: TypeAlias = tuple[str, str, str]
SENDER = "log.source.address"
_ADDRESS = re.compile(rb"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3} ")  # no header begins so


@dataclass(frozen=True, slots=True)
class Heard:
    """A message taken apart: `key` is who speaks, `raw` the record, `about` what a shipper says about it beside."""

    key: Key
    raw: bytes
    about: Fields
    message: Message

    @property
    def path(self) -> str:
        """The name of the log in its events: the shipper's file, or who received it from whom."""
        path = self.about.get("log.file.path")
        return path if isinstance(path, str) else self.message.name

    @property
    def record(self) -> Record:
        """The record."""
        message = self.message
        return Record(
            offset=message.offset,
            number=message.offset + 1,
            raw=self.raw,
            problem=message.problem,
            size=message.size,
        )


def heard(message: Message) -> Heard:
    """Take a message apart."""
    listener, sender, raw = message.listener, message.sender, message.raw
    if not raw.startswith(b"{"):
        return Heard((listener, sender, _speaker(raw)), raw, {}, message)
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Heard((listener, sender, "{"), raw, {}, message)
    line, about = _line_in(document)
    if line:
        where = str(about.get("log.file.path") or about.get("container.id") or "")
        return Heard(
            (listener, sender, f"line {about.get('host.name', '')} {where}"[:200]), line.encode(), about, message
        )
    return Heard((listener, sender, "{" + ",".join(sorted(document)[:12])[:200]), raw, {}, message)


def as_it_is(message: Message) -> Heard:
    """Take a shipper's document, of which nobody knows the line, for the record itself."""
    return Heard((message.listener, message.sender, "{"), message.raw, {}, message)


def _speaker(raw: bytes) -> str:
    """Return the program that a line names, else the kind of its header."""
    if _ADDRESS.match(raw):
        return "bare"
    header = parse_header(raw[:1024].decode("utf-8", "replace"), Options())
    return (header.program or header.kind)[:64]


def _line_in(document: dict[str, Any]) -> tuple[str, Fields]:
    """Return the line that a shipper read from a file or the wire and put into a document, and what it says beside.

    Filebeat: `message`, with `agent.type`, `log.file.path`, `log.offset`, `host.name`. Fluent Bit's tail: `log` alone,
    or with few names beside it. Documents that were taken apart already have no such line.
    """
    agent = document.get("agent")
    beat = isinstance(agent, dict) and agent.get("type") == "filebeat"
    parsed = any(name in document for name in ("winlog", "source", "process", "http", "json", "event.dataset"))
    line = document.get("message") if beat else document.get("log") if len(document) <= 6 else None
    if parsed or not isinstance(line, str) or not line.strip():
        return "", {}
    about: Fields = {}
    for name in ("log.file.path", "log.offset", "host.name", "host.hostname", "agent.id", "agent.type", "container.id"):
        value: Any = document
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str | int):
            about[name] = value
    return line.rstrip("\r\n"), about


def addressed(event: Event, said: Heard) -> Event:
    """Return the event with its sender and what its shipper says. Its id is that of the message."""
    fields: Fields = dict(event.fields)
    sender = said.message.sender
    for name, value in said.about.items():
        if name.startswith(("log.", "agent.")) or fields.get(name, sender) == sender:
            fields[name] = value
    fields.setdefault(SENDER, sender)
    return replace(event, fields=fields, id=id_of(said.message))


def id_of(message: Message) -> str:
    """Return the id of a message's record."""
    return event_id(message.identity, message.offset, message.raw if message.key is None else message.key)


def letter(message: Message, source: str, reason: str) -> DeadLetter:
    """Return the dead letter of a message."""
    origin = Origin(path=message.name, identity=message.identity, offset=message.offset, number=message.offset + 1)
    return DeadLetter(
        id=id_of(message),
        origin=origin,
        source=source,
        reason=reason,
        raw=message.raw,
        size=message.size or len(message.raw),
    )
