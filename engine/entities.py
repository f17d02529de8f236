"""Entities: the hosts, users, addresses and things that alerts have in common and that commands are filled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.events import Value, texts

Kind = Literal["host", "user", "ip", "domain", "url", "file", "process", "hash", "service", "mailbox"]


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """One thing of the estate or of the attacker, by kind and value (`host` `prt01.gov.example`)."""

    kind: Kind
    value: str


# Which fields name an entity. The order is the order in which they are shown.
ENTITY_FIELDS: Mapping[str, Kind] = {
    "host.name": "host",
    "user.name": "user",
    "user.target.name": "user",
    "source.ip": "ip",
    "source.user.name": "user",
    "destination.ip": "ip",
    "destination.domain": "domain",
    "url.domain": "domain",
    "url.original": "url",
    "process.executable": "process",
    "process.parent.executable": "process",
    "file.path": "file",
    "process.hash.sha256": "hash",
    "file.hash.sha256": "hash",
    "service.name": "service",
    "email.from.address": "mailbox",
}

# Which fields tell how critical an entity is (see `collectors.enrichment`), by the entity's own field.
CRITICALITY_FIELDS: Mapping[str, str] = {
    "host.name": "host.asset.criticality",
    "source.ip": "source.asset.criticality",
    "destination.ip": "destination.asset.criticality",
}

# Fields that an alert carries for its reader beside the entity fields.
CONTEXT_FIELDS: tuple[str, ...] = (
    "event.dataset",
    "event.code",
    "event.action",
    "event.outcome",
    "winlog.channel",
    "winlog.logon.type",
    "process.command_line",
    "process.parent.command_line",
    "http.request.method",
    "http.response.status_code",
    "http.request.body.bytes",
    "user_agent.original",
    "registry.path",
    "message",
    *CRITICALITY_FIELDS.values(),
)

CARRIED_FIELDS: tuple[str, ...] = (*ENTITY_FIELDS, *CONTEXT_FIELDS)

# Place-holders that systems write where there is nobody, and accounts that every machine has.
_ANY_ADDRESS = ("::", "0.0.0.0")  # noqa: S104 - a value to leave out, nothing is bound to it
_NOBODY = frozenset(
    ("", "-", "n/a", "null", "system", "local service", "network service", "anonymous logon", *_ANY_ADDRESS)
)
_SYSTEM_DOMAINS = frozenset({"nt authority", "window manager", "font driver host", "iis apppool", "nt service"})


def entities_of(fields: Mapping[str, Value]) -> tuple[Entity, ...]:
    """Return the distinct entities that the fields name, without the place-holders of systems (`-`, `SYSTEM`, `::`)."""
    found: dict[Entity, None] = {}
    for name, kind in ENTITY_FIELDS.items():
        for value in texts(fields[name]) if name in fields else ():
            if not _is_nobody(kind, value.strip().lower()):
                found[Entity(kind, value)] = None
    return tuple(found)


def _is_nobody(kind: Kind, value: str) -> bool:
    if value in _NOBODY:
        return True
    if kind == "ip":  # every machine is its own 127.0.0.1
        return value.startswith(("127.", "::ffff:127.")) or value == "::1"
    return kind == "user" and value.partition("\\")[0] in _SYSTEM_DOMAINS


def alert_fields(fields: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields of an event that its alert carries."""
    return {name: fields[name] for name in CARRIED_FIELDS if name in fields}
