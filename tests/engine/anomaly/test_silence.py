from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from engine.anomaly.models.silence import MODEL
from tests.engine.anomaly.collected import LEARNING, judged, observed

START = datetime(2026, 2, 9, tzinfo=UTC)  # a Monday; no holiday in the three weeks after it


def speaking(minutes: range, host: str = "web01", dataset: str = "nginx.access") -> pa.Table:
    moments = [START + timedelta(minutes=minute, seconds=minute % 60) for minute in minutes]
    return pa.table(
        {
            "@timestamp": pa.array(moments, pa.timestamp("us", "UTC")),
            "event.id": [f"{host}-{minute}" for minute in minutes],
            "host.name": [host] * len(moments),
            "event.dataset": [dataset] * len(moments),
        }
    )


def two_weeks() -> pa.Table:
    working = [speaking(range(day * 1440 + 480, day * 1440 + 960, 3)) for day in range(14) if day % 7 < 5]
    return pa.concat_tables([*working, speaking(range(0, 14 * 1440, 7), host="fw01", dataset="cisco.asa")])


def silent_rows(fitted, hours: int, until: datetime) -> float:
    """Return the score of web01 after so many silent hours before `until`, while fw01 goes on."""
    end = int((until - START).total_seconds() // 60)
    table = pa.concat_tables(
        [
            speaking(range(end - 60 * hours - 30, end - 60 * hours)),
            speaking(range(end - 600, end + 1), host="fw01", dataset="cisco.asa"),
        ]
    )
    rows = MODEL.observe(table)
    names = rows.column("kulla.entity").to_pylist()
    last = max(place for place, name in enumerate(names) if name == "web01|nginx.access")
    return judged(fitted, rows)[last][0]


def test_real_syslog_lines_make_a_row_every_ten_minutes() -> None:
    rows = observed(
        MODEL,
        "auth",
        "<38>1 2026-03-04T08:01:00Z gw01 sshd 77 - - Accepted password for a.hoxha from 192.0.2.7 port 50000 ssh2",
        "<38>1 2026-03-04T08:35:00Z gw02 sshd 78 - - Accepted password for b.leka from 192.0.2.8 port 50001 ssh2",
    )
    assert [row["kulla.entity"] for row in rows].count("gw01|system.auth") == 4
    assert rows[-1]["@timestamp"] == datetime(2026, 3, 4, 8, 40, tzinfo=UTC)


def test_a_log_without_a_host_is_a_source_too() -> None:
    line = '192.0.2.1 - - [04/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"'
    (row,) = observed(MODEL, "apache", line)
    assert row["kulla.entity"] == "any host|apache.access"


def test_silence_counts_by_the_hour_of_the_week() -> None:
    fitted = MODEL.fit(MODEL.observe(two_weeks()), seed=1)
    monday_noon = START + timedelta(days=14, hours=12)
    night = START + timedelta(days=15, hours=3)
    assert silent_rows(fitted, 3, monday_noon) > 15
    assert silent_rows(fitted, 3, night) < 3
    assert silent_rows(fitted, 3, monday_noon) > silent_rows(fitted, 1, monday_noon)


def test_an_unknown_source_is_not_judged() -> None:
    fitted = MODEL.fit(MODEL.observe(two_weeks()), seed=1)
    assert {state for _, state in judged(fitted, MODEL.observe(speaking(range(9), host="new01")))} == {LEARNING}


def test_a_stray_instant_makes_no_millions_of_rows() -> None:
    stray = speaking(range(10)).set_column(
        0, "@timestamp", pa.array([datetime(1990 + n, 1, 1, tzinfo=UTC) for n in range(10)], pa.timestamp("us", "UTC"))
    )
    assert MODEL.observe(stray).num_rows < 5000
