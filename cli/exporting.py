"""What exports share: the marking they need, who exports, and that names leave only with a reason on the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.decisions import actor_of, open_ledger
from cli.house import house_of
from cli.options import choice
from cli.session import Session
from engine.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from engine.incidents.model import Incident
    from engine.indicators.model import Tlp
    from engine.store.protocol import Store
    from playbooks.names import Pseudonym
    from playbooks.standards.case import Case

TABLE = "export"
_TLPS = ("clear", "green", "amber", "amber+strict", "red")
_KEYS = ("clearance", "producer")

Marking = Annotated[
    str | None, typer.Option("--tlp", metavar="TLP", help="TLP 2.0: clear, green, amber, amber+strict or red.")
]
Clearance = Annotated[
    str | None,
    typer.Option("--clearance", metavar="TLP", help="What the receiver may have; refuse what is marked above."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says of a disclosure of names: why, to whom, and who it is that discloses."""

    why: str
    to: str
    actor: str | None


def marking(session: Session, wanted: str | None, clearance: str | None, *, held: Tlp, least: Tlp) -> Tlp:
    """Return the marking of an export; raise `UsageError` where it is above the receiver's or the house's clearance.

    `held` is the marking of what it rests on, `least` what it gets where nothing is said.
    """
    from playbooks.standards.marking import settle, strictest

    house = export_settings(session)["clearance"]
    allowed = cast("Tlp", choice("--clearance", clearance, _TLPS)) if clearance else cast("Tlp", house)
    if strictest((allowed, cast("Tlp", house))) != house:
        hint = "`clearance` in [export] of kulla.toml says what may leave"
        raise UsageError(f"the house lets out nothing above {house}", where="--clearance", hint=hint)
    word = cast("Tlp", choice("--tlp", wanted, _TLPS)) if wanted else None
    return settle(word, held, allowed, least=least)


def export_settings(session: Session) -> dict[str, str]:
    """Return what `[export]` says; raise `ConfigurationError` where it is wrong."""
    values, origin = session.settings.table(TABLE)
    for name, value in values.items():
        if name not in _KEYS or not isinstance(value, str) or not value.strip():
            hint = f"text for one of: {', '.join(_KEYS)}"
            raise ConfigurationError(f"[{TABLE}] does not know `{name}`, or it is no text", where=origin, hint=hint)
    found = {"clearance": "amber", "producer": "kulla", **{name: str(value) for name, value in values.items()}}
    if found["clearance"] not in _TLPS:
        raise ConfigurationError("`clearance` is no marking of TLP", where=origin, hint=f"one of: {', '.join(_TLPS)}")
    return found


def case_of(session: Session, store: Store, incident: Incident, *, with_names: bool) -> tuple[Case, Tlp]:
    """Return the incident with its alerts, names replaced unless `with_names`, and the marking that it holds."""
    from playbooks.standards.case import Case
    from playbooks.standards.marking import of_tags
    from playbooks.standards.people import People

    known = store.known_alerts(incident.alerts)
    alerts = [known[number] for number in incident.alerts if number in known]
    held = of_tags(tag for alert in alerts for tag in alert.rule.tags)
    if not with_names:
        from engine.entities import entities_of

        seen = (*incident.entities, *(entity for alert in alerts for entity in entities_of(alert.fields)))
        people = People(seen, _pseudonym(session))
        incident, alerts = people.incident(incident), [people.alert(alert) for alert in alerts]
    producer, house = export_settings(session)["producer"], house_of(session)
    return Case(incident=incident, alerts=alerts, producer=producer, house=house), held


def _pseudonym(session: Session) -> Pseudonym:
    from cli.privacy import pseudonyms, settings

    known = pseudonyms(session, settings(session))
    if known is None:
        raise ConfigurationError("there is no key of pseudonyms", where="[privacy]", hint="kulla privacy show")
    return known.of


def disclose(session: Session, store: Store, incident: str, *, what: str, content: str, said: Said) -> None:
    """Record, before anything is written, that names leave: to whom, why, and the SHA-256 of what is written."""
    from playbooks.awareness import about
    from playbooks.ledger.entries import Disclosure, record_disclosure

    told = Disclosure(
        to=said.to.strip() or "not named",
        what=f"incident {incident} as {what}, with names",
        basis=said.why.strip(),
        paper=sha256(content.encode("utf-8")).hexdigest(),
    )
    ledger = open_ledger(session, store)
    record = record_disclosure(ledger, told, subject=about(incident), actor=actor_of(session, said.actor))
    session.say(f"the disclosure of names is on the ledger (record {record.sequence})")
