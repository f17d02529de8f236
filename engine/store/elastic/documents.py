"""Events as Elasticsearch documents and back, exactly.

A document is flat: dotted ECS names, values as JSON has them, instants as ISO 8601. What JSON or Elasticsearch has no
form for is written as text, with its code (see `engine.store.values`) in `kulla.types`. Names that no index can hold
stand in `kulla.odd`, names beyond an index's budget in `kulla.rest`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from engine.ecs_types import DATE, LONG
from engine.events import Event, Fields, Origin, Value
from engine.store.columns import (
    ENVELOPE,
    GIVEN,
    ID,
    IDENTITY,
    INGESTED,
    NUMBER,
    OFFSET,
    ORIGINAL,
    PATH,
    SAME,
)
from engine.store.elastic.mappings import AWKWARD, BUDGET, ODD, REST, SEQUENCE, TYPES
from engine.store.values import (
    LIST,
    code_of,
    fitted,
    from_json,
    list_code,
    plain,
    restored,
    restored_list,
    to_json,
    written,
)

Document = dict[str, Any]
_LONGEST_NAME = 256
_LARGEST = 2**63
_SMALL, _GREAT = 1e-4, 1e16
OWN = frozenset({*ENVELOPE, AWKWARD, ODD, REST, TYPES, SEQUENCE})
_GIVEN = tuple(GIVEN + name for name in ENVELOPE)
_AWKWARD = frozenset({ODD, REST, TYPES, *_GIVEN})
_JSON = orjson.OPT_UTC_Z
_AS_THEY_ARE = frozenset({str, bool})
_SHAPES = 4096


class _Plan(NamedTuple):
    """How events of one shape are written: what needs care, of which the value decides, whether all have a place.

    `is_known` says that the index has all names, `is_simple` that it takes the values as they are, but for those.
    """

    hard: frozenset[str]
    numbers: tuple[str, ...]
    lists: tuple[str, ...]
    is_known: bool
    is_simple: bool


def _plan(names: tuple[str, ...], types: tuple[type, ...], known: set[str]) -> _Plan:
    hard: set[str] = set()
    numbers: list[str] = []
    lists: list[str] = []
    for name, kind in zip(names, types, strict=True):
        if not is_plain_name(name) or (name in DATE) != (kind is datetime) or (kind is str and name in LONG):
            hard.add(name)
        elif kind in {int, float}:
            numbers.append(name)
        elif kind is list:
            lists.append(name)
        elif kind not in {str, bool, datetime}:
            hard.add(name)
    is_known = known.issuperset(names)
    return _Plan(frozenset(hard), tuple(numbers), tuple(lists), is_known=is_known, is_simple=is_known and not hard)


@lru_cache(maxsize=65536)
def is_plain_name(name: str) -> bool:
    """Tell whether a field of this name stands in a document under its own name."""
    if name in OWN or name.startswith((GIVEN, "_")) or not 0 < len(name) <= _LONGEST_NAME:
        return False
    return name.isprintable() and all(part and not part.isspace() for part in name.split("."))


class Writer:
    """Writes events of one index as documents; keeps the index's field names within the budget.

    `known` are the names that the index has already; what comes beyond the budget goes into the flattened tail.
    """

    def __init__(self, known: Iterable[str] = (), *, budget: int = BUDGET) -> None:
        self._known = set(known)
        self._budget = budget
        self._plans: dict[tuple[tuple[str, ...], tuple[type, ...]], _Plan] = {}

    def write_all(self, numbered: Sequence[tuple[int, Event]], ingested: datetime) -> Iterator[bytes]:
        """Yield the documents of a batch as JSON, each event with its sequence."""
        is_decided = False
        for sequence, event in numbered:
            plan = self._plan(event.fields)
            if not plan.is_known and not is_decided:
                self._admit([each for _, each in numbered])
                is_decided = True
                plan = self._plan(event.fields)
            yield self._written(event, plan, sequence, ingested)

    def write(self, event: Event, sequence: int, ingested: datetime) -> bytes:
        """Return one event's document as JSON."""
        return next(self.write_all([(sequence, event)], ingested))

    def _admit(self, events: Sequence[Event]) -> None:
        """Decide which new names of a batch get a field of their own: the most frequent, as far as the budget goes."""
        known = self._known
        shapes = Counter(tuple(event.fields) for event in events if not known.issuperset(event.fields))
        new: Counter[str] = Counter()
        for names, count in shapes.items():
            for name in names:
                if name not in known:
                    new[name] += count
        room = max(0, self._budget - len(self._known))
        if new and room:
            self._known.update(name for name, _ in sorted(new.items(), key=lambda item: (-item[1], item[0]))[:room])
            self._plans.clear()

    def _written(self, event: Event, plan: _Plan, sequence: int, ingested: datetime) -> bytes:
        fields, origin = event.fields, event.origin
        is_simple = plan.is_simple and _is_simple(fields, plan)
        document: Document = dict(fields) if is_simple else {}
        document[ID] = event.id
        document[SEQUENCE] = sequence
        document[INGESTED] = ingested
        document[PATH] = origin.path
        document[OFFSET] = origin.offset
        document[NUMBER] = origin.number
        document[IDENTITY] = origin.identity
        document[ORIGINAL] = event.original
        if not is_simple:
            self._put_with_care(document, fields, plan.hard.union(plan.numbers, plan.lists))
        try:
            return orjson.dumps(document, option=_JSON)
        except (TypeError, ValueError):  # lone surrogates
            return orjson.dumps(_clean(document), option=_JSON)

    def _plan(self, fields: Mapping[str, Value]) -> _Plan:
        shape = (tuple(fields), tuple(map(type, fields.values())))
        found = self._plans.get(shape)
        if found is None:
            if len(self._plans) >= _SHAPES:
                self._plans.clear()
            found = self._plans[shape] = _plan(*shape, self._known)
        return found

    def _put_with_care(self, document: Document, fields: Mapping[str, Value], awkward: frozenset[str]) -> None:
        codes: dict[str, str] = {}
        rest: Document = {}
        odd: Fields = {}
        for name, value in fields.items():
            if name in ENVELOPE:
                _put_own(document, name, value, codes)
                continue
            if not is_plain_name(name):
                if value is not None:
                    odd[name] = value
                continue
            place = document if name in self._known else rest
            if name not in awkward and place is document:
                place[name] = value
            else:
                _put(place, name, name, value, codes)
        if codes:
            document[TYPES] = json.dumps(codes, sort_keys=True)
        if rest:
            document[REST] = rest
        if odd:
            document[ODD] = to_json(odd)
        if rest or odd:
            document[AWKWARD] = True


def _put_own(document: Document, name: str, value: Value, codes: dict[str, str]) -> None:
    """Put a field that has the name of one of the store's own: noted where it is the same, else beside it."""
    if type(value) is type(document[name]) and value == document[name]:
        codes[name] = SAME
    else:
        _put(document, GIVEN + name, name, value, codes)


def _put(document: Document, place: str, name: str, value: Value, codes: dict[str, str]) -> None:
    code = code_of(type(value)) if value is not None else ""
    if not code:
        if value is not None:
            document[place] = str(value)
        return
    if code == LIST:
        elements = [element for element in value if element is not None]  # type: ignore[union-attr] # a list by its code
        if all(_is_exact(element) for element in elements):
            document[place] = elements
        else:
            codes[name] = list_code(elements)
            document[place] = [written(element) for element in elements]
    elif code == "d":
        document[place] = value if name in DATE and place == name else written(value)
        if name not in DATE or place != name:
            codes[name] = code
        elif value.tzinfo is None:  # type: ignore[union-attr] # an instant by its code
            document[place] = written(value)
    else:
        document[place], changed = _scalar(name, value, code)
        if changed:
            codes[name] = code


def _scalar(name: str, value: Value, code: str) -> tuple[object, bool]:
    """Return how a scalar that is no instant stands in a document, and whether its code has to be told."""
    if code == "s" and name in LONG:
        number = fitted("long", code, value)  # type: ignore[arg-type] # text by its code
        return (value, False) if number is None else (number, True)
    return (value, code == "s" and name in DATE) if _is_exact(value) else (written(value), True)


def _is_exact(value: object) -> bool:
    """Tell whether JSON gives the value back as it is."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return True
    if kind is int:
        return -_LARGEST <= value < _LARGEST  # type: ignore[operator] # a whole number
    # a fraction that JSON, Python and Elasticsearch write alike, without an exponent
    return kind is float and (value == 0 or _SMALL <= abs(value) < _GREAT)  # type: ignore[arg-type]


def _is_simple(fields: Mapping[str, Value], plan: _Plan) -> bool:
    """Tell whether JSON gives the numbers, and the lists (of texts), back as they are."""
    for name in plan.lists:
        for element in fields[name]:  # type: ignore[union-attr] # a list by the plan
            if type(element) is not str:
                return False
    return all(_is_exact(fields[name]) for name in plan.numbers)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(name): _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value


def is_awkward(document: Mapping[str, object]) -> bool:
    """Tell from its names whether a document's fields are not simply its members."""
    return not document.keys().isdisjoint(_AWKWARD)


def stamp_of(document: Document) -> datetime | None:
    """Return the event's own time, None where it has none."""
    value = document.get("@timestamp")
    if not isinstance(value, str):
        return None
    codes = document.get(TYPES)
    return None if codes and "@timestamp" in _codes(codes) else datetime.fromisoformat(value)


def fields_of(document: Document) -> Fields:
    """Return the fields of the event that a document holds; the document is used up."""
    awkward = is_awkward(document)
    written_codes = document.pop(TYPES, None)
    codes = _codes(written_codes) if written_codes else {}
    rest, odd = document.pop(REST, None), document.pop(ODD, None)
    own = {name: document.pop(name, None) for name in ENVELOPE}
    document.pop(SEQUENCE, None)
    document.pop(AWKWARD, None)
    if rest:
        document.update(rest)
    for name in DATE.intersection(document):
        if name not in codes and isinstance(document[name], str):
            document[name] = datetime.fromisoformat(document[name])
    if awkward:
        _restore(document, codes, own)
    if odd:
        document.update(from_json(odd))
    return document


def _restore(document: Document, codes: Mapping[str, str], own: Document) -> None:
    """Give values their types again, and fields that have the names of the store's own columns their places."""
    for name, code in codes.items():
        if code == SAME:
            value = own[name]
            document[name] = _moment(value) if name == INGESTED else value
            continue
        place = GIVEN + name if name in ENVELOPE else name
        if place in document:
            document[name] = _restored(document.pop(place), code)
    for name in _GIVEN:
        if name in document:
            document[name.removeprefix(GIVEN)] = document.pop(name)


def event_of(document: Document) -> Event:
    """Return the event that a document of kulla's own holds; the document is used up."""
    origin = Origin(
        path=document[PATH],
        identity=document[IDENTITY],
        offset=document[OFFSET],
        number=document[NUMBER],
    )
    number, original = document[ID], document[ORIGINAL]
    return Event(id=number, origin=origin, original=original, fields=fields_of(document))


@lru_cache(maxsize=_SHAPES)
def _codes(text: str) -> Mapping[str, str]:
    codes: dict[str, str] = json.loads(text)
    return codes


def _restored(value: Any, code: str) -> Value:
    if isinstance(value, list):
        return restored_list(value, code)
    return restored(str(value), code)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
