"""What every model promises, counted over all of them: bits that depend on nothing else, terms that sum, no objects.

Each model is fitted to its own made-up events and scores others of them and its attack pack: at once, and in another
order and in seven parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.anomaly.artefacts import pack, unpack
from engine.anomaly.evaluation import metrics
from engine.anomaly.evaluation.row import Row
from engine.anomaly.frame import Fitted, Model, total
from engine.anomaly.registry import all_models

_EVENTS, _SCORED = 1500, 400
_PARTS = 7
_EVERY = 5  # of the rows are explained


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What one model kept of its promises; `apart` is the largest difference between a score and its terms."""

    same_bits: bool
    apart: float
    plain: bool


def evaluate_honesty(folder: Path, seed: int, *, generic: bool) -> list[Row]:
    """Return the rows; no folder is read, and generic detectors promise nothing of the kind."""
    del folder, generic
    kept = [_kept(model, seed) for model in all_models()]
    data = f"all {len(kept)} models"
    same, plain = (sum(getattr(one, name) for one in kept) for name in ("same_bits", "plain"))
    return [
        Row(data=data, metric=metrics.SAME_BITS, kulla=f"{same} of {len(kept)}", bar="all"),
        Row(
            data=data,
            metric=metrics.SUMS,
            kulla=f"{max(one.apart for one in kept):.1e}",
            bar="1e-9",
        ),
        Row(data=data, metric=metrics.PLAIN, kulla=f"{plain} of {len(kept)}", bar="all"),
    ]


def _kept(model: Model, seed: int) -> _Kept:
    fitted = model.fit(model.observe(model.sample(seed=seed, count=_EVENTS)), seed=seed)
    normal = model.observe(model.sample(seed=seed + 1, count=_SCORED))
    attacks = model.attacks(normal, seed=seed).select(normal.column_names).cast(normal.schema)
    rows = pa.concat_tables([normal, attacks])
    whole = fitted.score(rows).values
    order = np.random.default_rng(seed).permutation(rows.num_rows)
    parts = np.concatenate([fitted.score(rows.take(part)).values for part in np.array_split(order, _PARTS)])
    return _Kept(
        same_bits=parts.tobytes() == whole[order].tobytes(),
        apart=max(abs(total(fitted.explain(rows, row)) - float(whole[row])) for row in range(0, rows.num_rows, _EVERY)),
        plain=_comes_back(model, fitted, rows, whole.tobytes()),
    )


def _comes_back(model: Model, fitted: Fitted, rows: pa.Table, scores: bytes) -> bool:
    content = unpack(pack(fitted.content()))  # numpy refuses objects here
    return model.restore(content).score(rows).values.tobytes() == scores
