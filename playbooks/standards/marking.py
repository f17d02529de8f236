"""TLP 2.0: how far a document may go, as each format writes it, and when an export is refused.

Source: FIRST, Traffic Light Protocol version 2.0; the STIX objects are those of its published TLP 2.0 extension.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.errors import UsageError
from engine.indicators.model import TLPS, Tlp
from playbooks.standards.documents import Document

_STIX_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_STIX_IDS: Final[dict[Tlp, str]] = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_SINCE: Final = "2022-10-01T00:00:00.000Z"
DEFAULT: Final[Tlp] = "amber"


def label(tlp: Tlp) -> str:
    """Return the marking as people and the formats write it (`TLP:AMBER+STRICT`)."""
    return f"TLP:{tlp.upper()}"


def strictest(marks: Iterable[Tlp]) -> Tlp:
    """Return the strictest of the markings, `clear` where there is none."""
    return max(marks, key=TLPS.index, default="clear")


def of_tags(tags: Iterable[str]) -> Tlp:
    """Return the strictest marking among the tags of rules and indicators (`tlp.red`)."""
    words = (tag.lower().replace(":", ".").removeprefix("tlp.") for tag in tags if tag.lower()[:4] in {"tlp.", "tlp:"})
    return strictest(mark for word in words for mark in TLPS if mark == {"white": "clear"}.get(word, word))


def settle(wanted: Tlp | None, held: Tlp, clearance: Tlp, *, least: Tlp = DEFAULT) -> Tlp:
    """Return the marking of an export: `wanted`, or the stricter of `least` and what the content `held` already.

    Raise `UsageError` where `wanted` would loosen the content's marking, or the marking is above the `clearance`.
    """
    marked = wanted or strictest((least, held))
    if TLPS.index(marked) < TLPS.index(held):
        raise UsageError(
            f"what it rests on is marked {label(held)}: it cannot go out as {label(marked)}",
            where="--tlp",
            hint=f"--tlp {held}, or ask whoever marked it",
        )
    if TLPS.index(marked) > TLPS.index(clearance):
        raise UsageError(
            f"{label(marked)} is above the clearance of {label(clearance)}",
            where="--clearance",
            hint="a receiver with that clearance, or `clearance` in [export] of kulla.toml",
        )
    return marked


def stix_marking(tlp: Tlp) -> Document:
    """Return the marking definition of TLP 2.0 for a STIX bundle."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _STIX_IDS[tlp],
        "created": _SINCE,
        "name": label(tlp),
        "extensions": {_STIX_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp}},
    }


def cacao_marking(tlp: Tlp, created_by: str) -> Document:
    """Return the data marking of TLP 2.0 for a CACAO playbook."""
    return {
        "type": "marking-tlp",
        "id": _STIX_IDS[tlp].replace("marking-definition", "marking-tlp"),
        "created_by": created_by,
        "created": _SINCE,
        "name": label(tlp),
        "tlpv2_level": label(tlp),
    }
