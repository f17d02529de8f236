"""Names of people: when two of them are one person's."""

from __future__ import annotations

import unicodedata


def same_person(actor: str) -> str:
    """Return the form in which two names of one person compare equal."""
    return " ".join(unicodedata.normalize("NFKC", actor).casefold().split())
