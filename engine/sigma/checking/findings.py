"""What a check says of a rule, and the rule documents that checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

# Every check there is, with the sentence that reports (SARIF) give of it.
CHECKS: Mapping[str, str] = {
    "load": "The rule can be read and compiled.",
    "schema": "The document has the parts and types of the Sigma specification 2.1.",
    "unused": "Every selection is used by the condition.",
    "id": "The rule has an id, a random UUID that no other rule has.",
    "naming": "Titles are short, unique sentences; file names are lower case.",
    "tags": "Tags are well formed, and the tactics and techniques they name exist.",
    "fields": "The events of the log source have the fields that the rule asks for, and somebody collects them.",
    "duplicate": "No other rule of the same log source says the same.",
    "cost": "The rule can be passed over cheaply for events that have nothing to do with it.",
    "tests": "The rule carries events that it has to find and events that it must not, and does so.",
    "benign": "The rule is silent, or at most of level low, on harmless logs.",
    "documentation": "The rule says what it looks for, what else looks the same, and where this is known from.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a rule. `check` is one of `CHECKS`; `rule` is the rule's id where it has one."""

    check: str
    severity: Severity
    message: str
    path: str
    line: int = 1
    rule: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One rule document as its author wrote it, before anything was compiled.

    `last` says that no document follows it in its file: it carries the file's `kulla:` block, where there is one.
    `promised` says that the file has such a block; what it promises is then held to.
    """

    path: str
    line: int
    document: Mapping[str, object]
    last: bool
    promised: bool

    @property
    def id(self) -> str:
        """Return the rule's id, empty where it has none."""
        return str(self.document.get("id") or "")

    @property
    def title(self) -> str:
        """Return the rule's title, empty where it has none."""
        return str(self.document.get("title") or "")

    @property
    def alerts(self) -> bool:
        """Tell whether the document is a rule of its own rather than one that a correlation below it counts."""
        return self.last or not self.promised

    def finding(self, check: str, severity: Severity, message: str) -> Finding:
        """Return a finding about this document."""
        return Finding(
            check=check,
            severity=severity,
            message=message,
            path=self.path,
            line=self.line,
            rule=self.id,
            title=self.title,
        )

    def held(self, severity: Severity) -> Severity:
        """Return `error` for a rule that promises kulla's form, else the given severity."""
        return "error" if self.promised else severity


def worst_first(finding: Finding) -> tuple[int, str, int, str, str]:
    """Return what findings are sorted by: severity, then place."""
    return (SEVERITIES.index(finding.severity), finding.path, finding.line, finding.check, finding.message)
