"""What the settings say of the estate: how critical its hosts, accounts and services are, how sensitive their data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from cli.session import Session
from engine.alerts import Alert
from engine.entities import Entity, Kind
from engine.incidents.model import Term
from engine.incidents.scoring import Circumstances
from engine.incidents.spelling import folded
from engine.indicators.terms import intelligence
from engine.tables import Table

_KINDS: tuple[str, ...] = get_args(Kind)
_ORDINARY, _MOST = 3, 5


def circumstances(session: Session) -> Circumstances:
    """Return the grades of `[importance]`; raise `ConfigurationError` where they are wrong.

    A key is `KIND:NAME` (`"host:DC01"`, `"service:e-albania"`), its value a table with `criticality` (1 to 5, 3 is
    ordinary) and `sensitivity` (0 to 3).
    """
    values, place = session.settings.table("importance")
    table = Table(values, place, "importance")
    criticality: dict[Entity, int] = {}
    sensitivity: dict[Entity, int] = {}
    for key in table.keys():  # noqa: SIM118 # a table is no dictionary
        kind, _, name = key.partition(":")
        grades = table.table(key)
        known = next((item for item in get_args(Kind) if item == kind), None)
        if known is None or not name or grades is None:
            raise table.error(key, f"KIND:NAME is wanted, KIND being one of {', '.join(_KINDS)}")
        entity = Entity(known, folded(Entity(known, name)))
        criticality[entity] = grades.number("criticality", _ORDINARY, least=1, most=_MOST)
        sensitivity[entity] = grades.number("sensitivity", 0, most=3)
        grades.close()
    return Circumstances(
        criticality=criticality, sensitivity=sensitivity, intelligence=intelligence, foresight=_foresight
    )


def _foresight(alerts: Sequence[Alert]) -> Iterable[Term]:
    from engine.foresight.terms import next_impact  # loads the model, which a run without incidents does not need

    return next_impact(alerts)
