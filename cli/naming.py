"""Which incident is meant: its id however it is typed, and incidents that were merged into another since."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cli.views import SHORT
from engine.errors import NotFoundError

if TYPE_CHECKING:
    from cli.session import Session
    from engine.incidents.model import Incident
    from engine.store.protocol import Store

_PREFIX = "INC-"
_TYPED = re.compile(r"(?:inc-)?(?P<number>[0-9a-f]{4,10})", re.IGNORECASE)


def incident_named(session: Session, store: Store, text: str) -> Incident:
    """Return the incident whose id begins like the text (`INC-60b2`, `inc-60B2`, `60b2`).

    One that was merged into another is answered by that other, and this is told. Only an id as long as hints show
    it is enough for that: it is known by what its alerts make of it. Raise `NotFoundError` where there is none, or
    more than one.
    """
    name = _spelled(text)
    try:
        return store.incident(name)
    except NotFoundError:
        found = heir(store, name)
        if found is None:
            raise
        session.insist(f"{name[:SHORT]} was merged into {found.id[:SHORT]}, which stands for it here")
        return found


def former_ids(store: Store, incident: Incident) -> frozenset[str]:
    """Return the ids under which incidents stood that were merged into this one, and many that none ever had."""
    from engine.incidents.telling import ids_before

    return ids_before(incident) - {item.id for item in store.incidents()}


def _spelled(text: str) -> str:
    typed = _TYPED.fullmatch(text)
    return f"{_PREFIX}{typed['number'].lower()}" if typed else text


def heir(store: Store, name: str) -> Incident | None:
    """Return the one incident that one which stands no more was merged into, None where none is known."""
    from engine.incidents.telling import ids_before

    if len(name) < SHORT:
        return None
    found = [item for item in store.incidents() if any(number.startswith(name) for number in ids_before(item))]
    return found[0] if len(found) == 1 else None
