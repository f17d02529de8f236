"""The `correlation` section of a rule document, read as the specification has it.

kulla reads it itself: pySigma 1.5.1 refuses ranges of two bounds and cuts fractions off. What it refuses is what can't
be meant. Source: SigmaHQ/sigma-specification, "Sigma Correlation Rules Specification" 2.1.0 and its JSON schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import cast, get_args

from engine.alerts import RuleInfo
from engine.sigma.correlations import conditions
from engine.sigma.correlations.numbers import number
from engine.sigma.rules import Bound, Correlation, CorrelationType, Term

TYPES: tuple[CorrelationType, ...] = get_args(CorrelationType)
TEMPORAL = frozenset({"temporal", "temporal_ordered"})
NUMERIC = frozenset({"value_sum", "value_avg", "value_median", "value_percentile"})
MAX_RULES = 50  # rules of one correlation
MAX_TIMESPAN = 100 * 31_556_952  # seconds: a hundred years

_KEYS = frozenset({"type", "rules", "aliases", "group-by", "timespan", "condition", "generate"})
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_629_746, "y": 31_556_952}
_TIMESPAN = re.compile(r"([0-9]{1,10})([smhdwMy])\Z")


def correlation(document: Mapping[str, object], info: RuleInfo, name: str) -> Correlation:
    """Return the correlation that a document describes, its references still as written.

    Raise `ValueError` with the reason where the document cannot be meant.
    """
    section = _mapping(document["correlation"], "the correlation section")
    unknown = [key for key in section if key not in _KEYS]
    if unknown:
        raise ValueError(f"a correlation has no `{unknown[0]}`; it has {', '.join(sorted(_KEYS))}")
    kind = _kind(section.get("type"))
    condition = section.get("condition")
    rules = _rules(section.get("rules"), condition if kind in TEMPORAL else None)
    text, limits, terms = _condition(kind, condition, rules)
    fields, percentile = _measured(kind, condition)
    return Correlation(
        info=info,
        name=name,
        type=kind,
        rules=rules,
        group_by=_names(section.get("group-by"), "group-by"),
        timespan=timespan(section.get("timespan")),
        condition=text,
        bounds=limits,
        terms=terms,
        value_fields=fields,
        percentile=percentile,
        generate=_generate(document, section),
        aliases=_aliases(section.get("aliases")),
    )


def _kind(value: object) -> CorrelationType:
    if value is None:
        raise ValueError("a correlation without a type")
    if value not in TYPES:
        raise ValueError(f"no such correlation type: {str(value)[:80]} (there are {', '.join(TYPES)})")
    return value


def timespan(value: object) -> int:
    """Return a time span (`90s`, `5m`, `1h`, `7d`, `2w`, `1M`, `1y`) in seconds; raise `ValueError` for others."""
    if value is None:
        raise ValueError("a correlation without a timespan")
    match = _TIMESPAN.match(str(value))
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= MAX_TIMESPAN:
        raise ValueError(f"the timespan `{str(value)[:40]}` is not a number above 0 and one of s, m, h, d, w, M, y")
    return seconds


def _rules(value: object, condition: object) -> tuple[str, ...]:
    if value is None and isinstance(condition, str):
        value = conditions.words_of(condition)
    found = _names(value, "rules")
    if not found:
        raise ValueError("a correlation without rules")
    if len(found) > MAX_RULES:
        raise ValueError(f"a correlation of {len(found)} rules; at most {MAX_RULES} are read")
    return found


def _names(value: object, what: str) -> tuple[str, ...]:
    items = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) and item for item in items):
        raise ValueError(f"{what} is no name and no list of names")
    if len(set(items)) != len(items):
        raise ValueError(f"{what} names something twice")
    return tuple(items)


def _condition(
    kind: CorrelationType, value: object, rules: Sequence[str]
) -> tuple[str, tuple[Bound, ...], tuple[Term, ...]]:
    if isinstance(value, str):
        if kind not in TEMPORAL:
            raise ValueError(f"an extended condition (text) is for the temporal types, not for {kind}")
        return value, (), _terms(value, rules)
    if value is None and kind in TEMPORAL:
        whole = (Bound("gte", str(len(rules))),)
        return conditions.text_of(whole), whole, ()
    if value is None:
        raise ValueError(f"a correlation of the type {kind} needs a condition")
    found = conditions.bounds(_mapping(value, "the condition"))
    if kind in TEMPORAL:
        conditions.check_count(found, len(rules))
    elif kind in {"event_count", "value_count"}:
        conditions.check_count(found, None)
    return conditions.text_of(found), found, ()


def _terms(text: str, rules: Sequence[str]) -> tuple[Term, ...]:
    found = conditions.terms(text)
    named = set(conditions.words_of(text))
    if strange := sorted(named - set(rules)):
        raise ValueError(f"the extended condition names rules that `rules` does not list: {', '.join(strange)}")
    if idle := sorted(set(rules) - named):
        raise ValueError(f"`rules` lists rules that the extended condition does not name: {', '.join(idle)}")
    return found


def _measured(kind: CorrelationType, condition: object) -> tuple[tuple[str, ...], str]:
    """Return the fields whose values are measured, and the percentile that is asked for."""
    given = condition if isinstance(condition, dict) else {}
    strange = [key for key in given if key not in {*conditions.COMPARE, "field", "percentile"}]
    if strange:
        raise ValueError(f"the condition has no `{strange[0]}`")
    fields = _names(given.get("field"), "the condition's field")
    percentile = _percentile(given.get("percentile"))
    valued = kind.startswith("value_")
    if bool(fields) != valued:
        raise ValueError(f"the condition of {kind} {'needs' if valued else 'takes no'} `field`")
    if percentile and kind != "value_percentile":
        raise ValueError(f"the condition of {kind} takes no `percentile`")
    if len(fields) > 1 and kind in NUMERIC and (percentile or kind != "value_percentile"):
        raise ValueError(f"{kind} measures the numbers of one field, not of {len(fields)}")
    return fields, percentile


def _percentile(value: object) -> str:
    if value is None:
        return ""
    exact = None if isinstance(value, bool) else number(str(value))
    if exact is None or not Fraction(0) <= exact <= Fraction(100):
        raise ValueError(f"the percentile `{str(value)[:40]}` is no number from 0 to 100")
    return str(value).strip()


def _generate(document: Mapping[str, object], section: Mapping[str, object]) -> bool:
    # the specification's schema has it beside `correlation`, its text and pySigma within
    given = [place["generate"] for place in (section, document) if "generate" in place]
    if not all(isinstance(item, bool) for item in given):
        raise ValueError("`generate` is neither true nor false")
    if len(set(given)) > 1:
        raise ValueError("`generate` is given twice and differs")
    return bool(given and given[0])


def _aliases(value: object) -> dict[str, dict[str, str]]:
    found = {} if value is None else _mapping(value, "`aliases`")
    aliases: dict[str, dict[str, str]] = {}
    for alias, fields in found.items():
        mapping = _mapping(fields, f"the alias `{alias}`")
        if not all(isinstance(name, str) and name for name in mapping.values()):
            raise ValueError(f"the alias `{alias}` names no field for some rule")
        aliases[alias] = cast("dict[str, str]", dict(mapping))
    return aliases


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{what} is no mapping of names")
    return value
