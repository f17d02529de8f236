"""Messages from the network made into events: which source each is of, told per sender and program.

One sender speaks for many programs, so that a stream has no one format: each (sender, program) is recognised by its
first messages, and again where they turn out to be something else.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collectors.source import Columnar, Options, Record, Source
from collectors.transports.decoding import Decoder
from collectors.transports.heard import Heard, Key, Lines, Speech, addressed, as_it_is, heard, letter
from collectors.transports.inbox import Message
from engine.events import DeadLetter, Event

if TYPE_CHECKING:
    from collectors.columns.treatment import Untreated
    from collectors.transports.spoken import SpokenColumns

_MOST = 4096  # senders and programs remembered
_HEAD = 16 * 1024  # bytes that a source is recognised by
_PATIENCE = 20  # dead letters in a row after which a sender is looked at anew
_FRESH = 3600.0  # seconds after which a decoder learns anew what time it is
_WORTH = 128  # messages of one speaker that are worth reading by columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What became of messages: events as columns, others one by one, and records that could not be read."""

    columns: list[Untreated] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def add(self, item: Event | DeadLetter) -> None:
        """Add what became of one message."""
        if isinstance(item, Event):
            self.events.append(item)
        else:
            self.letters.append(item)


@dataclass(slots=True, kw_only=True)
class _Speaker:
    """Who is understood. `before` is the last line that columns took, where the decoder has not seen it."""

    decoder: Decoder
    options: Options
    since: float
    dead: int = 0
    before: Record | None = None
    _columns: SpokenColumns | None = None

    def columns(self) -> SpokenColumns | None:
        """Return what reads by columns, None where nothing can."""
        form = self.decoder.form
        if self._columns is None and isinstance(form, Columnar):
            from collectors.transports.spoken import SpokenColumns  # noqa: PLC0415 - Arrow is heavy

            again = Decoder(self.decoder.form, self.options, identity="", path="")
            self._columns = SpokenColumns(form.columns(self.options), again)
        return self._columns


@dataclass(slots=True, kw_only=True)
class Sorter:
    """Turns messages into events. `choose` returns the source of some bytes, None where nobody knows them;
    `options` what a sender's records do not say; `now` is a clock in seconds that never goes back."""

    choose: Callable[[bytes], Source | None]
    options: Callable[[str], Options]
    now: Callable[[], float]
    _speakers: OrderedDict[Key, _Speaker] = field(default_factory=OrderedDict)
    _strangers: set[Key] = field(default_factory=set)  # whom nobody knows by what is being sorted

    def sort(self, messages: Iterable[Message]) -> Sorted:
        """Return the messages' events and dead letters; every message is one of the two, or a format's header."""
        found = Sorted()
        self._strangers.clear()
        said = [heard(message) for message in messages]
        heads: defaultdict[Key, list[bytes]] = defaultdict(list)
        for each in said:
            heads[each.key].append(each.raw)
        for each in said:
            found.add(self._read(each, heads[each.key]))
        return found

    def sort_by_columns(self, messages: Iterable[Message], lines: Iterable[Lines] = ()) -> Sorted:
        """Do as `sort` does, speaker by speaker; usual messages of those who say much become columns.

        `lines` are more messages.
        """
        found = Sorted()
        self._strangers.clear()
        groups: defaultdict[tuple[Key, str, str], list[Heard]] = defaultdict(list)
        for message in messages:
            said = heard(message)
            groups[said.key, message.identity, said.path].append(said)
        speeches: list[Speech] = []
        for each in lines:
            first = each.heard(0)
            speeches.append(Speech.of_lines(each, groups.pop((first.key, each.identity, first.path), [])))
        speeches += map(Speech.of_messages, groups.values())
        heads: defaultdict[Key, list[bytes]] = defaultdict(list)
        for speech in speeches:
            heads[speech.key] += speech.raws
        for speech in speeches:
            self._sort_speech(speech, heads[speech.key], found)
        return found

    def _sort_speech(self, said: Speech, head: Sequence[bytes], found: Sorted) -> None:
        """Sort what one speaker said in one stream: who is read by himself is read behind the one before him."""
        taken = self._by_columns(said, head, found)
        for place in range(len(said.raws)):
            if place in taken:
                continue
            if place - 1 in taken:
                self._heard_before(said.heard(place - 1))
            found.add(self._read(said.heard(place), head))
        if len(said.raws) - 1 in taken:
            self._heard_before(said.heard(len(said.raws) - 1))

    def _by_columns(self, said: Speech, head: Sequence[bytes], found: Sorted) -> set[int]:
        """Read the usual records by columns; return their places."""
        speaker = self._speaker(said.key, head) if len(said.raws) >= _WORTH else None
        columns = speaker.columns() if speaker is not None else None
        places: set[int] = set()
        for taken in columns.taken(said) if columns is not None else ():
            found.columns.append(taken.columns)
            places.update(taken.places.tolist())
        return places

    def _heard_before(self, said: Heard) -> None:
        speaker = self._speakers.get(said.key)
        if speaker is not None:
            speaker.before, speaker.dead = said.record, 0

    def _read(self, said: Heard, head: Sequence[bytes]) -> Event | DeadLetter:
        message = said.message
        speaker = self._speaker(said.key, head) if said.key not in self._strangers else None
        if speaker is None:
            self._strangers.add(said.key)
        if speaker is None and said.raw is not message.raw:  # a shipper's document with a line that nobody knows
            said = as_it_is(message)
            speaker = self._speaker(said.key, [said.raw])
        if speaker is None:
            return letter(message, "", message.problem or "no log source recognises it")
        decoder = speaker.decoder
        if speaker.before is not None:
            decoder.fields(speaker.before)
            speaker.before = None
        decoder.rename(said.path, identity=message.identity)
        item = decoder.read(said.record)
        if item is None:
            return letter(message, decoder.source, "a header without records")
        if isinstance(item, DeadLetter):
            speaker.dead += 1
            if speaker.dead >= _PATIENCE:
                del self._speakers[said.key]
            return item if said.raw is message.raw else letter(message, item.source, item.reason)
        speaker.dead = 0
        return addressed(item, said)

    def _speaker(self, key: Key, head: Sequence[bytes]) -> _Speaker | None:
        speaker = self._speakers.get(key)
        if speaker is not None and self.now() - speaker.since < _FRESH:
            self._speakers.move_to_end(key)
            return speaker
        source = speaker.decoder.form if speaker else self.choose(_beginning(head))
        if source is None:
            return None
        options = self.options(key[1])
        decoder = Decoder(source, options, identity="", path="")
        self._speakers[key] = speaker = _Speaker(decoder=decoder, options=options, since=self.now())
        if len(self._speakers) > _MOST:
            self._speakers.popitem(last=False)
        return speaker


def _beginning(head: Sequence[bytes]) -> bytes:
    """Return the first lines, as many as a source is recognised by."""
    taken: list[bytes] = []
    size = 0
    for line in head:
        taken.append(line)
        size += len(line) + 1
        if size >= _HEAD:
            break
    return b"\n".join(taken)[:_HEAD] + b"\n"
