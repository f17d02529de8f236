"""The model of beacons on made-up days: trained on five, measured on the sixth with beacons put among the pollers.

Beacons: a machine each, periods of one minute to one hour, jitter up to 50 % of the period, up to half of the calls
lost, destinations that nobody else calls. Average precision is that among pairs that an updater's evenness has too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.calls import as_events, call_events, poll
from engine.anomaly.evaluation import metrics
from engine.anomaly.evaluation.generic import best
from engine.anomaly.evaluation.measures import average_precision, recall_at
from engine.anomaly.evaluation.metrics import filled
from engine.anomaly.evaluation.row import Row
from engine.anomaly.models.beacons import MODEL, evenness, folded_evenness

_MACHINES, _DAYS = 250, 5
_JITTERS, _LOSSES = (0.0, 0.1, 0.25, 0.5), (0.0, 0.25, 0.5)
_EACH = 8


def evaluate_beacons(folder: Path, seed: int, *, generic: bool) -> list[Row]:
    """Return average precision and recall over all jitters and losses, and of the hardest."""
    del folder
    past = MODEL.observe(call_events(seed=seed, machines=_MACHINES, days=_DAYS))
    today = MODEL.observe(call_events(seed=seed, machines=_MACHINES, days=1, first_day=_DAYS))
    beacons = MODEL.observe(as_events(_beacons(seed), "beacon"))
    fitted = MODEL.fit(past, seed=seed)
    ordinary, found = fitted.score(today).values, fitted.score(beacons).values
    data = f"beacons among pollers (simulated, {today.num_rows:,} pairs, {beacons.num_rows} beacons)"
    rita = [average_precision(_rita_like(beacons), _rita_like(today))]
    figure, name = "", ""
    if generic:
        measures = {"precision": average_precision}
        figure, name = best(*map(_figures, (past, beacons, today)), seed=seed, measures=measures)["precision"]
    hardest = np.array(["-50-50" in name for name in beacons.column("destination").to_pylist()])
    precision = f"{average_precision(found, ordinary):.4f}"
    return [
        Row(
            data=data,
            metric=metrics.AVERAGE_PRECISION,
            kulla=precision,
            bar="0.9",
            generic=figure,
            generic_name=name,
            published=f"{rita[0]:.2f} (RITA's formula, here)",
        ),
        Row(
            data=data,
            metric=metrics.HARDEST,
            kulla=f"{average_precision(found[hardest], ordinary):.4f}",
            bar="0.9",
        ),
        Row(data=data, metric=filled(metrics.RECALL, share="0.1"), kulla=f"{recall_at(found, ordinary, 0.001):.4f}"),
    ]


def _beacons(seed: int) -> list[tuple[float, str, str, float]]:
    chance = np.random.default_rng([seed, 77])
    calls: list[tuple[float, str, str, float]] = []
    for jitter in _JITTERS:
        for loss in _LOSSES:
            for number in range(_EACH):
                period = float(60 * 60 ** chance.random())
                machine = int(chance.integers(0, _MACHINES))
                name = f"c{number}-{jitter * 100:.0f}-{loss * 100:.0f}.invalid"
                calls += poll(f"10.0.0.{machine}", name, _DAYS, period, jitter, loss, chance)
    return calls


def _figures(table: pa.Table) -> NDArray[np.float64]:
    rows = table.to_pylist()
    return np.array(
        [[folded_evenness(r["gaps"]), evenness(r["sizes"]), r["hours"], r["machines"], len(r["gaps"])] for r in rows]
    )


def _rita_like(table: pa.Table) -> NDArray[np.float64]:
    """Return a mean of timing, size, histogram and duration scores, as RITA 5 forms it (own code)."""
    scores = []
    for row in table.to_pylist():
        parts = [_timing(row["gaps"]), _timing(row["sizes"]), row["hours"] / 24.0, min(1.0, len(row["gaps"]) / 23.0)]
        scores.append(sum(parts) / len(parts))
    return np.array(scores)


def _timing(values: list[float]) -> float:
    if len(values) < 3:
        return 0.0
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    skew = abs((low + high - 2 * middle) / (high - low)) if high - low > 0 else 0.0
    deviation = float(np.median(np.abs(np.array(values) - middle)))
    return float(((1 - skew) + max(0.0, 1 - deviation / 30.0)) / 2)
