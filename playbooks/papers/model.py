"""What a paper is: fields in order, each with its words and where every word came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playbooks.texts import Text, same

Source = Literal["alert", "event", "incident", "decision", "person", "playbook", "setting", "clock", "case", "model"]
Kind = Literal[
    "early-warning", "notification", "final-report", "breach-notification", "persons-letter", "handover", "summary",
    "lessons",
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "early-warning",
    "notification",
    "final-report",
    "breach-notification",
    "persons-letter",
    "handover",
    "summary",
    "lessons",
)
SOURCES: dict[Source, Text] = {
    "alert": Text(en="alert", sq="alarmi"),
    "event": Text(en="event", sq="ngjarja"),
    "incident": Text(en="incident", sq="incidenti"),
    "decision": Text(en="ledger record", sq="shënimi i regjistrit të vendimeve"),
    "person": Text(en="person", sq="personi"),
    "playbook": Text(en="playbook", sq="udhëzuesi"),
    "setting": Text(en="setting", sq="cilësimi"),
    "clock": Text(en="clock", sq="afati"),
    "case": Text(en="case record", sq="dosja e rastit"),
    "model": Text(en="foresight", sq="parashikimi"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a field's words came from: the kind of source, and its name there (an alert's id, a ledger record)."""

    source: Source
    name: str

    def in_language(self, lang: Literal["en", "sq"]) -> str:
        """Return the origin as it is read."""
        return f"{SOURCES[self.source].in_language(lang)} {self.name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What fills a field: lines, and their origins. `confirm` says what a person has to confirm, None for nothing.

    An answer without lines is no answer: the field stays open, and is named.
    """

    lines: tuple[Text, ...]
    origins: tuple[Origin, ...]
    confirm: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a paper in one language. `lines` are empty where nothing fills it."""

    name: str
    label: str
    mandatory: bool
    lines: tuple[str, ...]
    origins: tuple[str, ...]
    confirm: str = ""

    @property
    def is_lacking(self) -> bool:
        """Tell whether the paper must have this field and nothing fills it."""
        return self.mandatory and not self.lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A draft: its title, the rule it answers, its addressee, and its fields. `masked` persons are pseudonyms in it.

    `is_numbered` tells that they are numbers of this paper alone, for the house has no key of pseudonyms.
    """

    kind: Kind
    incident: str
    lang: Literal["en", "sq"]
    title: str
    basis: str
    to: str
    fields: tuple[Field, ...]
    masked: int
    is_named: bool = False
    is_numbered: bool = True

    @property
    def lacking(self) -> tuple[Field, ...]:
        """Return the mandatory fields that nothing fills."""
        return tuple(field for field in self.fields if field.is_lacking)


def answer(*lines: Text | str, origins: tuple[Origin, ...], confirm: Text | None = None) -> Answer:
    """Return an answer; plain words read alike in both languages."""
    return Answer(
        lines=tuple(line if isinstance(line, Text) else same(line) for line in lines), origins=origins, confirm=confirm
    )
