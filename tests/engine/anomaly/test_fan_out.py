from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from engine.anomaly.models.fan_out import MODEL
from tests.engine.anomaly.collected import fitted_to_life, observed


def conn(target: str, port: int) -> str:
    return json.dumps({
        "_path": "conn", "ts": 1772582400.5, "uid": "C1", "id.orig_h": "10.1.1.5", "id.orig_p": 50000,
        "id.resp_h": target, "id.resp_p": port, "proto": "tcp", "orig_bytes": 1, "resp_bytes": 1, "conn_state": "SF",
    })  # fmt: skip


def logon(host: str, kind: int) -> str:
    return json.dumps({
        "@timestamp": "2026-03-04T09:00:00Z", "EventID": 4624, "Channel": "Security", "Hostname": host,
        "SourceName": "Microsoft-Windows-Security-Auditing", "TargetUserName": "a.hoxha", "TargetDomainName": "GOV",
        "LogonType": str(kind), "IpAddress": "10.1.1.5", "IpPort": "50000", "Keywords": "0x8020000000000000",
    })  # fmt: skip


def test_connections_make_edges() -> None:
    (row,) = observed(MODEL, "zeek", conn("10.1.1.7", 445), conn("10.1.1.8", 3389), conn("10.1.1.9", 443))
    assert row["kulla.entity"] == "10.1.1.5"
    assert row["things"] == ["10.1.1.7 smb", "10.1.1.8 rdp"]
    assert sorted(row["protocols"]) == ["rdp", "smb"]


def test_logons_over_the_network_make_edges() -> None:
    (row,) = observed(MODEL, "windows", logon("SRV1", 3), logon("SRV2", 10), logon("WS5", 2))
    assert row["things"] == ["SRV1 smb", "SRV2 rdp"]


def test_the_help_desk_reaches_many_and_a_clerk_does_not() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    rates = {name: fitted.graph.fresh.rate(name, "")[2] for name in fitted.graph.known}
    busy, quiet = max(rates, key=lambda name: rates[name]), min(rates, key=lambda name: (rates[name], name))
    row = normal.to_pylist()[0] | {
        "things": [f"10.77.0.{n} rdp" for n in range(1, 7)],
        "shared": [1] * 6,
        "protocols": ["rdp"],
    }
    rows = [row | {"kulla.entity": busy}, row | {"kulla.entity": quiet}]
    values = fitted.score(pa.Table.from_pylist(rows, schema=normal.schema)).values
    assert values[1] > values[0] + 5


def _scored(fitted: Any, rows: list[dict[str, Any]], schema: pa.Schema) -> list[float]:
    return list(fitted.score(pa.Table.from_pylist(rows, schema=schema)).values.tolist())


def test_servers_that_a_whole_office_begins_to_use_are_a_move() -> None:
    fitted, normal = fitted_to_life(MODEL), MODEL.observe(MODEL.sample(seed=2, count=400))
    row = normal.to_pylist()[0] | {"things": [f"10.77.0.{n} smb" for n in range(1, 5)], "protocols": ["smb"]}
    alone, together = _scored(fitted, [row | {"shared": [1] * 4}, row | {"shared": [80] * 4}], normal.schema)
    assert together < alone - 5


def test_a_source_that_came_after_training_is_judged_by_what_newcomers_do() -> None:
    fitted, normal = fitted_to_life(MODEL), MODEL.observe(MODEL.sample(seed=2, count=400))
    row = normal.to_pylist()[0] | {"kulla.entity": "10.99.9.9"}
    few = row | {"things": ["10.1.0.1 smb", "10.1.0.2 smb"], "shared": [1, 1], "protocols": ["smb"]}
    many = row | {"things": [f"10.77.0.{n} rdp" for n in range(40)], "shared": [1] * 40, "protocols": ["rdp"]}
    ordinary, reaching = _scored(fitted, [few, many], normal.schema)
    assert ordinary < 10
    assert reaching > 40
