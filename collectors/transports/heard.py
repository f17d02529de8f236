"""What a message from the network says: who speaks, the record itself, and what a shipper put around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Self, TypeAlias

import orjson

from collectors.source import Options, Record
from collectors.syslog import parse_header
from collectors.transports.inbox import Message
from collectors.wrappers import line_in
from engine.events import DeadLetter, Event, Fields, Origin, Value, event_id

Key: TypeAlias = tuple[str, str, str]
SENDER = "log.source.address"
PLACE = "log.offset"
_LONG = 2**63
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Plain lines (see `is_plain`) of one stream, which need no message each: `keys` are what ids are made of."""

    sender: str
    listener: str
    identity: str
    offsets: Sequence[int]
    raws: Sequence[bytes]
    keys: Sequence[bytes]

    def heard(self, place: int) -> Heard:
        """Return one of them as a message that was taken apart."""
        return heard(
            Message(
                sender=self.sender,
                listener=self.listener,
                identity=self.identity,
                offset=self.offsets[place],
                raw=self.raws[place],
                key=self.keys[place],
                size=len(self.keys[place]),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What one speaker said in one stream, in order: records, their places, and what their ids are made of.

    Those at the places `apart` cannot be read beside others. `heard` returns one of them, taken apart.
    """

    key: Key
    path: str
    sender: str
    identity: str
    offsets: Sequence[int]
    raws: Sequence[bytes]
    keys: Sequence[bytes]
    apart: frozenset[int]
    heard: Callable[[int], Heard]

    @classmethod
    def of_messages(cls, said: Sequence[Heard]) -> Self:
        """Return messages of one speaker, stream and path."""
        first = said[0]
        return cls(
            key=first.key,
            path=first.path,
            sender=first.message.sender,
            identity=first.message.identity,
            offsets=[each.message.offset for each in said],
            raws=[each.raw for each in said],
            keys=[_key(each.message) for each in said],
            apart=frozenset(place for place, each in enumerate(said) if _is_apart(each, first)),
            heard=said.__getitem__,
        )

    @classmethod
    def of_lines(cls, lines: Lines, others: Sequence[Heard]) -> Self:
        """Return plain lines, of which one speaker says them all, with what else he said in that stream."""
        first = lines.heard(0)
        offsets = [*lines.offsets, *(each.message.offset for each in others)]
        order = sorted(range(len(offsets)), key=offsets.__getitem__)
        raws, keys = (
            [*lines.raws, *(each.raw for each in others)],
            [*lines.keys, *(_key(each.message) for each in others)],
        )
        count = len(lines.offsets)

        def heard_at(place: int) -> Heard:
            return lines.heard(order[place]) if order[place] < count else others[order[place] - count]

        return cls(
            key=first.key,
            path=first.path,
            sender=lines.sender,
            identity=lines.identity,
            offsets=[offsets[place] for place in order],
            raws=[raws[place] for place in order],
            keys=[keys[place] for place in order],
            apart=frozenset(
                place for place, each in enumerate(order) if each >= count and _is_apart(others[each - count], first)
            ),
            heard=heard_at,
        )

    def about(self, places: Sequence[int]) -> Mapping[str, Sequence[Value]]:
        """Return what shippers say beside some records, name by name."""
        said = [self.heard(place).about for place in places] if self.heard(places[0]).about else []
        return {name: [each[name] for each in said] for name in (said[0] if said else ())}

    def ids(self, places: Sequence[int]) -> list[str]:
        """Return the ids of some records: those of `id_of`."""
        keyed, found = blake2b(digest_size=16, key=self.identity.encode("ascii")[:64]), []
        for place in places:
            digest = keyed.copy()
            digest.update(self.keys[place] + self.offsets[place].to_bytes(8, "big"))
            found.append(digest.hexdigest())
        return found


def _is_apart(said: Heard, first: Heard) -> bool:
    """Tell whether a record cannot be read beside another: columns hold what shippers say in the same words."""
    if not said.about and not first.about:
        return said.message.problem is not None
    alike = said.about.keys() == first.about.keys()
    return not alike or said.message.problem is not None or not all(map(_fits, *zip(*said.about.items(), strict=True)))


def _fits(name: str, value: Value) -> bool:
    """Tell whether a column of such values holds it: places are whole numbers, all else is text."""
    return type(value) is int and abs(value) < _LONG if name == PLACE else type(value) is str


def is_plain(raw: bytes) -> bool:
    """Tell whether a line has no header and no wrapper: it begins with an IPv4 address."""
    return _ADDRESS.match(raw) is not None


def heard(message: Message) -> Heard:
    """Take a message apart."""
    listener, sender, raw = message.listener, message.sender, message.raw
    if not raw.startswith(b"{"):
        return Heard((listener, sender, _speaker(raw)), raw, {}, message)
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Heard((listener, sender, "{"), raw, {}, message)
    line, about = line_in(document)
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
    if is_plain(raw):
        return "bare"
    header = parse_header(raw[:1024].decode("utf-8", "replace"), Options())
    return (header.program or header.kind)[:64]


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
    return event_id(message.identity, message.offset, _key(message))


def _key(message: Message) -> bytes:
    return message.raw if message.key is None else message.key


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
