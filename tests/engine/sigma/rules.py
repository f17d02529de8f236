"""Small rules for tests, written as Python and compiled as any rule file is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import yaml

from engine.events import Value
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.rules import RuleSet

ACME = {"event.dataset": "acme.log", "event.module": "acme"}


def document(
    detection: Mapping[str, Any], *, number: int = 1, source: Mapping[str, str] | None = None, **more: Any
) -> str:
    """Return a rule as YAML; the log source is the made-up product `acme` where none is given."""
    head = {"title": f"rule {number}", "id": str(UUID(int=number)), "logsource": dict(source or {"product": "acme"})}
    whole = {**head, "detection": dict(detection), **more}
    text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    # a NEL that is written as it stands is a line break, which PyYAML writes as another text
    return yaml.safe_dump(whole, sort_keys=False) if "\x85" in text else text


def compiled(*documents: str) -> RuleSet:
    """Compile documents, all of one file."""
    return compile_files([("test.yml", "---\n".join(documents).encode())])


def engine(*documents: str) -> Engine:
    """Return an engine for documents that all load."""
    rules = compiled(*documents)
    assert [str(issue) for issue in rules.issues] == []
    return Engine(rules)


def selects(selection: Any, fields: Mapping[str, Value], original: str = "", condition: str = "selection") -> bool:
    """Tell whether a rule with one selection fires on an event of `acme`."""
    return fires({"selection": selection, "condition": condition}, {**ACME, **fields}, original)


def fires(
    detection: Mapping[str, Any],
    fields: Mapping[str, Value],
    original: str = "",
    source: Mapping[str, str] | None = None,
) -> bool:
    """Tell whether a rule fires on an event."""
    return bool(engine(document(detection, source=source)).match(fields, original))


def refused(detection: Mapping[str, Any]) -> str:
    """Return the reason for which a rule is not loaded."""
    rules = compiled(document(detection))
    assert rules.rules == []
    return str(rules.issues[0])
