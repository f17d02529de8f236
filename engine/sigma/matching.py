"""Testing one value against all the predicates of its field at once.

Literals go through one Aho-Corasick automaton, equality through a table, regular expressions and wildcards through
one RE2 set: the time is linear in the length of the value, whatever an attacker writes into it.
"""

from __future__ import annotations

import ipaddress
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeAlias

import ahocorasick_rs
import re2

from engine.folding import fold
from engine.sigma.predicates import MANY, ONE, TIME_PARTS, Predicate
from engine.sigma.required import least, needle, required

Numbered = tuple[int, Predicate]
_LONG_S = "\u017f"  # a pattern without regard to case takes it for an `s`; folding leaves it as it is
_LITTLE = 8_000  # characters of literals
_STRETCH = 1 << 16  # characters of a value that are looked at together
_COMPACT_DATE = 8  # characters of 20240131
_PLACES = {"contains": 0, "startswith": 1, "endswith": 2}
_GATES = 3
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "number": lambda value, bound: value == bound,
    "neq": lambda value, bound: value != bound,
    "eq": lambda value, bound: value == bound,
}


class ValueTester:
    """All predicates of one field. `absent` holds the numbers of those that are true where the field is not there."""

    def __init__(self, predicates: Iterable[Numbered]) -> None:
        items = list(predicates)
        self.absent = frozenset(number for number, item in items if item.operator in {"null", "absent"})
        self._present = frozenset(number for number, item in items if item.operator == "exists")
        patterns = [item for item in items if item[1].operator in {"glob", "re"}]
        self._gated = [_Gated(number, item, text) for number, item in patterns if (text := required(item))]
        free = [(number, item) for number, item in patterns if not required(item)]
        self._long = [(least(item), _Gated(number, item, "")) for number, item in free if least(item)]
        free = [(number, item) for number, item in free if not least(item)]
        self._needled = [_Gated(number, item, text) for number, item in free if (text := needle(item))]
        self._free = [(number, item) for number, item in free if not needle(item)]
        self._items = items
        self._has_cased = any(item.cased for _, item in items)
        self._networks = _networks((number, item.value) for number, item in items if item.operator == "cidr")
        self._numbers = [item for item in items if item[1].operator in _COMPARISONS and item[1].operator != "eq"]
        self._times = [item for item in items if item[1].operator in TIME_PARTS]

    # The automata are built when the first value is tested: a run that knows the answers needs none of them.
    @cached_property
    def _folded(self) -> _Literals:
        return _Literals([item for item in self._items if not item[1].cased], self._gated)

    @cached_property
    def _cased(self) -> _Literals:
        return _Literals([item for item in self._items if item[1].cased])

    @cached_property
    def _folded_globs(self) -> _Patterns:
        return _Patterns([item for item in self._free if not item[1].cased])

    @cached_property
    def _cased_patterns(self) -> _Patterns:
        return _Patterns([item for item in self._free if item[1].cased])

    def equal_to(self, literal: str) -> frozenset[int]:
        """Return the numbers of the predicates that ask for exactly this text."""
        return frozenset(self._folded.equal_to(literal)) | frozenset(self._cased.equal_to(literal))

    def test(self, value: str) -> frozenset[int]:
        """Return the numbers of the predicates that are true for a value that is there."""
        true = set(self._present)
        if not value.isascii():
            value = value.encode("utf-8", "backslashreplace").decode()  # lone surrogates: the matchers take UTF-8
        folded = fold(value)
        gates = self._folded.test(folded, true)
        for gated in self._to_try(value, folded, gates):
            if gated.matches(value if gated.cased else folded):
                true.add(gated.number)
        if self._free:
            self._folded_globs.test(folded, true)
            self._cased_patterns.test(value, true)
        if self._has_cased:
            self._cased.test(value, true)
        if self._networks:
            true.update(_in_networks(value, self._networks))
        if self._numbers:
            true.update(_compare(value, self._numbers))
        if self._times:
            true.update(_time_parts(value, self._times))
        return frozenset(true)

    def _to_try(self, value: str, folded: str, gates: Iterable[int]) -> list[_Gated]:
        """Return the patterns that may match, of those that require something."""
        if _LONG_S in value:
            return [*self._gated, *self._needled, *(item for _, item in self._long)]
        found = [self._gated[index] for index in gates]
        if self._needled:
            found += [item for item in self._needled if item.text in folded]
        if self._long:
            found += [item for length, item in self._long if len(value) >= length]
        return found


def _automaton(literals: Sequence[str]) -> ahocorasick_rs.AhoCorasick:
    """Build the automaton: the fastest kind where there is little to build, the smallest where there is much."""
    kinds = ahocorasick_rs.Implementation
    kind = kinds.DFA if sum(map(len, literals)) <= _LITTLE else kinds.ContiguousNFA
    return ahocorasick_rs.AhoCorasick(literals, implementation=kind)


class _Gated:
    """A pattern that is tried only where what it requires was found. Compiled when it is first tried."""

    def __init__(self, number: int, item: Predicate, text: str) -> None:
        self.number = number
        self.cased = item.cased
        self.text = text
        self._item = item
        self._pattern: re2._Regexp | None = None

    def matches(self, value: str) -> bool:
        """Tell whether the pattern matches the value (folded, where the pattern is not cased)."""
        if self._pattern is None:
            self._pattern = re2.compile(_expression(self._item), _options())
        return self._pattern.search(value) is not None


class _Literals:
    """Equality by table; contains, startswith and endswith by one automaton over all literals, and over the gates."""

    def __init__(self, items: Sequence[Numbered], gated: Sequence[_Gated] = ()) -> None:
        self._equal: defaultdict[str, list[int]] = defaultdict(list)
        uses: dict[str, list[tuple[int, ...]]] = {}  # literal -> numbers for each place of `_PLACES`, and gates
        for number, (_, operator, value, _) in items:
            if operator == "eq":
                self._equal[value].append(number)
            elif value and operator in _PLACES:
                use = uses.get(value)
                if use is None:
                    use = uses[value] = [(), (), (), ()]
                use[_PLACES[operator]] += (number,)
        for index, pattern in enumerate(gated):
            uses.setdefault(pattern.text, [(), (), (), ()])[_GATES] += (index,)
        self._uses = list(uses.values())
        self._automaton = _automaton(list(uses)) if uses else None
        self._longest = max(map(len, uses), default=0)

    def equal_to(self, literal: str) -> Sequence[int]:
        """Return the numbers of the predicates that ask for exactly this text."""
        return self._equal.get(literal, ())

    def test(self, value: str, true: set[int]) -> Iterable[int]:
        """Add the numbers of the predicates that hold for the value; return the indexes of the gates that are open."""
        if value in self._equal:
            true.update(self._equal[value])
        if self._automaton is None:
            return ()
        opened: set[int] = set()
        length = len(value)
        if length <= _STRETCH:
            self._look(value, 0, length, true, opened)
        else:  # a finding takes far more memory than the character that it stands at
            for offset in range(0, length, _STRETCH):
                self._look(value[offset : offset + _STRETCH + self._longest], offset, length, true, opened)
        return opened

    def _look(self, stretch: str, offset: int, length: int, true: set[int], opened: set[int]) -> None:
        """Look at a stretch of a value of this length that begins at this place."""
        uses = self._uses
        assert self._automaton is not None  # noqa: S101 - `test` sees to it
        for index, start, end in self._automaton.find_matches_as_indexes(stretch, overlapping=True):
            contains, starts, ends, gates = uses[index]
            if contains:
                true.update(contains)
            if starts and start + offset == 0:
                true.update(starts)
            if ends and end + offset == length:
                true.update(ends)
            if gates:
                opened.update(gates)


class _Patterns:
    """Wildcards and regular expressions, all in one RE2 set (one by one where the set grows too large)."""

    def __init__(self, items: Sequence[Numbered]) -> None:
        self._numbers: list[int] = []
        self._single: list[tuple[int, re2._Regexp]] = []
        self._set: re2.Set | None = None
        if not items:
            return
        options = _options()
        found = re2.Set.SearchSet(options)
        for number, item in items:
            found.Add(_expression(item))
            self._numbers.append(number)
        try:
            found.Compile()
            found.Match("a")
            self._set = found
        except re2.error:
            self._single = [(number, re2.compile(_expression(item), options)) for number, item in items]

    def test(self, value: str, true: set[int]) -> None:
        """Add the numbers of the predicates that hold for the value."""
        if self._set is not None:
            numbers = self._numbers
            true.update(numbers[index] for index in self._set.Match(value) or ())
        for number, pattern in self._single:
            if pattern.search(value):
                true.add(number)


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


def _expression(item: Predicate) -> str:
    if item.operator == "re":
        return item.value
    parts = (".*" if part == MANY else "." if part == ONE else str(re2.escape(part)) for part in item.value)
    return rf"(?s)\A{''.join(parts)}\z"


# By IP version and prefix length: the networks' leading bits, and the numbers of the predicates that ask for them.
_Networks: TypeAlias = dict[tuple[int, int], dict[int, list[int]]]


def _networks(items: Iterable[tuple[int, str]]) -> _Networks:
    found: _Networks = {}
    for number, value in items:
        network = ipaddress.ip_network(value)
        leading = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        same = found.setdefault((network.version, network.prefixlen), {})
        same.setdefault(leading, []).append(number)
    return found


def _in_networks(value: str, networks: _Networks) -> Iterable[int]:
    try:
        address = ipaddress.ip_address(value.strip().strip("[]").split("%")[0])
    except ValueError:
        return ()
    mapped = getattr(address, "ipv4_mapped", None)
    return [
        number
        for item in ((address,) if mapped is None else (address, mapped))
        for (version, length), same in networks.items()
        if version == item.version
        for number in same.get(int(item) >> (item.max_prefixlen - length), ())
    ]


def _compare(value: str, items: Sequence[Numbered]) -> Iterable[int]:
    found = _float(value)
    if found is None:
        return ()
    return [number for number, item in items if _COMPARISONS[item.operator](found, float(item.value))]


def _float(value: str) -> float | None:
    if "_" in value:  # Python reads 1_000 as a number, nobody else does
        return None
    try:
        found = float(int(value, 16)) if value[:2].lower() == "0x" else float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _time_parts(value: str, items: Sequence[Numbered]) -> Iterable[int]:
    moment = _moment(value)
    if moment is None:
        return ()
    parts = {
        "minute": moment.minute,
        "hour": moment.hour,
        "day": moment.day,
        "week": moment.isocalendar().week,
        "month": moment.month,
        "year": moment.year,
    }
    found = []
    for number, item in items:
        operator, bound = item.value.split(" ")
        if _COMPARISONS[operator](parts[item.operator], float(bound)):
            found.append(number)
    return found


def _moment(value: str) -> datetime | None:
    """Read an instant: ISO 8601 (taken as UTC where it has no zone) or seconds or milliseconds since 1970."""
    try:
        seconds = _float(value) if len(value) != _COMPACT_DATE else None
        if seconds is not None:  # before ISO 8601: Python reads 1712010112345 as a day of the year 1712
            return datetime.fromtimestamp(seconds / 1000 if abs(seconds) > 1e11 else seconds, tz=UTC)
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):  # OverflowError: within hours of the years 1 and 9999
        return None
