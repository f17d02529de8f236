"""Log-template novelty: a service that says what no service of its kind ever said.

Threat: exploitation, crashes under attack, tampering, broken updates. Data: lines of text (`message`, of the datasets
in `_DATASETS`) with `host.name` and `process.name` (else `event.provider`, `event.dataset`). An observation is one
program on one host in an hour with the templates of its lines; a template is the line without what changes
(`engine.anomaly.text_shapes`). What several hosts begin to say within a day is a release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np
import pyarrow as pa

from engine.anomaly.by_row import ByRow, Row, learned, restored
from engine.anomaly.first_seen import FirstSeen, window_of_row
from engine.anomaly.frame import Content, Term
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.text_shapes import template
from engine.anomaly.windows import Integers, cells, combined, either, how_often, shared_lists

_OWN = {"things": pa.list_(pa.string()), "shared": pa.list_(pa.int64())}
_DATASETS = (
    *("system.syslog", "system.auth", "syslog.", "journald.", "postgresql.", "mysql.error", "nginx.error"),
    *("apache.error", "dovecot.", "postfix.", "openldap.", "sharepoint", "keycloak.log"),
)
_MARK = ": "


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesFitted(ByRow):
    """The templates of each program, and how often an hour brings one that no host had."""

    lines: FirstSeen
    programs: frozenset[str]
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one program's hour on a host; None for a program that nobody knows."""
        if row.peer not in self.programs:
            return None
        return self.lines.unheard_of(window_of_row(row), field="message", name="line this program never wrote")

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(document={"lines": self.lines.to_json(), "programs": sorted(self.programs)})


def _made(document: Mapping[str, object]) -> TemplatesFitted:
    programs = document["programs"]
    if not isinstance(programs, list):
        raise TypeError("programs have to be a list")
    return TemplatesFitted(lines=FirstSeen.from_json(document["lines"]), programs=frozenset(map(str, programs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The kind of model; see the module."""

    name: str = "templates"
    columns: tuple[str, ...] = (
        *("@timestamp", "event.dataset", "event.provider", "host.name", "process.name", "message"),
    )
    window: timedelta = timedelta(hours=1)
    lookback: timedelta = timedelta(days=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each host and program that wrote lines in an hour."""
        dataset, datasets = coded(events, "event.dataset")
        wanted = np.array([*(name.startswith(_DATASETS) for name in datasets), False])[dataset]
        host, hosts = coded(events, "host.name")
        program, programs = either(events, "process.name", "event.provider", "event.dataset")
        line = _templates(coded(events, "message"))
        keys = [np.where(wanted & (line[0] >= 0), host, -1), program]
        found = cells(events, moments=times(events), keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        spoken = combined((program, programs), line, mark=_MARK)
        things = found.lists(spoken[0][found.rows], spoken[1], most=300)
        pairs = zip(found.key[0].tolist(), found.key[1].tolist(), strict=True)
        names = [(hosts[h], programs[p]) for h, p in pairs]
        return found.observations(
            entity=[host for host, _ in names],
            peer=[program for _, program in names],
            rank=how_often(spoken[0][found.rows]),
            columns={
                "things": things,
                "shared": shared_lists(found, things, window=self.window, over=self.lookback, entity=found.key[0]),
            },
        )

    def fit(self, observations: pa.Table, *, seed: int) -> TemplatesFitted:
        """Return the templates of these hours."""
        del seed
        rows = learned(observations)
        lines = FirstSeen.of(map(window_of_row, rows), pairs=False)
        return TemplatesFitted(lines=lines, programs=frozenset(row.peer for row in rows))

    def restore(self, content: Content) -> TemplatesFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return lines of daemons of the simulated ministry."""
        return ordinary("lines", seed=seed, days=6 if count >= 1000 else 2, scale=0.05)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return hours in which a program writes lines of faults that it never had."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(25, normal.num_rows)).to_pylist()
        words = ("segfault", "overflow", "traceback", "corrupted", "refused", "aborted")
        for row in rows:
            new = [
                f"{row['kulla.peer']}{_MARK}{words[a]} in {words[b]}" for a, b in rng.integers(6, size=(3, 2)).tolist()
            ]
            row |= {"things": [*row["things"], *dict.fromkeys(new)]}
            row["shared"] = [1] * len(row["things"])
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _templates(column: tuple[Integers, list[str]]) -> tuple[Integers, list[str]]:
    made = [template(text) for text in column[1]]
    place = {value: number for number, value in enumerate(dict.fromkeys(made))}
    return np.array([*(place[value] for value in made), -1], dtype=np.int64)[column[0]], list(place)


MODEL = Templates()
