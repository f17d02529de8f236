"""Partitions: for each kind of event, the rules that see it and the tables that make matching cheap.

A value is tested once and becomes a small number, its *signature*, which stands for the set of predicates it makes
true. A row is then a tuple of signatures, its *profile*, and each distinct profile is evaluated once. Signatures mean
something only together with the table that issued them, so tables and memo live and die together in a `Partition`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from operator import itemgetter
from typing import TypeAlias

from engine.alerts import Reason
from engine.events import Value, texts
from engine.folding import fold
from engine.sigma.fieldmap import SPREAD, event_fields
from engine.sigma.logsources import Kind
from engine.sigma.predicates import (
    KEYWORD,
    REFERENCES,
    Predicate,
    supporters,
)
from engine.sigma.rules import Rule
from engine.sigma.signatures import MAX_KEPT_LENGTH, Accessor, Numbers, Signatures
from engine.sigma.workings import Workings

MAX_PROFILES = 50_000
MAX_REASONS = 5_000  # reasons of matches remembered
MAX_LAYOUTS = 5_000  # sets of field names remembered; they come from the log,
MAX_NAMES = 200  # so sets of more names than honest events have are found out anew each time

# Logs in which an absent value is written as a dash; some collectors keep it, some leave the field out.
_DASHED = frozenset({"iis.access", "nginx.access", "apache.access", "squid.access"})

# What a keyword is looked for in: for Windows events the event's own data, else the record's whole text.
_WINDOWS_TEXT = ("winlog.event_data.", "winlog.user_data.", "winlog.provider_name", "winlog.computer_name", "message")


# A place in the profile that an event field can fill: position, table, and the fields that go before it.
_Slot: TypeAlias = tuple[int, Signatures, tuple[str, ...]]

# What a field said: the number of its table, the event field that gave the value, and the value's texts.
_Told: TypeAlias = tuple[int, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What the fields of an event are good for, by their names alone; `key` is its own, 0 where it is not remembered.

    `told` takes the values that fill places of the profile, `places` are their positions, `numbers` what is known of
    them; `spread` are the places that several fields fill together. `searched` takes the values in which keywords may
    stand, and `compares` says whether both fields of any comparison are there.
    """

    key: int
    told: Callable[[Mapping[str, Value]], Sequence[Value]]
    places: tuple[int, ...]
    numbers: tuple[Numbers, ...]
    spread: tuple[tuple[int, Accessor], ...]
    compares: bool
    searched: Callable[[Mapping[str, Value]], Sequence[Value]]


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
        self.keywords = Signatures(workings.tester(_keyword_variants(keywords, kind))) if keywords else None
        self._candidates, self._always = self._index()
        self._memo: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._keys = count(1)
        self._rows: dict[tuple[int, ...], tuple[int, ...]] = {}  # the same by layout and what an event of it has
        self._bases: dict[int, tuple[tuple[int, ...], bool, bool]] = {}
        self._reasons: dict[tuple[int, tuple[_Told, ...]], tuple[Reason, ...]] = {}
        self.epoch = 0  # how often the tables were emptied: a signature is good for one epoch
        self._evaluated = 0  # profiles since the tables were last emptied
        self.keyword_scan = workings.keyword_scan(keywords)
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
            self._rows.clear()
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

    @cached_property
    def columns(self) -> frozenset[str]:
        """The event fields that matching reads."""
        names = {name for accessor in self.accessors for name in accessor.names}
        for _, left, right in self.compared():
            names.update(left, right)
        return frozenset(names)

    def match(self, fields: Mapping[str, Value], original: str | bytes) -> tuple[int, ...]:
        """Return the positions of the rules that match the event. `original` is its raw text, for keywords."""
        self.renew()
        names = tuple(fields)
        layout = self._layouts.get(names) or self._layout(names)
        told = layout.told(fields)
        try:
            found = [*map(Numbers.__getitem__, layout.numbers, told)]
        except TypeError:  # a list is no key
            found = [numbers.of(value) for numbers, value in zip(layout.numbers, told, strict=True)]
        if layout.spread:
            found += [self.tables[place].of(accessor.value(fields)) for place, accessor in layout.spread]
        if self.keywords is not None:
            found.append(self._keyword_signature(self.keywords, layout.searched(fields), original))
        if self._references:
            found.append(self.reference_bits(fields) if layout.compares else 0)
        if not layout.key:
            return self.evaluate(self._profile(layout, found))
        row = (layout.key, *found)
        known = self._rows.get(row)
        if known is None:
            if len(self._rows) >= MAX_PROFILES:
                self._rows.clear()
            known = self._rows[row] = self.evaluate(self._profile(layout, found))
        return known

    def _profile(self, layout: _Layout, found: Sequence[int]) -> tuple[int, ...]:
        """Return the profile of an event from the signatures of what it has."""
        profile = [0] * len(self.tables)
        places = (*layout.places, *(place for place, _ in layout.spread))
        for place, signature in zip(places, found, strict=False):
            profile[place] = signature
        return (*profile, *found[len(places) :])

    def _layout(self, names: tuple[str, ...]) -> _Layout:
        """Find out what the fields of an event are good for, and remember it."""
        there = frozenset(names)
        slots = [
            (name, index, table)
            for name in names
            for index, table, earlier in self._slots.get(name, ())
            if there.isdisjoint(earlier)
        ]
        searched = [name for name in names if name.startswith(_WINDOWS_TEXT)] if self.kind.family == "windows" else []
        layout = _Layout(
            key=next(self._keys) if len(names) <= MAX_NAMES else 0,
            told=_values_of([name for name, _, _ in slots]),
            places=tuple(place for _, place, _ in slots),
            numbers=tuple(table.numbers for _, _, table in slots),
            spread=tuple(
                (index, Accessor(present, spread=True))
                for index in self._spread
                if (present := tuple(name for name in self.accessors[index].names if name in there))
            ),
            compares=any(
                not there.isdisjoint(left) and not there.isdisjoint(right) for _, left, right in self.compared()
            ),
            searched=_values_of(searched),
        )
        if layout.key:
            if len(self._layouts) >= MAX_LAYOUTS:
                self._layouts.clear()
            self._layouts[names] = layout
        return layout

    def _keyword_signature(self, table: Signatures, searched: Sequence[Value], original: str | bytes) -> int:
        """Return the signature of all texts in which keywords may stand."""
        if self.kind.family != "windows":
            return table.tested(original if isinstance(original, str) else original.decode("utf-8", "backslashreplace"))
        if self.scans_keywords and not self.keyword_scan.may_stand_in(_joined(searched)):
            return self._plain
        found = {table.of(item) for value in searched for item in texts(value)}
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
        held = len(self.tables)
        true = set().union(
            *(table.true[signature] for table, signature in zip(self.tables, profile[:held], strict=True))
        )
        rest = list(profile[held:])
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

    def read_by(self, position: int) -> frozenset[str] | None:
        """Return the event fields on which a rule's matches can rest; None where a keyword may stand in any of them."""
        tables, keywords, compared = self._basis(position)
        names = {name for index in tables for name in self.accessors[index].names}
        for _, left, right in self.compared() if compared else ():
            names.update(left, right)
        return None if keywords else frozenset(names)

    def _basis(self, position: int) -> tuple[tuple[int, ...], bool, bool]:
        """Return what a rule looks at: the tables of fields, and whether there are keywords and comparisons."""
        known = self._bases.get(position)
        if known is None:
            mentioned = self._workings.leaves(self.rules[position])
            known = self._bases[position] = (
                tuple({self._home[number]: None for number in sorted(mentioned) if number in self._home}),
                not mentioned.isdisjoint(self._keyword_numbers),
                not mentioned.isdisjoint(number for number, _ in self._references),
            )
        return known

    def why(self, position: int, fields: Mapping[str, Value], original: str) -> tuple[Reason, ...]:
        """Return the predicates on which a matching rule rests, with the values that made them true."""
        tables, keywords, compared = self._basis(position)
        told = tuple((index, *self.accessors[index].told(fields)) for index in tables)
        if keywords or compared or sum(len(part) for _, _, parts in told for part in parts) > MAX_KEPT_LENGTH:
            return self._why(position, told, fields, original)
        known = self._reasons.get((position, told))
        if known is None:
            if len(self._reasons) >= MAX_REASONS:
                self._reasons.clear()
            known = self._reasons[position, told] = self._why(position, told, fields, original)
        return known

    def _why(
        self, position: int, told: Sequence[_Told], fields: Mapping[str, Value], original: str
    ) -> tuple[Reason, ...]:
        rule = self.rules[position]
        mentioned = self._workings.leaves(rule)
        seen: dict[int, Reason] = {}
        for index, name, parts in told:
            table = self.tables[index]
            for part in parts or (None,):
                for number in table.true[table.of(part)] & mentioned:
                    seen[number] = Reason(field=name, predicate=str(self._predicates[number]), value=part or "")
        if self.keywords is not None and not mentioned.isdisjoint(self._keyword_numbers):
            for text in keyword_values(fields, original, self.kind):
                for number in self.keywords.true[self.keywords.tested(text)]:
                    seen[number] = Reason(field="", predicate=str(self._predicates[number]), value=text[:500])
        bits = self.reference_bits(fields) if self._references else 0
        for bit, (number, item) in enumerate(self._references):
            if bits >> bit & 1:
                seen[number] = self._reason(item, fields)
        return tuple(seen[number] for number in supporters(rule.expression, set(seen)))

    def _reason(self, item: Predicate, fields: Mapping[str, Value]) -> Reason:
        accessor = self.accessor(item.field)
        value = texts(accessor.value(fields))
        return Reason(field=accessor.names[0], predicate=str(item), value=value[0] if value else "")


def _values_of(names: Sequence[str]) -> Callable[[Mapping[str, Value]], Sequence[Value]]:
    """Return what takes the values of these fields, however few."""
    return itemgetter(*names) if len(names) > 1 else lambda fields: [fields[name] for name in names]


def _joined(values: Sequence[Value]) -> str:
    try:
        return "\n".join(values)  # type: ignore[arg-type] # nearly always all of them are texts
    except TypeError:
        return "\n".join(part for value in values for part in texts(value))


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
