"""Which fields of an event a rule's field name means, for each kind of event.

Rules speak Sigma's taxonomy (for Windows the names of the event itself, for web servers those of W3C logs, for clouds
those of the vendor); events speak ECS, and keep the vendor's names beside it. A rule field stands for one or more event
fields, of which the first that is present counts. The names stand in `engine/sigma/mapping/`, one file a family.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, Literal

from engine.sigma.logsources import WINDOWS_CATEGORIES, Kind, belonging, kinds_of
from engine.sigma.mapping import applications, cloud, eservices, hosts, network, web
from engine.sigma.mapping.absent import ABSENT
from engine.sigma.mapping.table import FieldTable
from engine.sigma.mapping.windows_fields import FIELDS_OF, PROCESS_4688, SPREAD, SYSTEM_FIELDS, UNNAMED, WINDOWS
from engine.sigma.rules import LogSource

__all__ = ["SPREAD", "Reading", "absent_reason", "event_fields", "reading"]

Reading = Literal["mapped", "absent", "unknown"]

_TABLES: Final[tuple[FieldTable, ...]] = (
    *hosts.TABLES,
    *web.TABLES,
    *network.TABLES,
    *cloud.TABLES,
    *applications.TABLES,
    *eservices.TABLES,
)
_BY_DATASET: Final[Mapping[str, FieldTable]] = {name: table for table in reversed(_TABLES) for name in table.datasets}
# Datasets that nobody listed: every name of the taxonomy that there is.
_ANY: Final = {**hosts.ECS.names, **network.FLOW, **web.W3C, **network.DNS}


def event_fields(field: str, kind: Kind) -> tuple[str, ...]:
    """Return the event fields that a rule's field means in events of this kind, in order of precedence."""
    if kind.family == "windows":
        return _windows_fields(field, kind)
    return _table(kind.family, kind.dataset).fields(field)


@lru_cache(maxsize=1024)
def _table(family: str, dataset: str) -> FieldTable:
    module = dataset.partition(".")[0]
    known = _BY_DATASET.get(dataset) or _BY_DATASET.get(f"{module}.")
    if known is not None:
        return known
    prefixes = tuple(dict.fromkeys(f"{name}." for name in (dataset, module or family) if name))
    return FieldTable(datasets=(), names=_ANY, prefixes=prefixes)


def _windows_fields(field: str, kind: Kind) -> tuple[str, ...]:
    if kind.dataset == "security" and kind.detail == "4688" and field in PROCESS_4688:
        return PROCESS_4688[field]
    if field in WINDOWS:
        return WINDOWS[field]
    own = (f"winlog.event_data.{field}", f"winlog.user_data.{field}")
    if field == "Data":
        return (own[0], *UNNAMED)
    return (field, *own) if "." in field else own


def reading(field: str, source: LogSource) -> Reading:
    """Tell how a field of a rule of this log source is read.

    `mapped`: some event of the log source is known to have it. `absent`: reviewed, no event has it as the system writes
    it. `unknown`: nobody knows it; it is read under its own name (a spelling mistake ends here).
    """
    if absent_reason(field, source):
        return "absent"
    return "mapped" if any(_knows(field, kind, source) for kind in kinds_of(source)) else "unknown"


def absent_reason(field: str, source: LogSource) -> str:
    """Return why no event of the log source has this field, empty where that is not known of it."""
    known: Iterable[tuple[tuple[str, str, str], Mapping[str, str]]] = ABSENT.items()
    return next(
        (
            fields[field]
            for (product, category, service), fields in known
            if field in fields
            and source.category == category
            and source.service == service
            and source.product in {product, ""}
        ),
        "",
    )


def _knows(field: str, kind: Kind, source: LogSource) -> bool:
    if kind.family == "windows":
        return field in SYSTEM_FIELDS or any(field in FIELDS_OF.get(name, ()) for name in _named(kind, source))
    if kind.detail in hosts.OF_DETAIL:  # an agent's event: what ECS has a name for, of what such events have
        return field in hosts.ECS.names and field in SYSTEM_FIELDS | FIELDS_OF.get(kind.detail, frozenset())
    return _table(kind.family, kind.dataset).knows(field)


def _named(kind: Kind, source: LogSource) -> tuple[str, ...]:
    """Return the categories and services whose fields events of this kind may have, as far as the rule asks for."""
    if source.category in WINDOWS_CATEGORIES:
        return (source.category,)
    found = belonging(kind)
    return (*found.categories, *found.services)
