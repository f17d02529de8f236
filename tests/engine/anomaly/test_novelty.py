from __future__ import annotations

import json

import pyarrow as pa

from engine.anomaly.models.novelty import MODEL
from tests.engine.anomaly.collected import fitted_to_life, observed


def windows(code: int, **fields: str) -> str:
    channel, source = (
        ("System", "Service Control Manager") if code == 7045 else ("Security", "Microsoft-Windows-Security-Auditing")
    )
    return json.dumps({"@timestamp": "2026-03-04T09:00:00Z", "EventID": code, "Channel": channel, "Hostname": "SRV1",
                       "SourceName": source, "Keywords": "0x8020000000000000", **fields})  # fmt: skip


def test_logons_and_services_make_rows() -> None:
    rows = observed(
        MODEL,
        "windows",
        windows(4624, TargetUserName="a.hoxha", LogonType="3", IpAddress="10.1.1.5"),
        windows(4624, TargetUserName="SRV1$", LogonType="3", IpAddress="10.1.1.5"),
        windows(4625, TargetUserName="b.leka", LogonType="3", IpAddress="10.1.1.5", Keywords="0x8010000000000000"),
        windows(7045, ServiceName="CDPUserSvc_4a8d1", ImagePath="C:\\x.exe"),
        windows(7045, ServiceName="PSEXESVC", ImagePath="C:\\PSEXESVC.exe"),
    )
    found = {(row["kind"], row["kulla.entity"]): row["things"] for row in rows}
    assert found == {
        ("user on hosts", "a.hoxha"): ["SRV1"],
        ("host with services", "SRV1"): ["CDPUserSvc", "PSEXESVC"],
    }


def test_sshd_counts_as_a_logon() -> None:
    line = "<38>1 2026-03-04T08:01:00Z gw01 sshd 77 - - Accepted password for a.hoxha from 192.0.2.7 port 50000 ssh2"
    (row,) = observed(MODEL, "auth", line)
    assert (row["kulla.entity"], row["things"]) == ("a.hoxha", ["gw01"])


def test_new_hosts_count_by_the_rate_of_new_hosts() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = normal.to_pylist()[0]
    rows = [row | {"things": [f"srv-x{n}" for n in range(size)], "shared": [1] * size} for size in (0, 1, 3, 10)]
    values = fitted.score(pa.Table.from_pylist(rows, schema=normal.schema)).values
    assert values[0] == 0.0
    assert list(values) == sorted(values)
    assert values[3] > 15


def test_a_new_user_is_judged_as_the_others_are() -> None:
    fitted = fitted_to_life(MODEL)
    normal = MODEL.observe(MODEL.sample(seed=2, count=400))
    row = normal.to_pylist()[0] | {"kulla.entity": "n.newcomer", "things": ["WS-1"], "shared": [1]}
    (value,) = fitted.score(pa.Table.from_pylist([row], schema=normal.schema)).values
    assert 0 < value < 12
