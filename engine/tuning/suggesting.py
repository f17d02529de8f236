"""Suggestions for filters: which values most alerts of a rule have in common, and what excluding them would hide.

A suggestion is a Sigma filter as a person would write it, and never applied by itself. It names one or two fields,
says how many alerts it would take away and from which machines, and is withheld where it would hide an alert that
somebody judged a true positive, or the rule's own test events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from uuid import UUID

from engine.alerts import RuleInfo
from engine.events import Value, texts
from engine.sigma.rules import LogSource

# What an exclusion may rest on, the narrowest first: the more of them a filter names, the less can hide in it.
FIELDS: tuple[str, ...] = (
    "process.executable",
    "process.parent.executable",
    "process.command_line",
    "process.parent.command_line",
    "file.path",
    "registry.path",
    "service.name",
    "user.name",
    "user.id",
    "user_agent.original",
    "url.path",
    "source.ip",
    "host.name",
    "destination.ip",
    "destination.domain",
    "dns.question.name",
    "event.action",
    "client.user.name",
    "organization.id",
)
_LEAST_SHARE = 0.2  # of a rule's alerts that a filter has to take away
_LEAST_ALERTS = 3
_MOST = 3  # suggestions for one rule
_VALUES = 3  # of a field that are tried
_LONGEST = 300  # characters of a value that a person would put into a filter
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One filter, with what it would hide: `alerts` of `of` (those sampled), and the machines and accounts of these."""

    conditions: Mapping[str, str]
    alerts: int
    of: int
    hosts: tuple[str, ...]
    users: tuple[str, ...]
    filter: str


def suggestions(
    rule: RuleInfo,
    source: LogSource,
    samples: Sequence[Mapping[str, Value]],
    *,
    true_positives: Collection[int] = (),
    hides_tests: Callable[[str], bool] = lambda _: False,
) -> list[Suggestion]:
    """Return the filters that would take most away, at most three, the narrower of two equals first.

    `true_positives` are the places of samples that were judged so; `hides_tests` tells of a filter's text whether it
    would hide what the rule's own tests find.
    """
    tried: list[tuple[Mapping[str, str], list[int]]] = []
    single = [_having(samples, name, value) for name, value in _common(samples)]
    for count in (2, 1):
        for parts in combinations(single, count):
            conditions: Mapping[str, str] = {name: value for name, value, _ in parts}
            places = sorted(set.intersection(*(set(found) for _, _, found in parts)))
            if len(conditions) == count and _worth(places, samples) and not set(places) & set(true_positives):
                tried.append((conditions, places))
    tried.sort(key=lambda item: (-len(item[1]), -len(item[0]), sorted(item[0].items())))
    found: list[Suggestion] = []
    hidden: list[set[int]] = []
    for conditions, places in tried:
        if any(set(places) <= other for other in hidden):
            continue  # nothing beyond what a suggestion before it hides
        text = filter_text(rule, source, conditions)
        if hides_tests(text):
            continue
        found.append(_suggestion(conditions, places, samples, text))
        hidden.append(set(places))
        if len(found) == _MOST:
            break
    return found


def _common(samples: Sequence[Mapping[str, Value]]) -> Iterable[tuple[str, str]]:
    for name in FIELDS:
        counts = Counter(value for fields in samples if (value := _one(fields.get(name))))
        for value, count in counts.most_common(_VALUES):
            if count >= max(_LEAST_ALERTS, _LEAST_SHARE * len(samples)):
                yield name, value


def _one(value: Value | None) -> str:
    """Return a field's only value where a person could name it in a filter."""
    found = texts(value) if value is not None else ()
    return found[0] if len(found) == 1 and 0 < len(found[0]) <= _LONGEST and found[0].isprintable() else ""


def _having(samples: Sequence[Mapping[str, Value]], name: str, value: str) -> tuple[str, str, list[int]]:
    return name, value, [place for place, fields in enumerate(samples) if _one(fields.get(name)) == value]


def _worth(places: Sequence[int], samples: Sequence[Mapping[str, Value]]) -> bool:
    return len(places) >= max(_LEAST_ALERTS, _LEAST_SHARE * len(samples))


def _suggestion(
    conditions: Mapping[str, str], places: Sequence[int], samples: Sequence[Mapping[str, Value]], text: str
) -> Suggestion:
    hit = [samples[place] for place in places]
    return Suggestion(
        conditions=conditions,
        alerts=len(places),
        of=len(samples),
        hosts=_named(hit, "host.name"),
        users=_named(hit, "user.name"),
        filter=text,
    )


def _named(hit: Iterable[Mapping[str, Value]], name: str) -> tuple[str, ...]:
    counts = Counter(value for fields in hit if (value := _one(fields.get(name))))
    return tuple(value for value, _ in counts.most_common(_SHOWN))


def filter_text(rule: RuleInfo, source: LogSource, conditions: Mapping[str, str]) -> str:
    """Return a Sigma filter (YAML) that excludes events with all of these values from one rule.

    Its id is made from rule and conditions, so that the same suggestion is the same filter.
    """
    number = UUID(bytes=_digest(rule.id, conditions), version=4)
    parts = {"product": source.product, "category": source.category, "service": source.service}
    lines = [
        f"title: {_quoted(f'Known and expected: {rule.name}'[:200])}",
        f"id: {number}",
        "logsource:",
        *(f"  {name}: {_quoted(value)}" for name, value in parts.items() if value),
        "filter:",
        f"  rules: [{_quoted(rule.id)}]",
        "  known:",
        *(f"    {name}: {_quoted(literal(value))}" for name, value in conditions.items()),
        "  condition: not known",
        "# kulla:",
        "#   owner: who answers for it",
        "#   reason: why this is expected",
        "#   expires: 2027-01-31   # its last day",
    ]
    return "\n".join(lines) + "\n"


def literal(value: str) -> str:
    r"""Return a value as Sigma reads it literally: `\`, `*` and `?` with a backslash before them."""
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _quoted(value: str) -> str:
    """Return a printable text as a YAML scalar in single quotes, in which only the quote itself is special."""
    return "'" + value.replace("'", "''") + "'"


def _digest(rule: str, conditions: Mapping[str, str]) -> bytes:

    return sha256(repr((rule, sorted(conditions.items()))).encode()).digest()[:16]
