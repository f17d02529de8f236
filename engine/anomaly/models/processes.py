"""Rare processes: a parent that never started this child, a program nobody runs, a command unlike the program's others.

Threat: tools of attackers, and tools of the system in wrong hands. Data: process starts with the parent (Sysmon 1,
Windows 4688 with command lines, auditd or an agent: `event.category` process, `event.type` start, `host.name`,
`process.executable`, `process.parent.executable`, `process.command_line`). An observation is one host in an hour, with
its pairs of parent and child and the shapes of its commands: an intruder starts several things, a release the same
things on many hosts. Paths and numbers that differ from run to run are taken out of commands first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa

from engine.anomaly.by_row import ByRow, Row, Tail, learned, restored
from engine.anomaly.first_seen import FirstSeen, Window
from engine.anomaly.frame import Content, Term
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.text_shapes import command_shape, program_name
from engine.anomaly.windows import Integers, cells, combined, how_often, matching, shared_lists

_OWN = {
    "pairs": pa.list_(pa.string()),
    "pairs_shared": pa.list_(pa.int64()),
    "shapes": pa.list_(pa.string()),
    "shapes_shared": pa.list_(pa.int64()),
}
_MARK = " > "


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessesFitted(ByRow):
    """Pairs and shapes as they were, and how rare an hour's rarest known pair was."""

    pairs: FirstSeen
    shapes: FirstSeen
    rarity: Tail
    children: Mapping[str, int]
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term]:
        """Return the terms of one host's hour."""
        pairs = Window(entity=row.entity, peer="", things=row.texts("pairs"), shared=row.numbers("pairs_shared"))
        shapes = Window(entity=row.entity, peer="", things=row.texts("shapes"), shared=row.numbers("shapes_shared"))
        found = self.pairs.unheard_of(pairs, field="process.parent.executable", name="parent and child never seen")
        known_programs = [thing for thing in shapes.things if thing.partition(" ")[0] in self.children]
        own = Window(
            entity=row.entity,
            peer="",
            things=known_programs,
            shared=[
                many for thing, many in zip(shapes.things, shapes.shared, strict=True) if thing in set(known_programs)
            ],
        )
        found += self.shapes.unheard_of(own, field="process.command_line", name="command unlike this program's")
        return [*found, *self._rare(pairs)]

    def _rare(self, pairs: Window) -> list[Term]:
        spreads = [(self.pairs.spread[pair], pair) for pair in pairs.things if pair in self.pairs.spread]
        if not spreads:
            return []
        spread, pair = min(spreads)
        bits = self.rarity.bits(1.0 / spread)
        if bits < 3.0:
            return []
        expected = f"ran on {spread} of {self.pairs.windows} hosts' hours"
        return [
            Term(name="seldom parent and child", bits=bits, field="process.executable", value=pair, expected=expected)
        ]

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "pairs": self.pairs.to_json(),
                "shapes": self.shapes.to_json(),
                "rarity": self.rarity.to_json(),
                "children": dict(self.children),
            }
        )


def _made(document: Mapping[str, object]) -> ProcessesFitted:
    return ProcessesFitted(
        pairs=FirstSeen.from_json(document["pairs"]),
        shapes=FirstSeen.from_json(document["shapes"]),
        rarity=Tail.from_json(document["rarity"]),
        children={str(k): int(v) for k, v in cast("Mapping[str, int]", document["children"]).items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """The kind of model; see the module."""

    name: str = "processes"
    columns: tuple[str, ...] = (
        *("@timestamp", "event.category", "event.type", "host.name", "process.executable"),
        *("process.parent.executable", "process.command_line"),
    )
    window: timedelta = timedelta(hours=1)
    lookback: timedelta = timedelta(days=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each host and hour with process starts."""
        starts = matching(events, "event.category", ("process",)) & matching(events, "event.type", ("start",))
        host, hosts = coded(events, "host.name")
        program = _named(coded(events, "process.executable"))
        keys = [np.where(starts & (program[0] >= 0), host, -1)]
        found = cells(events, moments=times(events), keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        parent = _named(coded(events, "process.parent.executable"))
        pair = combined(parent, program, mark=_MARK)
        pairs = found.lists(pair[0][found.rows], pair[1], most=300)
        shape = combined(program, _shaped(coded(events, "process.command_line")), mark=" ")
        shapes = found.lists(shape[0][found.rows], shape[1], most=300)
        columns = {
            "pairs": pairs,
            "pairs_shared": shared_lists(found, pairs, window=self.window, over=self.lookback, entity=found.key[0]),
            "shapes": shapes,
            "shapes_shared": shared_lists(found, shapes, window=self.window, over=self.lookback, entity=found.key[0]),
        }
        rank = how_often(pair[0][found.rows])
        return found.observations(entity=[hosts[code] for code in found.key[0].tolist()], columns=columns, rank=rank)

    def fit(self, observations: pa.Table, *, seed: int) -> ProcessesFitted:
        """Return what ran before."""
        del seed
        rows = learned(observations)
        pairs = FirstSeen.of((_window(row, "pairs") for row in rows), pairs=False)
        shapes = FirstSeen.of((_window(row, "shapes") for row in rows), pairs=False)
        rarest = [max((1.0 / pairs.spread[pair] for pair in row.texts("pairs")), default=0.0) for row in rows]
        children: dict[str, int] = {}
        for pair, spread in pairs.spread.items():
            child = pair.rpartition(_MARK)[2]
            children[child] = children.get(child, 0) + spread
        return ProcessesFitted(
            pairs=pairs, shapes=shapes, rarity=Tail.of(rarest), children=dict(sorted(children.items()))
        )

    def restore(self, content: Content) -> ProcessesFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return process starts of the simulated ministry."""
        return ordinary("processes", seed=seed, days=5 if count >= 1000 else 1)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return hours in which an office program starts a shell, and the shell looks around."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(25, normal.num_rows)).to_pylist()
        for row in rows:
            tool = f"tool{rng.integers(10**6)}.exe"
            row["pairs"] = [*row["pairs"], f"winword.exe{_MARK}powershell.exe", f"powershell.exe{_MARK}{tool}"]
            row["pairs"] = [*row["pairs"], f"powershell.exe{_MARK}nltest.exe"]
            row["pairs_shared"] = [*row["pairs_shared"], 1, 1, 1]
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _window(row: Row, name: str) -> Window:
    return Window(entity=row.entity, peer="", things=row.texts(name), shared=row.numbers(f"{name}_shared"))


def _mapped(column: tuple[Integers, list[str]], made: Sequence[str]) -> tuple[Integers, list[str]]:
    """Return a column of other values for the same rows, alike ones joined."""
    place = {value: number for number, value in enumerate(dict.fromkeys(made))}
    moved = np.array([*(place[value] for value in made), -1], dtype=np.int64)
    return moved[column[0]], list(place)


def _named(column: tuple[Integers, list[str]]) -> tuple[Integers, list[str]]:
    return _mapped(column, [program_name(value) for value in column[1]])


def _shaped(column: tuple[Integers, list[str]]) -> tuple[Integers, list[str]]:
    return _mapped(column, [_shape(value) for value in column[1]])


@lru_cache(maxsize=100_000)
def _shape(command: str) -> str:
    return command_shape(command)


MODEL = Processes()
