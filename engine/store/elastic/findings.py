"""Alerts, correlation hits, cursors, incidents and the ledger as records on a cluster.

There are no transactions: what a run found is written before its cursor is moved, under ids that follow from what was
found. A run that ends in between finds the same again, under the same ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from engine.alerts import Alert, Verdict
from engine.errors import NotFoundError, StoreError
from engine.events import instant, texts
from engine.incidents.model import Incident
from engine.store.database import from_micros, to_micros
from engine.store.documents import alert_from_text, alert_to_text, incident_from_text, incident_to_text
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.records import Json, Records
from engine.store.protocol import BaseHit, LedgerEntry
from engine.store.values import plain

_SHOWN = ("host.name", "user.name", "source.ip", "destination.ip", "process.name")
_EVERYTHING: Json = {"match_all": {}}
_RULES_AT_ONCE = 1000
_SHORTEST_PREFIX = 4
_LONGEST_ID = 512  # bytes that Elasticsearch takes
_CANDIDATES = 5


class Findings:
    """What runs, people and playbooks write."""

    def __init__(self, cluster: Cluster, records: Records) -> None:
        self._cluster = cluster
        self._records = records

    def cursor(self, name: str) -> int:
        """Return how far the run called `name` has looked."""
        number = _key("cursor", name)
        return int(self._records.get("state", [number]).get(number, {}).get("cursor", 0))

    def commit_run(self, name: str, *, cursor: int, alerts: Sequence[Alert], hits: Sequence[BaseHit]) -> int:
        """Write alerts and hits, then the cursor; return how many alerts were new."""
        new = self._records.create("alerts", {alert.id: alert_record(alert) for alert in alerts})
        self._records.create("hits", dict(map(_hit_record, hits)))
        record = {"kind": "cursor", "name": plain(name), "cursor": cursor}
        self._records.put("state", {_key("cursor", name): record})
        return len(new)

    def cursors(self) -> dict[str, int]:
        """Return all cursors by their names."""
        found = self._records.search("state", {"term": {"kind": "cursor"}}, [{"_doc": "asc"}])
        return {record["name"]: record["cursor"] for _, record in found}

    def hits(self, rule_ids: Sequence[str], *, since: datetime) -> list[BaseHit]:
        """Return hits of these rules at or after `since`, by time."""
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(rule_ids), _RULES_AT_ONCE):
            rules = [plain(rule) for rule in rule_ids[start : start + _RULES_AT_ONCE]]
            filters = [{"terms": {"rule_id": rules}}, {"range": {"micros": {"gte": to_micros(since)}}}]
            query = {"bool": {"filter": filters}}
            sort = [{"micros": "asc"}, {"key": "asc"}]
            found += [tuple(json.loads(record["body"])) for _, record in self._records.search("hits", query, sort)]
        return [
            BaseHit(
                rule_id=rule,
                timestamp=from_micros(micros),
                group=tuple(json.loads(group)),
                value=json.loads(value),
                event_id=event,
            )
            for micros, rule, group, value, event in sorted(found)
        ]

    def alerts(self, *, since: datetime | None, before: datetime | None) -> list[Alert]:
        """Return alerts by event time, oldest first."""
        bounds = {"gte": since, "lt": before}
        known = {sign: to_micros(moment) for sign, moment in bounds.items() if moment is not None}
        query: Json = {"range": {"micros": known}} if known else _EVERYTHING
        sort = [{"micros": "asc"}, {"key": "asc"}]
        return [alert_from_text(record["body"]) for _, record in self._records.search("alerts", query, sort)]

    def alert(self, id_or_prefix: str) -> Alert:
        """Return one alert by its id or the start of it."""
        return alert_from_text(self._one("alerts", id_or_prefix)[1]["body"])

    def known_alerts(self, ids: Sequence[str]) -> dict[str, Alert]:
        """Return those alerts that are stored under these ids."""
        found = self._records.get("alerts", [plain(number) for number in ids])
        return {number: alert_from_text(record["body"]) for number, record in found.items()}

    def known_ids(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the ids under which an alert is stored."""
        return self._records.known("alerts", [plain(number) for number in ids])

    def judge(self, alert_id: str, verdict: Verdict, why: str) -> None:
        """Record a verdict on an alert."""
        number, record = self._one("alerts", alert_id)
        judged = replace(alert_from_text(record["body"]), verdict=verdict, verdict_why=why)
        self._records.put("alerts", {number: alert_record(judged)})

    def incidents(self) -> list[Incident]:
        """Return all incidents, the most severe and newest first."""
        sort: list[Json] = [{"severity": "desc"}, {"micros": "desc"}, {"key": "asc"}]
        return [
            incident_from_text(record["body"]) for _, record in self._records.search("incidents", _EVERYTHING, sort)
        ]

    def incident(self, id_or_prefix: str) -> Incident:
        """Return one incident by its id or the start of it."""
        return incident_from_text(self._one("incidents", id_or_prefix)[1]["body"])

    def save_incidents(self, incidents: Sequence[Incident], removed: Sequence[str]) -> None:
        """Insert or replace incidents, and remove others; an incident is written before those merged into it go."""
        self._records.put("incidents", {each.id: _incident_record(each) for each in incidents}, removed=removed)

    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        """Append entries; each sequence can be taken once."""
        records = {f"{each.sequence:020}": _ledger_record(each) for each in entries}
        made = self._records.create("ledger", records)
        if len(made) < len(entries):
            self._records.put("ledger", {}, removed=sorted(made))
            raise StoreError(
                "another process has written to the ledger at the same time; nothing was added",
                where=self._cluster.address.location,
                hint="run the same command again; `kulla ledger verify` checks the chain",
            )

    def ledger(self) -> Iterator[LedgerEntry]:
        """Yield the ledger in order."""
        for _, record in self._records.search("ledger", _EVERYTHING, [{"sequence": "asc"}]):
            body = json.loads(record["body"])
            yield LedgerEntry(sequence=record["sequence"], body=body, digest=record["digest"])

    def _one(self, kind: str, id_or_prefix: str) -> tuple[str, Json]:
        what, hint = kind.removesuffix("s"), f"`kulla {kind} list` shows what there is"
        wanted = plain(id_or_prefix)
        exact = self._records.get(kind, [wanted]) if wanted and len(wanted) <= _LONGEST_ID else {}
        if exact:
            return wanted, exact[wanted]
        if len(wanted) < _SHORTEST_PREFIX:
            raise NotFoundError(f"`{wanted}` is too short for an id of an {what}", hint="give four characters or more")
        query: Json = {"prefix": {"key": wanted}}
        found = list(self._records.search(kind, query, [{"key": "asc"}], limit=_CANDIDATES + 1))
        if not found:
            raise NotFoundError(f"no {what} has an id that starts with `{wanted}`", hint=hint)
        if len(found) > 1:
            named = ", ".join(number for number, _ in found[:_CANDIDATES])
            more = ", …" if len(found) > _CANDIDATES else ""
            raise NotFoundError(f"several {kind} have ids that start with `{wanted}`", hint=f"one of {named}{more}")
        return found[0]


def alert_record(alert: Alert) -> Json:
    """Return an alert as a record; `body` is the whole of it, the rest is for Kibana and queries."""
    shown = {name: list(texts(alert.fields[name])) for name in _SHOWN if name in alert.fields}
    return _clean(
        {
            **shown,
            "key": alert.id,
            "@timestamp": instant(alert.timestamp),
            "micros": to_micros(alert.timestamp),
            "event.id": [event.id for event in alert.events],
            "rule.id": alert.rule.id,
            "rule.name": alert.rule.name,
            "rule.level": alert.rule.level.label,
            "rule.tags": list(alert.rule.tags),
            "severity": int(alert.rule.level),
            "verdict": alert.verdict,
            "body": alert_to_text(alert),
        }
    )


def _incident_record(incident: Incident) -> Json:
    return _clean(
        {
            "key": incident.id,
            "@timestamp": instant(incident.last_seen),
            "micros": to_micros(incident.last_seen),
            "title": incident.title,
            "status": incident.status,
            "severity": int(incident.severity),
            "level": incident.severity.label,
            "score": incident.score,
            "alerts": list(incident.alerts),
            "tactics": list(incident.tactics),
            "techniques": list(incident.techniques),
            "body": incident_to_text(incident),
        }
    )


def _hit_record(hit: BaseHit) -> tuple[str, Json]:
    micros = to_micros(hit.timestamp)
    # JSON in ASCII, because groups and values are the attacker's and may hold what UTF-8 cannot
    body = json.dumps([micros, plain(hit.rule_id), json.dumps(hit.group), json.dumps(hit.value), hit.event_id])
    number = blake2b(body.encode(), digest_size=16).hexdigest()
    return number, {"key": number, "rule_id": plain(hit.rule_id), "micros": micros, "body": body}


def _ledger_record(entry: LedgerEntry) -> Json:
    return {"sequence": entry.sequence, "digest": entry.digest, "body": json.dumps(entry.body)}


def _clean(record: Json) -> Json:
    return {name: _clean_value(value) for name, value in record.items()}


def _clean_value(value: object) -> object:
    if isinstance(value, list):
        return [_clean_value(each) for each in value]
    return plain(value) if isinstance(value, str) else value


def _key(kind: str, name: str) -> str:
    return f"{kind}-{blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
