"""Correlations by brute force: the same questions answered from the definitions alone, in quadratic time.

Written from docs/correlations.md without the engine's algorithms: every instant is looked at by itself, over a list of
all events that lie in its window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

COMPARE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
}


@dataclass(frozen=True)
class Seen:
    """An event: its time in seconds, its group, the rules that match it, and the measured value."""

    time: float
    group: str
    rules: frozenset[str]
    value: str | None
    number: int


def bursts(body: dict[str, Any], span: float, events: Sequence[Seen]) -> set[tuple[str, float, str]]:
    """Return (group, beginning, rare value) of each burst of a correlation over base rules."""
    found = set()
    wanted = [event for event in events if event.rules & set(body["rules"]) and not _unvalued(body, event)]
    for group in {event.group for event in wanted}:
        members = [event for event in wanted if event.group == group]
        hot = {(time, value) for time in {event.time for event in members} for value in _hot(body, span, members, time)}
        for time, value in hot:
            if not any(other == value and time - span <= earlier < time for earlier, other in hot):
                found.add((group, time, value))
    return found


def _unvalued(body: dict[str, Any], event: Seen) -> bool:
    return body["type"].startswith("value_") and event.value is None


def _hot(body: dict[str, Any], span: float, members: Sequence[Seen], time: float) -> set[str]:
    window = [event for event in members if time - span <= event.time <= time]
    condition = body.get("condition", {"gte": len(body["rules"])})
    if isinstance(condition, str):
        return {""} if _occurs(body, span, members, time) else set()
    limits = [(COMPARE[name], Fraction(str(value))) for name, value in condition.items() if name in COMPARE]
    now = [event for event in window if event.time == time]
    return {value for value, number in _measure(body, window, now) if all(test(number, b) for test, b in limits)}


def _measure(body: dict[str, Any], window: Sequence[Seen], now: Sequence[Seen]) -> list[tuple[str, Fraction]]:
    kind, rules = body["type"], body["rules"]
    values = [event.value for event in window if event.value is not None]
    if kind == "event_count":
        return [("", Fraction(len({event.number for event in window})))]
    if kind == "value_count":
        return [("", Fraction(len(set(values))))]
    if kind == "temporal":
        return [("", Fraction(sum(any(rule in event.rules for event in window) for rule in rules)))]
    if kind == "temporal_ordered":
        return [("", Fraction(max(len(part) for part in _parts(rules) if _in_order(part, window))))]
    if kind == "value_percentile" and "percentile" not in body["condition"]:
        return [(value, Fraction(100 * values.count(value), len(values))) for value in {e.value or "" for e in now}]
    numbers = sorted(int(value) for value in values if value.lstrip("-").isdigit())
    if not numbers:
        return []
    if kind == "value_sum":
        return [("", Fraction(sum(numbers)))]
    if kind == "value_avg":
        return [("", Fraction(sum(numbers), len(numbers)))]
    place = Fraction(str(body["condition"].get("percentile", 50))) / 100 * (len(numbers) - 1)
    low = int(place)
    high = numbers[min(low + 1, len(numbers) - 1)]
    return [("", numbers[low] * (1 - (place - low)) + high * (place - low))]


def _parts(rules: Sequence[str]) -> list[tuple[str, ...]]:
    return [part for size in range(len(rules) + 1) for part in combinations(rules, size)]


def _in_order(rules: Sequence[str], window: Sequence[Seen], after: float = float("-inf")) -> bool:
    if not rules:
        return True
    times = [event.time for event in window if rules[0] in event.rules and event.time >= after]
    return any(_in_order(rules[1:], window, time) for time in times)


def _occurs(body: dict[str, Any], span: float, members: Sequence[Seen], time: float) -> bool:
    """Tell whether `a and b and not c` (or fewer words of it) holds: the newest of each, nothing forbidden near."""
    words = body["condition"].split(" and ")
    positive = [word for word in words if not word.startswith("not ")]
    times: dict[str, float] = {}
    if body["type"] == "temporal":
        for rule in positive:
            times[rule] = max((e.time for e in members if rule in e.rules and e.time <= time), default=float("-inf"))
        if time not in times.values():
            return False
    else:
        positive = [rule for rule in body["rules"] if rule in positive]
        limit = time
        for rule in reversed(positive):
            limit = times[rule] = max(
                (event.time for event in members if rule in event.rules and event.time <= limit), default=float("-inf")
            )
        if times[positive[-1]] != time:
            return False
    first = min(times.values())
    if first < time - span:
        return False
    for word in words:
        if word.startswith("not "):
            low, high = time - span, first + span
            if body["type"] == "temporal_ordered":
                place = body["rules"].index(word[4:])
                low = max([times[rule] for rule in body["rules"][:place] if rule in times] or [low])
                high = min([times[rule] for rule in body["rules"][place:] if rule in times] or [high])
            if any(word[4:] in event.rules and low <= event.time <= high for event in members):
                return False
    return True
