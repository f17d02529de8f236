"""The shape of a field table: how the fields that rules name are called in the events of some datasets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Names = Mapping[str, tuple[str, ...]]
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTable:
    """How rules' fields are called in events of `datasets` (whole names, or the part before the dot: `zeek.`).

    `names` gives the event fields of a rule's field, the first that is present counts. Every other field is looked for
    under each of `prefixes`, as it is written and (`snake`) in snake case, and last under its own name. Of those,
    `own` are known to exist; so is what lies in a part of the event that the vendor leaves open: `open_parts` says
    where such a part (`requestParameters.`) may stand, the first place first.
    """

    datasets: tuple[str, ...]
    names: Names
    prefixes: tuple[str, ...] = ()
    snake: bool = False
    own: frozenset[str] = field(default_factory=frozenset)
    open_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fields(self, name: str) -> tuple[str, ...]:
        """Return the event fields that the rule's field means, in order of precedence."""
        found = self.names.get(name)
        return found if found is not None else tuple(dict.fromkeys(self._guessed(name)))

    def knows(self, name: str) -> bool:
        """Tell whether the field is known to exist in these events."""
        return name in self.names or name in self.own or name.startswith(tuple(self.open_parts))

    def _guessed(self, name: str) -> Iterator[str]:
        dotted = "." in name
        if dotted and not self.snake:
            yield name  # ECS names and whole vendor names pass as they are
        for part, places in self.open_parts.items():
            if name.startswith(part):
                yield from (place + name.removeprefix(part) for place in places)
        for prefix in self.prefixes:
            yield prefix + name
            if self.snake:
                yield prefix + snake_case(name)
        yield name


def snake_case(name: str) -> str:
    """Return a camel-case name as Elastic's integrations write it: `appDisplayName` as `app_display_name`."""
    return ".".join(_HUMP.sub("_", part).lower() for part in name.split("."))


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set: lists of names read better without their quotes."""
    return frozenset(text.split())


def table_of(text: str) -> dict[str, tuple[str, ...]]:
    """Return the names that a text lists, one rule field a line, then the event fields it means."""
    lines = (line.split() for line in text.strip().splitlines())
    return {first: tuple(rest) for first, *rest in lines}
