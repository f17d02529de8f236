"""The names of ATT&CK's tactics as people read them: ATT&CK's own in English, and what we call them in Albanian."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

ALBANIAN: Final[Mapping[str, str]] = {
    "reconnaissance": "Njohja e terrenit",
    "resource-development": "Përgatitja e mjeteve",
    "initial-access": "Hyrja e parë",
    "execution": "Ekzekutimi",
    "persistence": "Qëndrueshmëria",
    "privilege-escalation": "Ngritja e privilegjeve",
    "defense-evasion": "Shmangia e mbrojtjes",
    "stealth": "Fshehja",
    "defense-impairment": "Dëmtimi i mbrojtjes",
    "credential-access": "Marrja e kredencialeve",
    "discovery": "Zbulimi i mjedisit",
    "lateral-movement": "Lëvizja anësore",
    "collection": "Mbledhja e të dhënave",
    "command-and-control": "Komandimi dhe kontrolli",
    "exfiltration": "Nxjerrja e të dhënave",
    "impact": "Ndikimi",
}


def tactic_name(tactic: str, lang: Literal["en", "sq"] | None = "en") -> str:
    """Return `Command and Control` for `command-and-control`; what is no tactic of ATT&CK stays as it is."""
    albanian = ALBANIAN.get(tactic)
    if albanian is None:
        return tactic
    return albanian if lang == "sq" else tactic.replace("-", " ").title().replace(" And ", " and ")


def tactic_names(tactics: Iterable[str], lang: Literal["en", "sq"] | None = "en") -> tuple[str, ...]:
    """Return the names of tactics, in the order in which they come."""
    return tuple(tactic_name(tactic, lang) for tactic in tactics)
