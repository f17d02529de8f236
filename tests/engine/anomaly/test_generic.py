"""Generic detectors: the best by each measure is named, and what it was fitted to and what is not there are said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.anomaly.evaluation import generic
from engine.anomaly.evaluation.generic import MOST, Detector, Matrix, Scorer, absent, best, over_series
from engine.anomaly.evaluation.measures import roc
from engine.anomaly.evaluation.nab_eval import evaluate_nab

ORDINARY = np.random.default_rng(1).normal(size=(300, 2))
HELD = np.random.default_rng(2).normal(size=(200, 2))
ATTACKS = np.random.default_rng(3).normal(loc=8.0, size=(50, 2))


def farther(ordinary: Matrix, seed: int) -> Scorer:
    """Score rows by how far they are from the middle of the ordinary ones."""
    centre = ordinary.mean(axis=0)
    return lambda rows: np.abs(rows - centre).sum(axis=1)


def nearer(ordinary: Matrix, seed: int) -> Scorer:
    """Score rows the wrong way round."""
    return lambda rows: -farther(ordinary, seed)(rows)


FAR = Detector(name="far", package="numpy", fit=farther)
NEAR = Detector(name="near", package="numpy", fit=nearer)


def test_the_best_by_each_measure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generic, "DETECTORS", (FAR, NEAR))
    measures = {"right": roc, "wrong": lambda one, other: 1.0 - roc(one, other)}
    found = best(ORDINARY, ATTACKS, HELD, seed=1, measures=measures)
    assert found == {"right": ("1.0000", "numpy far"), "wrong": ("1.0000", "numpy near")}


def test_a_package_that_is_not_there_is_named_and_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Detector(name="gone", package="no_such_package", fit=farther)
    monkeypatch.setattr(generic, "DETECTORS", (NEAR, gone))
    assert absent() == ["no_such_package"]
    found = best(ORDINARY, ATTACKS, HELD, seed=1, measures={"roc": roc})
    assert found == {"roc": ("0.0000", "numpy near (without no_such_package)")}


def test_a_package_that_lacks_what_it_needs_costs_its_own_figures_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "half_there.py").write_text("import no_such_package", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(generic, "DETECTORS", (FAR, Detector(name="half", package="half_there", fit=farther)))
    found = best(ORDINARY, ATTACKS, HELD, seed=1, measures={"roc": roc})
    assert found == {"roc": ("1.0000", "numpy far (without half_there)")}


def test_a_sample_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generic, "DETECTORS", (FAR,))
    many = np.random.default_rng(4).normal(size=(2 * MOST + 1, 2))
    found = best(many, ATTACKS, HELD, seed=1, measures={"roc": roc})
    assert found["roc"] == ("1.0000", "numpy far (fitted to 13,334 of 40,001)")


def test_a_detector_of_series_sees_no_future(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Detector(name="together", package="numpy", fit=farther, alone=False)
    monkeypatch.setattr(generic, "DETECTORS", (FAR, together))
    rows = np.concatenate([ORDINARY, ATTACKS])
    ((name, scores),) = over_series(rows, 100, seed=1)
    assert name == "numpy far"
    assert scores.tolist() == farther(ORDINARY[:100], 1)(rows).tolist()


@pytest.mark.parametrize("detector", generic.installed(), ids=lambda detector: str(detector.title))
def test_every_detector_tells_what_is_far_away(detector: Detector) -> None:
    scores = detector.fit(ORDINARY, 1)(np.concatenate([ATTACKS[:5], HELD]))
    assert roc(scores[:5], scores[5:]) > 0.95


def test_nab_freezes_a_generic_threshold_on_other_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three series with a jump each, which a detector that knows the middle of the probation always sees."""
    monkeypatch.setattr(generic, "DETECTORS", (FAR,))
    (tmp_path / "labels").mkdir()
    (tmp_path / "data").mkdir()
    stamps = [f"2026-03-0{1 + hour // 24} {hour % 24:02}:{minute:02}:00" for hour in range(72) for minute in range(60)]
    for number in range(3):
        values = np.random.default_rng(number).normal(10, 1, len(stamps))
        values[3000:3010] = 90.0
        lines = [f"{stamp},{value}" for stamp, value in zip(stamps, values, strict=True)]
        (tmp_path / "data" / f"{number}.csv").write_text("\n".join(["timestamp,value", *lines]), "utf-8")
    labels = {f"{number}.csv": [[stamps[2990], stamps[3020]]] for number in range(3)}
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(labels), "utf-8")
    frozen, *others = evaluate_nab(tmp_path, 1, generic=True)
    assert frozen.generic_name == "numpy far"
    assert float(frozen.generic) > 90
    assert {row.generic for row in others} == {""}
    assert evaluate_nab(tmp_path, 1, generic=False)[0].generic == "43.8"
