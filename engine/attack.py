"""ATT&CK as rules carry it: tactics in the order of an intrusion, and the techniques in a rule's tags.

Tactic names are ATT&CK's (v18); `stealth` and `defense-impairment`, into which v19 splits `defense-evasion`, are
understood as well. A tag is `attack.initial-access` or `attack.t1190`; older rules write `attack.initial_access`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

TACTICS: tuple[str, ...] = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)
_ORDER = {name: place for place, name in enumerate(TACTICS)}
_TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)\Z")


def tactics(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct tactics that the tags name, in the order of an intrusion."""
    names = {tag.lower().removeprefix("attack.").replace("_", "-") for tag in tags if tag.lower().startswith("attack.")}
    return in_order(names & _ORDER.keys())


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return tactic names in the order of an intrusion."""
    return tuple(sorted(set(names), key=lambda name: _ORDER.get(name, len(_ORDER))))


def techniques(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct technique ids (`T1059.003`) that the tags name, sorted."""
    found = (_TECHNIQUE.match(tag.lower()) for tag in tags)
    return tuple(sorted({match[1].upper() for match in found if match}))
