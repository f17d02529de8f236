"""`kulla incidents merge`, `split`, `decisions` and `undo`: people put incidents together or apart, on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.decisions import Actor, Why, actor_of, record
from cli.document import Column, Listing
from cli.estate import circumstances
from cli.naming import incident_named
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from cli.views import SHORT
from engine.errors import UsageError
from engine.events import instant

if TYPE_CHECKING:
    from engine.alerts import Alert
    from engine.incidents.byhand import Decision
    from engine.incidents.model import Incident
    from engine.store.protocol import Store

_FIELDS = ("key", "at", "kind", "actor", "why", "left", "right", "shared")
_COLUMNS = (
    Column(field="key", heading="Decision", whole=True),
    Column(field="at", heading="Time (UTC)", whole=True, derive=lambda row: str(row["at"])[:16].replace("T", " ")),
    Column(field="kind", heading="What", whole=True),
    Column(field="actor", heading="Who"),
    Column(field="why", heading="Why"),
)


def register_byhand(app: typer.Typer) -> None:
    """Add the four commands to `kulla incidents`."""
    command(app, "merge")(merge)
    command(app, "split")(split)
    command(app, "decisions")(decisions)
    command(app, "undo")(undo)


def merge(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="An incident, or the beginning of its id.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The incident that belongs to it.")],
    why: Why,
    actor: Actor = None,
) -> None:
    """Put two incidents together: the older keeps its id, and what they share joins more surely from then on."""
    who = actor_of(session, actor)
    with session.open_store() as store:
        first, second = (_open(incident_named(session, store, name)) for name in (identifier, other))
        if first.id == second.id:
            raise UsageError("this is one incident", where=other, hint="kulla incidents list --open")
        sides = _core(store, first), _core(store, second)
        key = _decide(session, store, sides, kind="merge", who=who, why=why)
        standing = {item.id for item in store.incidents()}
    kept, gone = (first, second) if first.id in standing else (second, first)
    session.say(f"{gone.id[:SHORT]} is merged into {kept.id[:SHORT]} (decision {key})")
    session.hint(f"kulla incidents undo {key} --why TEXT")


def split(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The incident's id, or the beginning of it.")],
    *,
    alert: Annotated[
        list[str] | None, typer.Option("--alert", metavar="ALERT", help="An alert that does not belong. Repeatable.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option("--host", metavar="HOST", help="A host that does not belong. Repeatable.")
    ] = None,
    why: Why,
    actor: Actor = None,
) -> None:
    """Take alerts out of an incident, into one of their own; through what they share less is joined from then on."""
    who = actor_of(session, actor)
    with session.open_store() as store:
        incident = _open(incident_named(session, store, identifier))
        core = _core(store, incident)
        apart = [item for item in core if _is_named(item, alert or (), host or ())]
        rest = [item for item in core if item not in apart]
        if not apart or not rest:
            where = "no alert of the incident is" if not apart else "every alert of the incident is"
            raise UsageError(
                f"{where} named", where="--alert, --host", hint=f"kulla incidents timeline {incident.id[:SHORT]}"
            )
        key = _decide(session, store, (rest, apart), kind="split", who=who, why=why)
    session.say(f"{len(apart):,} alerts are apart from incident {incident.id[:SHORT]} (decision {key})")
    session.hint(f"kulla incidents undo {key} --why TEXT")


def decisions(session: Session, fmt: Format = None, output: Output = None) -> None:
    """List the decisions that hold: what people put together and apart, who, why, and what was learned from it."""
    from engine.runs.decisions import key_of, standing

    out = target(session, fmt, output)
    with session.open_store() as store:
        found = standing(store)
    rows = [
        {
            "key": key_of(item),
            "at": instant(item.at),
            "kind": item.kind,
            "actor": item.actor,
            "why": item.why,
            "left": sorted(item.left),
            "right": sorted(item.right),
            "shared": [{"kind": entity.kind, "value": entity.value} for entity in item.shared],
        }
        for item in found
    ]
    out.write(
        Listing(name="decisions", title="Decisions", columns=_COLUMNS, rows=rows, fields=_FIELDS, empty="no decisions")
    )
    session.hint(f"kulla incidents undo {rows[0]['key']} --why TEXT" if rows else "kulla incidents list")


def undo(
    session: Session,
    key: Annotated[
        str,
        typer.Argument(
            metavar="DECISION", help="The decision (kulla incidents decisions), or the beginning of its id."
        ),
    ],
    why: Why,
    actor: Actor = None,
) -> None:
    """Take a decision back: incidents are again what their alerts make them, and what was learned is forgotten."""
    from engine.incidents.byhand import decision_from_text
    from engine.runs.decisions import taken_back

    who = actor_of(session, actor)
    reason = _reason(why)
    with session.open_store() as store:
        key = _key(store, key)
        after = taken_back(store, key)
        details = {"reason": reason, "decision": key}
        sequence = record(
            session, store, actor=who, kind="incidents.undone", subject=f"incidents/decision/{key}", details=details
        )
        store.save_records([after])
        _give_back(store, decision_from_text(after.body))
        _refresh(session, store, ())
    session.say(f"decision {key} is taken back (ledger record {sequence})")
    session.hint("kulla incidents list")


def _key(store: Store, typed: str) -> str:
    """Return the key of the one standing decision that begins so, what was typed where none or several do."""
    from engine.runs.decisions import key_of, standing

    found = [key for item in standing(store) if (key := key_of(item)).startswith(typed)]
    return found[0] if len(found) == 1 else typed


def _give_back(store: Store, decision: Decision) -> None:
    """Leave to an incident that was merged only what it had, so that either side stands under its own id again.

    The greater part would keep the id otherwise, whichever it was.
    """
    from engine.incidents.telling import id_of

    if decision.kind != "merge":
        return
    for own, other in ((decision.left, decision.right), (decision.right, decision.left)):
        names = set(map(id_of, own))
        for item in store.incidents():
            if item.id in names and item.status != "closed" and not other.isdisjoint(item.core):
                left = tuple(alert for alert in item.alerts if alert not in other)
                store.save_incidents([replace(item, alerts=left)])


def _open(incident: Incident) -> Incident:
    if incident.status == "closed":
        raise UsageError("a closed incident stays as it was", where=incident.id, hint="kulla incidents list --open")
    return incident


def _core(store: Store, incident: Incident) -> list[Alert]:
    """Return the alerts that make the incident, as far as they are still there."""
    known = store.known_alerts(incident.core)
    return [known[name] for name in incident.core if name in known]


def _is_named(alert: Alert, starts: Sequence[str], hosts: Sequence[str]) -> bool:
    from engine.entities import Entity
    from engine.incidents.spelling import folded
    from engine.incidents.ties import joining_entities

    named = {folded(Entity("host", name)) for name in hosts}
    own = {entity.value for entity in joining_entities(alert) if entity.kind == "host"}
    return any(alert.id.startswith(start) for start in starts if start) or bool(own & named)


def _decide(
    session: Session,
    store: Store,
    sides: tuple[Sequence[Alert], Sequence[Alert]],
    *,
    kind: Literal["merge", "split"],
    who: str,
    why: str,
) -> str:
    """Write the decision to the ledger and the store, bring the incidents in line, and return its key."""
    from engine.incidents.byhand import Decision, common
    from engine.runs.decisions import key_of, record_of

    left, right = (frozenset(item.id for item in side) for side in sides)
    decision: Decision = Decision(
        kind=kind, left=left, right=right, shared=common(*sides), actor=who, why=_reason(why), at=_later(session, store)
    )
    key = key_of(decision)
    digest = sha256(",".join([*sorted(left), "", *sorted(right)]).encode()).hexdigest()
    details = {"reason": decision.why, "decision": key, "left": str(len(left)), "right": str(len(right))}
    words = {"merge": "incidents.merged", "split": "incidents.split"}
    record(
        session,
        store,
        actor=who,
        kind=words[kind],
        subject=f"incidents/decision/{key}",
        details={**details, "sha256": digest},
    )
    store.save_records([record_of(decision)])
    _refresh(session, store, [*sides[0], *sides[1]])
    return key


def _later(session: Session, store: Store) -> datetime:
    """Return the present, or what comes after the latest decision where the clock stands before it."""
    from engine.runs.decisions import standing

    latest = max((item.at for item in standing(store)), default=None)
    return session.now() if latest is None else max(session.now(), latest + timedelta(microseconds=1))


def _refresh(session: Session, store: Store, alerts: Sequence[Alert]) -> None:
    from engine.runs.joining import refresh_incidents

    refresh_incidents(store, alerts, known=circumstances(session))


def _reason(why: str) -> str:
    if not why.strip():
        raise UsageError("a decision needs its reason", where="--why", hint='--why "two cases, see the logs of FS01"')
    return why.strip()
