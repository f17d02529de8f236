"""Where in a topic events stand: in the place of a sender's address, which a message of a topic does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collectors.transports.heard import SENDER
from engine.events import DeadLetter, Event

if TYPE_CHECKING:
    from collectors.columns.seam import Mask
    from collectors.columns.treatment import Untreated
    from engine.batches import EventBatch

LISTENER = "kafka"
_TOPIC, _PARTITION, _OFFSET = "kafka.topic", "kafka.partition", "kafka.offset"


@dataclass(frozen=True, slots=True)
class Placing:
    """Names the places of one topic's events; `numbers` are its partitions by the identity of their streams."""

    topic: str
    numbers: Mapping[str, int]

    def event(self, event: Event) -> Event:
        """Return the event with its place."""
        origin = event.origin
        fields = dict(event.fields)
        if fields.get(SENDER) == self.topic:
            del fields[SENDER]
        number = self.numbers[origin.identity]
        fields |= {_TOPIC: self._name, _PARTITION: str(number), _OFFSET: str(origin.offset)}
        path = self._path(origin.path, number)
        return replace(event, fields=fields, origin=replace(origin, path=path, number=origin.offset))

    def letter(self, letter: DeadLetter) -> DeadLetter:
        """Return the dead letter with its place."""
        number = self.numbers[letter.origin.identity]
        origin = replace(letter.origin, path=f"{self.topic}/{number}", number=letter.origin.offset)
        return replace(letter, origin=origin)

    def columns(self, found: Untreated) -> Untreated:
        """Return events as columns with their places."""
        from collectors.columns.treatment import Untreated  # noqa: PLC0415 - Arrow is heavy

        def events_of(batch: EventBatch, rows: Mask) -> list[Event]:
            return [self.event(event) for event in found.events_of(batch, rows)]

        return Untreated(batch=self._batch(found.batch), events_of=events_of)

    def _batch(self, batch: EventBatch) -> EventBatch:
        import pyarrow as pa  # noqa: PLC0415 - Arrow is heavy
        import pyarrow.compute as pc  # noqa: PLC0415

        from collectors.columns.building import constant, spread  # noqa: PLC0415

        number = self.numbers[batch.identity]
        sender = batch.values[SENDER]
        own = pc.if_else(pc.equal(sender.dictionary, self.topic), None, sender.dictionary)
        values = {
            **batch.values,
            SENDER: spread(own, sender.indices),
            _TOPIC: constant(self._name, batch.rows),
            _PARTITION: constant(str(number), batch.rows),
            _OFFSET: batch.offsets.cast(pa.string()).dictionary_encode(),
        }
        return replace(batch, path=self._path(batch.path, number), numbers=batch.offsets, values=values)

    @property
    def _name(self) -> str:
        return self.topic.rpartition("/")[2]

    def _path(self, path: str, number: int) -> str:
        """Return the partition's address, or the name of the shipper's log."""
        return f"{self.topic}/{number}" if path == f"{LISTENER} from {self.topic}" else path


def module_of(found: Untreated) -> str:
    """Return the module of columns that one source has made, empty where they do not say it."""
    column = found.batch.values.get("event.module")
    return "" if column is None or not len(column.dictionary) else str(column.dictionary[0].as_py())
