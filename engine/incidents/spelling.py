"""One spelling for one thing: entities as they are compared, folded, hosts and accounts without their domain."""

from __future__ import annotations

import re

from engine.entities import Entity
from engine.folding import fold

_ADDRESS = re.compile(r"[0-9.]+\Z")


def folded(entity: Entity) -> str:
    """Return the entity's value as it is compared with others of its kind."""
    value = fold(entity.value)
    if entity.kind == "host":  # without its domain, unless it is known by its address alone
        return value if _ADDRESS.match(value) else value.partition(".")[0]
    if entity.kind == "user":
        return value.rpartition("\\")[2].partition("@")[0]
    return value
