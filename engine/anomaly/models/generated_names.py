"""Generated names, one by one: a host asks for a name that no person would choose.

Threat: programs that reach their owner through names made anew each day (ATT&CK T1568.002). Data: DNS questions, of a
resolver or a sensor. An observation is one registered name that one host asked for within an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa

from engine.anomaly.frame import Content, NotEnoughDataError, Scores, State, Term, ordered
from engine.anomaly.names.generators import generated
from engine.anomaly.names.judging import NameJudge, learn
from engine.anomaly.names.labels import owner_label
from engine.anomaly.names.questions import label_groups
from engine.anomaly.names.samples import question_events
from engine.anomaly.tables import coded, empty_observations, memoised, observations
from engine.errors import InputError

_OWN = {"label": pa.string(), "name": pa.string()}
LEAST = 300  # distinct ordinary names
SHORTEST = 5  # shorter labels hold too little to be judged


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedNamesFitted:
    """What names of people and of programs look like."""

    judge: NameJudge

    def score(self, observations: pa.Table) -> Scores:
        """Return the log-odds of each name; short names are not judged."""
        values = memoised(
            [coded(observations, "label")], lambda label: self.judge.bits(label) if len(label) >= SHORTEST else 0.0
        )
        long = memoised([coded(observations, "label")], lambda label: float(len(label) >= SHORTEST))
        return Scores(values=values, states=np.where(long > 0, State.READY, State.LEARNING).astype(np.uint8))

    def explain(self, observations: pa.Table, row: int) -> Sequence[Term]:
        """Return the terms of one name."""
        label = observations.column("label")[row].as_py()
        return ordered(self.judge.terms(label, "dns.question.name")) if len(label) >= SHORTEST else ()

    def content(self) -> Content:
        """Return the weights."""
        return self.judge.content()


class GeneratedNames:
    """The model of names, one by one."""

    name = "generated-names"
    columns = ("@timestamp", "source.ip", "host.name", "dns.question.name", "dns.response_code")
    window = timedelta(hours=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return each registered name that each host asked for in an hour."""
        found = label_groups(events, self.window)
        if found is None:
            return empty_observations(_OWN)
        return observations(
            time=found.time,
            entity=found.host,
            events=found.events,
            columns={"label": pa.array(found.label, type=pa.string()), "name": pa.array(found.name, type=pa.string())},
        )

    def fit(self, observations: pa.Table, *, seed: int) -> GeneratedNamesFitted:
        """Learn from the names that were asked for and from made-up generators."""
        labels = {label for label in coded(observations, "label")[1] if len(label) >= SHORTEST}
        if len(labels) < LEAST:
            raise NotEnoughDataError(f"{len(labels):,} distinct names; {LEAST} are wanted", hint="kulla collect PATH")
        return GeneratedNamesFitted(judge=learn(sorted(labels), seed=seed))

    def restore(self, content: Content) -> GeneratedNamesFitted:
        """Return the model of this content."""
        try:
            return GeneratedNamesFitted(judge=NameJudge.restore(content))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"this is no model of names ({error})", hint="kulla models train generated-names"
            ) from error

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return made-up questions."""
        return question_events(seed=seed, count=count)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return the same hosts asking for names of generators (none of words: those are judged by host)."""
        labels = [label for label in generated(400, np.random.default_rng(seed)) if len(label) >= 12]
        names = [f"{label}.com" for label in labels]
        rows = normal.take(pa.array(np.arange(len(labels)) % max(normal.num_rows, 1))) if normal.num_rows else normal
        names = names[: rows.num_rows]
        table = rows.set_column(rows.schema.get_field_index("name"), "name", pa.array(names, type=pa.string()))
        labels = [owner_label(name) for name in names]
        return table.set_column(table.schema.get_field_index("label"), "label", pa.array(labels, type=pa.string()))


MODEL = GeneratedNames()
