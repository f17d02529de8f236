"""The limits of a rule document, checked before pySigma sees it: what would take it minutes or gigabytes is refused.

pySigma expands YAML aliases, repeats a selection at each place where a condition names it, and parses conditions
recursively; a rule pack from elsewhere can use each of these to stall a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

MAX_RULE = 512 * 1024  # characters of one rule (one YAML document); SigmaHQ's largest has 300,000
MAX_DEPTH = 50  # of brackets and negations in a condition
MAX_CONDITION = 10_000  # characters, of all conditions of a rule
MAX_SELECTIONS = 1_000
MAX_LEAVES = 25_000  # values of all selections times the times they are named; SigmaHQ's largest rule has 6,000
MAX_PATTERNS = 500  # regular expressions of one rule
MAX_PATTERN = 50_000  # characters of all of them

_WORD = re.compile(r"[\w*-]+")
_DASH = re.compile(r"\B[-/]\b")
_OPERATORS = frozenset({"and", "or", "not", "of", "1", "any", "all"})
# How many values one value becomes; `windash` makes five of each dash, within what `modifiers` allows.
_GROWTH = {"base64offset": 3}
_DASHES, _MOST_DASHES = 5, 4


def check_text(text: str) -> None:
    """Raise `ValueError` for a document that is too long."""
    if len(text) > MAX_RULE:
        raise ValueError(f"a rule of {len(text):,} characters; at most {MAX_RULE:,} are read")


def check_document(document: Mapping[str, object]) -> None:
    """Raise `ValueError` for a rule or a filter that would grow too large when it is compiled."""
    for name in ("detection", "filter"):
        block = document.get(name)
        if isinstance(block, dict):
            _check_block({key: value for key, value in block.items() if name == "detection" or key != "rules"})


def _check_block(detection: Mapping[object, object]) -> None:
    condition = detection.get("condition")
    conditions = [item for item in (condition if isinstance(condition, list) else [condition]) if isinstance(item, str)]
    _check_condition(" ".join(conditions))
    selections = [value for name, value in detection.items() if name != "condition"]
    if len(selections) > MAX_SELECTIONS:
        raise ValueError(f"{len(selections):,} selections; at most {MAX_SELECTIONS:,} are read")
    named = sum(word not in _OPERATORS for item in conditions for word in _WORD.findall(item.lower()))
    if sum(map(_leaves, selections)) * max(named, 1) > MAX_LEAVES:
        raise ValueError(f"selections and condition together stand for more than {MAX_LEAVES:,} values")
    patterns = list(_patterns(selections))
    if len(patterns) > MAX_PATTERNS:
        raise ValueError(f"{len(patterns):,} regular expressions; at most {MAX_PATTERNS:,} are read")
    if (length := sum(map(len, patterns))) > MAX_PATTERN:
        raise ValueError(f"regular expressions of {length:,} characters; at most {MAX_PATTERN:,} are read")


def _check_condition(condition: str) -> None:
    if len(condition) > MAX_CONDITION:
        raise ValueError(f"a condition of {len(condition):,} characters; at most {MAX_CONDITION:,} are read")
    negations = sum(word == "not" for word in _WORD.findall(condition.lower()))
    if condition.count("(") > MAX_DEPTH or negations > MAX_DEPTH:
        raise ValueError(f"a condition with more than {MAX_DEPTH} brackets or negations")


def _leaves(value: object, modifiers: frozenset[str] = frozenset()) -> int:
    """Count the values that a selection becomes once its modifiers were applied."""
    if isinstance(value, dict):
        return sum(_leaves(item, frozenset(str(key).lower().split("|")[1:])) for key, item in value.items())
    if isinstance(value, list):
        return sum(_leaves(item, modifiers) for item in value)
    count = 1
    for name in modifiers:
        count *= _GROWTH.get(name, 1)
    if "windash" in modifiers and isinstance(value, str):
        count *= _DASHES ** min(len(_DASH.findall(value)), _MOST_DASHES)
    return count


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
