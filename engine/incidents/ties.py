"""What ties two alerts together: things they share, and one having caused the other; how surely, and for how long.

The fewer things in an estate share it, the more a tie says: a file hash more than a host, a host more than an account.
A tie fades with time as chance could have brought the two together: the more often other things happen on a host, the
less a second alert on it says (`engine.incidents.grouping`). Each kind starts from the pace in `pace`, until enough
was seen.

Causes need no shared thing of their own to be looked up: an alert gives marks (the program it saw running, the file it
saw written, the session it saw opened) and takes marks (its parent program, the program it ran, its session).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal

from engine.alerts import Alert
from engine.entities import Entity, entities_of
from engine.events import texts
from engine.folding import fold
from engine.incidents.phrases import PAGE, PARENT, SESSION, WRITTEN, Phrase
from engine.incidents.spelling import folded
from engine.private_networks import PRIVATE_NETWORKS

Cause = Literal["parent", "session", "written", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """A kind of tie: how surely it joins (0 to 1), how long it reaches, and chance hits a day before any was seen."""

    strength: float
    reach: timedelta
    pace: float


# Kinds of entities that are not here join nothing.
NATURES: Mapping[str, Nature] = {
    "hash": Nature(strength=0.95, reach=timedelta(days=30), pace=0.02),
    "ip": Nature(strength=0.7, reach=timedelta(days=2), pace=0.5),
    "host": Nature(strength=0.8, reach=timedelta(days=2), pace=2.0),
    "user": Nature(strength=0.5, reach=timedelta(days=1), pace=0.5),
    "mailbox": Nature(strength=0.6, reach=timedelta(days=2), pace=0.5),
    "file": Nature(strength=0.3, reach=timedelta(hours=6), pace=0.5),
}
CAUSES: Mapping[Cause, Nature] = {
    "parent": Nature(strength=0.85, reach=timedelta(hours=1), pace=0.5),
    "session": Nature(strength=0.9, reach=timedelta(days=1), pace=0.02),
    "written": Nature(strength=0.9, reach=timedelta(days=7), pace=0.05),
    "page": Nature(strength=0.9, reach=timedelta(days=30), pace=0.05),
}
SAID: Mapping[Cause, Phrase] = {"parent": PARENT, "session": SESSION, "written": WRITTEN, "page": PAGE}
# Accounts that are another on each machine: the same name says nothing (with the numbered ones of Windows' desktop).
_LOCAL_USERS = frozenset(
    {"root", "administrator", "nobody", "www-data", "apache", "nginx", "daemon", "defaultaccount", "iusr"}
)
_DESKTOP_USERS = ("dwm-", "umfd-")
_PAGES = (".aspx", ".ashx", ".asmx", ".asp", ".php", ".phtml", ".jsp", ".jspx", ".cfm")
_CAUSING = ("process.executable", "process.parent.executable", "file.path", "url.original")
_SESSIONS = ("winlog.logon.id", "winlog.event_data.TargetLogonId", "winlog.event_data.SubjectLogonId")
_NO_SESSION = frozenset({"", "-", "0x0", "0", "0x3e7", "0x3e4", "0x3e5", "999", "996", "997"})  # of the system itself


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Something by which a cause is found: its kind, the host it holds for, and what it is."""

    cause: Cause
    host: str
    value: str


def joining_entities(alert: Alert) -> tuple[Entity, ...]:
    """Return the alert's entities that can join it to others, in one spelling (folded; hosts without their domain)."""
    found = (Entity(item.kind, folded(item)) for item in entities_of(alert.fields) if item.kind in NATURES)
    return tuple(dict.fromkeys(item for item in found if item.value and not _is_local(item)))


def _is_local(entity: Entity) -> bool:
    return entity.kind == "user" and (entity.value in _LOCAL_USERS or entity.value.startswith(_DESKTOP_USERS))


def is_inside(entity: Entity) -> bool:
    """Tell whether this is an address of a private network (RFC 1918, RFC 6598, RFC 4193, link-local)."""
    return entity.kind == "ip" and _is_inside(entity.value)


@lru_cache(maxsize=65_536)
def _is_inside(value: str) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return any(address in network for network in PRIVATE_NETWORKS if network.version == address.version)


def marks(alert: Alert) -> tuple[frozenset[Mark], frozenset[Mark]]:
    """Return the marks that the alert gives, and those that it takes; a session it both gives and takes."""
    hosts = [folded(Entity("host", name)) for name in texts(alert.fields.get("host.name"))]
    if len(hosts) != 1:
        return frozenset(), frozenset()
    host = hosts[0]
    run, parents, written, asked = (_values(alert, name) for name in _CAUSING)
    sessions = {Mark("session", host, value) for name in _SESSIONS for value in _values(alert, name) - _NO_SESSION}
    served = _pages(value.partition("?")[0].partition("#")[0] for value in asked)
    gives: dict[Cause, set[str]] = {"parent": run, "written": written, "page": _pages(written)}
    takes: dict[Cause, set[str]] = {"parent": parents, "written": run, "page": served}
    return _on(host, gives) | sessions, _on(host, takes) | sessions


def _on(host: str, found: Mapping[Cause, Iterable[str]]) -> frozenset[Mark]:
    return frozenset(Mark(cause, host, value) for cause, values in found.items() for value in values)


def _values(alert: Alert, name: str) -> set[str]:
    return {fold(value) for value in texts(alert.fields.get(name)) if value.strip() not in {"", "-"}}


def _pages(paths: Iterable[str]) -> set[str]:
    """Return the names of those that are pages a web server runs."""
    names = {path.replace("\\", "/").rpartition("/")[2] for path in paths}
    return {name for name in names if name.endswith(_PAGES)}
