"""The store of a team: events, alerts, incidents and the ledger on an Elasticsearch cluster.

    PREFIX-events-<dataset>-<date>    events, by the day they were stored; alias PREFIX-events
    PREFIX-alerts, -incidents, -cases, -ledger, -dead-letters, -hits, -state    aliases of one index each

Any number of processes on any number of machines may read and write. One object belongs to one thread.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from engine.alerts import Alert, Verdict
from engine.erasing import Erased, Remnant, Subject
from engine.errors import StoreError, UnreadableError
from engine.events import DeadLetter, Event, moved
from engine.incidents.model import Incident
from engine.retention import Retained, Retention, needed_events
from engine.store.elastic.changing import ChangingRecords
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.erasing import Cleaning
from engine.store.elastic.findings import Findings
from engine.store.elastic.intake import Intake, letter_of
from engine.store.elastic.names import Names
from engine.store.elastic.page import PageBlock
from engine.store.elastic.reading import Narrowing, Window, events_by_id, pages
from engine.store.elastic.records import Records, searched
from engine.store.elastic.retaining import Sweeping
from engine.store.elastic.sequence import Sequences
from engine.store.elastic.setup import install
from engine.store.protocol import Appended, BaseHit, LedgerEntry, Missing, Record, Slice, Status
from engine.store.protocol import moved as checkpoints_moved
from engine.store.scan import folded

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATASETS = 10_000
_ORDER = [{"order": "desc"}, {"place": "desc"}]


def _token() -> str:
    return secrets.token_hex(16)


class ElasticStore:
    """A `Store` on a cluster, set up before by `install` (`kulla store init`).

    `scratch` is a folder for what an SQL query reads; None uses the system's own for such things. Raise `StoreError`
    where the cluster cannot be reached or refuses, each with the next step.
    """

    def __init__(
        self,
        cluster: Cluster,
        clock: Callable[[], datetime],
        *,
        token: Callable[[], str] = _token,
        scratch: Path | None = None,
    ) -> None:
        self.cluster = cluster
        self.names = Names(cluster.address.prefix)
        self._clock = clock
        self._scratch = scratch
        self._records = Records(cluster, self.names, token)
        self._sequences = Sequences(cluster, self.names, clock=clock, token=token)
        self._intake = Intake(cluster, self.names, self._records, self._sequences)
        self._findings = Findings(cluster, self._records)
        self._narrowing: Narrowing | None = None
        self._changing = ChangingRecords(cluster, self.names, self._records)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; everything that was acknowledged is durable already."""
        self.cluster.close()

    def install(self) -> None:
        """Install templates, indices and aliases; what is there already stays."""
        install(self.cluster, self.names)

    # events
    def append(
        self, events: Sequence[Event], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        """Store one micro-batch, then its checkpoints; where it raises `StoreError`, storing it again completes it."""
        appended = self._intake.append(events, dead, self._clock())
        if records and (refused := self.save_records(records)):
            raise checkpoints_moved(refused, self.cluster.address.location)
        return appended

    def known_prefixes(self) -> Sequence[tuple[str, int, str]]:
        """Return (path, prefix length, identity) of every source collected before."""
        found = self._records.search("state", {"term": {"kind": "prefix"}}, [{"order": "asc"}, {"key": "asc"}])
        return [
            (bytes.fromhex(record["path"]).decode("utf-8", "surrogatepass"), record["length"], record["identity"])
            for _, record in found
        ]

    def remember_prefix(self, path: str, length: int, identity: str) -> None:
        """Record the identity under which a source is collected."""
        raw = path.encode("utf-8", "surrogatepass")
        number = f"prefix-{blake2b(raw + bytes(1) + identity.encode(), digest_size=16).hexdigest()}"
        record = {"kind": "prefix", "key": number, "order": self._micros(), "path": raw.hex(), "length": length}
        self._records.put("state", {number: {**record, "identity": identity}})

    def _micros(self) -> int:
        return (self._clock() - _EPOCH) // timedelta(microseconds=1)

    def last_sequence(self) -> int:
        """Return the sequence up to which every event is stored and can be read, 0 where there is none."""
        settled = self._sequences.settled()
        self._refresh()
        return settled

    def _refresh(self) -> None:
        """Make everything that was written findable; indices that are red are left out, for they would not answer."""
        self._intake.wrote = False
        name = part(self.names.events)
        red, well = self._red_and_well(name)
        if not red:
            self.cluster.ask("POST", f"/{name}/_refresh", accept=(404,), ignore_unavailable=True)
            return
        for index in well:
            self.cluster.ask("POST", f"/{part(index)}/_refresh", accept=(404,))

    def _red_and_well(self, name: str) -> tuple[list[str], list[str]]:
        """Return the indices that lack a part of what they hold, and the others."""
        asked = {"level": "indices", "filter_path": "indices.*.status", "timeout": "0s"}
        health = self.cluster.ask("GET", f"/_cluster/health/{name}", accept=(404, 408), **asked)  # 408: there is none
        indices = health.body.get("indices", {})
        red = {index for index, told in indices.items() if told["status"] == "red"}
        return sorted(red), sorted(indices.keys() - red)

    def scan(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[Slice]:
        """Yield stored events in ingest order, a page at a time; see `engine.store.embedded.EmbeddedStore.scan`."""
        for block in self.blocks(after=after, until=until, since=since, before=before):
            table = _encoded(folded(block.table))
            if columns is not None:
                table = _encoded(block.read(columns))
            yield Slice(first_sequence=block.first_sequence, last_sequence=block.last_sequence, table=table)

    def blocks(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        missing: Callable[[Missing], None] | None = None,
    ) -> Iterator[PageBlock]:
        """Yield the pages that hold such events, up to what is settled when the first is asked for.

        Where the cluster answers, but not for all of its data, what is left of the window is told to `missing`.
        """
        settled = self.last_sequence()
        last = settled if until is None else min(until, settled)
        query = None
        if self._narrowing is not None:
            query, last = self._narrowing.query, min(last, self._narrowing.until)
        window = Window(after=after, until=last, since=since, before=before, narrowing=query)
        seen = after
        try:
            for block in pages(self.cluster, self.names.events, window, self._clock()):
                yield block
                seen = block.settled
        except UnreadableError as error:
            if missing is None:
                raise
            missing(Missing(first_sequence=seen + 1, last_sequence=last, reason=str(error)))

    @contextmanager
    def narrowed(self, narrowing: Narrowing | None) -> Iterator[None]:
        """Let blocks and scans give only what a narrowing finds (see `engine.narrowing`), None: everything."""
        before, self._narrowing = self._narrowing, narrowing
        try:
            yield
        finally:
            self._narrowing = before

    def events_by_id(
        self,
        ids: Sequence[str],
        *,
        within: tuple[int, int] | None = None,  # noqa: ARG002 - ids are indexed: there is no search to save
    ) -> Mapping[str, Event]:
        """Return the stored events with these ids."""
        if self._intake.wrote:
            self._refresh()
        return events_by_id(self.cluster, self.names.events, list(dict.fromkeys(ids)))

    def query(self, sql: str) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """Run a read-only SQL query over the view `events` (and `alerts`): all events are read for it."""
        from engine.store.sql import answer  # noqa: PLC0415 - DuckDB is heavy, and only queries need it

        with tempfile.TemporaryDirectory(dir=self._scratch) as name:
            files = []
            for number, block in enumerate(self.blocks()):
                path = Path(name) / f"{number:06}.parquet"
                pq.write_table(folded(block.table), path)
                files.append(path)
            return answer(sql, files, self.alerts())

    def dead_letters(self, *, limit: int | None = None) -> Sequence[DeadLetter]:
        """Return dead letters, newest last; with `limit`, the newest so many."""
        found = self._records.search("dead-letters", {"match_all": {}}, [*_ORDER, {"key": "asc"}], limit=limit)
        return [letter_of(record) for _, record in found][::-1]

    def compact(self) -> int:
        """Do nothing: Elasticsearch joins its segments by itself."""
        return 0

    def tidy(self, *, wait: bool = True) -> int:  # noqa: ARG002 - see `Store`
        """Do nothing: Elasticsearch joins its segments by itself."""
        return 0

    # privacy
    def erase(self, subject: Subject) -> Erased:
        """Take a person out of everything but the ledger (see `engine.store.elastic.erasing`)."""
        return self._cleaning.erase(subject)

    def remnants(self, subject: Subject) -> Iterator[Remnant]:
        """Yield every document in which the person can still be found, the ledger's among them."""
        return self._cleaning.remnants(subject)

    @property
    def _cleaning(self) -> Cleaning:
        return Cleaning(
            cluster=self.cluster,
            names=self.names,
            records=self._records,
            changing=self._changing,
            refresh=self._refresh,
        )

    def retain(self, plan: Retention, *, dry_run: bool = False) -> Retained:
        """Remove what is past its time (see `engine.store.elastic.retaining`)."""
        incidents = self.incidents()
        alerts = self.known_alerts([each for item in incidents if item.status != "closed" for each in item.alerts])
        sweeping = Sweeping(cluster=self.cluster, names=self.names, records=self._records, now=self._clock())
        self._refresh()
        found = sweeping.events(plan, needed_events(incidents, alerts), dry_run=dry_run)
        return replace(found, others=sweeping.findings(plan, incidents, dry_run=dry_run))

    # runs
    def cursor(self, name: str) -> int:
        """Return the ingest sequence up to which the run called `name` has looked, 0 at first."""
        return self._findings.cursor(name)

    def commit_run(
        self,
        name: str,
        *,
        cursor: int,
        alerts: Sequence[Alert],
        hits: Sequence[BaseHit],
        records: Sequence[Record] = (),
    ) -> int:
        """Write records, alerts (known ids are left alone) and hits, then the cursor; return the new alerts."""
        self._changing.save(records)
        return self._findings.commit_run(name, cursor=cursor, alerts=alerts, hits=hits)

    def hits(self, rule_ids: Sequence[str], *, since: datetime) -> Sequence[BaseHit]:
        """Return kept correlation hits of these rules with an event time at or after `since`."""
        return self._findings.hits(rule_ids, since=since)

    # records
    def record(self, kind: str, key: str) -> Record | None:
        """Return one record, None where there is none."""
        return self._changing.one(kind, key)

    def records(
        self,
        kind: str,
        *,
        state: str | None = None,
        due_by: datetime | None = None,
        due_after: datetime | None = None,
        keys: Collection[str] | None = None,
        limit: int | None = None,
    ) -> Sequence[Record]:
        """Return records of a kind, by due time (those without one last) and key."""
        return self._changing.find(kind, state=state, due_by=due_by, due_after=due_after, keys=keys, limit=limit)

    def record_kinds(self) -> Sequence[str]:
        """Return the kinds of which there are records, in order."""
        return self._changing.kinds()

    def count_records(self, kind: str) -> Mapping[str, int]:
        """Return how many records of a kind there are, by state."""
        return self._changing.count(kind)

    def save_records(self, records: Sequence[Record]) -> frozenset[str]:
        """Write records where nobody changed them meanwhile; return the keys of the others."""
        return self._changing.save(records)

    def forget_records(self, kind: str, state: str, *, before: datetime) -> int:
        """Remove records of this state that were due before then; return how many."""
        return self._changing.forget(kind, state, before)

    # alerts and incidents
    def alerts(self, *, since: datetime | None = None, before: datetime | None = None) -> Sequence[Alert]:
        """Return alerts by event time, oldest first."""
        return self._findings.alerts(since=since, before=before)

    def alert(self, id_or_prefix: str) -> Alert:
        """Return one alert; raise `NotFoundError` where no or more than one id starts so."""
        return self._findings.alert(id_or_prefix)

    def known_alerts(self, ids: Sequence[str]) -> Mapping[str, Alert]:
        """Return those alerts that are stored under these ids."""
        return self._findings.known_alerts(ids)

    def known_alert_ids(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the ids under which an alert is stored, without reading the alerts."""
        return self._findings.known_ids(ids)

    def judge_alert(self, alert_id: str, verdict: Verdict, why: str) -> None:
        """Record a verdict on an alert."""
        self._findings.judge(alert_id, verdict, why)

    def incidents(self) -> Sequence[Incident]:
        """Return all incidents, the most severe and newest first."""
        return self._findings.incidents()

    def incident(self, id_or_prefix: str) -> Incident:
        """Return one incident; raise `NotFoundError` where no or more than one id starts so."""
        return self._findings.incident(id_or_prefix)

    def save_incidents(
        self, incidents: Sequence[Incident], *, removed: Sequence[str] = (), records: Sequence[Record] = ()
    ) -> None:
        """Write records, insert or replace incidents, then remove those merged away."""
        self._changing.save(records)
        self._findings.save_incidents(incidents, removed)

    # ledger
    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        """Append entries; raise `StoreError` where a sequence number is taken (two writers at once)."""
        self._findings.append_ledger(entries)

    def ledger(self) -> Iterator[LedgerEntry]:
        """Yield the ledger in order of sequence."""
        return self._findings.ledger()

    def status(self) -> Status:
        """Return what the store holds; sizes are of the primaries."""
        self._refresh()
        found = self._totals()
        counts, times = found["aggregations"], found["aggregations"].get("times", {})
        pattern = f"{part(self.names.prefix)}-*"
        stats = self.cluster.ask("GET", f"/{pattern}/_stats/store", accept=(404,)).body
        indices = stats.get("indices", {})
        buckets = counts.get("datasets", {}).get("buckets", [])
        total = int(found["hits"]["total"]["value"])
        named = {str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
        unnamed = total - sum(named.values())
        opened = {"bool": {"must_not": {"term": {"status": "closed"}}}}
        return Status(
            location=f"{self.cluster.address.location} ({self.names.prefix}-*)",
            events=total,
            segments=sum(name.startswith(f"{self.names.events}-") for name in indices),
            dead_letters=self._records.count("dead-letters"),
            alerts=self._records.count("alerts"),
            open_incidents=self._records.count("incidents", opened),
            size_bytes=sum(each["primaries"]["store"]["size_in_bytes"] for each in indices.values()),
            first_timestamp=_moment(times.get("min")),
            last_timestamp=_moment(times.get("max")),
            datasets=dict(sorted({**named, **({"": unnamed} if unnamed else {})}.items())),
        )

    def _totals(self) -> Mapping[str, Any]:
        body = {
            "size": 0,
            "track_total_hits": True,
            "aggs": {
                "times": {"stats": {"field": "@timestamp"}},
                "datasets": {"terms": {"field": "event.dataset", "size": _DATASETS}},
            },
        }
        return searched(self.cluster, self.names.events, body)

    def examine(self) -> None:
        """Ask for the health of every index: one that is red lacks a part of what is stored."""
        red, _ = self._red_and_well(f"{part(self.names.prefix)}-*")
        if red:
            raise StoreError(
                f"a part of what is stored is out of reach: red is {', '.join(red)}",
                where=self.cluster.address.location,
                hint="GET _cluster/allocation/explain says why; restore the index from a snapshot if its node is lost",
            )

    def check(self) -> None:
        """Raise `StoreError` where no store is set up on the cluster, or it cannot be reached."""
        answer = self.cluster.ask("GET", f"/{part(self.names.of('state'))}/_mapping", accept=(404,))
        if not answer.good:
            raise StoreError(
                "there is no kulla store on this cluster yet",
                where=self.cluster.address.location,
                hint="kulla store init",
            )


def _encoded(table: pa.Table) -> pa.Table:
    """Encode text that hardly repeats as a dictionary, too: a slice promises it for every text."""
    for place, name in enumerate(table.column_names):
        if pa.types.is_string(table.schema.field(place).type):
            table = table.set_column(place, name, table.column(name).dictionary_encode())
    return table


def _moment(millis: float | None) -> datetime | None:
    return None if millis is None else moved(_EPOCH, timedelta(milliseconds=millis))
