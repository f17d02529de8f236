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
# The numbers of the tactics. TA0005 is defense-evasion up to v18 and stealth from v19 on.
TACTIC_IDS = {
    "reconnaissance": "TA0043",
    "resource-development": "TA0042",
    "initial-access": "TA0001",
    "execution": "TA0002",
    "persistence": "TA0003",
    "privilege-escalation": "TA0004",
    "defense-evasion": "TA0005",
    "stealth": "TA0005",
    "defense-impairment": "TA0112",
    "credential-access": "TA0006",
    "discovery": "TA0007",
    "lateral-movement": "TA0008",
    "collection": "TA0009",
    "command-and-control": "TA0011",
    "exfiltration": "TA0010",
    "impact": "TA0040",
}
SPLIT_TACTICS = {"defense-evasion": ("stealth", "defense-impairment")}  # v18's name, v19's names
_ORDER = {name: place for place, name in enumerate(TACTICS)}
_TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)\Z", re.ASCII)


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


def same_tactic(one: str, other: str) -> bool:
    """Tell whether two tactic names mean the same, or one of them is what the other was split into in v19."""
    return one == other or other in SPLIT_TACTICS.get(one, ()) or one in SPLIT_TACTICS.get(other, ())


def is_technique_id(text: str) -> bool:
    """Tell whether a text is written like a technique's id (`T1059`, `T1059.003`)."""
    return bool(_TECHNIQUE.match(f"attack.{text}".lower()))
