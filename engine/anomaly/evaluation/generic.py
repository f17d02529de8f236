"""Generic detectors, which the models have to beat: scikit-learn's, and those of PyOD and River (the extra `bench`).

Where the extra is not installed, what is left is measured, and every figure says which packages it is without. Rows are
scaled by the ordinary ones. PyOD's ECOD and COPOD judge a row by all rows of the call (its issues 401 and 604): they
are given everything that is measured at once, which is to their advantage, and no series, whose future they would see.
Training rows beyond `MOST` are thinned evenly, which the figure's name says, so that no detector takes more than about
a minute of CPU.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Values = NDArray[np.float64]
Scorer = Callable[[Matrix], Values]
Measure = Callable[[Values, Values], float]

MOST = 20_000  # training rows
EXTRA = "kulla[bench]"
_TITLES = {"sklearn": "scikit-learn", "pyod": "PyOD", "river": "River"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A generic detector: `fit` takes ordinary rows and a seed, and returns what scores rows (larger is stranger).

    `series` does so where rows come one after the other (`fit`, where it is None); `alone` says whether a row's score
    depends on no row beside it. `module` is what has to be there for it, the package itself where it is empty.
    """

    name: str
    package: str
    fit: Callable[[Matrix, int], Scorer]
    series: Callable[[Matrix, int], Scorer] | None = None
    alone: bool = True
    module: str = ""

    @property
    def title(self) -> str:
        """Return its name after its package's."""
        return f"{_TITLES.get(self.package, self.package)} {self.name}"


def best(
    ordinary: Matrix, attacks: Matrix, held: Matrix, *, seed: int, measures: Mapping[str, Measure]
) -> dict[str, tuple[str, str]]:
    """Return figure and name of the best detector by each measure: fitted to `ordinary`, measured on the others."""
    training = ordinary[:: math.ceil(len(ordinary) / MOST)]
    rows = np.concatenate([attacks, held])
    found: dict[str, list[tuple[float, str]]] = {key: [] for key in measures}
    for detector in installed():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scores = detector.fit(training, seed)(rows)
        for key, measure in measures.items():
            found[key].append((measure(scores[: len(attacks)], scores[len(attacks) :]), detector.title))
    sample = f"fitted to {len(training):,} of {len(ordinary):,}" if len(training) < len(ordinary) else ""
    largest = {key: max(of_measure) for key, of_measure in found.items()}
    return {key: (f"{value:.4f}", name + remarks(sample)) for key, (value, name) in largest.items()}


def over_series(rows: Matrix, known: int, *, seed: int) -> Iterator[tuple[str, Values]]:
    """Yield name and scores of each detector over one series; the first `known` rows are what it is fitted to."""
    for detector in installed():
        if detector.alone:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                scores = (detector.series or detector.fit)(rows[:known], seed)(rows)
            yield detector.title, scores


def installed() -> list[Detector]:
    """Return the detectors whose packages are there, with all that those need in turn."""
    return [detector for detector in DETECTORS if _is_there(detector.module or detector.package)]


def absent() -> list[str]:
    """Return the titles of packages that are not there, or not whole, whose detectors are not measured."""
    there = installed()
    packages = dict.fromkeys(detector.package for detector in DETECTORS if detector not in there)
    return [_TITLES.get(package, package) for package in packages]


@cache
def _is_there(module: str) -> bool:
    """Tell whether a module can be used: one that lacks what it needs costs its own figures, not all others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import_module(module)
        except ImportError:
            return False
    return True


def remarks(sample: str = "") -> str:
    """Return what stands behind a detector's name, in brackets: what it was fitted to, and packages it is without."""
    without = f"without {' and '.join(absent())}" if absent() else ""
    told = "; ".join(filter(None, (sample, without)))
    return f" ({told})" if told else ""


def _scaled(ordinary: Matrix) -> tuple[Matrix, Callable[[Matrix], Matrix]]:
    centre, spread = ordinary.mean(axis=0), ordinary.std(axis=0) + 1e-9
    return (ordinary - centre) / spread, lambda rows: (rows - centre) / spread


def _isolation_forest(ordinary: Matrix, seed: int) -> Scorer:
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 # heavy, and only the evaluation needs it

    training, scaled = _scaled(ordinary)
    model = IsolationForest(random_state=seed).fit(training)
    return lambda rows: -np.asarray(model.score_samples(scaled(rows)), dtype=np.float64)


def _local_outlier_factor(ordinary: Matrix, seed: int) -> Scorer:
    from sklearn.neighbors import LocalOutlierFactor  # noqa: PLC0415 # as above

    del seed
    training, scaled = _scaled(ordinary)
    model = LocalOutlierFactor(novelty=True).fit(training)
    return lambda rows: -np.asarray(model.score_samples(scaled(rows)), dtype=np.float64)


def _pyod(name: str, ordinary: Matrix, seed: int) -> Scorer:
    """Return PyOD's detector of this name, as it comes; none of those used draws numbers."""
    del seed
    training, scaled = _scaled(ordinary)
    model = getattr(import_module(f"pyod.models.{name.lower()}"), name)().fit(training)
    return lambda rows: np.asarray(model.decision_function(scaled(rows)), dtype=np.float64)


def _half_space_trees(ordinary: Matrix, seed: int, *, learning: bool = False) -> Scorer:
    """Return River's half-space trees, which learn the ordinary rows and, where `learning`, each row once it is judged.

    Ordinary rows fill the middle half of 0 to 1, as the trees' paper does (Tan, Ting, Liu 2011); a window is a tenth.
    """
    low, high = ordinary.min(axis=0), ordinary.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    window = max(50, min(250, len(ordinary) // 10))
    trees = import_module("river.anomaly").HalfSpaceTrees(n_trees=25, height=8, window_size=window, seed=seed)

    def named(rows: Matrix) -> Iterator[dict[int, float]]:
        scaled = np.clip(0.25 + 0.5 * (rows - low) / span, 0.0, 1.0)
        return (dict(enumerate(row)) for row in scaled.tolist())

    def score(rows: Matrix) -> Values:
        found = np.zeros(len(rows))
        for place, row in enumerate(named(rows)):
            found[place] = trees.score_one(row)
            if learning:
                trees.learn_one(row)
        return found

    for row in named(ordinary):
        trees.learn_one(row)
    return score


DETECTORS: tuple[Detector, ...] = (
    Detector(name="IsolationForest", package="sklearn", fit=_isolation_forest),
    Detector(name="LOF", package="sklearn", fit=_local_outlier_factor),
    Detector(name="HBOS", package="pyod", fit=partial(_pyod, "HBOS"), module="pyod.models.hbos"),
    Detector(name="KNN", package="pyod", fit=partial(_pyod, "KNN"), module="pyod.models.knn"),
    Detector(name="ECOD", package="pyod", fit=partial(_pyod, "ECOD"), module="pyod.models.ecod", alone=False),
    Detector(name="COPOD", package="pyod", fit=partial(_pyod, "COPOD"), module="pyod.models.copod", alone=False),
    Detector(
        name="half-space trees",
        package="river",
        module="river.anomaly",
        fit=_half_space_trees,
        series=partial(_half_space_trees, learning=True),
    ),
)
