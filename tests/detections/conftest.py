"""kulla's own rules as the tests see them: parsed by pySigma once, with their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaRule

from detections.catalogue import Evidence, own_rules_folder, read_evidence, rule_files


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One rule file: its raw documents, pySigma's rules of them, and its evidence."""

    path: Path
    documents: tuple[dict[str, Any], ...]
    rules: tuple[SigmaRule | SigmaCorrelationRule, ...]
    evidence: Evidence

    def __str__(self) -> str:
        return str(self.path.relative_to(own_rules_folder()))


def _load(path: Path) -> RuleFile:
    text = path.read_text(encoding="utf-8")
    collection = SigmaCollection.from_yaml(text)
    evidence = read_evidence(path)
    assert evidence is not None, f"{path} has no kulla block"
    return RuleFile(
        path=path,
        documents=tuple(yaml.safe_load_all(text)),
        rules=tuple(collection.rules),  # type: ignore[arg-type] # pySigma's base class
        evidence=evidence,
    )


@pytest.fixture(scope="session")
def own_rules() -> tuple[RuleFile, ...]:
    """Return every rule file of kulla's own."""
    return tuple(_load(path) for path in rule_files())
