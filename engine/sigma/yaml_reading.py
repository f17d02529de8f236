"""Reading YAML that strangers wrote: one document, built from the parser's events, bounded in every direction.

PyYAML's own loaders descend once per level (400,000 brackets end the process with a segmentation fault), take the last
of two equal keys without a word, repeat what an alias stands for as often as it is named, and read `59:59:59:...` as
one number of any length. None of this happens here: depth, nodes, aliases and numbers are limited, and a key that
stands twice, a merge key and a tag that is not YAML's own are refused. (YAML 1.1, sections 3.2 and 10.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

MAX_DEPTH = 50  # of nested lists and mappings
MAX_NODES = 150_000  # values and keys, what aliases stand for included; SigmaHQ's largest rule has 7,000
MAX_ALIASES = 20
MAX_NUMBER = 400  # characters of a number
_PREFIX = "tag:yaml.org,2002:"
_NUMBERS = frozenset({f"{_PREFIX}int", f"{_PREFIX}float"})
_TEXT = f"{_PREFIX}str"
_MERGE = f"{_PREFIX}merge"
_KNOWN = frozenset(f"{_PREFIX}{name}" for name in ("int", "float", "bool", "null", "timestamp"))


class _Scalars(SafeConstructor, Resolver):
    """YAML 1.1's rules for what a plain scalar means."""

    def __init__(self) -> None:
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def tag(self, value: str) -> str:
        """Return the tag that a plain scalar has."""
        found = self.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call] # PyYAML's stubs
        return str(found)

    def value(self, tag: str, text: str) -> object:
        """Return what a scalar with this tag stands for; raise `ValueError` where it is none."""
        build: Callable[[Any, yaml.ScalarNode], object] = self.yaml_constructors[tag]
        try:
            return build(self, yaml.ScalarNode(tag, text))
        except (LookupError, AttributeError, OverflowError) as error:  # PyYAML trusts what explicit tags say
            raise ValueError(f"{text[:50]!r} is no {tag.removeprefix(_PREFIX)}") from error


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun. `pending` is a key that waits for its value."""

    into: list[Any] | dict[Any, Any]
    anchor: str | None
    before: int
    pending: list[Any] = field(default_factory=list)


class _Builder:
    """Builds the document's value from events, without recursion."""

    def __init__(self) -> None:
        self._scalars = _Scalars()
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._nodes = 0
        self._aliases = 0
        self.found: list[object] = []

    def take(self, event: yaml.Event) -> None:
        """Take the next event; raise `ValueError` for what is not read."""
        if isinstance(event, yaml.ScalarEvent):
            self._count(1)
            self._add(self._scalar(event), event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._stack.pop()
            self._add(done.into, done.anchor, self._nodes - done.before)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.found:
            raise ValueError("a second document begins")

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in {None, "!", f"{_PREFIX}map" if mapping else f"{_PREFIX}seq"}:
            raise ValueError(f"not YAML: the tag {str(event.tag)[:100]} is not read")
        if self._stack and self._awaits_key(self._stack[-1]):
            raise ValueError("not YAML: a list or a mapping stands where a key is expected")
        self._stack.append(_Open({} if mapping else [], event.anchor, self._nodes))
        self._count(1)

    @staticmethod
    def _awaits_key(place: _Open) -> bool:
        return isinstance(place.into, dict) and not place.pending

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise ValueError(f"more than {MAX_ALIASES} YAML aliases")
        if event.anchor not in self._anchors:
            raise ValueError(f"not YAML: the alias *{str(event.anchor)[:100]} stands for nothing that ended before it")
        value, size = self._anchors[event.anchor]
        if self._awaits_key(self._stack[-1]) and isinstance(value, dict | list):
            raise ValueError("not YAML: a list or a mapping stands where a key is expected")
        self._count(size)
        self._add(value, None, size)

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES:,} YAML values, counted where aliases repeat them")

    def _add(self, value: object, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if not self._stack:
            self.found.append(value)
            return
        place = self._stack[-1]
        if isinstance(place.into, list):
            place.into.append(value)
        elif place.pending:
            place.into[place.pending.pop()] = value
        else:
            if value in place.into:
                raise ValueError(f"the key {str(value)[:100]} stands there twice")
            place.pending.append(value)

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        text: str = event.value
        tag: str | None = event.tag
        if tag is None or tag == "!":
            if not event.implicit[0]:
                return text
            tag = self._scalars.tag(text)
        if tag == _MERGE:
            raise ValueError("a merge key (<<) is not read; write the keys out")
        if tag not in _KNOWN:
            if tag != _TEXT and event.tag is not None:
                raise ValueError(f"not YAML: the tag {tag[:100]} is not read")
            return text
        if tag in _NUMBERS and len(text) > MAX_NUMBER:
            raise ValueError(f"a number of {len(text):,} characters; at most {MAX_NUMBER} are read")
        return self._scalars.value(tag, text)


def read_yaml(text: str, *, first_line: int = 1) -> object:
    """Return the value of a text that holds one YAML document (None for an empty one).

    `first_line` is the line on which the text stands in its file. Raise `ValueError` with the reason, and the line and
    column in the file, for what is not YAML or is not read.
    """
    builder = _Builder()
    event = None
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {first_line + mark.line}, column {mark.column + 1})" if mark else ""
        raise ValueError(f"not YAML: {getattr(error, 'problem', None) or error}{place}") from error
    except ValueError as error:
        mark = event.start_mark if event is not None else None
        place = f" (line {first_line + mark.line}, column {mark.column + 1})" if mark else ""
        raise ValueError(f"{error}{place}") from error
    return builder.found[0] if builder.found else None
