"""SQL over the store reads its events and alerts, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.alerts import Alert, Level, RuleInfo
from engine.errors import UsageError

ALERT = Alert(
    id="aaaa1111" * 4,
    timestamp=datetime(2026, 3, 1, tzinfo=UTC),
    rule=RuleInfo(id="r-1", name="Shell \ud800", level=Level.HIGH, version="v1"),
    events=(),
    why=(),
    fields={"host.name": "web01", "source.ip": ["192.0.2.1", "192.0.2.2"]},
)


def test_events_of_ragged_segments_are_one_view(store, one, many) -> None:
    store.append(many(6), [])
    store.append([one({"only.here": "x", "@timestamp": datetime(9999, 1, 1, tzinfo=UTC)}, 99)], [])
    assert store.query('SELECT "host.name", count(*) AS n FROM events GROUP BY 1 ORDER BY 1') == (
        ["host.name", "n"],
        [("web00", 2), ("web01", 2), ("web02", 2), (None, 1)],
    )
    assert store.query('SELECT count(*) FROM events WHERE "http.response.status_code" >= 202')[1] == [(3,)]
    (newest,) = store.query('SELECT max("@timestamp") FROM events')[1]
    assert newest == (datetime(9999, 1, 1, tzinfo=UTC),)
    assert ("only.here",) in [row[:1] for row in store.query("DESCRIBE events")[1]]
    assert store.query("WITH x AS (SELECT 1 AS a) SELECT a, a FROM x")[1] == [(1, 1)]


def test_an_empty_store_answers_with_the_usual_columns(store) -> None:
    assert store.query('SELECT "@timestamp", "event.id", "event.original" FROM events')[1] == []
    assert store.query("SELECT id FROM alerts")[1] == []
    assert store.query("SHOW TABLES")[1] == [("alerts",), ("events",)]


def test_alerts_are_a_view(store) -> None:
    store.commit_run("detect", cursor=1, alerts=[ALERT], hits=[])
    assert store.query('SELECT id, "rule.level", "source.ip", "@timestamp" FROM alerts')[1] == [
        (ALERT.id, "high", "192.0.2.1, 192.0.2.2", ALERT.timestamp)
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELEC 1",
        "SELECT 1; SELECT 2",
        "SELECT nothing FROM events",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO 'out.csv'",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit='1GB'",
        "PRAGMA database_list",
        "CREATE TABLE t (a INT)",
        "DROP VIEW events",
        "DELETE FROM alerts",
        "CALL pragma_version()",
        "SELECT 'infinity'::timestamp",
        "SELECT * FROM files",
    ],
)
def test_whatever_is_not_one_reading_statement_is_refused(store, many, sql, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    store.append(many(2), [])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError) as caught:
        store.query(sql)
    assert caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_values_of_the_attacker_stay_values(store, one) -> None:
    hostile = "'); DROP TABLE alerts; -- \x00 \" "
    store.append([one({'na"me': hostile, "host.name": hostile, "@timestamp": datetime.now(UTC) - timedelta(1)})], [])
    assert store.query('SELECT "na""me", "host.name" FROM events')[1] == [(hostile, hostile)]
