"""Training: a frozen window of the past, cleaned, fitted to its first part and calibrated on its last.

Left out: the quarantine gap before the present (what is under way may be an attack), observations that rest on events
of incidents, and of one entity everything beyond its cap, so that no machine makes up what is ordinary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha256

import numpy as np
import pyarrow as pa

from engine.anomaly.budget import Calibration
from engine.anomaly.fairness import by_group
from engine.anomaly.frame import (
    ENTITY,
    EVENTS,
    Content,
    Fitted,
    Model,
    NotEnoughDataError,
    Scores,
    State,
    doubted_by,
    lookback_of,
)
from engine.anomaly.tables import coded, times
from engine.events import moved
from engine.store.columns import ID
from engine.store.protocol import Store

CAP = 0.05  # of all observations, what one entity may contribute
LEAST_CAP = 200  # observations that any entity may contribute
FITTED = 0.75  # of the window's observations, by time; the rest calibrates
_PASSES = 0.01  # of calibration groups, those above the level at which the pack is looked for
_AT_ONCE = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A fitted model with its calibration. `found` is the share of the attack pack above the level of 1 % of groups."""

    fitted: Fitted
    calibration: Calibration
    found: float
    observations: int
    left_out: dict[str, int]
    data_hash: str
    differing: dict[
        str, tuple[int, int]
    ]  # by office and by shift: groups that are alerted on unlike the rest, of how many


def read_observations(store: Store, model: Model, since: datetime, before: datetime) -> Iterator[pa.Table]:
    """Yield a model's observations of the events in a window of event time, piece by piece, each of whole windows.

    A model that looks back (`lookback_of`) is given earlier events too, for their effect on later observations.
    """
    back = lookback_of(model)
    step = max(model.window, _AT_ONCE // model.window * model.window if model.window else _AT_ONCE)
    start = since
    while start < before:
        end = min(start + step, before)
        found = _events(store, model, moved(start, -back), end)
        if found is not None:
            table = model.observe(found)
            ends = times(table)
            yield table.filter(pa.array((ends > _micros(start)) & (ends <= _micros(end)))) if back else table
        start = end


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _events(store: Store, model: Model, since: datetime, before: datetime) -> pa.Table | None:
    tables = []
    wanted = [name for name in model.columns if name != ID]
    for block in store.blocks(since=since, before=before):
        selected = np.arange(block.rows) if block.selected is None else np.flatnonzero(block.selected)
        if selected.size and not set(wanted).isdisjoint(set(block.names) - {"@timestamp"}):
            table = block.read(wanted).take(pa.array(selected))
            ids = pa.array(block.ids(selected.astype(np.int64)), type=pa.string())
            tables.append(_plain(table).append_column(ID, ids))
    return pa.concat_tables(tables, promote_options="default") if tables else None


def _plain(table: pa.Table) -> pa.Table:
    """Return the table without dictionaries, whose parts could not be joined."""
    for place, item in enumerate(table.schema):
        if pa.types.is_dictionary(item.type):
            table = table.set_column(place, item.name, table.column(place).cast(item.type.value_type))
    return table


def train(model: Model, observations: pa.Table, *, seed: int, incidents: frozenset[str] = frozenset()) -> Trained:
    """Fit and calibrate a model; raise `NotEnoughDataError`. `incidents` are ids of events that teach nothing."""
    kept, left_out = cleaned(observations, incidents)
    order = np.argsort(times(kept), kind="stable")
    kept = kept.take(pa.array(order))
    cut = int(kept.num_rows * FITTED)
    fitted = model.fit(kept.slice(0, cut), seed=seed)
    rest = kept.slice(cut)
    left_out["unlike all others"] = doubted_by(fitted)
    scores = fitted.score(rest)
    if not (scores.states != State.LEARNING).any():
        raise NotEnoughDataError("nothing is left to calibrate with", hint="train on a longer window (--since)")
    calibration = Calibration.of(rest, scores)
    return Trained(
        fitted=fitted,
        calibration=calibration,
        found=found_of_pack(model, fitted, calibration, rest, seed),
        observations=kept.num_rows,
        left_out=left_out,
        data_hash=_hash(kept),
        differing=_differing(rest, scores, calibration),
    )


def _differing(rest: pa.Table, scores: Scores, calibration: Calibration) -> dict[str, tuple[int, int]]:
    level = calibration.threshold(calibration.per_day * _PASSES)
    groups = by_group(rest, scores, level)
    return {kind: (sum(rate.differs for rate in found), len(found)) for kind, found in groups.items()}


def cleaned(observations: pa.Table, incidents: frozenset[str]) -> tuple[pa.Table, dict[str, int]]:
    """Return the observations that may teach, and how many were left out, by reason."""
    kept = np.ones(observations.num_rows, dtype=bool)
    if incidents:
        ids = observations.column(EVENTS).to_pylist()
        kept = np.array([incidents.isdisjoint(row or ()) for row in ids], dtype=bool)
    in_incidents = int((~kept).sum())
    codes = coded(observations, ENTITY)[0]
    cap = max(LEAST_CAP, int(CAP * kept.sum()))
    for code in np.flatnonzero(np.bincount(codes[kept & (codes >= 0)], minlength=1) > cap):
        rows = np.flatnonzero(kept & (codes == code))
        ids = observations.column(EVENTS).take(pa.array(rows)).to_pylist()
        drawn = sorted(range(len(rows)), key=lambda place: _draw(ids[place]))[cap:]
        kept[rows[drawn]] = False
    over = int((~kept).sum()) - in_incidents
    return observations.filter(pa.array(kept)), {"in incidents": in_incidents, "beyond the cap of an entity": over}


def _draw(ids: Sequence[str]) -> bytes:
    return blake2b("\n".join(ids or ()).encode(), digest_size=8).digest()


def found_of_pack(model: Model, fitted: Fitted, calibration: Calibration, normal: pa.Table, seed: int) -> float:
    """Return the share of the fixed attack pack that scores above 99 % of the calibration's groups."""
    attacks = model.attacks(normal, seed=seed)
    if not attacks.num_rows:
        return 0.0
    level = calibration.threshold(calibration.per_day * _PASSES)
    return float((fitted.score(attacks).values >= level).mean())


def _hash(observations: pa.Table) -> str:
    digest = sha256()
    for batch in observations.to_batches():
        digest.update(batch.serialize())
    return digest.hexdigest()


def with_calibration(content: Content, calibration: Calibration) -> Content:
    """Return the content with the calibration in it, as it is kept on the shelf."""
    document = {
        "model": dict(content.document),
        "calibration": {"count": calibration.count, "per_day": calibration.per_day},
    }
    arrays = {f"model.{name}": array for name, array in content.arrays.items()}
    return Content(document=document, arrays=arrays | {"calibration": calibration.largest})


def without_calibration(content: Content) -> tuple[Content, Calibration]:
    """Return what `with_calibration` joined; raise `KeyError` or `TypeError` where it is something else."""
    model, kept = content.document["model"], content.document["calibration"]
    if not isinstance(model, dict) or not isinstance(kept, dict):
        raise TypeError("a model and a calibration are wanted")
    arrays = {name.removeprefix("model."): array for name, array in content.arrays.items() if name.startswith("model.")}
    largest = content.arrays["calibration"].astype(np.float64)
    calibration = Calibration(largest=largest, count=int(kept["count"]), per_day=float(kept["per_day"]))
    return Content(document=model, arrays=arrays), calibration
