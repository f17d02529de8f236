"""Pulling what is new in a topic: each partition from the offset that stands in the store, without a consumer group.

kulla keeps the offsets itself, in the transaction that stores the records; nothing is committed to the broker, and no
other consumer can take a partition away. A record's id is made of cluster, topic, partition, offset and its bytes.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Protocol, TypeAlias

import orjson

from collectors.json_framing import json_objects
from collectors.pulling.placing import LISTENER, Placing, module_of
from collectors.pulling.seam import Checkpoint, Means, Pulled, UnreachableError
from collectors.source import Options, Source
from collectors.transports.heard import Lines, is_plain
from collectors.transports.inbox import Message
from collectors.transports.sorting import Sorter
from collectors.transports.tracked import as_whole
from engine.errors import InputError, KullaError

KIND = "pulling-kafka"
_AT_ONCE = 256  # messages taken from the client at once
_MOST = 16_384  # of those that are read together
_MOST_BYTES = 8 * 1024 * 1024
_WAIT = 0.5  # seconds for which it is given time to have so many
_PASS = 5.0  # seconds after which a look ends, once it has read what was there when it began
_PATIENCE = 60.0  # seconds without anything before a look is given up
_LOOK_UP = 30.0  # seconds between looks for new partitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Messages of a partition, in their order; a value is None where it only says that its key was removed.

    `when` is when the newest of them was written.
    """

    partition: int
    offsets: Sequence[int]
    values: Sequence[bytes | None]
    when: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A partition was read up to its present end: `offset` is that of the next message."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """A partition does not have the offset that it was asked for."""

    partition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a partition holds: from the offset `first` up to, and without, `end`."""

    first: int
    end: int


Item: TypeAlias = Fetched | End | Astray


class Topic(Protocol):
    """A topic and who reads it: `Kafka` in production. All raise `UnreachableError` and `ConfigurationError`."""

    def __str__(self) -> str:
        """Return the topic's address."""
        ...

    def cluster(self) -> str:
        """Return what tells the cluster from others, whichever of its brokers is asked."""
        ...

    def version(self) -> str:
        """Return what changes when a topic is removed and made again under its name; empty where that is not known."""
        ...

    def partitions(self) -> Mapping[int, Extent]:
        """Return the partitions that there are now."""
        ...

    def start(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions, and no others, from these offsets on."""
        ...

    def fetch(self, most: int, seconds: float) -> Sequence[Item]:
        """Return what came, at most so many messages; wait so long where there are less."""
        ...

    def trouble(self) -> str:
        """Return what went wrong last, empty where nothing did."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


@dataclass(slots=True, kw_only=True)
class _Place:
    """How far a partition was read, and up to where it is to be read; `ended` is where its end was met."""

    identity: str
    offset: int
    target: int
    ended: int = -1

    @property
    def done(self) -> bool:
        return self.offset >= self.target or self.ended == self.offset


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What was taken of a topic at a time: plain lines with their offsets, by stream, and all other records."""

    messages: list[Message] = field(default_factory=list)
    plain: defaultdict[str, list[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    headers: int = 0
    size: int = 0


@dataclass(slots=True, kw_only=True)
class TopicPuller:
    """Pulls the messages of one topic; each is a record, or a JSON array of them."""

    topic: Topic
    means: Means
    kind: str = KIND
    pause: float = 0.0
    patience: float = _PATIENCE
    passed: Counter[str] = field(default_factory=Counter)
    _places: dict[int, _Place] = field(default_factory=dict)
    _looked: float | None = None
    _version: str | None = None
    _sorter: Sorter | None = None
    _newest: datetime | None = None
    _address: str = field(init=False)

    def __post_init__(self) -> None:
        self._address = str(self.topic)

    def pull(self) -> Iterator[Pulled]:
        """Yield what the partitions hold beyond what was read, up to what they held when the look began."""
        try:
            yield from self._pull()
        except KullaError:  # whatever the client had taken and not given: the next look begins where the store stands
            self._places.clear()
            self._looked = None
            raise

    def _pull(self) -> Iterator[Pulled]:
        begun = heard = self.means.now()
        if self._looked is None or begun - self._looked >= _LOOK_UP:
            self._look_up()
            self._looked = begun
        while True:
            items = self._fetched()
            if items:
                heard = self.means.now()
                yield self._pulled(items)
            done = all(place.done for place in self._places.values())
            if done and (not items or self.means.now() - begun >= _PASS):
                return
            if not done and self.means.now() - heard >= self.patience:
                why = self.topic.trouble() or "nothing comes"
                raise UnreachableError(f"the brokers do not answer ({why})", where=str(self.topic), hint=_LATER)

    def close(self) -> None:
        """Let go of the connections."""
        self.topic.close()

    def _fetched(self) -> list[Item]:
        """Return what came, and what has come by then: as much as is worth reading together."""
        found: list[Item] = []
        count = size = 0
        wait, more = _WAIT, True
        while more and count < _MOST and size < _MOST_BYTES:
            items = self.topic.fetch(_AT_ONCE, wait)
            several = [item for item in items if isinstance(item, Fetched)]
            fetched = sum(len(item.values) for item in several)
            size += sum(len(value) for item in several for value in item.values if value)
            found += items
            count, wait, more = count + fetched, 0.0, fetched == _AT_ONCE
        return found

    def _look_up(self) -> None:
        """Find the partitions, begin with those that are new, and see up to where each is to be read."""
        found = self.topic.partitions()
        if self._version != self.topic.version():  # at first, and where it was made again
            self._version = self.topic.version()
            self._places.clear()
        fresh = [number for number in found if number not in self._places]
        for number, extent in found.items():
            if number in self._places:
                self._places[number].target = extent.end
        if fresh:
            self._seat({number: found[number] for number in fresh})

    def _seat(self, found: Mapping[int, Extent]) -> None:
        """Begin with these partitions where they were left, or where they begin."""
        identities = {number: identity_of(self.topic, number) for number in found}
        bodies = self.means.recall(identities.values())
        for number, extent in found.items():
            identity = identities[number]
            offset = self._offset(number, extent, bodies.get(identity))
            self._places[number] = _Place(identity=identity, offset=offset, target=extent.end)
        self.topic.start({number: place.offset for number, place in self._places.items()})

    def _offset(self, number: int, extent: Extent, body: str | None) -> int:
        """Return where to go on; tell where that is not where it was left."""
        mark = _mark_of(body)
        if mark is None:
            return extent.first
        offset, version = mark
        where = f"{self.topic}/{number}"
        again = bool(version and self.topic.version()) and version != self.topic.version()
        if again or offset > extent.end:
            why = "the topic was made again" if again else f"offset {offset} is beyond its end, {extent.end}"
            self.means.told(InputError(f"{why}: it is read from its beginning", where=where))
            return extent.first
        if offset < extent.first:
            lost = f"offsets {offset} to {extent.first - 1} were removed before they were read"
            hint = "the topic's retention (retention.ms, retention.bytes) is shorter than kulla stood still"
            self.means.told(InputError(lost, where=where, hint=hint))
        return max(offset, extent.first)

    def _pulled(self, items: Sequence[Item]) -> Pulled:
        taken = _Taken()
        touched: set[int] = set()
        astray: set[int] = set()
        for item in items:
            place = self._places.get(item.partition)
            if place is None:
                continue
            touched.add(item.partition)
            if isinstance(item, Astray):
                astray.add(item.partition)
            elif isinstance(item, End):
                place.offset, place.ended = max(place.offset, item.offset), item.offset
            else:
                self._take(item, place, taken)
        pulled = self._sorted(taken, touched - astray)
        if astray:
            extents = self.topic.partitions()
            self._seat({number: extents[number] for number in astray if number in extents})
        return pulled

    def _take(self, item: Fetched, place: _Place, taken: _Taken) -> None:
        """Add the records of messages that were not read before."""
        if item.when is not None and (self._newest is None or item.when > self._newest):
            self._newest = item.when
        wide = self.means.by_columns
        plain = taken.plain[place.identity]
        for offset, value in zip(item.offsets, item.values, strict=True):
            if offset < place.offset:
                continue
            place.offset = offset + 1
            if value is None or not value.strip():
                taken.headers += 1
                continue
            taken.size += len(value)
            if wide and is_plain(value):
                plain.append((offset, value))
            else:
                taken.messages += self._messages(place.identity, offset, value)

    def _messages(self, identity: str, offset: int, value: bytes) -> list[Message]:
        """Return the records of a message: itself, or the objects of a JSON array."""
        whole = Message(
            sender=self._address,
            listener=LISTENER,
            identity=identity,
            offset=offset,
            raw=value.rstrip(b"\r\n"),
            key=value,
            size=len(value),
        )
        wrapped = as_whole(value) and b"\x00" not in value[:256]
        parts = list(json_objects(io.BytesIO(value))) if wrapped else []
        if not parts or any(part.problem for part in parts):
            return [whole]
        return [
            replace(whole, raw=part.raw, key=b"%d:" % number + part.raw, size=len(part.raw))
            for number, part in enumerate(parts)
        ]

    def _lines(self, identity: str, plain: Sequence[tuple[int, bytes]]) -> Lines:
        return Lines(
            sender=self._address,
            listener=LISTENER,
            identity=identity,
            offsets=[offset for offset, _ in plain],
            raws=[value.rstrip(b"\r\n") for _, value in plain],
            keys=[value for _, value in plain],
        )

    def _sorted(self, taken: _Taken, touched: set[int]) -> Pulled:
        if self._sorter is None:
            self._sorter = Sorter(choose=self._choose, options=self._options, now=self.means.now)
        if self.means.by_columns:
            lines = [self._lines(identity, plain) for identity, plain in taken.plain.items() if plain]
            found = self._sorter.sort_by_columns(taken.messages, lines)
        else:
            found = self._sorter.sort(taken.messages)
        placing = Placing(self._address, {place.identity: number for number, place in self._places.items()})
        events = [placing.event(event) for event in found.events]
        columns = [placing.columns(each) for each in found.columns]
        modules = {str(event.fields.get("event.module", "")) for event in events} | set(map(module_of, columns))
        return Pulled(
            source=", ".join(sorted(modules - {""})),
            events=events,
            letters=[placing.letter(letter) for letter in found.letters],
            columns=columns,
            checkpoints=tuple(self._checkpoint(number) for number in sorted(touched)),
            headers=taken.headers,
            size=taken.size,
        )

    def _checkpoint(self, number: int) -> Checkpoint:
        place = self._places[number]
        body = {"topic": str(self.topic), "partition": number, "offset": place.offset, "version": self.topic.version()}
        return Checkpoint(key=place.identity, body=orjson.dumps(body).decode())

    def _choose(self, head: bytes) -> Source | None:
        try:
            return self.means.choose(head, "", "")
        except InputError:
            return None

    def _options(self, sender: str) -> Options:  # noqa: ARG002 - a topic is nobody's host
        return self.means.options(self._newest)


_LATER = "check the brokers; nothing is lost, the next run goes on where this one ended"


def identity_of(topic: Topic, number: int) -> str:
    """Return what tells a partition's records from all others: 32 hex digits."""
    name = str(topic).rpartition("/")[2]
    return blake2b(f"{topic.cluster()}\n{name}\n{number}".encode(), digest_size=16).hexdigest()


def _mark_of(body: str | None) -> tuple[int, str] | None:
    """Return the offset and the topic's version that a checkpoint says, None where it says none."""
    try:
        found = orjson.loads(body or "")
        return int(found["offset"]), str(found["version"])
    except (KeyError, TypeError, ValueError):
        return None
