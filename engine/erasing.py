"""Who is to be erased: every form of a person's values and pseudonyms, and what stands in their place afterwards.

Erasing takes the person out of what is kept, and leaves the rest: an event about five people, or about an attack, stays
one. What cannot be told apart from the value is taken out with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from engine.events import Event, Fields, Scalar, Value
from engine.traces import SHORTEST, Looked, Trace

ERASED: Final = "(erased)"
_BLOCK: Final = 1 << 18  # characters that are looked through at once
_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure changed, by kind: `events`, `alerts`, `dead_letters` and so on."""

    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remnant:
    """A place in which the person can still be found."""

    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person: traces of the values, and the pseudonyms that stand for them (exact words)."""

    traces: tuple[Trace, ...]
    pseudonyms: tuple[str, ...] = ()
    numbers: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        found = {int(each.core) for each in self.traces if each.core.isdigit() and SHORTEST < len(each.core) < 19}
        object.__setattr__(self, "numbers", frozenset(found))

    def found_in(self, text: str) -> bool:
        """Tell whether anything of the person stands in a text."""
        if any(each in text for each in self.pseudonyms):
            return True
        looked = Looked(text)
        return any(each.seen_in(looked) for each in self.traces)

    def clean(self, text: str) -> str:
        """Return the text without the person; where that cannot be told apart, `ERASED` alone."""
        if not self.found_in(text):
            return text
        for pseudonym in self.pseudonyms:
            text = text.replace(pseudonym, ERASED)
        for trace in self.traces:
            text = trace.replaced(text, ERASED)
        return ERASED if self.found_in(text) else text

    def clean_bytes(self, raw: bytes) -> bytes:
        """Return raw text without the person; bytes that are no text stay as they are."""
        return self.clean(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def clean_json(self, content: str) -> str:
        """Return JSON in ASCII without the person, as JSON still; other text as `clean` returns it."""
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            return self.clean(content)
        cleaned = self.document(document)
        return content if cleaned == document else json.dumps(cleaned, sort_keys=True, separators=(",", ":"))

    def document(self, value: Json) -> Json:
        """Return a JSON value without the person: texts, numbers and names of members."""
        if isinstance(value, str):
            return self._nested(value)
        if isinstance(value, list):
            return [self.document(each) for each in value]
        if isinstance(value, dict):
            if value.keys() == {"$date"}:
                return value  # an instant: see `engine.store.values`
            return {self.clean(name): self.document(each) for name, each in value.items()}
        return ERASED if type(value) is int and value in self.numbers else value

    def _nested(self, text: str) -> str:
        """Clean a text; where it is JSON, or bytes in hexadecimal digits, as such, so that it can still be read."""
        if not self.found_in(text):
            return text
        if text[:1] in {"{", "["}:
            return self.clean_json(text)
        if len(text) % 2 == 0 and _HEXADECIMAL.issuperset(text):  # a path: marks and prefixes write it so
            cleaned = self.clean_bytes(bytes.fromhex(text)).hex()
            if not self.found_in(cleaned):  # a telephone number is digits, too
                return cleaned
        return self.clean(text)

    def places(self, texts: Sequence[str | None]) -> Iterator[int]:
        """Yield the places of those texts in which anything is found; many are looked through at once."""
        block: list[int] = []
        size = 0
        for place, text in enumerate(texts):
            if text:
                block.append(place)
                size += len(text)
            if size > _BLOCK:
                yield from self._in_block(texts, block)
                block, size = [], 0
        yield from self._in_block(texts, block)

    def _in_block(self, texts: Sequence[str | None], block: Sequence[int]) -> Iterator[int]:
        if block and self.found_in("\n".join(texts[place] or "" for place in block)):
            yield from (place for place in block if self.found_in(texts[place] or ""))

    def in_bytes(self) -> tuple[bytes, ...]:
        """Return what is looked for in files of bytes."""
        forms = dict.fromkeys(form for each in self.traces for form in each.in_bytes())
        forms |= dict.fromkeys(each.encode("ascii") for each in self.pseudonyms)
        return tuple(forms)


def cleaned_event(event: Event, subject: Subject) -> Event:
    """Return an event without the person; the same one where nothing of the person is in it."""
    fields: Fields = {subject.clean(name): _cleaned(value, subject) for name, value in event.fields.items()}
    origin = replace(event.origin, path=subject.clean(event.origin.path))
    new = replace(event, origin=origin, original=subject.clean(event.original), fields=fields)
    return event if new == event else new


def _cleaned(value: Value, subject: Subject) -> Value:
    if isinstance(value, (list, tuple)):
        new = [_scalar(each, subject) for each in value]
        return value if new == list(value) else new
    return _scalar(value, subject)  # type: ignore[arg-type] # a Value that is no sequence is a Scalar


def _scalar(value: Scalar, subject: Subject) -> Scalar:
    if isinstance(value, str):
        return subject.clean(value)
    return ERASED if type(value) is int and value in subject.numbers else value
