"""Pulling what is new in a topic: each partition from the offset that stands in the store, without a consumer group.

kulla keeps the offsets itself, in the transaction that stores the records; nothing is committed to the broker, and no
other consumer can take a partition away. A record's id is made of cluster, topic, partition, offset and its bytes.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Protocol, TypeAlias

import orjson

from collectors.json_framing import json_objects
from collectors.pulling.seam import Checkpoint, Means, Pulled, UnreachableError
from collectors.source import Options, Source
from collectors.transports.inbox import Message
from collectors.transports.sorting import Sorter
from collectors.transports.tracked import as_whole
from engine.errors import InputError, KullaError
from engine.events import DeadLetter, Event

KIND = "pulling-kafka"
_LISTENER = "kafka"
_AT_ONCE = 256  # messages taken from the client at once
_WAIT = 0.5  # seconds for which it is given time to have so many
_PASS = 5.0  # seconds after which a look ends, once it has read what was there when it began
_PATIENCE = 60.0  # seconds without anything before a look is given up
_LOOK_UP = 30.0  # seconds between looks for new partitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A message; `value` is None for one that only says that its key was removed."""

    partition: int
    offset: int
    value: bytes | None
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
        """Return what came, at most so much; wait so long where there is less."""
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
            items = self.topic.fetch(_AT_ONCE, _WAIT)
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
        messages: list[Message] = []
        touched: set[int] = set()
        astray: set[int] = set()
        headers = 0
        for item in items:
            place = self._places.get(item.partition)
            if place is None:
                continue
            touched.add(item.partition)
            if isinstance(item, Astray):
                astray.add(item.partition)
            elif isinstance(item, End):
                place.offset = place.ended = max(place.offset, item.offset)
            elif item.offset >= place.offset:
                place.offset = item.offset + 1
                found = self._messages(item, place)
                headers += not found
                messages += found
        pulled = self._sorted(messages, headers, touched - astray)
        if astray:
            extents = self.topic.partitions()
            self._seat({number: extents[number] for number in astray if number in extents})
        return pulled

    def _messages(self, item: Fetched, place: _Place) -> list[Message]:
        """Return the records of a message: itself, the objects of a JSON array, or none where it is empty."""
        value = item.value or b""
        if item.when is not None and (self._newest is None or item.when > self._newest):
            self._newest = item.when
        if not value.strip():
            return []
        whole = Message(
            sender=str(self.topic),
            listener=_LISTENER,
            identity=place.identity,
            offset=item.offset,
            raw=value.rstrip(b"\r\n"),
            key=value,
            size=len(value),
        )
        parts = list(json_objects(io.BytesIO(value))) if as_whole(value) and b"\x00" not in value[:256] else []
        if not parts or any(part.problem for part in parts):
            return [whole]
        return [
            replace(whole, raw=part.raw, key=b"%d:" % number + part.raw, size=len(part.raw))
            for number, part in enumerate(parts)
        ]

    def _sorted(self, messages: Sequence[Message], headers: int, touched: set[int]) -> Pulled:
        if self._sorter is None:
            self._sorter = Sorter(choose=self._choose, options=self._options, now=self.means.now)
        events, letters = self._sorter.sort(messages)
        numbers = {place.identity: number for number, place in self._places.items()}
        events = [self._placed(event, numbers) for event in events]
        modules = {str(event.fields.get("event.module", "")) for event in events} - {""}
        return Pulled(
            source=", ".join(sorted(modules)),
            events=events,
            letters=[self._buried(letter, numbers) for letter in letters],
            checkpoints=tuple(self._checkpoint(number) for number in sorted(touched)),
            headers=headers,
            size=sum(len(message.raw) for message in messages),
        )

    def _checkpoint(self, number: int) -> Checkpoint:
        place = self._places[number]
        body = {"topic": str(self.topic), "partition": number, "offset": place.offset, "version": self.topic.version()}
        return Checkpoint(key=place.identity, body=orjson.dumps(body).decode())

    def _placed(self, event: Event, numbers: Mapping[str, int]) -> Event:
        """Return the event with its place in the topic, in the place of a sender's address."""
        number, origin = numbers[event.origin.identity], event.origin
        fields = dict(event.fields)
        if fields.get("log.source.address") == str(self.topic):
            del fields["log.source.address"]
        fields |= {"kafka.topic": str(self.topic).rpartition("/")[2]}
        fields |= {"kafka.partition": number, "kafka.offset": origin.offset}
        if origin.path == self._spoken:
            origin = replace(origin, path=f"{self.topic}/{number}")
        return replace(event, fields=fields, origin=replace(origin, number=origin.offset))

    def _buried(self, letter: DeadLetter, numbers: Mapping[str, int]) -> DeadLetter:
        place = f"{self.topic}/{numbers[letter.origin.identity]}"
        return replace(letter, origin=replace(letter.origin, path=place, number=letter.origin.offset))

    @property
    def _spoken(self) -> str:
        return f"{_LISTENER} from {self.topic}"

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
