"""Generic detectors, which the models have to beat: scikit-learn's, and PyOD's and River's where they are installed.

PyOD and River are not among kulla's dependencies (they bring compilers of their own); installed beside it, their
detectors join here, and where they are not the table says so. Only detectors whose score of a row depends on the
training data and that row are used: PyOD's ECOD and COPOD join training and test rows (its issues 401 and 604) and are
left out, and River's half-space trees learn from the training rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Scorer = Callable[[Matrix], NDArray[np.float64]]


def detectors(ordinary: Matrix, seed: int) -> Iterator[tuple[str, Scorer]]:
    """Yield name and scorer (larger is stranger) of each generic detector, fitted to ordinary rows."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 # heavy, and only the evaluation needs it
    from sklearn.neighbors import LocalOutlierFactor  # noqa: PLC0415

    centre, spread = ordinary.mean(axis=0), ordinary.std(axis=0) + 1e-9
    scaled = (ordinary - centre) / spread

    def wrapped(score: Callable[[Matrix], Any]) -> Scorer:
        return lambda rows: -np.asarray(score((rows - centre) / spread), dtype=np.float64)

    yield "IsolationForest", wrapped(IsolationForest(random_state=seed).fit(scaled).score_samples)
    yield "LOF", wrapped(LocalOutlierFactor(novelty=True).fit(scaled).score_samples)
    if find_spec("pyod") is not None:
        for module, name in (("hbos", "HBOS"), ("knn", "KNN")):
            model = getattr(import_module(f"pyod.models.{module}"), name)().fit(scaled)
            yield f"PyOD {name}", lambda rows, model=model: model.decision_function((rows - centre) / spread)  # type: ignore[misc]
    if find_spec("river") is not None:
        yield "River half-space trees", _half_space_trees(ordinary, seed)


def _half_space_trees(ordinary: Matrix, seed: int) -> Scorer:
    """Return River's half-space trees over rows scaled to 0 to 1 by the ordinary ones; a window is a tenth of them."""
    low, high = ordinary.min(axis=0), ordinary.max(axis=0)
    window = max(50, min(250, len(ordinary) // 10))
    trees = import_module("river.anomaly").HalfSpaceTrees(n_trees=25, height=10, window_size=window, seed=seed)

    def named(rows: Matrix) -> Iterator[dict[int, float]]:
        scaled = np.clip((rows - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)
        return (dict(enumerate(row)) for row in scaled.tolist())

    for row in named(ordinary):
        trees.learn_one(row)
    return lambda rows: np.array([trees.score_one(row) for row in named(rows)], dtype=np.float64)


def absent() -> str:
    """Return which optional packages are not there to be beaten, in words; empty where all are."""
    missing = [name for name, package in (("PyOD", "pyod"), ("River", "river")) if find_spec(package) is None]
    return f" ({', '.join(missing)} not installed)" if missing else ""


def best(
    ordinary: Matrix, attacks: Matrix, held: Matrix, *, seed: int, measure: Callable[[Matrix, Matrix], float]
) -> tuple[str, str]:
    """Return figure and name of the best generic detector: fitted to `ordinary`, measured on attacks and held rows."""
    found = [(measure(score(attacks), score(held)), name) for name, score in detectors(ordinary, seed)]
    value, name = max(found)
    return f"{value:.4f}", name + absent()
