"""Checks of form: the parts a rule has, their types, and that its condition uses its selections.

Sigma Rules Specification 2.1.0, Sigma Correlation Rules Specification 2.1.0 and Sigma Filters Specification 2.1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from engine.sigma.checking.findings import Finding, Subject

STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
LEVELS = ("informational", "low", "medium", "high", "critical")
RELATIONS = ("correlation", "derived", "obsolete", "merged", "renamed", "similar")
_TEXTS = ("title", "id", "name", "description", "author", "license", "taxonomy", "status", "level")
_LISTS = ("references", "tags", "falsepositives", "fields", "scope")
_KNOWN = frozenset(
    {*_TEXTS, *_LISTS, "date", "modified", "related", "logsource", "detection", "correlation", "filter"}
    | {"aliases", "generate", "kulla", "action", "regression_tests_path", "simulation"}
)
_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_*.-]+", re.ASCII)
_SOURCE = ("product", "category", "service")


def schema(subject: Subject) -> Iterator[Finding]:
    """Tell which parts are missing, unknown, or of another type than the specification says."""
    for severity, message in [*_required(subject.document), *_types(subject.document), *_values(subject.document)]:
        yield subject.finding("schema", "error" if severity else "warning", message)
    for name in sorted(set(subject.document) - _KNOWN):
        yield subject.finding("schema", "note", f"`{name}` is no part that Sigma knows")


def _required(document: Mapping[str, object]) -> Iterator[tuple[bool, str]]:
    if not document.get("title"):
        yield True, "it has no title"
    if "correlation" in document:
        return
    source = document.get("logsource")
    if not isinstance(source, Mapping) or not any(source.get(name) for name in _SOURCE):
        yield True, "its log source names no product, category or service"
    part = document.get("filter" if "filter" in document else "detection")
    if not isinstance(part, Mapping) or "condition" not in part:
        yield True, "it has no condition"
    elif len(part) < 2:
        yield True, "it has no selection"


def _types(document: Mapping[str, object]) -> Iterator[tuple[bool, str]]:
    for name in _TEXTS:
        if name in document and not isinstance(document[name], str):
            yield False, f"`{name}` has to be text"
    for name in _LISTS:
        value = document.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            yield False, f"`{name}` has to be a list of texts"
    for name in ("date", "modified"):
        value = document.get(name)
        if value is not None and not isinstance(value, date) and not _DATE.fullmatch(str(value)):
            yield False, f"`{name}` has to be a date such as 2026-01-31"


def _values(document: Mapping[str, object]) -> Iterator[tuple[bool, str]]:
    for name, allowed in (("status", STATUSES), ("level", LEVELS)):
        value = document.get(name)
        if value is not None and value not in allowed:
            yield False, f"`{name}` is {value!r} and has to be one of {', '.join(allowed)}"
    related = document.get("related") or []
    for item in related if isinstance(related, list) else [related]:
        if not isinstance(item, Mapping) or item.get("type") not in RELATIONS or not item.get("id"):
            yield False, "`related` has to be a list of ids with the type of their relation"


def unused(subject: Subject) -> Iterator[Finding]:
    """Tell which selections no condition names: a filter somebody believes in."""
    part = subject.document.get("filter" if "filter" in subject.document else "detection")
    if not isinstance(part, Mapping) or "condition" not in part:
        return
    conditions = part["condition"]
    words = set(_WORD.findall(" ".join(map(str, conditions if isinstance(conditions, list) else [conditions]))))
    if "them" in words:
        return
    stems = tuple(word[:-1] for word in words if word.endswith("*"))
    for name in part:
        used = name in words or (bool(stems) and str(name).startswith(stems))
        if name not in {"condition", "timeframe", "rules"} and not used:
            yield subject.finding("unused", subject.held("warning"), f"no condition uses the selection `{name}`")
