"""`kulla collect --listen`: what comes from the network into the store, until the run is stopped."""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count as count_from
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cli.collecting import Account, stored, takes_columns
from cli.edge import ending_signals
from cli.reading import Reading, declared
from cli.session import Session
from cli.staying import patiently
from collectors.registry import find, recognise
from collectors.source import Options, Source
from collectors.transports.address import SECURE, Address, address_of, tls
from collectors.transports.http import Credentials
from collectors.transports.inbox import Inbox, Parcel
from collectors.transports.listening import Listeners
from collectors.transports.sorting import Sorter
from engine.errors import ConfigurationError, StoreError, UsageError
from engine.store.protocol import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 10_000  # messages in one batch
_WAIT = 0.5  # seconds between looks whether to stop
_LAST = 3  # attempts to store a batch that fail after a run was stopped, before it is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The files that listeners need: certificate, its key, the authority of clients' certificates, credentials."""

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    credentials: Path | None = None


@dataclass(slots=True, kw_only=True)
class Listening:
    """Stores what listeners receive. `stop` ends it, when everything that was received is stored."""

    session: Session
    store: Store
    how: Reading
    inbox: Inbox = field(default_factory=Inbox)
    now: Callable[[], float] = time.monotonic
    stop: threading.Event = field(default_factory=threading.Event)
    account: Account = field(default_factory=lambda: Account(path=Path("network"), source="network"))

    def run(self, listeners: Listeners) -> None:
        """Listen until told to stop."""
        listeners.start()
        for address in listeners.bound:
            self.session.say(f"listening at {address}")
        sorter = Sorter(choose=self._choose, options=self._options, now=self.now)
        stopped = False
        while True:
            parcels = self.inbox.take(_WAIT, _MOST)
            if parcels and not self._keep(sorter, parcels):
                break
            if self.stop.is_set() and not stopped:
                listeners.stop()
                stopped = True
            if stopped and not parcels and not listeners.alive and self.inbox.empty:
                break
        self._tell(listeners)

    def _keep(self, sorter: Sorter, parcels: list[Parcel]) -> bool:
        """Store parcels, however long it takes; return False where the run was stopped while the store refuses."""
        messages = (message for parcel in parcels for message in parcel.messages)
        wide = takes_columns(self.store, self.how)
        found = sorter.sort_by_columns(messages) if wide else sorter.sort(messages)
        count = len(found.events) + len(found.letters) + sum(len(each.batch) for each in found.columns)
        attempts = count_from(1)
        try:
            done = patiently(
                lambda: stored(self.store, self.how, found.events, found.letters, columns=found.columns),
                session=self.session,
                sleep=self.stop.wait,
                in_vain=lambda: next(attempts) > _LAST and self.stop.is_set(),
                meanwhile="senders wait",
            )
        except StoreError as error:
            self.session.issue(StoreError(f"{count:,} received records are lost: {error}", hint=error.hint))
            return False
        self.account.add(count, done, found.letters)
        self.inbox.done(parcels)
        return True

    def _tell(self, listeners: Listeners) -> None:
        for name, tally in listeners.tallies.items():
            dropped = f", {tally.dropped:,} datagrams dropped by the kernel" if tally.dropped else ""
            refused = f", {tally.refused:,} refused" if tally.refused else ""
            self.session.say(f"{name}: {tally.messages:,} records{refused}{dropped}")

    def _choose(self, head: bytes) -> Source | None:
        extra = declared(self.how.declared)
        return recognise(head, "", extra) if self.how.source == "auto" else find(self.how.source, extra)

    def _options(self, sender: str) -> Options:
        return Options(zone=ZoneInfo(self.how.zone), reference=self.session.now(), host=self.how.host or sender)


def listeners(words: Sequence[str], inbox: Inbox, files: Secrets) -> Listeners:
    """Return the listeners at these addresses; raise `UsageError` or `ConfigurationError` where they cannot be."""
    addresses = [address_of(word) for word in words]
    context = None
    if any(address.scheme in SECURE for address in addresses):
        if files.certificate is None:
            hint = "--tls-cert FILE --tls-key FILE"
            raise UsageError("TLS needs a certificate", where="--listen", hint=hint)
        context = tls(files.certificate, files.key, files.authority)
    allowed = Credentials(_secrets(files.credentials)) if files.credentials else Credentials()
    return Listeners(
        addresses=addresses, inbox=inbox, token=lambda: secrets.token_hex(8), context=context, credentials=allowed
    )


def open_to_all(addresses: Sequence[Address], files: Secrets) -> list[Address]:
    """Return the HTTP addresses that other machines reach without credentials or certificates of their own."""
    guarded = files.credentials is not None or files.authority is not None
    return [each for each in addresses if each.scheme.startswith("http") and not each.local and not guarded]


def _secrets(path: Path) -> dict[str, str]:
    """Read `NAME:SECRET` lines: users with passwords, and API keys with their ids."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"cannot read it ({error})", where=str(path), hint="NAME:SECRET, one a line"
        ) from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, secret = line.strip().partition(":")
        if not colon or not name or not secret:
            raise ConfigurationError("NAME:SECRET is wanted", where=f"{path}:{number}", hint="one a line")
        found[name] = secret
    if not found:
        raise ConfigurationError("there are no credentials in it", where=str(path), hint="NAME:SECRET, one a line")
    return found


@contextmanager
def stopping(event: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and what else ends a run (SIGTERM, SIGHUP) set the event while the block runs."""
    before = {number: signal.getsignal(number) for number in (*ending_signals(), signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda *_: event.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
