"""Partitions: for each kind of event, the rules that see it and the tables that make matching cheap.

A value is tested once and becomes a small number, its *signature*, which stands for the set of predicates it makes
true. A row is then a tuple of signatures, its *profile*, and each distinct profile is evaluated once. Signatures mean
something only together with the table that issued them, so tables and memo live and die together in a `Partition`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from engine.alerts import Reason
from engine.events import Value, texts
from engine.folding import fold
from engine.sigma.fieldmap import SPREAD, event_fields
from engine.sigma.keyword_scan import KeywordScan
from engine.sigma.logsources import Kind
from engine.sigma.matching import ValueTester
from engine.sigma.predicates import (
    KEYWORD,
    REFERENCES,
    Predicate,
    supporters,
)
from engine.sigma.rules import Rule
from engine.sigma.workings import Workings

MAX_VALUES = 200_000  # signatures kept per field before the table is emptied
MAX_PROFILES = 50_000
MAX_LAYOUTS = 5_000  # sets of field names remembered; they come from the log
MAX_KEPT_LENGTH = 1024  # characters; longer values (script blocks) are rarely seen twice and are tested each time

# Logs in which an absent value is written as a dash; some collectors keep it, some leave the field out.
_DASHED = frozenset({"iis.access", "nginx.access", "apache.access", "squid.access"})

# What a keyword is looked for in: for Windows events the event's own data, else the record's whole text.
_WINDOWS_TEXT = ("winlog.event_data.", "winlog.user_data.", "winlog.provider_name", "winlog.computer_name", "message")


@dataclass(frozen=True, slots=True)
class Accessor:
    """How to read one rule field from an event: the first of `names` that is there, or all of them (`spread`)."""

    names: tuple[str, ...]
    spread: bool = False

    def value(self, fields: Mapping[str, Value]) -> Value | None:
        """Return the field's value, None where it is absent."""
        if self.spread:
            found = [item for name in self.names for item in texts(fields.get(name))]
            return found or None
        for name in self.names:
            value = fields.get(name)
            if value is not None:
                return value
        return None


class Signatures:
    """The signatures of one field's values: value -> number, number -> predicates that are true."""

    def __init__(self, tester: ValueTester) -> None:
        self._tester = tester
        self.numbers: dict[str | tuple[str, ...], int] = {}
        self._sets: dict[frozenset[int], int] = {tester.absent: 0}
        self.true: list[frozenset[int]] = [tester.absent]

    def renew(self) -> None:
        """Forget every value and signature but that of an absent one."""
        self._forget_values()
        self.true = self.true[:1]
        self._sets = {self.true[0]: 0}

    def of(self, value: Value | None) -> int:
        """Return the signature of a value; 0 is that of an absent one."""
        if value is None:
            return 0
        parts = (value,) if isinstance(value, str) else texts(value)
        key = parts[0] if len(parts) == 1 else parts  # a list of one is that one: a dash in it is a dash
        known = self.numbers.get(key)
        if known is not None:
            return known
        number = self.tested(key)
        self.keep(key, number)
        return number

    def tested(self, key: str | tuple[str, ...]) -> int:
        """Return the signature of a value (or of several) without looking it up or keeping it."""
        if isinstance(key, str):
            return self.number(self._tester.test(key))
        if not key:
            return 0
        return self.number(frozenset[int]().union(*(self._tester.test(part) for part in key)))

    def number(self, true: frozenset[int]) -> int:
        """Return the signature that stands for a set of true predicates."""
        number = self._sets.get(true)
        if number is None:
            number = self._sets[true] = len(self.true)
            self.true.append(true)
        return number

    def equate_dash(self) -> None:
        """Let a dash be the same as nothing: what is true for an absent value and what asks for `-` itself."""
        asked = self._tester.equal_to("-")
        self.true[0] = self._tester.absent | asked
        self._sets = {self.true[0]: 0}
        self.numbers["-"] = 0

    def keep(self, key: str | tuple[str, ...], number: int) -> None:
        """Remember a value's signature, within bounds."""
        if (len(key) if isinstance(key, str) else sum(map(len, key))) <= MAX_KEPT_LENGTH:
            if len(self.numbers) >= MAX_VALUES:
                self._forget_values()
            self.numbers[key] = number

    def _forget_values(self) -> None:
        dash = self.numbers.get("-")
        self.numbers.clear()
        if dash == 0:
            self.numbers["-"] = 0


# A place in the profile that an event field can fill: position, table, and the fields that go before it.
_Slot: TypeAlias = tuple[int, Signatures, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What the fields of an event are good for, by their names alone.

    `slots` are the places of the profile that they fill: field, position, table; in `searched` keywords may stand.
    """

    slots: tuple[tuple[str, int, Signatures], ...]
    searched: tuple[str, ...]


class Partition:
    """The rules that see one kind of event, compiled for it. `rules` are those of the rule set, by position in it."""

    def __init__(self, kind: Kind, rules: Sequence[Rule], predicates: Sequence[Predicate], workings: Workings) -> None:
        self.kind = kind
        self.rules = rules
        self._workings = workings
        self._accessors: dict[str, Accessor] = {}
        self._predicates = predicates
        used = sorted(frozenset[int]().union(*(workings.leaves(rule) for rule in rules)))
        self._references = [
            (number, predicates[number]) for number in used if predicates[number].operator in REFERENCES
        ]
        groups: defaultdict[Accessor, list[tuple[int, Predicate]]] = defaultdict(list)
        keywords = []
        for number in used:
            item = predicates[number]
            if item.field == KEYWORD:
                keywords.append((number, item))
            elif item.operator not in REFERENCES:
                groups[self.accessor(item.field)].append((number, item))
        self.accessors = tuple(groups)
        self._home = {number: index for index, items in enumerate(groups.values()) for number, _ in items}
        self._keyword_numbers = frozenset(number for number, _ in keywords)
        self._slots: defaultdict[str, list[_Slot]] = defaultdict(list)
        self._spread: list[int] = []
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self.tables = tuple(Signatures(workings.tester(items)) for items in groups.values())
        if kind.dataset in _DASHED:
            for table in self.tables:
                table.equate_dash()
        self._place()
        self.keywords = Signatures(ValueTester(_keyword_variants(keywords, kind))) if keywords else None
        self._candidates, self._always = self._index()
        self._memo: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.epoch = 0  # how often the tables were emptied: a signature is good for one epoch
        self._evaluated = 0  # profiles since the tables were last emptied
        self.keyword_scan = KeywordScan(item for _, item in keywords)
        self._plain = self.keywords.tested("") if self.keywords else 0  # the signature of a text without any keyword
        self.scans_keywords = self.keyword_scan.usable and self.without_keywords is not None

    def renew(self) -> None:
        """Forget all signatures and profiles once there were very many; never while signatures are in use.

        Every new set of true predicates makes a new profile, so counting profiles bounds the sets as well.
        """
        if self._evaluated >= MAX_PROFILES:
            self.epoch += 1
            self._evaluated = 0
            self._memo.clear()
            for table in (*self.tables, *([self.keywords] if self.keywords else ())):
                table.renew()
            self._plain = self.keywords.tested("") if self.keywords else 0

    def _place(self) -> None:
        for index, (accessor, table) in enumerate(zip(self.accessors, self.tables, strict=True)):
            if accessor.spread:
                self._spread.append(index)
                continue
            for rank, name in enumerate(accessor.names):
                self._slots[name].append((index, table, accessor.names[:rank]))

    def accessor(self, field: str) -> Accessor:
        """Return how a rule's field is read from events of this kind."""
        known = self._accessors.get(field)
        if known is None:
            spread = field in SPREAD and self.kind.family == "windows"
            known = self._accessors[field] = Accessor(event_fields(field, self.kind), spread)
        return known

    def _index(self) -> tuple[dict[int, list[int]], list[int]]:
        candidates: defaultdict[int, list[int]] = defaultdict(list)
        always = []
        for position, rule in enumerate(self.rules):
            needed = self._workings.witnesses(rule)
            if needed is None:
                always.append(position)
            for number in needed or ():
                candidates[number].append(position)
        return dict(candidates), always

    @cached_property
    def asked(self) -> tuple[list[list[tuple[int, Predicate]]], list[tuple[int, Predicate]]]:
        """The predicates of each table, and those of keywords, each with its number and in its order."""
        fields: list[list[tuple[int, Predicate]]] = [[] for _ in self.tables]
        for number, index in sorted(self._home.items()):
            fields[index].append((number, self._predicates[number]))
        return fields, [(number, self._predicates[number]) for number in sorted(self._keyword_numbers)]

    def compared(self) -> tuple[tuple[Predicate, tuple[str, ...], tuple[str, ...]], ...]:
        """Return the predicates that compare two fields, in the order of their bits, with the event fields of both."""
        return tuple(
            (item, self.accessor(item.field).names, self.accessor(item.value).names) for _, item in self._references
        )

    @property
    def is_dashed(self) -> bool:
        """Tell whether a dash means an absent value in events of this kind."""
        return self.kind.dataset in _DASHED

    def columns(self) -> frozenset[str]:
        """Return the event fields that matching reads."""
        names = {name for accessor in self.accessors for name in accessor.names}
        for _, left, right in self.compared():
            names.update(left, right)
        return frozenset(names)

    def match(self, fields: Mapping[str, Value], original: str | bytes) -> tuple[int, ...]:
        """Return the positions of the rules that match the event. `original` is its raw text, for keywords."""
        self.renew()
        profile = [0] * len(self.tables)
        names = tuple(fields)
        layout = self._layouts.get(names) or self._layout(names)
        for name, index, table in layout.slots:
            value = fields[name]
            known = table.numbers.get(value) if type(value) is str else None
            profile[index] = table.of(value) if known is None else known
        for index in self._spread:
            profile[index] = self.tables[index].of(self.accessors[index].value(fields))
        if self.keywords is not None:
            searched = [fields[name] for name in layout.searched]
            profile.append(self._keyword_signature(self.keywords, searched, original))
        if self._references:
            profile.append(self.reference_bits(fields))
        return self.evaluate(tuple(profile))

    def _layout(self, names: tuple[str, ...]) -> _Layout:
        """Find out what the fields of an event are good for, and remember it."""
        if len(self._layouts) >= MAX_LAYOUTS:
            self._layouts.clear()
        there = frozenset(names)
        slots = [
            (name, index, table)
            for name in names
            for index, table, earlier in self._slots.get(name, ())
            if there.isdisjoint(earlier)
        ]
        searched = [name for name in names if name.startswith(_WINDOWS_TEXT)] if self.kind.family == "windows" else []
        layout = self._layouts[names] = _Layout(slots=tuple(slots), searched=tuple(searched))
        return layout

    def _keyword_signature(self, table: Signatures, searched: Sequence[Value], original: str | bytes) -> int:
        """Return the signature of all texts in which keywords may stand."""
        if self.kind.family != "windows":
            return table.tested(original if isinstance(original, str) else original.decode("utf-8", "backslashreplace"))
        values = [item for value in searched for item in ((value,) if type(value) is str else texts(value))]
        if self.scans_keywords and not self.keyword_scan.may_stand_in("\n".join(values)):
            return self._plain
        found = {table.of(item) for item in values}
        return table.number(frozenset[int]().union(*(table.true[number] for number in found)))

    def evaluate(self, profile: tuple[int, ...]) -> tuple[int, ...]:
        """Return the positions of the rules that match rows with this profile."""
        known = self._memo.get(profile)
        if known is None:
            self._evaluated += 1
            if len(self._memo) >= MAX_PROFILES:
                self._memo.clear()
            known = self._memo[profile] = self._percolate(self._true(profile))
        return known

    def _true(self, profile: tuple[int, ...]) -> set[int]:
        count = len(self.tables)
        true = set().union(
            *(table.true[signature] for table, signature in zip(self.tables, profile[:count], strict=True))
        )
        rest = list(profile[count:])
        if self.keywords is not None:
            true |= self.keywords.true[rest.pop(0)]
        if rest:
            true.update(number for bit, (number, _) in enumerate(self._references) if rest[0] >> bit & 1)
        return true

    def _percolate(self, true: set[int]) -> tuple[int, ...]:
        matches = self._workings.matches
        candidates = set(self._always)
        for number in true & self._candidates.keys():
            candidates.update(self._candidates[number])
        return tuple(position for position in sorted(candidates) if matches(self.rules[position], true))

    @property
    def without_keywords(self) -> int | None:
        """Return the signature of a text in which no keyword stands; None where some predicate is true of any text."""
        return self._plain if self.keywords is None or not self.keywords.true[self._plain] else None

    @property
    def has_references(self) -> bool:
        """Tell whether any rule compares two fields of an event."""
        return bool(self._references)

    def reference_bits(self, fields: Mapping[str, Value]) -> int:
        """Return, as bits, which predicates that compare two fields are true for the event."""
        bits = 0
        for bit, (_, item) in enumerate(self._references):
            left = texts(self.accessor(item.field).value(fields))
            right = texts(self.accessor(item.value).value(fields))
            if any(refers(item, fold(one), fold(other)) for one in left for other in right):
                bits |= 1 << bit
        return bits

    def why(self, position: int, fields: Mapping[str, Value], original: str) -> tuple[Reason, ...]:
        """Return the predicates on which a matching rule rests, with the values that made them true."""
        rule = self.rules[position]
        mentioned = self._workings.leaves(rule)
        seen: dict[int, Reason] = {}
        for index in {self._home[number] for number in mentioned if number in self._home}:
            self._collect(seen, mentioned, index, fields)
        if self.keywords is not None and not mentioned.isdisjoint(self._keyword_numbers):
            for text in keyword_values(fields, original, self.kind):
                for number in self.keywords.true[self.keywords.tested(text)]:
                    seen[number] = Reason(field="", predicate=str(self._predicates[number]), value=text[:500])
        bits = self.reference_bits(fields) if self._references else 0
        for bit, (number, item) in enumerate(self._references):
            if bits >> bit & 1:
                seen[number] = self._reason(item, fields)
        return tuple(seen[number] for number in supporters(rule.expression, set(seen)))

    def _collect(
        self, seen: dict[int, Reason], mentioned: frozenset[int], index: int, fields: Mapping[str, Value]
    ) -> None:
        accessor, table = self.accessors[index], self.tables[index]
        value = accessor.value(fields)
        name = next((item for item in accessor.names if fields.get(item) is not None), accessor.names[0])
        for part in texts(value) or (None,):
            for number in table.true[table.of(part)] & mentioned:
                seen[number] = Reason(field=name, predicate=str(self._predicates[number]), value=part or "")

    def _reason(self, item: Predicate, fields: Mapping[str, Value]) -> Reason:
        accessor = self.accessor(item.field)
        value = texts(accessor.value(fields))
        return Reason(field=accessor.names[0], predicate=str(item), value=value[0] if value else "")


def keyword_values(fields: Mapping[str, Value], original: str, kind: Kind) -> Iterator[str]:
    """Yield the texts in which keywords are looked for, each by itself (see `_WINDOWS_TEXT`)."""
    if kind.family != "windows":
        yield original
        return
    for name, value in fields.items():
        if name.startswith(_WINDOWS_TEXT):
            yield from texts(value)


def _keyword_variants(items: Sequence[tuple[int, Predicate]], kind: Kind) -> list[tuple[int, Predicate]]:
    """Let a keyword with a backslash or a quote also match where the record's text is JSON and escapes it."""
    found = list(items)
    if kind.family == "windows":
        return found
    for number, item in items:
        escaped = item.value.replace("\\", "\\\\").replace('"', '\\"')
        if escaped != item.value and item.operator in {"contains", "glob"}:
            found.append((number, Predicate(item.field, item.operator, escaped, item.cased)))
    return found


def refers(item: Predicate, value: str, other: str) -> bool:
    """Tell whether a predicate that compares two fields holds for these two values, both folded."""
    if item.operator == "ref":
        return value == other
    if item.operator == "ref-contains":
        return other in value
    return value.startswith(other) if item.operator == "ref-startswith" else value.endswith(other)
