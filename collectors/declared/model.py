"""What a user-written source says, once it is read: everything typed, compiled and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Literal, Protocol

from engine.events import Fields, Scalar, Value

Framing = Literal["lines", "json", "multiline", "csv", "keyvalue"]
Kind = Literal["text", "long", "float", "boolean", "date", "ip", "lower", "upper"]
Operator = Literal[
    "equals", "not", "exists", "matches", "contains", "starts", "ends", "greater", "at_least", "less", "at_most"
]


class Regex(Protocol):
    """A compiled RE2 expression, as far as it is used here."""

    @property
    def groupindex(self) -> Mapping[str, int]:
        """Return the groups' numbers by name."""
        ...

    @property
    def groups(self) -> int:
        """Return how many groups there are, with and without names."""
        ...

    def fullmatch(self, text: str) -> Match | None:
        """Match the whole text."""
        ...

    def match(self, text: str) -> Match | None:
        """Match the text's beginning."""
        ...

    def search(self, text: str) -> Match | None:
        """Find the expression anywhere."""
        ...


class Match(Protocol):
    """A match of RE2."""

    def groups(self) -> Sequence[str | None]:
        """Return all groups."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One form that a line can have. `names` are the groups' names in order, a field's or a value's, or empty."""

    regex: Regex
    names: tuple[str, ...]
    kinds: tuple[Kind | None, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How a stream becomes records and a record becomes values.

    `start` begins a record of many lines. `columns` are CSV's where no line of the log names them. `pairs` parts one
    `key=value` from the next, `assign` the key from its value.
    """

    framing: Framing = "lines"
    start: Regex | None = None
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    quote: str = '"'
    pairs: str = " "
    assign: str = "="
    syslog: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """A field and where its value comes from: the first of `sources` that has one, else `default`."""

    name: str
    sources: tuple[str, ...]
    kind: Kind | None = None
    lookup: Mapping[str, Value] | None = None
    default: Value | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Where the instant of a record stands; several values are joined by a blank (a date and a time)."""

    sources: tuple[str, ...]
    formats: tuple[str, ...]
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One condition on a value or a field."""

    name: str
    operator: Operator
    operand: tuple[str, ...] = ()
    number: float = 0.0
    regex: Regex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Fields to set where all tests hold."""

    tests: tuple[Test, ...]
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A raw record of the file's own tests and what is expected of it; `outcome` says what becomes of it."""

    raw: str
    where: str
    outcome: Literal["event", "ignored", "unread"] = "event"
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A whole source file. `telling` are conditions on a record that show whose log it is, where patterns do not."""

    file: str
    name: str
    title: str
    aliases: tuple[str, ...] = ()
    dataset: str = ""
    cut: Cut = Cut()
    patterns: tuple[Pattern, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    constants: Fields = field(default_factory=dict)
    stamp: Stamp | None = None
    whens: tuple[When, ...] = ()
    required: tuple[str, ...] = ()
    ignore: tuple[Regex, ...] = ()
    personal: tuple[str, ...] = ()
    recognised: bool = True
    telling: tuple[Test, ...] = ()
    examples: tuple[Example, ...] = ()


Values = Mapping[str, "Scalar | Sequence[Scalar]"]
