"""The alerts that a run found: their ids in memory, the alerts themselves in the store until somebody looks at them.

A look back over months finds more alerts than fit into memory, and most runs need no more of them than how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from engine.alerts import Alert
from engine.store.protocol import Store

_AT_ONCE = 500  # alerts read together


class FoundAlerts(Sequence[Alert]):
    """Alerts of a store by their ids, in the order in which they were found; read anew each time they are asked for.

    Those that somebody has removed from the store in the meantime are passed over.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ids: list[str] = []

    def add(self, ids: Iterable[str]) -> None:
        """Take in alerts that stand in the store."""
        self.ids.extend(ids)

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Alert: ...

    @overload
    def __getitem__(self, place: slice) -> list[Alert]: ...

    def __getitem__(self, place: int | slice) -> Alert | list[Alert]:
        if isinstance(place, slice):
            return list(self._read(self.ids[place]))
        return self._store.alert(self.ids[place])

    def __iter__(self) -> Iterator[Alert]:
        yield from self._read(self.ids)

    def _read(self, ids: Sequence[str]) -> Iterator[Alert]:
        for start in range(0, len(ids), _AT_ONCE):
            wanted = ids[start : start + _AT_ONCE]
            known = self._store.known_alerts(wanted)
            yield from (known[number] for number in wanted if number in known)
