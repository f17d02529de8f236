"""Alerts, correlation hits, cursors, incidents and the ledger in the store's database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from engine.alerts import Alert, Verdict
from engine.errors import StoreError
from engine.incidents.model import Incident
from engine.store.database import Database, from_micros, to_micros
from engine.store.documents import alert_from_text, alert_to_text, incident_from_text, incident_to_text
from engine.store.protocol import BaseHit, LedgerEntry, Record
from engine.store.records import write_records
from engine.store.values import plain

_LEDGER_PAGE = 1000
_VARIABLES = 500  # parameters of one statement, well below SQLite's limit


class Findings:
    """What runs, people and playbooks write: small, changing, and kept in transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursor(self, name: str) -> int:
        """Return how far the run called `name` has looked."""
        return self._database.number("SELECT sequence FROM cursors WHERE name = ?", [plain(name)])

    def commit_run(
        self,
        name: str,
        *,
        cursor: int,
        alerts: Sequence[Alert],
        hits: Sequence[BaseHit],
        records: Sequence[Record],
    ) -> int:
        """Write alerts, hits, records and cursor in one transaction; return how many alerts were new."""
        alert_rows = [_alert_row(alert) for alert in alerts]
        hit_rows = [_hit_row(hit) for hit in hits]
        with self._database.transaction() as connection:
            before = connection.total_changes
            connection.executemany("INSERT INTO alerts VALUES (NULL,?,?,?,?,?,?) ON CONFLICT DO NOTHING", alert_rows)
            new = connection.total_changes - before
            connection.executemany("INSERT INTO hits VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING", hit_rows)
            write_records(connection, records)
            connection.execute("INSERT OR REPLACE INTO cursors VALUES (?,?)", (plain(name), cursor))
        return new

    def hits(self, rule_ids: Sequence[str], *, since: datetime) -> list[BaseHit]:
        """Return hits of these rules at or after `since`, by time."""
        found: list[tuple[object, ...]] = []
        for start in range(0, len(rule_ids), _VARIABLES):
            part = [plain(rule) for rule in rule_ids[start : start + _VARIABLES]]
            marks = ",".join("?" * len(part))
            found += self._database.rows(
                "SELECT timestamp, rule_id, grouped, value, event_id FROM hits"  # noqa: S608 - only question marks
                f" WHERE rule_id IN ({marks}) AND timestamp >= ?",
                [*part, to_micros(since)],
            )
        return [
            BaseHit(
                rule_id=str(rule),
                timestamp=from_micros(int(str(time))),
                group=tuple(json.loads(str(group))),
                value=json.loads(str(value)),
                event_id=str(event),
            )
            for time, rule, group, value, event in sorted(found, key=lambda row: (int(str(row[0])), *map(str, row[1:])))
        ]

    def alerts(self, *, since: datetime | None, before: datetime | None) -> list[Alert]:
        """Return alerts by event time, oldest first."""
        rows = self._database.rows(
            "SELECT body FROM alerts WHERE timestamp >= coalesce(?, timestamp) AND (? IS NULL OR timestamp < ?)"
            " ORDER BY timestamp, id",
            [to_micros(since) if since else None, *[to_micros(before) if before else None] * 2],
        )
        return [alert_from_text(str(row[0])) for row in rows]

    def alert(self, id_or_prefix: str) -> Alert:
        """Return one alert by its id or the start of it."""
        number = self._database.full_id("alerts", id_or_prefix)
        return alert_from_text(str(self._database.rows("SELECT body FROM alerts WHERE id = ?", [number])[0][0]))

    def known_alerts(self, ids: Sequence[str]) -> dict[str, Alert]:
        """Return those alerts that are stored under these ids."""
        found: dict[str, Alert] = {}
        for start in range(0, len(ids), _VARIABLES):
            part = [plain(number) for number in ids[start : start + _VARIABLES]]
            marks = ",".join("?" * len(part))
            sql = f"SELECT id, body FROM alerts WHERE id IN ({marks})"  # noqa: S608 - only question marks
            found |= {str(number): alert_from_text(str(body)) for number, body in self._database.rows(sql, part)}
        return found

    def known_alert_ids(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the ids under which an alert is stored; the index tells, no alert is read."""
        found: set[str] = set()
        for start in range(0, len(ids), _VARIABLES):
            part = [plain(number) for number in ids[start : start + _VARIABLES]]
            sql = f"SELECT id FROM alerts WHERE id IN ({','.join('?' * len(part))})"  # noqa: S608 - only question marks
            found.update(str(number) for (number,) in self._database.rows(sql, part))
        return frozenset(found)

    def judge(self, alert_id: str, verdict: Verdict, why: str) -> None:
        """Record a verdict on an alert."""
        number = self._database.full_id("alerts", alert_id)
        with self._database.transaction() as connection:
            body = connection.execute("SELECT body FROM alerts WHERE id = ?", (number,)).fetchone()[0]
            judged = replace(alert_from_text(body), verdict=verdict, verdict_why=why)
            connection.execute(
                "UPDATE alerts SET verdict = ?, body = ? WHERE id = ?", (verdict, alert_to_text(judged), number)
            )

    def incidents(self) -> list[Incident]:
        """Return all incidents, the most severe and newest first."""
        rows = self._database.rows("SELECT body FROM incidents ORDER BY severity DESC, last_seen DESC, id")
        return [incident_from_text(str(row[0])) for row in rows]

    def incident(self, id_or_prefix: str) -> Incident:
        """Return one incident by its id or the start of it."""
        number = self._database.full_id("incidents", id_or_prefix)
        return incident_from_text(str(self._database.rows("SELECT body FROM incidents WHERE id = ?", [number])[0][0]))

    def save_incidents(self, incidents: Sequence[Incident], removed: Sequence[str], records: Sequence[Record]) -> None:
        """Insert or replace incidents, remove others, and write records, in one transaction."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM incidents WHERE id = ?", [(number,) for number in removed])
            connection.executemany("INSERT OR REPLACE INTO incidents VALUES (?,?,?,?,?)", map(_incident_row, incidents))
            write_records(connection, records)

    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        """Append entries, all or none."""
        rows = [(each.sequence, each.body.encode("utf-8", "surrogatepass"), each.digest) for each in entries]
        with self._database.transaction() as connection:
            try:
                connection.executemany("INSERT INTO ledger VALUES (?,?,?)", rows)
            except sqlite3.IntegrityError as error:
                raise StoreError(
                    "another process has written to the ledger at the same time; nothing was added",
                    where=str(self._database.path),
                    hint="run the same command again; `kulla ledger verify` checks the chain",
                ) from error

    def ledger(self) -> Iterator[LedgerEntry]:
        """Yield the ledger in order, a page at a time."""
        last = -(2**63)
        while True:
            page = self._database.rows(
                f"SELECT sequence, body, digest FROM ledger WHERE sequence > ? ORDER BY sequence LIMIT {_LEDGER_PAGE}",  # noqa: S608
                [last],
            )
            for sequence, body, digest in page:
                yield LedgerEntry(sequence=int(str(sequence)), body=_ledger_text(body), digest=str(digest))
            if len(page) < _LEDGER_PAGE:
                return
            last = int(str(page[-1][0]))


def _ledger_text(body: object) -> str:
    # text instead of a blob is what somebody who edits the database by hand leaves behind
    return body.decode("utf-8", "surrogatepass") if isinstance(body, bytes) else str(body)


def _alert_row(alert: Alert) -> tuple[object, ...]:
    micros = to_micros(alert.timestamp)
    return alert.id, micros, int(alert.rule.level), plain(alert.rule.id), alert.verdict, alert_to_text(alert)


def _hit_row(hit: BaseHit) -> tuple[object, ...]:
    # JSON in ASCII, because groups and values are the attacker's and may hold what SQLite's text cannot
    group, value = json.dumps(hit.group), json.dumps(hit.value)
    return plain(hit.rule_id), to_micros(hit.timestamp), hit.event_id, group, value


def _incident_row(incident: Incident) -> tuple[object, ...]:
    last = to_micros(incident.last_seen)
    return incident.id, int(incident.severity), last, incident.status, incident_to_text(incident)
