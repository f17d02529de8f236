"""What every model is: events become observations, observations get a score that is a sum of named terms in bits.

An observation is one row of an Arrow table: one request, one name, one host in one hour. It holds everything it is
judged by. A score depends on the frozen model and that row alone, so it has the same bits in any batch, order or
split; a contract test holds every registered model to it. To keep to it: no reduction across rows, no matrix product
(their order of summation changes with the batch), `total` for every sum, functions of `math` or tables made by `fit`
instead of numpy's `log` and `exp` (whose last bit may differ between a vector's body and its rest).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Protocol

from engine.errors import KullaError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

# Columns that every table of observations has, beside those of its model.
TIME = "@timestamp"  # timestamp[us, UTC]: of the event, or the end of the window
ENTITY = "kulla.entity"  # text: who or what is judged (a host, a user, a service)
PEER = "kulla.peer"  # text: the peer group of the entity; empty where there is none
EVENTS = "kulla.events"  # list<text>: ids of the events it rests on (at most `MOST_EVENTS`)
MOST_EVENTS = 20

Layer = Literal["entity", "peer group", "organisation"]


class State(IntEnum):
    """How far a model knows what it judges. `LEARNING` means: there is not enough data to answer."""

    LEARNING = 0
    READY = 1
    DRIFTING = 2


class NotEnoughDataError(KullaError):
    """A model cannot be fitted to so little; the message says how much is there and how much is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One named part of a score: `bits` of surprise (below zero: reassurance), and what it was seen in.

    `field` and `value` are the event's, as they were seen; `expected` says in words what the model had learned
    (`18 of 18 lengths lay between 1 and 2`), `layer` from whom.
    """

    name: str
    bits: float
    field: str = ""
    value: str = ""
    expected: str = ""
    layer: Layer = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores of observations, row by row: `values` in bits (float64), `states` (uint8, see `State`).

    The value of a row whose state is `LEARNING` is 0: it says nothing.
    """

    values: NDArray[np.float64]
    states: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a fitted model consists of: a JSON document and arrays of numbers (no objects)."""

    document: Mapping[str, object]
    arrays: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)


class Fitted(Protocol):
    """A frozen model. Nothing about it changes by scoring."""

    def score(self, observations: pa.Table) -> Scores:
        """Return the score of each row; see the module's promise."""
        ...

    def explain(self, observations: pa.Table, row: int) -> Sequence[Term]:
        """Return the terms of one row's score, the largest first; their `total` is the score to within 1e-9."""
        ...

    def content(self) -> Content:
        """Return all that `Model.restore` needs to make an equal model again."""
        ...


class Model(Protocol):
    """A kind of model; one file in `engine/anomaly/models`, whose constant `MODEL` this is.

    `name` is also that of its card (`detections/models/NAME.yml`). `columns` are the ECS fields read of stored
    events. `window` is the length of an observation: zero where each event is one by itself, else observations are
    made of whole windows of event time, `[k * window, (k + 1) * window)` since 1970.
    """

    name: str
    columns: tuple[str, ...]
    window: timedelta

    def observe(self, events: pa.Table) -> pa.Table:
        """Return the observations of stored events (see `engine.store.protocol.Block.read`), in order of time.

        Columns may be absent, or dictionary-encoded, and rows may be of any source: those that are not the model's
        business give no observation. `event.id` is always there.
        """
        ...

    def fit(self, observations: pa.Table, *, seed: int) -> Fitted:
        """Return a model of ordinary observations; raise `NotEnoughDataError`. Same rows and seed: same model."""
        ...

    def restore(self, content: Content) -> Fitted:
        """Return the model again; raise `InputError` where the content is not one of this kind."""
        ...

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return about `count` events of ordinary life, made up: what tests fit the model to."""
        ...

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return observations of attacks on those who made the `normal` observations: the fixed pack.

        A model is promoted only where it still finds them (see `engine.anomaly.promoting`). The pack is written in
        terms of the site's own paths, hosts and users, which is why it is given some of their ordinary life.
        """
        ...


def lookback_of(model: Model) -> timedelta:
    """Return how much of the past a model of windows wants to see with new events: its `lookback`, if it has one.

    Observations are made of what lies in it too (a source that is silent now, a program that others started
    yesterday), but only those of new windows are judged.
    """
    found: timedelta = getattr(model, "lookback", timedelta())
    return found


def doubted_by(fitted: Fitted) -> int:
    """Return how many training observations a model set aside itself, as they may be an attacker's; 0 for most."""
    found: int = getattr(fitted, "doubted", 0)
    return found


def total(terms: Iterable[Term]) -> float:
    """Return the sum of the terms, correctly rounded, so that it is the same in every order."""
    return math.fsum(term.bits for term in terms)


def ordered(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms that say something, the largest first; equal ones by name and field."""
    return tuple(sorted((term for term in terms if term.bits), key=lambda term: (-term.bits, term.name, term.field)))
