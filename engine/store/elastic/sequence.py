"""Giving out ingest sequences without a transaction: one small document that names what is being written.

A writer reserves a range, writes its events, and takes the range off the list of open ones. Readers look only at what
lies below the lowest open range, so that they never pass by an event that is still being written. A range whose writer
has not been heard of for longer than its lease is set aside (`abandoned`): readers go on, and whoever meets an event of
such a range again gives it a new sequence, so that it is seen by readers that have gone by. A writer that was only slow
finds its range set aside when it ends, and gives all its events new sequences.

While a source is being written by one writer, no other may reserve a range for it: the same log collected twice at once
is not stored twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import StoreError
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.names import Names

LEASE = 120.0  # seconds that a writer may be silent
_COUNTER = "counter"
_MOST_ABANDONED = 10_000
_PAUSE = 0.05  # seconds before a contended change is tried again
_WAITING = 0.5  # seconds between looks at a source that another writer is at


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Reserved sequences, both ends included, and the name under which they are held."""

    first: int
    last: int
    writer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    body: dict[str, Any]
    version: tuple[int, int] | None


class Sequences:
    """The counter of a store. `clock` tells the time of leases, `token` makes names that no other writer has."""

    def __init__(
        self,
        cluster: Cluster,
        names: Names,
        *,
        clock: Callable[[], datetime],
        token: Callable[[], str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cluster = cluster
        self._path = f"/{part(names.of('state'))}/_doc/{_COUNTER}"
        self._clock = clock
        self._token = token
        self._sleep = sleep
        self._told_expiry = 0.0  # of the range that is held

    def settled(self) -> int:
        """Return the sequence up to which everything is written; lapsed ranges are set aside."""
        while True:
            found = self._read()
            lapsed = [each for each in found.body["open"] if self._has_lapsed(each)]
            if not lapsed:
                return int(min((each["first"] - 1 for each in found.body["open"]), default=found.body["value"]))
            _set_aside(found.body, lapsed)
            if self._write(found):
                continue
            self._sleep(_PAUSE)

    @contextmanager
    def reserved(self, count: int, sources: Collection[str], *, patience: float = 600.0) -> Iterator[Range]:
        """Reserve sequences for a batch of these sources; where the batch fails, its range is set aside at once.

        Raise `StoreError` where another writer keeps one of the sources for longer than `patience` seconds.
        """
        held = self._reserve(count, sources, patience)
        try:
            yield held
        except BaseException:
            self._give_up(held)
            raise

    def renew(self, held: Range) -> None:
        """Say that the writer is still there, as often as its lease needs it."""
        expires = self._expiry()
        if expires - self._told_expiry > LEASE / 12:
            self._change(lambda body: _renewed(body, held, expires))
            self._told_expiry = expires

    def commit(self, held: Range, used: int) -> bool:
        """Take a range off the open ones; tell whether it was not set aside before that.

        `used` is the last sequence that was given to an event; those after it are given back where that is possible.
        """
        return self._change(lambda body: _removed(body, held, used)) or (held.first, held.last) not in self.abandoned()

    def abandoned(self) -> list[tuple[int, int]]:
        """Return the ranges that were set aside."""
        return [(first, last) for first, last in self._read().body["abandoned"]]

    def _reserve(self, count: int, sources: Collection[str], patience: float) -> Range:
        writer, waited = self._token(), 0.0
        while True:
            found = self._read()
            mine = next((each for each in found.body["open"] if each["writer"] == writer), None)
            if mine is not None:  # an answer was lost on its way
                return Range(first=mine["first"], last=mine["last"], writer=writer)
            lapsed = [each for each in found.body["open"] if self._has_lapsed(each)]
            _set_aside(found.body, lapsed)
            if any(set(sources).intersection(each["sources"]) for each in found.body["open"]):
                if waited > patience:
                    raise StoreError(
                        "another kulla is storing the same log at this time",
                        where=self._cluster.address.location,
                        hint="let it end, then run the same command again: what is stored is not stored twice",
                    )
                self._sleep(_WAITING)
                waited += _WAITING
                continue
            first = found.body["value"] + 1
            held = Range(first=first, last=first + count - 1, writer=writer)
            self._told_expiry = self._expiry()
            found.body["value"] = held.last
            found.body["open"].append(
                {
                    "first": held.first,
                    "last": held.last,
                    "writer": writer,
                    "sources": sorted(sources),
                    "expires": self._told_expiry,
                }
            )
            if self._write(found):
                return held
            self._sleep(_PAUSE)

    def _give_up(self, held: Range) -> None:
        try:
            self._change(lambda body: _put_aside(body, held))
        except StoreError:
            return  # the lease will end it; what made the batch fail is what has to be told

    def _change(self, change: Callable[[dict[str, Any]], bool]) -> bool:
        while True:
            found = self._read()
            if not change(found.body):
                return False
            if self._write(found):
                return True
            self._sleep(_PAUSE)

    def _read(self) -> _Found:
        answer = self._cluster.ask("GET", self._path, accept=(404,))
        if answer.good:
            version = (answer.body["_seq_no"], answer.body["_primary_term"])
            return _Found(body=answer.body["_source"]["counter"], version=version)
        if "error" in answer.body:
            raise StoreError(
                "there is no kulla store on this cluster yet",
                where=self._cluster.address.location,
                hint="kulla store init",
            )
        return _Found(body={"value": 0, "open": [], "abandoned": []}, version=None)

    def _write(self, found: _Found) -> bool:
        """Write the changed counter; tell whether nobody else had changed it. A lost answer counts as not written."""
        body = {"kind": "counter", "counter": found.body}
        if found.version is None:
            answer = self._cluster.ask("PUT", self._path, body, accept=(409,), op_type="create")
        else:
            number, term = found.version
            answer = self._cluster.ask("PUT", self._path, body, accept=(409,), if_seq_no=number, if_primary_term=term)
        return answer.good

    def _expiry(self) -> float:
        return self._clock().timestamp() + LEASE

    def _has_lapsed(self, entry: dict[str, Any]) -> bool:
        return bool(entry["expires"] < self._clock().timestamp())


def _set_aside(body: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    body["open"] = [each for each in body["open"] if each not in entries]
    body["abandoned"] += [[each["first"], each["last"]] for each in entries]
    del body["abandoned"][:-_MOST_ABANDONED]


def _put_aside(body: dict[str, Any], held: Range) -> bool:
    entries = [each for each in body["open"] if each["writer"] == held.writer]
    _set_aside(body, entries)
    return bool(entries)


def _removed(body: dict[str, Any], held: Range, used: int) -> bool:
    left = [each for each in body["open"] if each["writer"] != held.writer]
    gone = len(left) < len(body["open"])
    if gone and body["value"] == held.last:
        body["value"] = used
    body["open"] = left
    return gone


def _renewed(body: dict[str, Any], held: Range, expires: float) -> bool:
    for each in body["open"]:
        if each["writer"] == held.writer:
            each["expires"] = expires
            return True
    return False
