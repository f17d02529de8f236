"""Events as collectors make them of raw records, for the tests of models."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from collectors.reader import LogReader, Parsed
from engine.anomaly.frame import Fitted, Model, State
from engine.store.columns import table_of


def collected(source: str, *records: str) -> pa.Table:
    """Return the stored events of these raw records of a source."""
    content = ("\n".join(records) + "\n").encode()
    reader = LogReader(Path("sample.log"), source=source, stream=io.BytesIO(content))
    events = [reader.event(item) for item in reader.records() if isinstance(item, Parsed)]
    assert len(events) == reader.tally.records, "a record was not parsed"
    return table_of(events, datetime(2026, 3, 1, tzinfo=UTC))


def observed(model: Model, source: str, *records: str) -> list[dict[str, object]]:
    """Return the observations of these raw records."""
    return model.observe(collected(source, *records)).to_pylist()


def fitted_to_life(model: Model, *, count: int = 1500) -> Fitted:
    """Return the model of some days of the simulated ministry."""
    return model.fit(model.observe(model.sample(seed=1, count=count)), seed=1)


def judged(fitted: Fitted, rows: pa.Table) -> list[tuple[float, int]]:
    """Return score and state of each row."""
    scores = fitted.score(rows)
    return list(zip(scores.values.tolist(), scores.states.tolist(), strict=True))


READY, LEARNING = int(State.READY), int(State.LEARNING)
