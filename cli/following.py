"""`kulla collect --follow`: followed files into the store, each batch with its checkpoint, until the run is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path

from cli.collecting import Account, stored, takes_columns
from cli.reading import Reading
from cli.session import Session
from cli.staying import patiently
from collectors.files import PREFIX
from collectors.transports.follow import Follower, Patience
from collectors.transports.marks import Mark, mark_of
from collectors.transports.rotation import Watched
from collectors.transports.tracked import Batch
from engine.store.protocol import Record, Store

KIND = "following"
PAUSE = 0.5  # seconds between two looks at the files
_READ, _START = "read", "start"
_FORGET = timedelta(days=400)  # checkpoints of files that have not grown for so long


@dataclass(slots=True, kw_only=True)
class Following:
    """Follows files into a store. `now` and `sleep` are a steady clock's seconds and how to let them pass."""

    session: Session
    store: Store
    how: Reading
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    patience: Patience = field(default_factory=Patience)
    accounts: dict[str, Account] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)
    _identities: set[tuple[str, int, str]] = field(default_factory=set)

    def follower(self, named: Sequence[Path]) -> Follower:
        """Return a follower of files and folders that goes on where an earlier run ended."""
        self.store.forget_records(KIND, _READ, before=self.session.now() - _FORGET)
        marks: list[Mark] = []
        for record in self.store.records(KIND, state=_READ):
            self._versions[record.key] = record.version
            mark = mark_of(record.body)
            if mark is not None:
                marks.append(mark)
        known = self.store.known_prefixes()
        self._identities = set(known)
        return Follower(
            Watched(named, self._starts(named)),
            marks=marks,
            known=known,
            choose=self.how.choose,
            options=self.how.options,
            now=self.now,
            told=lambda error: self.session.insist(f"kulla: {error}"),
            patience=self.patience,
            by_columns=takes_columns(self.store, self.how),
        )

    def _starts(self, named: Sequence[Path]) -> dict[str, float]:
        """Return when following each path began; note it for those that are new."""
        starts: dict[str, float] = {}
        for path in named:
            key = "start-" + blake2b(str(path).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
            began = f"{self.session.now().timestamp():.3f}"
            self.store.save_records([Record(kind=KIND, key=key, state=_START, body=began)])
            kept = self.store.record(KIND, key)
            starts[str(path)] = float(kept.body if kept else began)
        return starts

    def run(self, named: Sequence[Path], *, pause: float) -> None:
        """Follow until the process is told to stop (Ctrl-C, SIGTERM); whatever was read by then and not stored is read
        again by the next run."""
        follower = self.follower(named)
        try:
            while True:
                for batch in follower.step():
                    self.commit(batch)
                self.sleep(pause)
        except KeyboardInterrupt:
            self.session.say("stopped; the next run goes on where this one ended")
        finally:
            follower.close()

    def commit(self, batch: Batch) -> None:
        """Store a batch with its checkpoint, however long it takes; raise `StoreError` where it never will be."""
        patiently(
            lambda: self._store(batch),
            session=self.session,
            sleep=self.sleep,
            in_vain=lambda: self._moved(batch.mark),
        )

    def _store(self, batch: Batch) -> None:
        mark = batch.mark
        self._remember(batch)
        version = self._versions.get(mark.key, 0)
        record = Record(
            kind=KIND, key=mark.key, state=_READ, body=mark.written(), due=self.session.now(), version=version
        )
        done = stored(self.store, self.how, batch.events, batch.letters, columns=batch.columns, records=[record])
        self._versions[mark.key] = version + 1
        account = self.accounts.setdefault(mark.path, Account(path=Path(mark.path), source=mark.source))
        account.source = mark.source
        account.add(batch.records, done, batch.letters)

    def _remember(self, batch: Batch) -> None:
        """Let other commands know the log by its beginning; before its events, so that no event is there without."""
        mark = batch.mark
        names = [(mark.path, mark.prefix, mark.identity)]
        if batch.alias is not None:
            names.append((batch.alias, PREFIX, mark.identity))
        for name in names:
            if name not in self._identities:
                self.store.remember_prefix(*name)
                self._identities.add(name)

    def _moved(self, mark: Mark) -> bool:
        """Tell whether somebody else has moved the log's checkpoint; take it as ours where it says what we meant."""
        kept = self.store.record(KIND, mark.key)
        if kept is None or kept.version == self._versions.get(mark.key, 0):
            return False
        self._versions[mark.key] = kept.version
        return kept.body != mark.written()
