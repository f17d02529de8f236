"""Generated names by host: within an hour a host asks for many names that do not exist, or that programs made.

Threat: as for `generated-names` (ATT&CK T1568.002), but for families whose names are made of words and cannot be told
one by one. Three counts of distinct registered names of a host in an hour, each against what this host, and hosts here,
ask for: names that do not exist, names that look generated (more so than 95 % of ordinary ones), and names that nobody
here asked for before. How often those come is learned from names that one host asked for in one hour of the training
alone (as in Good, "The population frequencies of species", 1953). Of names that were asked for only hashes are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from itertools import starmap
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.anomaly.frame import ENTITY, PEER, Content, NotEnoughDataError, Scores, State, Term, ordered, total
from engine.anomaly.models.generated_names import LEAST, SHORTEST
from engine.anomaly.names.generators import joined_words
from engine.anomaly.names.judging import NameJudge, learn
from engine.anomaly.names.questions import label_groups
from engine.anomaly.names.samples import question_events
from engine.anomaly.shrinkage import LAYERS, Rates
from engine.anomaly.tables import empty_observations, grouped, observations
from engine.errors import InputError

_TEXTS = pa.list_(pa.string())
_OWN = {"labels": _TEXTS, "missing": _TEXTS}
_ORDINARY = 0.95  # of ordinary names look less generated than those that count
_COUNTS = ("names that do not exist", "names that look generated", "names that nobody here asked for")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameHostsFitted:
    """What names look like, from which bits on one counts, which were asked for, and how many of each count are usual.

    `known` are hashes of names (see `hashed`), `rates` in the order of `_COUNTS`.
    """

    judge: NameJudge
    level: float
    known: frozenset[int]
    rates: tuple[Rates, Rates, Rates]

    @classmethod
    def of(cls, judge: NameJudge, level: float, observations: pa.Table) -> NameHostsFitted:
        """Learn what hosts ask for; `judge` says how names look."""
        rows = _rows(observations)
        times = Counter(label for row in rows for label in row.labels)
        counts = [
            (row, (len(row.missing), len(looking_generated(judge, level, row.labels)),
                   sum(times[label] == 1 for label in row.labels)))
            for row in rows
        ]  # fmt: skip
        missing, looking, new = (
            Rates.of((row.host, row.peer, float(found[place])) for row, found in counts) for place in range(3)
        )
        return cls(judge=judge, level=level, known=frozenset(map(hashed, times)), rates=(missing, looking, new))

    def score(self, observations: pa.Table) -> Scores:
        """Return the score of each host in each hour."""
        values = [total(self._terms(row)) for row in _rows(observations)]
        return Scores(
            values=np.array(values, dtype=np.float64),
            states=np.full(observations.num_rows, State.READY, dtype=np.uint8),
        )

    def explain(self, observations: pa.Table, row: int) -> Sequence[Term]:
        """Return the terms of one host in one hour."""
        return ordered(self._terms(_rows(observations.slice(row, 1))[0]))

    def content(self) -> Content:
        """Return the judge, the hashes and the rates."""
        kept = self.judge.content()
        rates = [rate.to_json() for rate in self.rates]
        return Content(
            document={"judge": dict(kept.document), "level": self.level, "rates": rates},
            arrays={**kept.arrays, "known": np.array(sorted(self.known), dtype=np.int64)},
        )

    def _terms(self, row: _Row) -> list[Term]:
        looking = looking_generated(self.judge, self.level, row.labels)
        new = [label for label in row.labels if hashed(label) not in self.known]
        terms = []
        for what, found, rate in zip(_COUNTS, (row.missing, looking, new), self.rates, strict=True):
            whole, _, own = rate.rate(row.host, row.peer)
            layers = zip(LAYERS, rate.bits(row.host, row.peer, len(found)), strict=True)
            shown = ", ".join(found[:6])
            expected = f"{len(found)}; usual in an hour: {own:.2f} here, {whole:.2f} anywhere"
            terms += [
                Term(name=what, bits=bits, field="dns.question.name", value=shown, expected=expected, layer=layer)
                for layer, bits in layers
            ]
        return terms


class _Row(NamedTuple):
    """One host in one hour."""

    host: str
    peer: str
    labels: list[str]
    missing: list[str]


def _rows(observations: pa.Table) -> list[_Row]:
    columns = (observations.column(name).to_pylist() for name in (ENTITY, PEER, "labels", "missing"))
    return list(starmap(_Row, zip(*columns, strict=True)))


def hashed(label: str) -> int:
    """Return 63 bits of a hash of a name."""
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "big") >> 1


class NameHosts:
    """The model of hosts by the names that they ask for."""

    name = "generated-names-hosts"
    columns = ("@timestamp", "source.ip", "host.name", "dns.question.name", "dns.response_code")
    window = timedelta(hours=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return each host in each hour, with the distinct names that it asked for, and those that do not exist."""
        found = label_groups(events, self.window)
        if found is None:
            return empty_observations(_OWN)
        number: dict[str, int] = {}
        hosts = np.array([number.setdefault(host, len(number)) for host in found.host], dtype=np.int64)
        group, first = grouped([found.window, hosts])
        labels: list[list[str]] = [[] for _ in first]
        missing: list[list[str]] = [[] for _ in first]
        ids: list[list[str]] = [[] for _ in first]
        for row, place in enumerate(group.tolist()):
            labels[place].append(found.label[row])
            ids[place] += found.events[row][:1]
            if found.missing[row]:
                missing[place].append(found.label[row])
        step = int(self.window.total_seconds() * 1_000_000)
        return observations(
            time=(found.window[first] + 1) * step - 1,
            entity=[found.host[row] for row in first.tolist()],
            events=ids,
            columns={"labels": pa.array(labels, type=_TEXTS), "missing": pa.array(missing, type=_TEXTS)},
        )

    def fit(self, observations: pa.Table, *, seed: int) -> NameHostsFitted:
        """Learn names, and how many of each count hosts have."""
        labels = sorted({label for row in _rows(observations) for label in row.labels if len(label) >= SHORTEST})
        if len(labels) < LEAST:
            raise NotEnoughDataError(f"{len(labels):,} distinct names; {LEAST} are wanted", hint="kulla collect PATH")
        judge = learn(labels, seed=seed)
        return NameHostsFitted.of(judge, level_of(judge, labels), observations)

    def restore(self, content: Content) -> NameHostsFitted:
        """Return the model of this content."""
        document = content.document
        try:
            judge = NameJudge.restore(Content(document=document["judge"], arrays=content.arrays))  # type: ignore[arg-type] # refused below
            missing, looking, new = map(Rates.from_json, document["rates"])  # type: ignore[call-overload] # refused below
            known = frozenset(content.arrays["known"].astype(np.int64).tolist())
            level = float(str(document["level"]))
            return NameHostsFitted(judge=judge, level=level, known=known, rates=(missing, looking, new))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            hint = f"kulla models train {self.name}"
            raise InputError(f"this is no model of hosts and names ({error})", hint=hint) from error

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return made-up questions."""
        return question_events(seed=seed, count=count)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return the same hosts asking for thirty names of words as well, none of which exists."""
        chance = np.random.default_rng(seed)
        rows = normal.slice(0, 50)
        words = ("door", "river", "window", "paper", "garden", "stone", "winter", "copper", "letter", "mountain")
        added = [joined_words(30, words, chance) for _ in range(rows.num_rows)]
        for name in ("labels", "missing"):
            both = [one + other for one, other in zip(rows.column(name).to_pylist(), added, strict=True)]
            rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(both, type=_TEXTS))
        return rows


def level_of(judge: NameJudge, labels: Sequence[str]) -> float:
    """Return the bits from which on a name counts as one that looks generated, given ordinary ones."""
    return float(np.quantile([judge.bits(label) for label in labels], _ORDINARY))


def looking_generated(judge: NameJudge, level: float, labels: Sequence[str]) -> list[str]:
    """Return those of the labels that look generated."""
    return [label for label in labels if len(label) >= SHORTEST and judge.bits(label) > level]


MODEL = NameHosts()
