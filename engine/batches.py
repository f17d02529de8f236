"""Batches of events as columns: what a collector that reads by columns hands to a store that writes by columns.

A column holds one field of all events, in Arrow's types by the field's ECS kind (`column_type`), null where an event
does not have the field. Events that were read one by one stand beside the columns, whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.ecs_types import Kind, kind_of
from engine.events import Event

ROWS: Final = 32_768  # of a batch at most
TEXT: Final = pa.dictionary(pa.int32(), pa.string())
TEXTS: Final = pa.list_(pa.string())
INSTANT: Final = pa.timestamp("us", "UTC")
_TYPES: Final[Mapping[Kind, pa.DataType]] = {
    "text": TEXT,
    "long": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": INSTANT,
}
# The fields that a store keeps of every event, under names of its own (see `EventBatch`).
_OWN: Final = frozenset(("event.id", "event.original", "event.ingested", "log.file.path", "log.offset"))
_LONGEST_NAME: Final = 256  # characters
Mask: TypeAlias = NDArray[np.bool_]


def column_type(field: str) -> pa.DataType:
    """Return the Arrow type of a column with one value of this field a row."""
    return _TYPES[kind_of(field)]


def is_column(field: str) -> bool:
    """Tell whether a field may be a column of a batch; events that have others are read one by one."""
    reserved = field in _OWN or field.startswith("kulla.") or field.endswith("[]")
    return field.isprintable() and 0 < len(field) <= _LONGEST_NAME and not reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBatch:
    """Some events of one log. The rows of all columns are the same events, in the order of the log.

    `ids` and `originals` are text without a null, `offsets` and `numbers` whole numbers, which grow where they are
    places in a log; together with `path` and `identity` they say of each row what `Event` does. `values` hold one value
    a row and `lists` several texts; a row has no field in both. Where the events themselves give a text or a whole
    number under one of the store's own names (`log.offset` of a shipper), all of them do. `events` are further events
    of the same log.
    """

    path: str
    identity: str
    ids: pa.Array
    originals: pa.ChunkedArray
    offsets: pa.Array
    numbers: pa.Array
    values: Mapping[str, pa.Array]
    lists: Mapping[str, pa.Array]
    events: Sequence[Event] = ()

    @property
    def rows(self) -> int:
        """How many events stand in columns."""
        return len(self.ids)

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self.ids) + len(self.events)

    def kept(self, rows: Mask, events: Sequence[Event]) -> EventBatch:
        """Return the batch with these rows of its columns only, and with these events beside them."""
        if rows.all():
            return replace(self, events=events)
        mask = pa.array(rows)
        return replace(
            self,
            ids=self.ids.filter(mask),
            originals=self.originals.filter(mask),
            offsets=self.offsets.filter(mask),
            numbers=self.numbers.filter(mask),
            values={name: column.filter(mask) for name, column in self.values.items()},
            lists={name: column.filter(mask) for name, column in self.lists.items()},
            events=events,
        )
