"""`kulla collect s3://...`, `kafka://...`, `xroad+https://...`: what is pulled into the store, with its checkpoints."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from cli.collecting import BATCH_BYTES, BATCH_EVENTS, Account, stored, takes_columns
from cli.reading import Reading
from cli.session import Session
from cli.staying import PAUSES, patiently
from collectors.pulling.address import bucket_address, server_address, topic_address
from collectors.pulling.seam import Checkpoint, Means, Pulled, Puller, UnreachableError
from collectors.source import Options
from engine.errors import ConfigurationError, KullaError
from engine.events import DeadLetter
from engine.store.protocol import Appended, Record, Store

_Done = TypeVar("_Done")
_READ = "read"
_MOST_WIDE = 90_000  # records that are stored together where they are columns: a segment holds some more
_MOST_STREAMS = 1_000  # whose checkpoints are stored together
_MOST_VERSIONS = 50_000  # of checkpoints that are remembered
_SECONDS = 5.0  # for which records are gathered, at most, before they are stored
_FRESH, _FORGET = timedelta(days=30), timedelta(days=400)  # checkpoints are touched, and forgotten, by their age


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """Records that are stored together, and how they came."""

    pulled: list[Pulled] = field(default_factory=list)
    records: int = 0
    size: int = 0
    odd: int = 0  # records that do not stand in columns, which take far more memory

    def add(self, item: Pulled) -> None:
        self.pulled.append(item)
        self.records += item.records
        self.size += item.size
        beside = sum(len(columns.batch.events) for columns in item.columns)
        self.odd += len(item.events) + len(item.letters) + beside

    @property
    def full(self) -> bool:
        many = self.odd >= BATCH_EVENTS or self.records >= _MOST_WIDE
        return many or len(self.pulled) >= _MOST_STREAMS or self.size >= BATCH_BYTES

    @property
    def letters(self) -> list[DeadLetter]:
        return [letter for item in self.pulled for letter in item.letters]

    @property
    def checkpoints(self) -> dict[str, Checkpoint]:
        """The newest checkpoint of each stream."""
        return {point.key: point for item in self.pulled for point in item.checkpoints}

    @property
    def names(self) -> set[tuple[str, int, str]]:
        return {(name.path, name.length, name.identity) for item in self.pulled for name in item.names}


@dataclass(slots=True, kw_only=True)
class Pulling:
    """Pulls from places into a store. `now` and `sleep` are a steady clock's seconds and how to let them pass.

    `stays` says that it goes on looking until it is stopped, and waits where the other side or the store refuses.
    """

    session: Session
    store: Store
    how: Reading
    stays: bool = False
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    accounts: dict[str, Account] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)  # when each place is looked at again
    _failures: Counter[str] = field(default_factory=Counter)  # of each place, in a row
    _versions: dict[tuple[str, str], int] = field(default_factory=dict)
    _known: list[tuple[str, int, str]] = field(init=False)  # names of logs, those of this run with them

    def __post_init__(self) -> None:
        self._known = list(self.store.known_prefixes())

    def means(self, kind: str) -> Means:
        """Return what a puller of this kind of checkpoints needs."""
        return Means(
            recall=lambda keys: self._patiently(lambda: self._recall(kind, keys)),
            choose=self.how.choose,
            options=self._options,
            told=self._told,
            now=self.now,
            sleep=self.sleep,
            known=self._known,
            by_columns=takes_columns(self.store, self.how),
        )

    def run(self, pullers: Mapping[str, Puller]) -> None:
        """Pull from every place once, or until the process is told to stop (Ctrl-C, SIGTERM).

        Whatever was fetched by then and not stored is fetched again by the next run.
        """
        for kind in {puller.kind for puller in pullers.values()}:
            self.store.forget_records(kind, _READ, before=self.session.now() - _FORGET)
        try:
            self._look(pullers, first=True)
            while self.stays:
                self.sleep(max(0.0, min(self._due.values()) - self.now()))
                self._look({place: each for place, each in pullers.items() if self._due[place] <= self.now()})
        except KeyboardInterrupt:
            if not self.stays:
                raise
            self.session.say("stopped; the next run goes on where this one ended")
        finally:
            for puller in pullers.values():
                puller.close()

    def _look(self, pullers: Mapping[str, Puller], *, first: bool = False) -> None:
        """Pull from places; raise the last error where all of them fail and nothing is gained by going on."""
        failed: list[UnreachableError | ConfigurationError] = []
        for place, puller in pullers.items():
            self.accounts.setdefault(place, Account(path=place))
            try:
                self._pull(place, puller)
                self._tell_passed(place, puller)
                self._failures[place] = 0
            except (UnreachableError, ConfigurationError) as error:
                failed.append(error)
                self._failures[place] += 1
            self._due[place] = self.now() + self._pause(place, puller)
        refused = first and all(isinstance(each, ConfigurationError) for each in failed)
        last = failed.pop() if failed and len(failed) == len(pullers) and (refused or not self.stays) else None
        for each in failed:
            self._told(each)
        if last is not None:
            raise last

    def _pause(self, place: str, puller: Puller) -> float:
        """Return for how long a place is left alone: the longer, the more often it failed in a row."""
        failures = self._failures[place]
        return max(puller.pause, PAUSES[min(failures, len(PAUSES)) - 1]) if failures else puller.pause

    def _tell_passed(self, place: str, puller: Puller) -> None:
        if puller.passed and not self.stays:
            told = ", ".join(f"{count:,} {why}" for why, count in sorted(puller.passed.items()))
            self.session.say(f"passed over in {place}: {told}")

    def _pull(self, place: str, puller: Puller) -> None:
        gathered, begun = _Gathered(), self.now()
        try:
            for item in puller.pull():
                gathered.add(item)
                if gathered.full or self.now() - begun >= _SECONDS:
                    self._commit(place, puller.kind, gathered)
                    gathered, begun = _Gathered(), self.now()
        except (UnreachableError, ConfigurationError):  # what came before is good
            self._commit(place, puller.kind, gathered)
            raise
        self._commit(place, puller.kind, gathered)

    def _commit(self, place: str, kind: str, gathered: _Gathered) -> None:
        """Store records with their checkpoints, however long it takes where the run stays; else raise `StoreError`."""
        if gathered.pulled:
            self._patiently(lambda: self._store(place, kind, gathered), lambda: self._moved(kind, gathered))

    def _patiently(self, attempt: Callable[[], _Done], in_vain: Callable[[], bool] = lambda: False) -> _Done:
        """Return what an attempt returns: where the run stays, however long it takes until the store lets it."""
        if not self.stays:
            return attempt()
        return patiently(attempt, session=self.session, sleep=self.sleep, in_vain=in_vain)

    def _store(self, place: str, kind: str, gathered: _Gathered) -> None:
        for name in sorted(gathered.names.difference(self._known)):
            self.store.remember_prefix(*name)
            self._known.append(name)
        records = [self._record(kind, point) for point in gathered.checkpoints.values()]
        events = [event for item in gathered.pulled for event in item.events]
        columns = [each for item in gathered.pulled for each in item.columns]
        done = stored(self.store, self.how, events, gathered.letters, columns=columns, records=records)
        self._versions |= {(kind, record.key): record.version + 1 for record in records}
        self._count(self.accounts[place], gathered, done)

    def _record(self, kind: str, point: Checkpoint) -> Record:
        version = self._versions.get((kind, point.key))
        if version is None:
            kept = self.store.record(kind, point.key)
            version = kept.version if kept else 0
        return Record(kind=kind, key=point.key, state=_READ, body=point.body, due=self.session.now(), version=version)

    def _count(self, account: Account, gathered: _Gathered, done: Appended) -> None:
        sources = {*account.source.split(", "), *(item.source for item in gathered.pulled)} - {""}
        account.source = ", ".join(sorted(sources))
        account.headers += sum(item.headers for item in gathered.pulled)
        account.add(gathered.records, done, gathered.letters)

    def _recall(self, kind: str, keys: Collection[str]) -> Mapping[str, str]:
        """Return checkpoints; those that are old are touched, so that only what is gone from its place is forgotten."""
        if len(self._versions) > _MOST_VERSIONS:
            self._versions.clear()
        found = self.store.records(kind, keys=keys)
        now = self.session.now()
        stale = [replace(record, due=now) for record in found if record.due is None or now - record.due > _FRESH]
        refused = self.store.save_records(stale) if stale else frozenset()
        touched = {record.key for record in stale} - refused
        self._versions |= dict.fromkeys(((kind, key) for key in keys), 0)
        self._versions |= {(kind, record.key): record.version + (record.key in touched) for record in found}
        return {record.key: record.body for record in found}

    def _moved(self, kind: str, gathered: _Gathered) -> bool:
        """Tell whether somebody else has moved a checkpoint; take it as ours where it says what we meant."""
        for point in gathered.checkpoints.values():
            kept = self.store.record(kind, point.key)
            if kept is not None and kept.version != self._versions.get((kind, point.key), kept.version):
                if kept.body != point.body:
                    return True
                self._versions[kind, point.key] = kept.version
        return False

    def _options(self, reference: datetime | None) -> Options:
        newest = self.how.newest or reference
        return Options(zone=ZoneInfo(self.how.zone), reference=newest, host=self.how.host)

    def _told(self, error: KullaError) -> None:
        """Tell what cost something and stopped nothing: at once where the run stays, else with the run's issues."""
        if self.stays:
            self.session.insist(f"kulla: {error}")
        else:
            self.session.issue(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """What an address does not say of how its place is reached."""

    endpoint: str | None = None
    client: Path | None = None  # a file of librdkafka's properties
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def puller_of(word: str, pulling: Pulling, how: Reaching) -> Puller:
    """Return what pulls from an address; raise `UsageError` or `ConfigurationError` where it cannot be."""
    return _PULLERS[word.partition(":")[0].lower()](word, pulling, how)


def _bucket(word: str, pulling: Pulling, how: Reaching) -> Puller:
    from collectors.pulling.ahead import Ahead
    from collectors.pulling.bucket import KIND, BucketPuller
    from collectors.pulling.s3 import S3

    address = bucket_address(word)
    bucket = S3(address.bucket, endpoint=how.endpoint)
    return BucketPuller(bucket=Ahead(bucket), prefix=address.prefix, means=pulling.means(KIND))


def _topic(word: str, pulling: Pulling, how: Reaching) -> Puller:
    from collectors.pulling.kafka import Kafka, properties
    from collectors.pulling.topic import KIND, TopicPuller

    settings: dict[str, str] = {}
    if how.client is not None:
        try:
            settings = properties(how.client.read_text(encoding="utf-8"), str(how.client))
        except (OSError, UnicodeDecodeError) as error:
            hint = "--client-config FILE of NAME=VALUE lines"
            raise ConfigurationError(f"cannot read it ({error})", where=str(how.client), hint=hint) from error
    return TopicPuller(topic=Kafka(topic_address(word), settings), means=pulling.means(KIND))


def _server(word: str, pulling: Pulling, how: Reaching) -> Puller:
    from collectors.pulling.monitoring import KIND, MonitoringPuller
    from collectors.pulling.xroad import Trust, XRoad

    trust = Trust(authority=how.authority, certificate=how.certificate, key=how.key)
    server = XRoad(server_address(word), trust, lambda: secrets.token_hex(16))
    return MonitoringPuller(server=server, means=pulling.means(KIND), clock=pulling.session.now)


_PULLERS: Mapping[str, Callable[[str, Pulling, Reaching], Puller]] = {
    "s3": _bucket,
    "kafka": _topic,
    "xroad+http": _server,
    "xroad+https": _server,
}
