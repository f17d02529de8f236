"""A message: what a person reads on one screen of a phone, and what a machine needs to know it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.alerts import Level

Lang = Literal["en", "sq"]
About = Literal["alert", "incident", "more", "digest", "test", "health"]
TITLE = 120  # characters of a title
LINES = 8  # lines beside title, first step and link
LINE = 100  # characters of a line's value


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. All text is clean (see `plain`), but not escaped for any format: that is the channel's work.

    `key` is the idempotency key: a repeated delivery carries the same one. `facts` are label and value, `first_step`
    is what to do first, `link` where to read on (empty: there is none). `data` is for machines.
    """

    key: str
    about: About
    subject: str
    level: Level
    level_word: str
    title: str
    facts: tuple[tuple[str, str], ...]
    first_step_label: str
    first_step: str
    link: str
    link_label: str
    at: datetime
    lang: Lang
    data: Mapping[str, object]

    def text(self) -> str:
        """Return the message as lines of plain text."""
        lines = [self.title, *(f"{label}: {value}" for label, value in self.facts)]
        if self.first_step:
            lines.append(f"{self.first_step_label}: {self.first_step}")
        return "\n".join([*lines, self.link] if self.link else lines)
