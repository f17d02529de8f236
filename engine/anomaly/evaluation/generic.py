"""Generic detectors, which the models have to beat: scikit-learn's, and PyOD's where it is installed.

PyOD and River are not among kulla's dependencies; `pip install pyod` into the environment adds its detectors here.
Only detectors whose score of a row depends on the training data and that row are used (PyOD's ECOD and COPOD join
training and test rows, see its issues 401 and 604, and are left out).
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


def best(
    ordinary: Matrix, attacks: Matrix, held: Matrix, *, seed: int, measure: Callable[[Matrix, Matrix], float]
) -> tuple[str, str]:
    """Return figure and name of the best generic detector: fitted to `ordinary`, measured on attacks and held rows."""
    found = [(measure(score(attacks), score(held)), name) for name, score in detectors(ordinary, seed)]
    value, name = max(found)
    return f"{value:.4f}", name
