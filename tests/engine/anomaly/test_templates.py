from __future__ import annotations

import pyarrow as pa

from engine.anomaly.models.templates import MODEL
from tests.engine.anomaly.collected import LEARNING, fitted_to_life, judged, observed


def test_lines_become_templates() -> None:
    rows = observed(
        MODEL,
        "auth",
        "<38>1 2026-03-04T08:01:00Z gw01 sshd 77 - - Accepted password for a.hoxha from 192.0.2.7 port 50000 ssh2",
        "<38>1 2026-03-04T08:02:00Z gw01 sshd 78 - - Accepted password for a.hoxha from 192.0.2.9 port 50077 ssh2",
        "<38>1 2026-03-04T08:03:00Z gw02 sshd 79 - - Accepted password for a.hoxha from 192.0.2.9 port 50077 ssh2",
    )
    assert [(row["kulla.entity"], row["kulla.peer"], len(row["things"])) for row in rows] == [
        ("gw01", "sshd", 1),
        ("gw02", "sshd", 1),
    ]
    assert [row["shared"] for row in rows] == [[2], [2]]


def test_new_lines_on_one_host_stand_out_and_a_program_nobody_knows_is_not_judged() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = normal.to_pylist()[0]
    new = [f"{row['kulla.peer']}: fault {word} in core" for word in ("alpha", "beta", "gamma")]
    rows = [
        row | {"things": new, "shared": [1, 1, 1]},
        row | {"things": new, "shared": [40, 40, 40]},
        row | {"kulla.peer": "newd"},
    ]
    found = judged(fitted, pa.Table.from_pylist(rows, schema=normal.schema))
    assert found[0][0] > found[1][0] + 8
    assert found[2] == (0.0, LEARNING)
