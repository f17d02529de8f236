"""Taking in a batch: reserved sequences, events created under their ids, and the account of each.

Nothing is stored twice: within an index its id forbids it; for indices of other days and datasets, each source's record
tells which of them hold events of the same offsets, and only these are asked. What Elasticsearch cannot index goes to
the dead letters with its reason.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from engine.events import DeadLetter, Event, Origin
from engine.store.elastic.bulk import Item, write
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.documents import Writer
from engine.store.elastic.mappings import SEQUENCE
from engine.store.elastic.names import Names
from engine.store.elastic.records import Records, searched
from engine.store.elastic.sequence import Range, Sequences
from engine.store.elastic.setup import make_index
from engine.store.protocol import Appended
from engine.store.values import plain

_IDS_AT_ONCE = 5000
_RAW = 64 * 1024  # bytes of an event's text in its dead letter


@dataclass(slots=True, kw_only=True)
class _Account:
    """A batch in the making: its range, the ranges that were set aside before, and what became of its events.

    `given` are those that have sequences of this batch.
    """

    held: Range
    abandoned: Sequence[tuple[int, int]]
    now: datetime
    given: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))  # by index
    stored: int = 0
    used: int = 0  # the last sequence that an event got
    letters: list[DeadLetter] = field(default_factory=list)


class Intake:
    """Appends batches to a store."""

    def __init__(self, cluster: Cluster, names: Names, records: Records, sequences: Sequences) -> None:
        self._cluster = cluster
        self._names = names
        self._records = records
        self._sequences = sequences
        self._writers: dict[str, Writer] = {}
        self._letters = 0
        self.wrote = False  # since readers were last shown everything

    def append(self, events: Sequence[Event], dead: Sequence[DeadLetter], now: datetime) -> Appended:
        """Store one batch. Where it fails midway, storing it again completes it: nothing is lost or doubled."""
        distinct = list({event.id: event for event in reversed(events)}.values())[::-1]
        account: _Account | None = None
        if distinct:
            self.wrote = True
            identities = {event.origin.identity for event in distinct}
            with self._sequences.reserved(len(distinct), identities) as held:
                account = _Account(held=held, abandoned=self._sequences.abandoned(), now=now)
                self._store(distinct, account)
                self._conclude(held, account, identities)
        rejected = account.letters if account else []
        stored = account.stored if account else 0
        fresh = self._bury([*dead, *rejected], now)
        own, buried = (len({letter.id for letter in letters} & fresh) for letters in (dead, rejected))
        return Appended(
            stored=stored,
            duplicates=len(events) - stored - len(rejected),
            dead_lettered=own + buried,
            dead_duplicates=len(dead) - own + len(rejected) - buried,
        )

    def _store(self, events: Sequence[Event], account: _Account) -> None:
        groups: dict[str, list[tuple[int, Event]]] = defaultdict(list)
        indices: dict[str, str] = {}
        for number, event in enumerate(events, start=account.held.first):
            dataset = event.fields.get("event.dataset")
            name = dataset if isinstance(dataset, str) else ""
            index = indices.get(name)
            if index is None:
                index = indices[name] = self._names.events_of(name, account.now.date())
            groups[index].append((number, event))
        elsewhere = self._elsewhere(groups)
        again: dict[str, list[tuple[int, Event]]] = defaultdict(list)
        for index, numbered in groups.items():
            fresh = [item for item in numbered if item[1].id not in elsewhere] if elsewhere else numbered
            for item in numbered if elsewhere else ():
                found = elsewhere.get(item[1].id)
                if found is not None and _is_within(found[1], account.abandoned):
                    again[found[0]].append(item)
            again[index] += self._create(index, fresh, account)
        for index, numbered in again.items():
            self._renumber(index, numbered)
            account.given[index] += [event for _, event in numbered]
            account.used = max([account.used, *(number for number, _ in numbered)])

    def _create(self, index: str, numbered: Sequence[tuple[int, Event]], account: _Account) -> list[tuple[int, Event]]:
        """Create documents; return those that are there already and need a new sequence."""
        held = account.held
        documents = self._writer(index).write_all(numbered, account.now)
        items = (Item(event.id, content) for (_, event), content in zip(numbered, documents, strict=True))
        outcome = write(self._cluster, index, items, each=lambda: self._sequences.renew(held))
        done = [numbered[place] for place in outcome.done]
        again: list[tuple[int, Event]] = []
        if outcome.known and (outcome.unsure or account.abandoned):
            known = {numbered[place][1].id: numbered[place] for place in outcome.known}
            for number, sequence in self._numbers(index, list(known)).items():
                if held.first <= sequence <= held.last:
                    done.append(known[number])
                elif _is_within(sequence, account.abandoned):
                    again.append(known[number])
        account.stored += len(done)
        account.given[index] += [event for _, event in done]
        account.used = max(account.used, max((number for number, _ in done), default=0))
        account.letters += [_letter(numbered[place][1], reason) for place, reason in outcome.rejected]
        return again

    def _conclude(self, held: Range, account: _Account, identities: set[str]) -> None:
        """Commit the range; where it was set aside meanwhile, all its events get new sequences first."""
        used = max(account.used, held.first - 1)
        while not self._sequences.commit(held, used):
            count = sum(map(len, account.given.values()))
            if not count:
                return
            with self._sequences.reserved(count, identities) as anew:
                held = anew
                number = anew.first
                for index, events in account.given.items():
                    self._renumber(index, list(enumerate(events, start=number)))
                    number += len(events)
                used = anew.last

    def _renumber(self, index: str, numbered: Iterable[tuple[int, Event]]) -> None:
        items = [Item(id=event.id, content=orjson.dumps({SEQUENCE: number})) for number, event in numbered]
        if items:
            write(self._cluster, index, items, verb="update")

    def _writer(self, index: str) -> Writer:
        if index not in self._writers:
            make_index(self._cluster, index)
            answer = self._cluster.ask("GET", f"/{part(index)}/_mapping")
            found = next(iter(answer.body.values()))["mappings"].get("properties", {})
            self._writers[index] = Writer(found)
        return self._writers[index]

    def _elsewhere(self, groups: Mapping[str, Sequence[tuple[int, Event]]]) -> dict[str, tuple[str, int]]:
        """Return index and sequence of events that stand in other indices; note what this batch is about to cover."""
        covered = _extents(groups)
        ids = _ids(groups)
        keys = {identity: _key(identity) for identity in covered}
        known = self._records.get("state", list(keys.values()))
        asked: dict[str, set[str]] = defaultdict(set)
        changed: dict[str, dict[str, Any]] = {}
        for identity, extents in covered.items():
            record = known.get(keys[identity], {"kind": "source", "identity": identity, "extents": {}})
            for index, span in record["extents"].items():
                others = [each for name, each in extents.items() if name != index]
                if any(span[0] <= last and first <= span[1] for first, last in others):
                    asked[index].update(ids[identity])
            if _widen(record["extents"], extents):
                changed[keys[identity]] = record
        if changed:
            self._records.put("state", changed)
        return self._found(asked)

    def _found(self, asked: Mapping[str, set[str]]) -> dict[str, tuple[str, int]]:
        found: dict[str, tuple[str, int]] = {}
        for index, ids in asked.items():
            self._cluster.ask("POST", f"/{part(index)}/_refresh", accept=(404,))
            wanted = sorted(ids)
            for start in range(0, len(wanted), _IDS_AT_ONCE):
                query = {"ids": {"values": wanted[start : start + _IDS_AT_ONCE]}}
                body = {"query": query, "size": _IDS_AT_ONCE, "_source": [SEQUENCE], "track_total_hits": False}
                for hit in searched(self._cluster, index, body)["hits"]["hits"]:
                    found[hit["_id"]] = (index, hit["_source"][SEQUENCE])
        return found

    def _numbers(self, index: str, ids: Sequence[str]) -> dict[str, int]:
        """Return the sequences that documents have at this moment."""
        found: dict[str, int] = {}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            body = {"ids": ids[start : start + _IDS_AT_ONCE]}
            answer = self._cluster.ask("POST", f"/{part(index)}/_mget", body, _source_includes=SEQUENCE)
            found |= {each["_id"]: each["_source"][SEQUENCE] for each in answer.body["docs"] if each.get("found")}
        return found

    def _bury(self, letters: Sequence[DeadLetter], now: datetime) -> set[str]:
        order = int(now.timestamp() * 1e6)
        records: dict[str, dict[str, Any]] = {}
        for letter in letters:
            self._letters += 1
            records.setdefault(letter.id, letter_record(letter, order, self._letters))
        return self._records.create("dead-letters", records)


def letter_record(letter: DeadLetter, order: int, place: int) -> dict[str, Any]:
    """Return a dead letter as a record; `order` and `place` say when it came."""
    origin = letter.origin
    body = {
        "id": letter.id,
        "path": plain(origin.path),
        "identity": origin.identity,
        "offset": origin.offset,
        "number": origin.number,
        "source": letter.source,
        "reason": plain(letter.reason),
        "raw": base64.b64encode(letter.raw).decode("ascii"),
        "size": letter.size,
    }
    shown = {name: body[name] for name in ("path", "source", "reason")}
    return {
        **shown,
        "@timestamp": order // 1000,
        "key": letter.id,
        "order": order,
        "place": place,
        "body": orjson.dumps(body).decode(),
    }


def letter_of(record: Mapping[str, Any]) -> DeadLetter:
    """Return the dead letter that a record holds."""
    body = orjson.loads(record["body"])
    origin = Origin(path=body["path"], identity=body["identity"], offset=body["offset"], number=body["number"])
    return DeadLetter(
        id=body["id"],
        origin=origin,
        source=body["source"],
        reason=body["reason"],
        raw=base64.b64decode(body["raw"]),
        size=body["size"],
    )


def _letter(event: Event, reason: str) -> DeadLetter:
    raw = plain(event.original).encode()
    return DeadLetter(
        id=event.id,
        origin=event.origin,
        source=str(event.fields.get("event.dataset", "")),
        reason=f"Elasticsearch cannot index it: {reason}"[:1000],
        raw=raw[:_RAW],
        size=len(raw),
    )


def _ids(groups: Mapping[str, Sequence[tuple[int, Event]]]) -> dict[str, list[str]]:
    """Return the ids of a batch's events by the identities of their sources."""
    found: dict[str, list[str]] = defaultdict(list)
    for numbered in groups.values():
        for _, event in numbered:
            found[event.origin.identity].append(event.id)
    return found


def _extents(groups: Mapping[str, Sequence[tuple[int, Event]]]) -> dict[str, dict[str, tuple[int, int]]]:
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for index, numbered in groups.items():
        offsets: dict[str, list[int]] = defaultdict(list)
        for _, event in numbered:
            offsets[event.origin.identity].append(event.origin.offset)
        for identity, each in offsets.items():
            found[identity][index] = (min(each), max(each))
    return found


def _widen(extents: dict[str, list[int]], covered: Mapping[str, tuple[int, int]]) -> bool:
    changed = False
    for index, (first, last) in covered.items():
        known = extents.get(index, [first, last])
        wider = [min(known[0], first), max(known[1], last)]
        changed |= extents.get(index) != wider
        extents[index] = wider
    return changed


def _is_within(sequence: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= sequence <= last for first, last in ranges)


def _key(identity: str) -> str:
    return f"source-{blake2b(identity.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
