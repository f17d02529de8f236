"""Copying a store into another: events, dead letters, sources, alerts, incidents, records and the ledger, checked.

A copy goes on where it was killed: what the other store has is not stored twice, and it keeps how far the copy is.
Cursors, correlation hits and what is known of runs are not copied: the first run over the new store looks at everything
again and finds the same alerts, which are there already, with the verdicts that people gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import StoreError
from engine.events import Event
from engine.store.protocol import Store

_ALERTS_AT_ONCE = 1000
_CHECKED_AT_ONCE = 1000
_RECORDS_AT_ONCE = 1000
# see engine.runs: they speak of one store's events
_OF_RUNS = frozenset({"lease", "run", "rules", "gap", "incidents", "slice", "slice-result"})
_KEY_IN_USE = ("privacy", "key")  # which key made a store's pseudonyms (see cli.privacy)


@dataclass(slots=True, kw_only=True)
class Copied:
    """What a copy did: `events` were looked at, `stored` of them were new to the other store, all were compared."""

    events: int = 0
    stored: int = 0
    dead_letters: int = 0
    alerts: int = 0
    incidents: int = 0
    records: int = 0
    ledger: int = 0


def copy(source: Store, target: Store, name: str, *, advance: Callable[[int], None] = lambda _: None) -> Copied:
    """Copy everything; `name` is that of the copy's own cursor in the target, `advance` is told of events done.

    Raise `StoreError` where the target does not give back what was put in, or has another ledger.
    """
    copied = Copied()
    _check_key(source, target)
    for path, length, identity in source.known_prefixes():
        target.remember_prefix(path, length, identity)
    cursor = f"copy of {name}"
    for block in source.blocks(after=target.cursor(cursor), until=source.last_sequence()):
        events = list(block.events(np.arange(block.rows)))
        before = target.last_sequence()
        copied.stored += target.append(events, []).stored
        _compare(events, target, before)
        copied.events += len(events)
        target.commit_run(cursor, cursor=block.settled, alerts=[], hits=[])
        advance(len(events))
    _copy_findings(source, target, copied, cursor)
    return copied


def _copy_findings(source: Store, target: Store, copied: Copied, cursor: str) -> None:
    letters = source.dead_letters()
    copied.dead_letters = target.append([], letters).dead_lettered
    alerts = source.alerts()
    for start in range(0, len(alerts), _ALERTS_AT_ONCE):
        part = alerts[start : start + _ALERTS_AT_ONCE]
        copied.alerts += target.commit_run(cursor, cursor=target.cursor(cursor), alerts=part, hits=[])
    incidents = source.incidents()
    target.save_incidents(incidents)
    copied.incidents = len(incidents)
    copied.records = _copy_records(source, target)
    copied.ledger = _copy_ledger(source, target)


def _copy_ledger(source: Store, target: Store) -> int:
    """Append the ledger's entries that the target lacks; the ones that it has must be the same."""
    known = {entry.sequence: entry.digest for entry in target.ledger()}
    missing = []
    for entry in source.ledger():
        if known.get(entry.sequence, entry.digest) != entry.digest:
            raise StoreError(
                f"the other store has a ledger of its own: entry {entry.sequence} differs",
                hint="copy into a store without a ledger; two chains cannot be joined",
            )
        if entry.sequence not in known:
            missing.append(entry)
    target.append_ledger(missing)
    return len(missing)


def _check_key(source: Store, target: Store) -> None:
    """Raise `StoreError` where the two stores' pseudonyms were made with different keys."""
    ours, theirs = source.record(*_KEY_IN_USE), target.record(*_KEY_IN_USE)
    if ours is not None and theirs is not None and ours.body != theirs.body:
        raise StoreError(
            "the pseudonyms of the two stores were made with different keys: they cannot be told apart in one store",
            hint="copy into a store that has taken in nothing yet",
        )


def _copy_records(source: Store, target: Store) -> int:
    """Copy what people and collectors left in records (notes, decisions, indicators, checkpoints); return how many."""
    copied = 0
    for kind in sorted(set(source.record_kinds()) - _OF_RUNS):
        records = source.records(kind)
        for start in range(0, len(records), _RECORDS_AT_ONCE):
            part = records[start : start + _RECORDS_AT_ONCE]
            there = {record.key: record for record in target.records(kind, keys=[record.key for record in part])}
            versions = {key: record.version for key, record in there.items()}
            moved = [replace(record, version=versions.get(record.key, 0)) for record in part]
            target.save_records([record for record in moved if record != there.get(record.key)])
            copied += len(part)
    return copied


def _compare(events: Sequence[Event], target: Store, before: int) -> None:
    """Raise `StoreError` where the target does not hold each of these events exactly."""
    span = (before + 1, target.last_sequence())
    for start in range(0, len(events), _CHECKED_AT_ONCE):
        part = events[start : start + _CHECKED_AT_ONCE]
        found = dict(target.events_by_id([event.id for event in part], within=span))
        earlier = [event.id for event in part if event.id not in found]
        found.update(target.events_by_id(earlier) if earlier else {})
        differing = [event for event in part if found.get(event.id) != event]
        if differing:
            raise StoreError(
                f"{len(differing):,} events came back otherwise than they were stored, the first is {differing[0].id}",
                where=str(differing[0].origin),
                hint="the copy is not used up to here; run it again, and report it where it stays so",
            )
