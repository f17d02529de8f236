"""Learning the weights of foresight: on attacks of which half is hidden, by past attacks that do not include them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.foresight.model import Floats, Matrix, Past, Places, Weights

FEWEST = 6  # techniques of an attack that is halved
_INNER = 4
_RIDGE = 1.0
_ROUNDS = 25


def halves(row: Matrix, random: np.random.Generator) -> tuple[Places, Places]:
    """Return one half of a row's items as seen, the other as hidden, at random."""
    items = np.flatnonzero(row)
    random.shuffle(items)
    return items[: len(items) // 2], items[len(items) // 2 :]


def learn(rows: Matrix, items: Sequence[str], *, random: np.random.Generator) -> Weights:
    """Return the weights learned by inner folds: each fold's attacks are foretold from the others."""
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
            seen, hidden = halves(rows[number], random)
            open_ = np.ones(len(items), np.bool_)
            open_[seen] = False
            answer = np.zeros(len(items), np.bool_)
            answer[hidden] = True
            features.append(past.features(seen)[open_].astype(np.float32))
            answers.append(answer[open_])
    return regression(np.concatenate(features).astype(np.float64), np.concatenate(answers))


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
