"""Texts about approvals, automation and challenges that responders read, in English and Albanian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.config import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingWords:
    """Every text, by what it says."""

    # challenges
    challenges: str
    no_challenges: str
    challenged: str
    answered: str
    overridden: str
    disclosed: str
    record: str
    contested: str
    who: str
    why: str
    answer: str
    reason: str


ENGLISH = DecidingWords(
    challenges="Contested decisions",
    no_challenges="no decision is contested",
    challenged="The challenge of record {record} is record {sequence}; another person must answer it.",
    answered="The answer to challenge {challenge} is record {sequence}.",
    overridden="Record {record} is set aside; this is record {sequence}.",
    disclosed="The disclosure is record {sequence}.",
    record="Record",
    contested="Contested",
    who="Who",
    why="Why",
    answer="Answer",
    reason="Reason",
)
ALBANIAN = DecidingWords(
    challenges="Vendime të kundërshtuara",
    no_challenges="asnjë vendim nuk është kundërshtuar",
    challenged="Kundërshtimi i zërit {record} është zëri {sequence}; duhet t'i përgjigjet një person tjetër.",
    answered="Përgjigjja për kundërshtimin {challenge} është zëri {sequence}.",
    overridden="Zëri {record} u la mënjanë; ky është zëri {sequence}.",
    disclosed="Njoftimi jashtë është zëri {sequence}.",
    record="Zëri",
    contested="I kundërshtuari",
    who="Kush",
    why="Pse",
    answer="Përgjigjja",
    reason="Arsyeja",
)
_WORDS: Mapping[Lang, DecidingWords] = {"en": ENGLISH, "sq": ALBANIAN}


def deciding_words(lang: Lang) -> DecidingWords:
    """Return the texts of a language."""
    return _WORDS[lang]
