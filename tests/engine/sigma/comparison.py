"""Engine, columns and oracle side by side: which pairs of a rule and an event they answer differently."""

from __future__ import annotations

import io
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow as pa
import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from collectors.reader import LogReader, Parsed
from engine.events import Event, Origin, Value, event_id
from engine.sigma import modifiers
from engine.sigma.columns import ColumnMatcher
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.logsources import Kind, covers
from engine.sigma.rules import LogSource
from engine.store.embedded import EmbeddedStore
from tests.engine.sigma.oracle import Oracle, View
from tests.engine.sigma.synthesis import Maker

Row = tuple[dict[str, Value], str]  # an event's fields and its original text
Pairs = frozenset[tuple[int, str]]  # number of the event, id of the rule
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(kw_only=True)
class Tally:
    """What a comparison found. `pairs` are all rules times all events; of these the log source leaves `asked`."""

    events: int = 0
    pairs: int = 0
    asked: int = 0
    matches: int = 0
    rules: set[str] = field(default_factory=set)
    differing: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another comparison in."""
        self.events += other.events
        self.pairs += other.pairs
        self.asked += other.asked
        self.matches += other.matches
        self.rules |= other.rules
        self.differing += other.differing


class Sides:
    """The same rules, compiled by the engine and read by the oracle."""

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        modifiers.install()
        files = list(files)
        self.rules = compile_files(files)
        self.engine = Engine(self.rules)
        self.oracles = _oracles(files, {rule.info.id for rule in self.rules.rules})
        self._sources: dict[LogSource, list[Oracle]] = {}
        for oracle in self.oracles.values():
            self._sources.setdefault(oracle.source, []).append(oracle)
        self._visible: dict[Kind, list[Oracle]] = {}

    def visible(self, kind: Kind) -> list[Oracle]:
        """Return the rules whose log source such an event belongs to."""
        if kind not in self._visible:
            sources = [source for source in self._sources if covers(source, kind)]
            self._visible[kind] = [oracle for source in sources for oracle in self._sources[source]]
        return self._visible[kind]

    def by_rows(self, rows: Sequence[Row]) -> Pairs:
        """Return what the engine finds, event by event."""
        found = (
            (number, match.rule.info.id)
            for number, (fields, original) in enumerate(rows)
            for match in self.engine.match(fields, original)
        )
        return frozenset(found)

    def by_oracle(self, rows: Sequence[Row]) -> tuple[Pairs, int]:
        """Return what the oracle finds, and how many pairs it was asked about."""
        found, asked = set(), 0
        for number, (fields, original) in enumerate(rows):
            seen = View(fields, original)
            visible = self.visible(seen.kind)
            asked += len(visible)
            found.update((number, oracle.id) for oracle in visible if oracle.matches(seen))
        return frozenset(found), asked

    def by_columns(self, rows: Sequence[Row]) -> Pairs:
        """Return what the engine finds in the store that holds the events."""
        events = [
            Event(id=event_id("ab" * 16, number, b""), origin=_origin(number), original=original, fields=fields)
            for number, (fields, original) in enumerate(rows)
        ]
        numbers = {event.id: number for number, event in enumerate(events)}
        found = set()
        with TemporaryDirectory() as folder, EmbeddedStore(Path(folder) / "store", lambda: NOW) as store:
            store.append(events, [])
            for identifier, rule in _stored_matches(self.engine, store):
                found.add((numbers[identifier], rule))
        return frozenset(found)

    def compare(self, rows: Sequence[Row]) -> Tally:
        """Compare all three on every pair."""
        wanted, asked = self.by_oracle(rows)
        tally = Tally(events=len(rows), pairs=len(rows) * len(self.oracles), asked=asked, matches=len(wanted))
        tally.rules = {rule for _, rule in wanted}
        for way, found in (("rows", self.by_rows(rows)), ("columns", self.by_columns(rows))):
            for number, rule in sorted(found ^ wanted):
                fields, original = rows[number]
                says = "matches" if (number, rule) in found else "does not match"
                tally.differing.append(f"{rule} {says} by {way}, on {fields!r} {original[:200]!r}")
        return tally


def _stored_matches(engine: Engine, store: EmbeddedStore) -> Iterator[tuple[str, str]]:
    matcher = ColumnMatcher(engine)
    for block in store.blocks() if hasattr(store, "blocks") else store.scan():
        for hits in matcher.match(block if hasattr(store, "blocks") else block.table):
            ids = block.ids(hits.rows) if hasattr(store, "blocks") else _ids(block.table, hits.rows.tolist())
            for identifier, position in zip(ids, hits.positions.tolist(), strict=True):
                yield identifier, engine.match_at(hits.partition, position).rule.info.id


def _ids(table: pa.Table, rows: list[int]) -> list[str]:
    every = table.column("event.id").to_pylist()
    return [str(every[row]) for row in rows]


def _origin(number: int) -> Origin:
    return Origin(path="/x.log", identity="ab" * 16, offset=number, number=number + 1)


def _oracles(files: Iterable[tuple[str, bytes]], wanted: set[str]) -> Mapping[str, Oracle]:
    found = {}
    for _, content in files:
        for document in yaml.load_all(content, Loader=yaml.CSafeLoader):
            try:
                rule = SigmaRule.from_dict(document)
                if str(rule.id) in wanted:
                    found[str(rule.id)] = Oracle(rule)
            except (SigmaError, ValueError):
                continue  # the engine did not load it either, or the next line says so
    assert found.keys() == wanted, wanted - found.keys()
    return found


def rule_files(folder: Path) -> list[tuple[str, bytes]]:
    """Return every rule file under a folder."""
    return [(str(file), file.read_bytes()) for file in sorted(folder.rglob("*.yml"))]


def rows_of(log: Path, step: int = 1) -> Iterator[Row]:
    """Yield every `step`th event of a log."""
    for item in islice(LogReader(log).records(), step - 1, None, step):
        if isinstance(item, Parsed):
            yield item.fields, item.record.raw.decode("utf-8", "replace")


def rows_of_lines(log: Path, start: int, step: int) -> Iterator[Row]:
    """Yield the events of every `step`th line of an xz file of lines, from the line numbered `start` on."""
    with lzma.open(log) as stream:
        lines = list(islice(stream, start, None, step))
    for item in LogReader(log.with_suffix(""), stream=io.BytesIO(b"".join(lines))).records():
        if isinstance(item, Parsed):
            yield item.fields, json.dumps(json.loads(item.record.raw))


def rows_from_rules(sides: Sides, ids: Iterable[str], each: int, seed: int) -> list[Row]:
    """Return events made from rules: `each` for every rule."""
    chance = Random(seed)
    made = [Maker(sides.oracles[name], chance) for name in ids for _ in range(each)]
    return [(item.fields, item.original) for item in made]
