"""Checks of documentation: what a person who is woken up by the rule needs to find in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.sigma.checking.findings import Finding, Severity, Subject

MIN_DESCRIPTION = 20  # characters
_NOTHING = frozenset({"unknown", "none", "unlikely", "n/a", "-", ""})


def documentation(subject: Subject) -> Iterator[Finding]:
    """Tell what a rule does not say. Rules with a `kulla:` block have to say all of it, the others should."""
    if "filter" in subject.document or not subject.alerts:
        return
    for severity, message in _missing(subject):
        yield subject.finding("documentation", subject.held(severity), message)


def _missing(subject: Subject) -> Iterator[tuple[Severity, str]]:
    document = subject.document
    if len(str(document.get("description") or "")) < MIN_DESCRIPTION:
        yield "warning", "it does not describe what it looks for"
    for name in ("level", "status"):
        if not document.get(name):
            yield "warning", f"it has no {name}"
    for name in ("author", "date"):
        if not document.get(name):
            yield "note", f"it has no {name}"
    if not document.get("references"):
        yield "note", "it has no references: where is this known from?"
    told = document.get("falsepositives")
    reasons = [str(item).strip().lower().rstrip(".") for item in told] if isinstance(told, list) else []
    if not [item for item in reasons if item not in _NOTHING]:
        yield "note", "it does not say what else looks the same (falsepositives)"
    if not document.get("tags"):
        yield "note", "it has no tags"


def guidance(subject: Subject, playbooks: Collection[str]) -> Iterator[Finding]:
    """Tell what the `kulla:` block lacks: a playbook that exists, and what the rule cannot see."""
    block = subject.document.get("kulla")
    if not isinstance(block, dict):
        return
    playbook = str(block.get("playbook") or "")
    if playbooks and playbook not in playbooks:
        yield subject.finding("documentation", "error", f"its playbook {playbook!r} is none that there is")
    if not block.get("blind_spots"):
        yield subject.finding("documentation", "warning", "it does not say what it cannot see (kulla.blind_spots)")
