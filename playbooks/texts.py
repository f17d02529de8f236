"""Text in the two languages of the responders: English and Albanian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "sq"]
LANGUAGES: tuple[Language, ...] = ("en", "sq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The same words in English and Albanian."""

    en: str
    sq: str

    def in_language(self, language: Language | None) -> str:
        """Return the words in `language`; English where none is chosen."""
        return self.sq if language == "sq" else self.en


def same(words: str) -> Text:
    """Return a text that reads alike in both languages (a command, a name)."""
    return Text(en=words, sq=words)
