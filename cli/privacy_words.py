"""What the two persons of a re-identification read, in English and Albanian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.settings_table import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyWords:
    """Every text, by what it says."""

    asked: str
    new: str
    again: str
    differ: str
    shown: str
    stands_for: str
    recorded: str


_WORDS: Mapping[Lang, PrivacyWords] = {
    "en": PrivacyWords(
        asked="passphrase of {name}, who {role}",
        new="new passphrase of {name} (others look away)",
        again="the same again",
        differ="the two are not the same; once more",
        shown="{pseudonym} will be shown to both of you, and the ledger will say so",
        stands_for="{pseudonym} stands for:",
        recorded="ledger record {number}: {proposer} proposed, {approver} approved",
    ),
    "sq": PrivacyWords(
        asked="fraza e fshehtë e {name}, që {role}",
        new="fraza e re e fshehtë e {name} (të tjerët largojnë sytë)",
        again="edhe një herë e njëjta",
        differ="të dyja nuk janë njësoj; edhe një herë",
        shown="{pseudonym} do t'ju tregohet të dyve, dhe regjistri i vendimeve do ta thotë",
        stands_for="{pseudonym} qëndron për:",
        recorded="shënimi {number} i regjistrit të vendimeve: propozoi {proposer}, miratoi {approver}",
    ),
}
_ROLES: Mapping[Lang, tuple[str, str]] = {"en": ("proposes", "approves"), "sq": ("propozon", "miraton")}


def privacy_words(lang: Lang) -> PrivacyWords:
    """Return the texts of a language."""
    return _WORDS[lang]


def roles(lang: Lang) -> tuple[str, str]:
    """Return what the first and the second person do."""
    return _ROLES[lang]
