from __future__ import annotations

import json

import pyarrow as pa

from engine.anomaly.models.outbound import MODEL
from tests.engine.anomaly.collected import fitted_to_life, observed


def conn(hour: float, sent: int, *, source: str = "10.1.1.5", target: str = "203.0.113.9") -> str:
    return json.dumps({
        "_path": "conn", "ts": 1772582400 + hour * 3600, "uid": "C1", "id.orig_h": source, "id.orig_p": 50000,
        "id.resp_h": target, "id.resp_p": 443, "proto": "tcp", "orig_bytes": sent, "resp_bytes": 900,
        "orig_ip_bytes": sent, "conn_state": "SF",
    })  # fmt: skip


def test_bytes_of_a_host_to_a_network_outside_are_summed_over_six_hours() -> None:
    rows = observed(MODEL, "zeek", *(conn(hour, 400_000) for hour in (0.1, 1, 2, 7)))
    assert [(row["kulla.entity"], row["destination"]) for row in rows] == [("10.1.1.5", "203.0.113.0/24")] * 2
    assert [row["flows"] for row in rows] == [3, 1]
    assert [row["bytes"] for row in rows] == [1_200_000, 400_000]
    assert [row["periods"] for row in rows] == [1, 2]


def test_traffic_inside_small_traffic_and_broadcasts_are_left_out() -> None:
    inside = conn(0, 9_000_000, target="10.2.2.2")
    small, cast = conn(0, 9_000), conn(0, 9_000_000, target="255.255.255.255")
    foreign = conn(0, 9_000_000, source="198.51.100.1")
    assert not observed(MODEL, "zeek", inside, small, cast, foreign)


def test_a_nightly_copy_is_judged_by_its_own_past_and_slow_theft_is_not_hidden() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    copy = max(normal.to_pylist(), key=lambda row: row["bytes"])
    assert f"{copy['kulla.entity']}>{copy['destination']}" in fitted.pairs
    theft = copy | {"destination": "45.9.9.0/24", "bytes": 15_000_000, "flows": 5, "off_hours": 0.4, "periods": 6}
    values = fitted.score(pa.Table.from_pylist([copy, theft], schema=normal.schema)).values
    assert values[0] < 5
    assert values[1] > 15
