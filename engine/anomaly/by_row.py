"""Models of behaviour judge one row at a time: its terms, and their sum as its score."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar, cast

import numpy as np
import pyarrow as pa

from engine.anomaly.frame import ENTITY, EVENTS, PEER, TIME, Content, Scores, State, Term, ordered, total
from engine.anomaly.rarity import steps_of
from engine.errors import InputError

MOST_BITS = 64.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One observation: the values of its columns by name."""

    values: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a text; empty where there is none."""
        return cast("str", self.values[name] or "")

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        return cast("list[str]", self.values[name] or [])

    def number(self, name: str) -> float:
        """Return a number; 0 where there is none."""
        return cast("float", self.values[name] or 0)

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers."""
        return cast("list[float]", self.values[name] or [])

    @property
    def entity(self) -> str:
        """Return who is judged."""
        return self.text(ENTITY)

    @property
    def peer(self) -> str:
        """Return the peer group."""
        return self.text(PEER)

    @property
    def time(self) -> datetime:
        """Return the end of the window, in UTC."""
        return cast("datetime", self.values[TIME])


class ByRow(ABC):
    """A frozen model that judges rows by themselves; `judged_by` are the columns it looks at."""

    __slots__ = ()
    judged_by: ClassVar[tuple[str, ...]]

    @abstractmethod
    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of a row; None where the model does not know enough to judge it."""

    @abstractmethod
    def content(self) -> Content:
        """Return all that the model consists of."""

    def score(self, observations: pa.Table) -> Scores:
        """Return the score of each row; see `engine.anomaly.frame.Fitted`."""
        found = [self.terms(row) for row in _rows(observations, self.judged_by)]
        return Scores(
            values=np.array([0.0 if terms is None else total(terms) for terms in found], dtype=np.float64),
            states=np.array([State.LEARNING if terms is None else State.READY for terms in found], dtype=np.uint8),
        )

    def explain(self, observations: pa.Table, row: int) -> Sequence[Term]:
        """Return the terms of one row, the largest first."""
        (one,) = _rows(observations.slice(row, 1), self.judged_by)
        return ordered(self.terms(one) or ())


def learned(observations: pa.Table) -> list[Row]:
    """Return all rows of observations to learn from, without the ids of events, which teach nothing."""
    return [Row(row) for row in observations.drop_columns([EVENTS]).to_pylist()]


def _rows(table: pa.Table, names: Sequence[str]) -> Iterable[Row]:
    every = (TIME, ENTITY, PEER, *names)
    columns = [table.column(name).to_pylist() for name in every]
    return [Row(dict(zip(every, values, strict=True))) for values in zip(*columns, strict=True)]


def restored(content: Content, make: Callable[[Mapping[str, object]], T]) -> T:
    """Return what `make` makes of a model's document; raise `InputError` where it is not one of its kind."""
    try:
        return make(content.document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(f"this is no content of this model ({error!r})", hint="kulla models train") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What a statistic was in ordinary life, kept for its upper end: how surprising so much or more is.

    Within what was seen: the share that was as large (with half a count added, as conformal p-values have it). Beyond:
    a Pareto tail whose index is Hill's estimate over the largest `_UPPER` values (Hill, "A simple general approach to
    inference about the tail of a distribution", 1975), held between 1 and 8.
    """

    steps: tuple[float, ...]
    bits_at: tuple[float, ...]
    index: float

    @classmethod
    def of(cls, values: Iterable[float], *, most: int = 400) -> Tail:
        """Return the tail of ordinary values; raise `ValueError` where there are none."""
        ordered_values = sorted(round(float(value), 6) for value in values)
        if not ordered_values:
            raise ValueError("no value to learn from")
        steps, bits = steps_of(ordered_values, most)
        return cls(steps=steps, bits_at=bits, index=_hill(ordered_values))

    def bits(self, value: float) -> float:
        """Return the surprise of `value` or more."""
        place = bisect_left(self.steps, value)
        if place < len(self.steps):
            return self.bits_at[place]
        last = max(self.steps[-1], 1e-9)
        return min(MOST_BITS, self.bits_at[-1] + 1.0 + self.index * math.log2(max(1.0, value / last)))

    def to_json(self) -> list[object]:
        """Return it as JSON."""
        return [list(self.steps), list(self.bits_at), self.index]

    @classmethod
    def from_json(cls, value: object) -> Tail:
        """Return what `to_json` gave; raise `ValueError` or `TypeError` for anything else."""
        steps, bits, index = cast("list[object]", value)
        made = cls(
            steps=tuple(float(step) for step in cast("list[float]", steps)),
            bits_at=tuple(float(step) for step in cast("list[float]", bits)),
            index=float(cast("float", index)),
        )
        if not made.steps or len(made.steps) != len(made.bits_at):
            raise ValueError("a tail has a surprise for each of its steps")
        return made


_UPPER = 50


def _hill(ascending: Sequence[float]) -> float:
    upper = [value for value in ascending[-_UPPER:] if value > 0]
    if len(upper) < 5:
        return 2.0
    spread = math.fsum(math.log(value / upper[0]) for value in upper[1:]) / (len(upper) - 1)
    return min(8.0, max(1.0, 1.0 / spread if spread > 0 else 8.0))
