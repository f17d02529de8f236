"""The limits of a rule document, checked before pySigma sees it: what would take it minutes or gigabytes is refused.

pySigma expands YAML aliases, repeats a selection at each place where a condition names it, and parses conditions
recursively; a rule pack from elsewhere can use each of these to stall a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

MAX_RULE = 1024 * 1024  # characters of one rule (one YAML document)
MAX_DEPTH = 50  # of brackets and negations in a condition
MAX_CONDITION = 10_000  # characters
MAX_LEAVES = 60_000  # values of all selections times the times they are named; SigmaHQ's largest rule has 6,000
MAX_PATTERN = 50_000  # characters of one regular expression

_WORD = re.compile(r"[\w*-]+")
_OPERATORS = frozenset({"and", "or", "not", "of", "1", "any", "all"})


def check_text(text: str) -> None:
    """Raise `ValueError` for a document that is too long."""
    if len(text) > MAX_RULE:
        raise ValueError(f"a rule of {len(text):,} characters; at most {MAX_RULE:,} are read")


def check_document(document: Mapping[str, object]) -> None:
    """Raise `ValueError` for a document that would grow too large when it is compiled."""
    detection = document.get("detection")
    if not isinstance(detection, dict):
        return
    condition = detection.get("condition")
    conditions = [item for item in (condition if isinstance(condition, list) else [condition]) if isinstance(item, str)]
    for item in conditions:
        _check_condition(item)
    selections = [value for name, value in detection.items() if name != "condition"]
    named = sum(word not in _OPERATORS for item in conditions for word in _WORD.findall(item.lower()))
    if sum(map(_leaves, selections)) * named > MAX_LEAVES:
        raise ValueError(f"selections and condition together stand for more than {MAX_LEAVES:,} values")
    for pattern in _patterns(selections):
        if len(pattern) > MAX_PATTERN:
            raise ValueError(f"a regular expression of {len(pattern):,} characters; at most {MAX_PATTERN:,} are read")


def _check_condition(condition: str) -> None:
    if len(condition) > MAX_CONDITION:
        raise ValueError(f"a condition of {len(condition):,} characters; at most {MAX_CONDITION:,} are read")
    negations = sum(word == "not" for word in _WORD.findall(condition.lower()))
    if condition.count("(") > MAX_DEPTH or negations > MAX_DEPTH:
        raise ValueError(f"a condition with more than {MAX_DEPTH} brackets or negations")


def _leaves(value: object) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


def _patterns(value: object, *, inside: bool = False) -> Iterator[str]:
    """Yield the values of all keys with the modifier `re`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _patterns(item, inside="re" in str(key).split("|")[1:])
    elif isinstance(value, list):
        for item in value:
            yield from _patterns(item, inside=inside)
    elif inside and isinstance(value, str):
        yield value
