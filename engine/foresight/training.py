"""Learning the weights of foresight: on attacks of which half is hidden, by past attacks that do not include them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.attack import TACTICS
from engine.attack.table import table
from engine.foresight.model import Floats, Matrix, Past, Places, Weights

FEWEST = 6  # techniques of an attack that is halved
Halve = Callable[[Matrix, Sequence[str], np.random.Generator], tuple[Places, Places]]
_INNER = 4
_RIDGE = 1.0
_ROUNDS = 25


def random_half(row: Matrix, items: Sequence[str], random: np.random.Generator) -> tuple[Places, Places]:
    """Return one half of a row's items as seen, the other as hidden, at random."""
    del items
    held = np.flatnonzero(row)
    random.shuffle(held)
    return held[: len(held) // 2], held[len(held) // 2 :]


def first_half(row: Matrix, items: Sequence[str], random: np.random.Generator) -> tuple[Places, Places]:
    """Return the half of a row's items that comes first in the order of an intrusion as seen, the other as hidden."""
    del random
    held = np.array(sorted(np.flatnonzero(row).tolist(), key=lambda place: stage(items[place])), np.int64)
    return held[: len(held) // 2], held[len(held) // 2 :]


def stage(technique: str) -> tuple[int, str]:
    """Return where a technique stands in the order of an intrusion: by the earliest of its tactics, then by its id."""
    return min(TACTICS.index(name) for name in table().techniques[technique].newest_tactics), technique


def learn(
    rows: Matrix,
    items: Sequence[str],
    *,
    random: np.random.Generator,
    ways: Sequence[Halve] = (first_half, random_half),
) -> Weights:
    """Return the weights learned by inner folds: each fold's attacks are halved, and foretold from the others.

    Attacks are halved in each of the `ways`: an incident is seen from its beginning on, but never all of it.
    """
    order = random.permutation(len(rows))
    features: list[NDArray[np.float32]] = []
    answers: list[NDArray[np.bool_]] = []
    for fold in range(_INNER):
        asked = order[fold::_INNER]
        others = np.ones(len(rows), np.bool_)
        others[asked] = False
        past = Past(rows[others], items)
        for number in asked:
            if rows[number].sum() < FEWEST:
                continue
            for halve in ways:
                seen, hidden = halve(rows[number], items, random)
                found, answer = _asked(past, seen, hidden)
                features.append(found)
                answers.append(answer)
    return regression(np.concatenate(features).astype(np.float64), np.concatenate(answers))


def _asked(past: Past, seen: Places, hidden: Places) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the features of the items that were not seen, and which of them are the hidden ones."""
    open_ = np.ones(len(past.told), np.bool_)
    open_[seen] = False
    answer = np.zeros(len(past.told), np.bool_)
    answer[hidden] = True
    return past.features(seen)[open_].astype(np.float32), answer[open_]


def regression(features: Floats, answers: NDArray[np.bool_]) -> Weights:
    """Return a logistic regression with a small ridge, by Newton's steps (bounded, so that none leads astray)."""
    mean, spread = features.mean(0), features.std(0) + 1e-9
    columns = np.concatenate([np.ones((len(features), 1)), (features - mean) / spread], 1)
    share = answers.mean()
    weight = np.zeros(columns.shape[1])
    weight[0] = np.log(share / (1 - share))
    ridge = np.eye(len(weight)) * _RIDGE
    ridge[0, 0] = 0
    for _ in range(_ROUNDS):
        told = 1.0 / (1.0 + np.exp(-np.clip(columns @ weight, -30, 30)))
        gradient = columns.T @ (answers - told) - ridge @ weight
        curve = (columns * (told * (1 - told))[:, None]).T @ columns + ridge
        step = np.linalg.solve(curve, gradient)
        weight += step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-6:
            break
    return Weights(bias=float(weight[0]), mean=mean, spread=spread, weight=weight[1:])
