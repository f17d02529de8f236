"""Records (leases, gaps, runs, the outbox) in the store's database: each changed only by who has read it last."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from engine.store.database import Database, from_micros, to_micros
from engine.store.protocol import Record
from engine.store.values import plain

_VARIABLES = 500  # parameters of one statement, well below SQLite's limit
_COLUMNS = "SELECT kind, key, state, due, version, body FROM records WHERE kind = ?"
_ORDER = " ORDER BY due IS NULL, due, key LIMIT ?"


class Records:
    """The table of records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        kind: str,
        *,
        state: str | None = None,
        due_by: datetime | None = None,
        due_after: datetime | None = None,
        keys: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Return records of a kind, by due time (those without one last) and key."""
        sql = _COLUMNS
        values: list[object] = [plain(kind)]
        if state is not None:
            sql, values = sql + " AND state = ?", [*values, plain(state)]
        if due_by is not None:
            sql, values = sql + " AND due <= ?", [*values, to_micros(due_by)]
        if due_after is not None:
            sql, values = sql + " AND due > ?", [*values, to_micros(due_after)]
        most = -1 if limit is None else limit
        if keys is None:
            return [_record(row) for row in self._database.rows(sql + _ORDER, [*values, most])]
        found: list[Record] = []
        wanted = [plain(key) for key in sorted(keys)]
        for start in range(0, len(wanted), _VARIABLES):
            part = wanted[start : start + _VARIABLES]
            marked = f"{sql} AND key IN ({','.join('?' * len(part))}){_ORDER}"
            found += [_record(row) for row in self._database.rows(marked, [*values, *part, most])]
        return found if limit is None else found[:limit]

    def kinds(self) -> list[str]:
        """Return the kinds of which there are records, in order."""
        return sorted(str(kind) for (kind,) in self._database.rows("SELECT DISTINCT kind FROM records", []))

    def count(self, kind: str) -> dict[str, int]:
        """Return how many records of a kind there are, by state."""
        rows = self._database.rows("SELECT state, count(*) FROM records WHERE kind = ? GROUP BY state", [plain(kind)])
        return {str(state): int(str(count)) for state, count in sorted(rows, key=lambda row: str(row[0]))}

    def save(self, records: Sequence[Record]) -> frozenset[str]:
        """Write records; return the keys of those that somebody else changed first."""
        with self._database.transaction() as connection:
            return write_records(connection, records)

    def forget(self, kind: str, state: str, before: datetime) -> int:
        """Remove records of this state that were due before then; return how many."""
        with self._database.transaction() as connection:
            found = connection.execute(
                "DELETE FROM records WHERE kind = ? AND state = ? AND due < ?",
                (plain(kind), plain(state), to_micros(before)),
            )
            return found.rowcount


def write_records(connection: sqlite3.Connection, records: Sequence[Record]) -> frozenset[str]:
    """Write records within a transaction; return the keys of those that somebody else changed first."""
    refused: set[str] = set()
    for record in records:
        due = None if record.due is None else to_micros(record.due)
        changed = (plain(record.state), due, record.body)
        name = (plain(record.kind), plain(record.key))
        if record.version:
            done = connection.execute(
                "UPDATE records SET state = ?, due = ?, body = ?, version = version + 1"
                " WHERE kind = ? AND key = ? AND version = ?",
                (*changed, *name, record.version),
            )
        else:
            done = connection.execute(
                "INSERT INTO records (state, due, body, kind, key, version) VALUES (?,?,?,?,?,1)"
                " ON CONFLICT DO NOTHING",
                (*changed, *name),
            )
        if not done.rowcount:
            refused.add(record.key)
    return frozenset(refused)


def _record(row: tuple[object, ...]) -> Record:
    kind, key, state, due, version, body = row
    return Record(
        kind=str(kind),
        key=str(key),
        state=str(state),
        due=None if due is None else from_micros(int(str(due))),
        version=int(str(version)),
        body=str(body),
    )
