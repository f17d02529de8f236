"""Messages from the network made into events: which source each is of, told per sender and program.

One sender speaks for many programs, so that a stream has no one format: each (sender, program) is recognised by its
first messages, and again where they turn out to be something else.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from collectors.source import Options, Record, Source
from collectors.syslog import parse_header
from collectors.transports.decoding import Decoder
from collectors.transports.inbox import Message
from engine.events import DeadLetter, Event, Fields, Origin, event_id

_MOST = 4096  # senders and programs remembered
_HEAD = 16 * 1024  # bytes that a source is recognised by
_PATIENCE = 20  # dead letters in a row after which a sender is looked at anew
_FRESH = 3600.0  # seconds after which a decoder learns anew what time it is

Key = tuple[str, str, str]


@dataclass(slots=True, kw_only=True)
class _Speaker:
    decoder: Decoder
    since: float
    dead: int = 0


@dataclass(slots=True, kw_only=True)
class Sorter:
    """Turns messages into events. `choose` returns the source of some bytes, None where nobody knows them;
    `options` what a sender's records do not say; `now` is a clock in seconds that never goes back."""

    choose: Callable[[bytes], Source | None]
    options: Callable[[str], Options]
    now: Callable[[], float]
    _speakers: OrderedDict[Key, _Speaker] = field(default_factory=OrderedDict)

    def sort(self, messages: Iterable[Message]) -> tuple[list[Event], list[DeadLetter]]:
        """Return the messages' events and dead letters; every message is one of the two, or a format's header."""
        keyed = [(*_said(message), message) for message in messages]
        heads: defaultdict[Key, list[bytes]] = defaultdict(list)
        for key, raw, _, _ in keyed:
            heads[key].append(raw)
        events: list[Event] = []
        letters: list[DeadLetter] = []
        for key, raw, about, message in keyed:
            item = self._read(key, message, heads[key], raw=raw, about=about)
            if isinstance(item, Event):
                events.append(item)
            else:
                letters.append(item)
        return events, letters

    def _read(
        self, key: Key, message: Message, head: Sequence[bytes], *, raw: bytes, about: Fields
    ) -> Event | DeadLetter:
        speaker = self._speaker(key, head)
        if speaker is None and raw is not message.raw:  # a shipper's document with a line that nobody knows
            raw, about, key = message.raw, {}, (key[0], key[1], "{")
            speaker = self._speaker(key, [raw])
        if speaker is None:
            return _letter(message, "", message.problem or "no log source recognises it")
        decoder = speaker.decoder
        decoder.rename(f"{message.listener} from {message.sender}", identity=message.identity)
        number = message.offset + 1
        record = Record(offset=message.offset, number=number, raw=raw, problem=message.problem, size=message.size)
        item = decoder.read(record)
        if item is None:
            return _letter(message, decoder.source.name, "a header without records")
        if isinstance(item, DeadLetter):
            speaker.dead += 1
            if speaker.dead >= _PATIENCE:
                del self._speakers[key]
            return item if raw is message.raw else _letter(message, item.source, item.reason)
        speaker.dead = 0
        return _addressed(item, message, about)

    def _speaker(self, key: Key, head: Sequence[bytes]) -> _Speaker | None:
        speaker = self._speakers.get(key)
        if speaker is not None and self.now() - speaker.since < _FRESH:
            self._speakers.move_to_end(key)
            return speaker
        joined = b"\n".join(head)[:_HEAD]
        source = speaker.decoder.source if speaker else self.choose(joined + b"\n")
        if source is None:
            return None
        decoder = Decoder(source, self.options(key[1]), identity="", path="")
        self._speakers[key] = speaker = _Speaker(decoder=decoder, since=self.now())
        if len(self._speakers) > _MOST:
            self._speakers.popitem(last=False)
        return speaker


def _said(message: Message) -> tuple[Key, bytes, Fields]:
    """Return who speaks, the record itself, and what a shipper says about it beside."""
    listener, sender, raw = message.listener, message.sender, message.raw
    if not raw.startswith(b"{"):
        header = parse_header(raw[:1024].decode("utf-8", "replace"), Options())
        return (listener, sender, (header.program or header.kind)[:64]), raw, {}
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return (listener, sender, "{"), raw, {}
    line, about = _line_in(document)
    if line:
        where = str(about.get("log.file.path") or about.get("container.id") or "")
        return (listener, sender, f"line {about.get('host.name', '')} {where}"[:200]), line.encode(), about
    return (listener, sender, "{" + ",".join(sorted(document)[:12])[:200]), raw, {}


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


def _addressed(event: Event, message: Message, about: Fields) -> Event:
    """Return the event with its sender and what its shipper says. Its id is that of the message, or of its own key."""
    fields: Fields = dict(event.fields)
    for name, value in about.items():
        if name.startswith(("log.", "agent.")) or fields.get(name, message.sender) == message.sender:
            fields[name] = value
    fields.setdefault("log.source.address", message.sender)
    key = message.raw if message.key is None else message.key
    path = about.get("log.file.path")
    origin = replace(event.origin, path=path) if isinstance(path, str) else event.origin
    return replace(event, fields=fields, origin=origin, id=event_id(message.identity, message.offset, key))


def _letter(message: Message, source: str, reason: str) -> DeadLetter:
    origin = Origin(
        path=f"{message.listener} from {message.sender}",
        identity=message.identity,
        offset=message.offset,
        number=message.offset + 1,
    )
    number = event_id(message.identity, message.offset, message.raw if message.key is None else message.key)
    return DeadLetter(
        id=number,
        origin=origin,
        source=source,
        reason=reason,
        raw=message.raw,
        size=message.size or len(message.raw),
    )
