"""The model behind foresight: how much speaks for each technique, given those seen, and what that comes to.

Past attacks speak in two ways: a walk of two steps over techniques and attacks (RP3-beta; Paudel et al., 2017), in
which those that share much with what was seen lead on, and the attacks most like it (cosine over techniques weighted
by their rarity). A logistic regression over these and a few counts makes one probability of them: that of a technique
being told as well, of an attack of which about half is known. Everything is a sum over named rows, so each prediction
can say which past attacks it comes from. Only numpy is used; a model is its rows and some twenty numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
Places = NDArray[np.int64]

FEATURES = (
    *("walk", "nearest 15", "nearest 60", "nearest 200", "nearest 15, where they are near", "how common"),
    *("how common, by how much was seen", "surest companion", "mean companion", "lift", "same family"),
    *("parent seen", "how much was seen"),
)
_ALPHA, _BETA = 0.7, 0.5  # RP3-beta: damping of the walk's steps, and of what is common anyway
_NEAREST = ((15, 2), (60, 3), (200, 3))  # how many past attacks, and how much the nearer of them outweigh the others
_SHRINK = 3.0  # of the likeness of attacks of which little is told
_PRIOR = 2.0  # attacks' worth of doubt in how often two techniques go together


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The logistic regression: bias, and for each feature its mean, spread and weight."""

    bias: float
    mean: Floats
    spread: Floats
    weight: Floats

    def probability(self, features: Floats) -> Floats:
        """Return the probability for rows of features (shape (n, features))."""
        total = self.bias + ((features - self.mean) / self.spread) @ self.weight
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(total, -30, 30))), np.float64)


class Past:
    """Past attacks, prepared for the questions of `features`; `rows` is of shape (attacks, items), zeros and ones."""

    def __init__(self, rows: Matrix, items: Sequence[str]) -> None:
        self.rows = rows
        self.size = len(rows)
        told = rows.sum(0)
        self.told = told
        count = np.maximum(told, 0.3)
        self._count_root = count**_BETA
        self._in = (rows / count) ** _ALPHA
        self._out = (1.0 / np.maximum(rows.sum(1), 1.0)) ** _ALPHA
        self._lengths = rows.sum(1).astype(np.int64)
        self._held = np.nonzero(rows)[1]
        rarity = np.log(self.size / count)
        self._rarity = rarity
        self._weighed = rows * rarity
        self._length = np.sqrt(self._weighed.sum(1))
        self.together = rows.T @ rows
        share = (told + 0.1) / self.size
        given = (self.together + _PRIOR * share) / (told[:, None] + _PRIOR)
        self._given = given
        self._lift = np.log(given / share)
        self._common = np.log(share)
        families = [item.partition(".")[0] for item in items]
        numbers = {name: number for number, name in enumerate(sorted(set(families)))}
        self._family = np.array([numbers[name] for name in families], np.int64)
        self._is_sub = np.array(["." in item for item in items], np.bool_)

    def likeness(self, seen: Places, leave_out: NDArray[np.bool_] | None = None) -> Matrix:
        """Return how alike each past attack is to one with these items, 0 to 1; those to leave out are not at all."""
        length = np.sqrt(self._rarity[seen].sum())
        found = self._weighed[:, seen].sum(1) / (length * self._length + _SHRINK)
        if leave_out is not None:
            found[leave_out] = 0
        return np.asarray(found, np.float32)

    def features(
        self, seen: Places, leave_out: NDArray[np.bool_] | None = None, likeness: Matrix | None = None
    ) -> Floats:
        """Return what speaks for each item, in the order of `FEATURES`: shape (items, features).

        `likeness` is that of `likeness`, where it is known already. `leave_out` marks past attacks that the walk and
        the nearest must not use (kin of the one that is tested).
        """
        likeness = self.likeness(seen, leave_out) if likeness is None else likeness
        order = np.argsort(-likeness, kind="stable")[: _NEAREST[-1][0]]
        nearest = [np.log(self._of_nearest(likeness, order[:most], power) + 0.004) for most, power in _NEAREST]
        companions = self._given[seen]
        known = np.log(len(seen))
        families = np.bincount(self._family[seen], minlength=int(self._family.max()) + 1)
        parents = np.zeros(len(families), np.bool_)
        parents[self._family[seen[~self._is_sub[seen]]]] = True
        columns = (
            np.log(self._walk(seen, leave_out) + 1e-4),
            *nearest,
            likeness[order[:5]].mean() * nearest[0],
            self._common,
            self._common * known,
            np.log(companions.max(0)),
            np.log(companions.mean(0)),
            self._lift[seen].sum(0) / np.sqrt(len(seen)),
            families[self._family] > 0,
            parents[self._family] & self._is_sub,
            np.full(len(self.told), known),
        )
        return np.stack([np.asarray(column, np.float64) for column in columns], 1)

    def _walk(self, seen: Places, leave_out: NDArray[np.bool_] | None) -> Matrix:
        steps = self._in[:, seen].sum(1) * self._out
        if leave_out is not None:
            steps[leave_out] = 0
        reached = np.bincount(self._held, np.repeat(steps, self._lengths), len(self.told)) / self._count_root
        reached[seen] = 0
        return np.asarray(reached / (reached.sum() + 1e-9), np.float32)

    def _of_nearest(self, likeness: Matrix, nearest: Places, power: int) -> Matrix:
        weight = likeness[nearest] ** power
        return np.asarray((weight @ self.rows[nearest]) / (weight.sum() + 1e-9), np.float32)
