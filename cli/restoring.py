"""What the commands of `kulla services` work on: the files named, or the restoration that is under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cli.session import Session
from engine.errors import ConfigurationError, InputError, UsageError
from engine.store.protocol import Store
from playbooks.restoration.building import Weigh
from playbooks.restoration.catalogue import LARGEST_CATALOGUE, read_catalogue
from playbooks.restoration.crews import read_crews
from playbooks.restoration.fields import RefusedError
from playbooks.restoration.keeping import Begun, events, need_current
from playbooks.restoration.model import Catalogue, Crews
from playbooks.restoration.planning import TRIES, Plan, plan
from playbooks.restoration.progress import Progress, folded

Whole = TypeVar("Whole")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Catalogue, crews and how far things are; `begun` is what was kept, or what would be."""

    begun: Begun
    catalogue: Catalogue
    crews: Crews
    progress: Progress

    def planned(self, tries: int = TRIES) -> Plan:
        """Return the plan for what is left."""
        return plan(
            self.catalogue,
            self.crews,
            self.begun.start,
            progress=self.progress,
            weigh=self.begun.weigh,
            tries=tries,
            known=self.begun.urgency,
        )

    def moment(self, minutes: int) -> datetime:
        """Return the instant so many minutes after the start."""
        return self.begun.start + timedelta(minutes=minutes)


def read_bytes(session: Session, name: str) -> bytes:
    """Return the bytes of a file named on the command line (`-` is the input); raise `InputError`."""
    if name == "-":
        return session.stdin.buffer.read(LARGEST_CATALOGUE + 1) if hasattr(session.stdin, "buffer") else b""
    path = session.cwd / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=name, hint="check the path and its mode") from None


def named_catalogue(session: Session, name: str | None) -> Catalogue:
    """Return the catalogue in the file named, or that of the restoration under way."""
    if name is not None:
        content, faults = read_bytes(session, name), list[ConfigurationError]()
        found = _tried(faults, lambda: read_catalogue(content, name))
        if found is None:
            raise _first(session, faults)
        return found
    with session.open_store() as store:
        begun = need_current(store)
    return read_catalogue(begun.catalogue, begun.catalogue_name)


def fresh(session: Session, *, catalogue: str, crews: str | None, start: datetime, weigh: Weigh) -> Situation:
    """Return the situation of a restoration that begins with these files."""
    if crews is None:
        raise UsageError("a plan needs its people", where="--crews", hint="kulla services example --crews crews.yaml")
    begun = Begun(
        id=f"{start:%Y%m%dT%H%M}",
        start=start.replace(second=0, microsecond=0),
        weigh=weigh,
        catalogue=read_bytes(session, catalogue),
        catalogue_name=catalogue,
        crews=read_bytes(session, crews),
        crews_name=crews,
    )
    return _situation(session, begun, Progress())


def under_way(session: Session, store: Store) -> Situation:
    """Return where the restoration stands that was begun in this store."""
    begun = need_current(store)
    return _situation(session, begun, folded(events(store, begun), minutes_since(session, begun)))


def minutes_since(session: Session, begun: Begun) -> int:
    """Return the minutes from the start of a restoration until now, at least 0."""
    return max(int((session.now() - begun.start).total_seconds() // 60), 0)


def _situation(session: Session, begun: Begun, progress: Progress) -> Situation:
    faults: list[ConfigurationError] = []
    catalogue = _tried(faults, lambda: read_catalogue(begun.catalogue, begun.catalogue_name))
    crews = _tried(faults, lambda: read_crews(begun.crews, begun.crews_name))
    if catalogue is None or crews is None:
        raise _first(session, faults)
    return Situation(begun=begun, catalogue=catalogue, crews=crews, progress=progress)


def _tried(faults: list[ConfigurationError], read: Callable[[], Whole]) -> Whole | None:
    """Return what a file holds, None where it does not hold together: its faults are then added."""
    try:
        return read()
    except RefusedError as error:
        faults += [error, *error.others]
    except ConfigurationError as error:
        faults.append(error)
    return None


def _first(session: Session, faults: list[ConfigurationError]) -> ConfigurationError:
    """Return the fault to end with; all others are listed before it."""
    for fault in faults[1:]:
        session.issue(fault)
    return faults[0]
