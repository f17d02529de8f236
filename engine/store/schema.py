"""The tables of the store's database, as numbered steps: `user_version` says how many a file has taken.

Times are microseconds since 1970 in UTC. Steps are only ever added, never changed.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counters VALUES ('sequence', 0);
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL UNIQUE,
        day TEXT NOT NULL,
        dataset TEXT NOT NULL,
        events INTEGER NOT NULL,
        size INTEGER NOT NULL,
        first_sequence INTEGER NOT NULL,
        last_sequence INTEGER NOT NULL,
        first_time INTEGER,
        last_time INTEGER,
        untimed INTEGER NOT NULL,
        compacted INTEGER NOT NULL
    );
    CREATE INDEX segments_by_sequence ON segments (last_sequence);
    CREATE TABLE segment_sources (
        segment INTEGER NOT NULL REFERENCES segments (id),
        identity TEXT NOT NULL,
        first_offset INTEGER NOT NULL,
        last_offset INTEGER NOT NULL
    );
    CREATE INDEX sources_by_identity ON segment_sources (identity, first_offset);
    CREATE INDEX sources_by_segment ON segment_sources (segment);
    CREATE TABLE segment_datasets (
        segment INTEGER NOT NULL REFERENCES segments (id),
        dataset TEXT NOT NULL,
        events INTEGER NOT NULL
    );
    CREATE INDEX datasets_by_segment ON segment_datasets (segment);
    CREATE TABLE retired (path TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE prefixes (
        path BLOB NOT NULL, length INTEGER NOT NULL, identity TEXT NOT NULL, PRIMARY KEY (path, identity)
    );
    CREATE TABLE dead_letters (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        path TEXT NOT NULL,
        identity TEXT NOT NULL,
        offset INTEGER NOT NULL,
        record INTEGER NOT NULL,
        source TEXT NOT NULL,
        reason TEXT NOT NULL,
        raw BLOB NOT NULL,
        size INTEGER NOT NULL
    );
    CREATE TABLE cursors (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE alerts (
        id TEXT PRIMARY KEY,
        timestamp INTEGER NOT NULL,
        level INTEGER NOT NULL,
        rule_id TEXT NOT NULL,
        verdict TEXT,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX alerts_by_time ON alerts (timestamp);
    CREATE INDEX alerts_by_rule ON alerts (rule_id, timestamp);
    CREATE TABLE hits (
        rule_id TEXT NOT NULL,
        timestamp INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        grouped TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (rule_id, timestamp, event_id, grouped, value)
    ) WITHOUT ROWID;
    CREATE TABLE incidents (
        id TEXT PRIMARY KEY,
        severity INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        status TEXT NOT NULL,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE ledger (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL, digest TEXT NOT NULL);
    """,
    """
    CREATE TABLE records (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        state TEXT NOT NULL,
        due INTEGER,
        version INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID;
    CREATE INDEX records_by_state ON records (kind, state, due);
    """,
    # Alerts are large: they stand in the order of writing, and only their ids in an index that tells which are known.
    """
    ALTER TABLE alerts RENAME TO alerts_before;
    CREATE TABLE alerts (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        timestamp INTEGER NOT NULL,
        level INTEGER NOT NULL,
        rule_id TEXT NOT NULL,
        verdict TEXT,
        body TEXT NOT NULL
    );
    INSERT INTO alerts (id, timestamp, level, rule_id, verdict, body)
        SELECT id, timestamp, level, rule_id, verdict, body FROM alerts_before;
    DROP TABLE alerts_before;
    CREATE INDEX alerts_by_time ON alerts (timestamp);
    CREATE INDEX alerts_by_rule ON alerts (rule_id, timestamp);
    """,
    # When a dead letter came; those that are there already count from this step on.
    """
    ALTER TABLE dead_letters ADD COLUMN received INTEGER;
    UPDATE dead_letters SET received = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
    """,
)
