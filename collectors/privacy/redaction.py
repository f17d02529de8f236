"""One event without its personal data: its own fields treated by rule, and the same values gone from all its others.

A value stands in an event many times: in its field, in `related.*`, in the URL, in `event.original`. Wherever it can be
found (see `engine.traces`) it is replaced by what its field got. Where it is still found after that, a field reads
`(removed)`, and `event.original` is left out: `event.hash` is then its keyed digest, by which who has both the text
and the key can prove that it was this one. A plain digest would not do: texts differ in little more than a code, and
who has the store could try all codes. For the same reason the event gets an id under the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from collectors.personal import Kind
from collectors.privacy.addresses import truncated
from collectors.privacy.pseudonyms import Pseudonyms, country_of
from collectors.privacy.rules import Rule
from engine.events import Event, Fields, Scalar, Value, text
from engine.traces import Counting, Looked, Trace, reduced, trace_of

REMOVED: Final = "(removed)"
UNUSUAL: Final = "kulla.privacy.unusual"  # the fields whose value looks like nothing that they should hold
# What parsers write by themselves, never from the log: a hostile name must not be able to change what an event is.
_OURS: Final = frozenset(
    (
        *("event.module", "event.dataset", "event.kind", "event.category", "event.type", "event.outcome"),
        *("observer.type", "observer.product", "observer.vendor", "network.type", "network.direction", "ecs.version"),
    )
)
_LONGEST_PLACE: Final = 12  # letters and digits from which on free text is looked for piece by piece
_SMALLEST_NUMBER: Final = 100_000
_SEMANTIC: Final = re.compile(  # ETSI EN 319 412-1, natural person; the dash may be percent-encoded, and that again
    r"(PNO[A-Z]{2})(?:-|%(?:25)?2D)([A-Z0-9][A-Z0-9-]{4,30})", re.IGNORECASE
)
MARK: Final = "pno"  # stands, in letters of either case, in every text that has such a code in it
_PART: Final = 3  # letters of a part of a name that is looked for by itself
_LIKELY: Final = {
    "person": re.compile(r"(?=(?:[^0-9]*[0-9]){4})[\w ./:+-]{4,64}|[^\s@]{1,64}@[\w.-]{1,255}"),
    "phone": re.compile(r"(?=(?:[^0-9]*[0-9]){4})[0-9 ()./+-]{4,32}"),
    "name": re.compile(r"[^\W\d_][^\d_<>;={}%$\\]{0,127}"),
    "email": re.compile(r"[^\s@]{1,64}@[\w.-]{1,255}"),
    "session": re.compile(r"[\w.~+/=:-]{4,512}"),
}


@dataclass(frozen=True, slots=True)
class _Mark:
    """A value to be replaced, and what by."""

    trace: Trace
    by: str


class Redactor:
    """Treats events by rules. `found` collects which pseudonym was given to which value, until it is taken."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self.found: dict[str, str] = {}

    def treated(self, event: Event, rules: Sequence[Rule], *, anywhere: bool) -> Event:
        """Return the event as it may be stored; the same event where no rule finds anything in it."""
        fields: Fields = dict(event.fields)
        marks: dict[str, _Mark] = {}
        unusual: list[str] = []
        countries = _countries(fields, rules)
        for rule in rules:
            value = fields.get(rule.field)
            if value is None:
                continue
            values = value if isinstance(value, (list, tuple)) else (value,)
            kept = [self._one(rule, text(each), countries, marks) for each in values]
            if any(_is_unusual(rule, text(each)) for each in values):
                unusual.append(rule.field)
            if rule.action == "drop":
                del fields[rule.field]
            else:
                fields[rule.field] = kept if isinstance(value, (list, tuple)) else kept[0]
        for code in _semantic_codes(event.original, fields) if anywhere else ():
            self._mark(marks, code, "person", self._pseudonym("person", code))
        if not marks:
            return event
        if unusual:
            fields[UNUSUAL] = unusual
        return self._spread(event, fields, sorted(marks.values(), key=lambda mark: -len(mark.trace.value)))

    def _one(self, rule: Rule, value: str, countries: dict[bytes, str], marks: dict[str, _Mark]) -> str:
        """Return what a field's value becomes, and mark it."""
        by = self._replacement(rule, value, countries)
        if by != value:
            self._mark(marks, value, rule.holds, by)
            if rule.holds == "name" and rule.action == "pseudonymise":
                for part in value.split():
                    if len(part) >= _PART and part != value:
                        self._mark(marks, part, "name", self._pseudonym("name", part))
        return by

    @staticmethod
    def _mark(marks: dict[str, _Mark], value: str, holds: str, by: str) -> None:
        if value not in marks and (trace := trace_of(value, _counting(holds, value))) is not None:
            marks[value] = _Mark(trace, by)

    def _replacement(self, rule: Rule, value: str, countries: dict[bytes, str]) -> str:
        if not reduced(value):
            return value  # `-`, which says that there is none
        if rule.action == "drop":
            return REMOVED
        if rule.action == "hash":
            return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        if rule.action == "truncate":
            short = truncated(value, rule.size) if rule.holds == "address" else None
            return value[: rule.size] if short is None else short
        if rule.action == "prefix" and (address := self._pseudonyms.addresses.address(value)) is not None:
            return address
        kind: Kind = "content" if rule.holds == "address" else rule.holds
        if kind == "person" and not country_of(value):
            value = countries.get(reduced(value), "") + value
        return self._pseudonym(kind, value)

    def _pseudonym(self, kind: Kind, value: str) -> str:
        found = self._pseudonyms.of(kind, value)
        if kind != "content":  # free text may name others than the one who asks to be erased: it is never kept
            self.found[found] = value
        return found

    def _spread(self, event: Event, fields: Fields, marks: Sequence[_Mark]) -> Event:
        """Replace the marked values in everything else that the event says."""
        original, path = _as_written(event.original, marks), event.origin.path
        fields = {name: value if name in _OURS else _quickly(value, marks) for name, value in fields.items()}
        everything = Looked("\n".join((original, path, *_strings(fields))))
        left = [mark for mark in marks if mark.trace.seen_in(everything)]
        if left:
            original = _clean(original, left, "")
            path = _clean(path, left, REMOVED)
            fields = {_clean(name, left, REMOVED): _cleaned(name, value, left) for name, value in fields.items()}
        if event.original and not original:
            fields["event.hash"] = self._pseudonyms.digest(event.original)
        return Event(
            id=self._pseudonyms.event_id(event.id),
            origin=event.origin if path == event.origin.path else replace(event.origin, path=path),
            original=original,
            fields=fields,
        )


def _countries(fields: Fields, rules: Sequence[Rule]) -> dict[bytes, str]:
    """Return the country that each personal code of the event names somewhere, for where it is written without."""
    found: dict[bytes, str] = {}
    for rule in rules:
        value = fields.get(rule.field)
        if rule.holds == "person" and isinstance(value, str) and (country := country_of(value)):
            trace = trace_of(value)
            if trace is not None:
                found[trace.core] = country
    return found


def _counting(holds: str, value: str) -> Counting:
    if holds == "name":
        return "words"
    if holds == "address" or (holds == "content" and len(reduced(value)) < _LONGEST_PLACE):
        return "whole"
    return "code" if holds in {"person", "phone"} else "letters"


def _is_unusual(rule: Rule, value: str) -> bool:
    likely = _LIKELY.get(rule.holds)
    return likely is not None and bool(reduced(value)) and likely.fullmatch(value.strip()) is None


def may_name_somebody(written: str) -> bool:
    """Tell whether e-ID codes (`PNOEE-...`) are worth looking for in a text."""
    return MARK in written.lower()


def _semantic_codes(original: str, fields: Fields) -> list[str]:
    texts = [original, *(value for name, value in fields.items() if name not in _OURS and isinstance(value, str))]
    found = (match for each in texts if may_name_somebody(each) for match in _SEMANTIC.finditer(each))
    return list(dict.fromkeys(f"{match[1]}-{match[2]}" for match in found))


def _strings(fields: Fields) -> Iterator[str]:
    """Yield everything in the fields that may hold a value: names, texts, and numbers that are large enough."""
    for name, value in fields.items():
        yield name
        if name in _OURS:
            continue
        for each in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(each, str) or _is_large(each):
                yield str(each)


def _quickly(value: Value, marks: Sequence[_Mark]) -> Value:
    if isinstance(value, str):
        return _as_written(value, marks)
    if isinstance(value, (list, tuple)):
        return [_as_written(each, marks) if isinstance(each, str) else each for each in value]
    return value


def _as_written(content: str, marks: Sequence[_Mark]) -> str:
    for mark in marks:
        content = mark.trace.replaced_as_written(content, mark.by)
    return content


def _is_large(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= _SMALLEST_NUMBER


def _cleaned(name: str, value: Value, marks: Sequence[_Mark]) -> Value:
    if name in _OURS:
        return value
    if isinstance(value, (list, tuple)):
        return [_scalar(each, marks) for each in value]
    return _scalar(value, marks)  # type: ignore[arg-type] # a Value that is no sequence is a Scalar


def _scalar(value: Scalar, marks: Sequence[_Mark]) -> Scalar:
    if isinstance(value, str):
        return _clean(value, marks, REMOVED)
    if isinstance(value, (int, float)) and _is_large(value):
        return next((mark.by for mark in marks if mark.trace.is_number(value)), value)
    return value


def _clean(content: str, marks: Sequence[_Mark], gone: str) -> str:
    """Return the text without the values; `gone` where one of them cannot be taken out of it."""
    looked = Looked(content)
    for mark in marks:
        if mark.trace.seen_in(looked):
            content = mark.trace.replaced(content, mark.by)
            looked = Looked(content)
            if mark.trace.seen_in(looked):
                return gone
    return content
