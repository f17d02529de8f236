"""The row of promises counts what models keep, and tells when one does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.anomaly.evaluation import honesty_eval
from engine.anomaly.frame import Fitted, Scores
from engine.anomaly.models.answer_times import MODEL, AnswerTimes


class Leaning:
    """A frozen model whose scores lean on the other rows of the batch, as some detectors' do."""

    def __init__(self, fitted: Fitted) -> None:
        self.explain, self.content, self._fitted = fitted.explain, fitted.content, fitted

    def score(self, observations: pa.Table) -> Scores:
        found = self._fitted.score(observations)
        return Scores(values=found.values + np.float64(found.values.mean()), states=found.states)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaningModel(AnswerTimes):
    """Answer times, judged by such a model."""

    def fit(self, observations: pa.Table, *, seed: int) -> Leaning:
        return Leaning(MODEL.fit(observations, seed=seed))


def test_a_model_that_leans_on_its_batch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honesty_eval, "all_models", lambda: (MODEL, LeaningModel()))
    same, apart, plain = honesty_eval.evaluate_honesty(Path(), 1, generic=False)
    assert same.kulla == "1 of 2"
    assert float(apart.kulla) > 1e-3
    assert plain.kulla == "1 of 2"


def test_a_model_that_keeps_to_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(honesty_eval, "all_models", lambda: (MODEL,))
    same, apart, plain = honesty_eval.evaluate_honesty(Path(), 1, generic=False)
    assert (same.kulla, plain.kulla) == ("1 of 1", "1 of 1")
    assert float(apart.kulla) <= 1e-9
