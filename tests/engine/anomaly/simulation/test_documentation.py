from __future__ import annotations

import re
from pathlib import Path

from engine.anomaly.simulation.scenarios import POPULATIONS, SPREADS
from engine.anomaly.simulation.world import STREAMS

TEXT = (Path(__file__).resolve().parents[4] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    found: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(block.replace("scale=0.1", "scale=0.02"), found)  # noqa: S102 - our own documentation
    assert "user.name" in found["event"]
    assert found["table"].num_rows > 100


def test_every_stream_population_and_spread_is_told() -> None:
    assert {name for name in STREAMS if f"| `{name}` |" not in TEXT} == set()
    assert {name for name in (*POPULATIONS, *SPREADS) if f"`{name}`" not in TEXT} == set()
