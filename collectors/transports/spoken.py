"""Messages of one speaker read by columns: the usual ones many at a time (see `collectors.columns.seam`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.columns.building import constant, merged
from collectors.columns.gathered import Gathered
from collectors.columns.pieces import CAPACITY, LINES, Places, piece_of
from collectors.columns.seam import ColumnParser, Mask
from collectors.columns.treatment import Untreated
from collectors.transports.decoding import Decoder
from collectors.transports.heard import SENDER, Heard, Speech, addressed
from engine.batches import EventBatch
from engine.events import DeadLetter, Event, Value

_LONGEST: Final = CAPACITY // 4  # bytes of a message that stands among others


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Events as columns, and the places of their messages among those that were given."""

    columns: Untreated
    places: Places


class SpokenColumns:
    """Reads messages of one stream. The decoder, whose parser is its own, reads for `Untreated.events_of`."""

    def __init__(self, parser: ColumnParser, again: Decoder) -> None:
        self._parser = parser
        self._again = again

    def taken(self, said: Speech) -> Iterator[Taken]:
        """Yield the usual ones; all others are to be read one by one."""
        held, taken = Gathered(), list[Places]()
        for places in _portions(said):
            piece = piece_of([said.raws[place] for place in places.tolist()])
            cut = self._parser.cut(piece)
            if not held.takes(cut):
                yield from self._given(said, held, taken)
                held, taken = Gathered(), []
            held.add(piece, cut)
            taken.append(places[cut.lines])
        yield from self._given(said, held, taken)

    def _given(self, said: Speech, held: Gathered, taken: Sequence[Places]) -> Iterator[Taken]:
        """Yield what was gathered, if anything; `taken` are the places of these messages."""
        if not held.rows:
            return
        found = held.columns(self._parser)
        places = np.concatenate(taken)
        about = said.about(places.tolist())
        if not found.lists.keys().isdisjoint({SENDER, *about}):  # nobody says that of himself as several
            return
        offsets = np.asarray(said.offsets, dtype=np.int64)[places]
        batch = EventBatch(
            path=said.path,
            identity=said.identity,
            ids=pa.array(said.ids(places.tolist()), pa.string()),
            originals=held.raw(),
            offsets=pa.array(offsets),
            numbers=pa.array(offsets + 1),
            values=_addressed(found.values, about, said.sender, held.rows),
            lists=found.lists,
        ).kept(~found.refused, ())
        kept = places[~found.refused]
        if not len(kept):
            return

        def events_of(_: EventBatch, rows: Mask) -> list[Event]:
            return [self._whole(said.heard(place)) for place in kept[rows].tolist()]

        yield Taken(columns=Untreated(batch=batch, events_of=events_of), places=kept)

    def _whole(self, said: Heard) -> Event:
        self._again.rename(said.path, identity=said.message.identity)
        item = self._again.read(said.record)
        if item is None or isinstance(item, DeadLetter):
            raise ValueError(f"a message that columns took cannot be read by itself: {said.message.offset}")
        return addressed(item, said)


def _portions(said: Speech) -> Iterator[Places]:
    """Yield the places of records that can stand as lines in one piece."""
    places: list[int] = []
    size = 0
    for place, raw in enumerate(said.raws):
        width = len(raw) + 1
        if not raw or width > _LONGEST or b"\n" in raw or place in said.apart:
            continue
        if len(places) == LINES or size + width > CAPACITY:
            yield np.array(places)
            places, size = [], 0
        places.append(place)
        size += width
    if places:
        yield np.array(places)


def _addressed(
    values: Mapping[str, pa.Array], about: Mapping[str, Sequence[Value]], sender: str, rows: int
) -> Mapping[str, pa.Array]:
    """Return the columns with the sender where they do not name one, and with what shippers say (see `addressed`)."""
    found = dict(values)
    for name, said in about.items():
        column, own = _column(said), values.get(name)
        if own is not None and not name.startswith(("log.", "agent.")):
            named = pc.not_equal(own.dictionary, sender).take(own.indices).fill_null(False)
            column = merged(column, own, named.to_numpy(zero_copy_only=False))
        found[name] = column
    whole, own = constant(sender, rows), found.get(SENDER)
    return found | {SENDER: whole if own is None else merged(whole, own, own.is_valid().to_numpy(zero_copy_only=False))}


def _column(values: Sequence[Value]) -> pa.Array:
    """Return what shippers say under one name: whole numbers, or text."""
    return pa.array(values, pa.int64()) if type(values[0]) is int else pa.array(values, pa.string()).dictionary_encode()
