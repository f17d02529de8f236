"""Checks of tags: well formed, of a namespace that Sigma knows, and naming tactics and techniques that there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engine.attack import TACTICS
from engine.sigma.checking.findings import Finding, Subject

# Sigma Appendix Tags 2.1.0
NAMESPACES = ("attack", "car", "cve", "d3fend", "detection", "stp", "tlp", "nist-csf")
_TAG = re.compile(r"[a-z0-9_-]+\.[a-z0-9_.-]+", re.ASCII)
_TECHNIQUE = re.compile(r"t\d{4}(?:\.\d{3})?", re.ASCII)
_OTHER = re.compile(r"[gsc]\d{4}|ta\d{4}|ds\d{4}|m\d{4}", re.ASCII)  # groups, software, campaigns, tactics by number
_CVE = re.compile(r"\d{4}[-.]\d{4,7}", re.ASCII)

Knows = Callable[[str], str]
"""Says of a technique's id (`T1059.001`) why it does not exist, empty where it does."""


def tagging(subject: Subject, knows: Knows) -> Iterator[Finding]:
    """Tell which tags are malformed, or name what does not exist."""
    tags = subject.document.get("tags")
    texts = [str(item) for item in tags] if isinstance(tags, list) else []
    for tag in texts:
        if why := _fault(tag, knows):
            yield subject.finding("tags", subject.held("warning"), f"{tag}: {why}")
    for tag in sorted({tag for tag in texts if texts.count(tag) > 1}):
        yield subject.finding("tags", "note", f"{tag} stands there twice")
    if subject.promised and subject.last and not any(_is_technique(tag) for tag in texts):
        yield subject.finding("tags", "error", "it names no technique of ATT&CK")


def _fault(tag: str, knows: Knows) -> str:
    namespace, _, name = tag.partition(".")
    if not _TAG.fullmatch(tag):
        return "a tag is of small letters: namespace.name"
    if namespace not in NAMESPACES:
        return f"no namespace that Sigma knows ({', '.join(NAMESPACES)})"
    if namespace == "cve" and not _CVE.fullmatch(name):
        return "a CVE is written cve.2024-12345"
    if namespace != "attack":
        return ""
    if _TECHNIQUE.fullmatch(name):
        return knows(name.upper())
    if name.replace("_", "-") in TACTICS:
        return "written with - rather than _" if "_" in name else ""
    return "" if _OTHER.fullmatch(name) else "no tactic, technique, group or software of ATT&CK"


def _is_technique(tag: str) -> bool:
    namespace, _, name = tag.partition(".")
    return namespace == "attack" and bool(_TECHNIQUE.fullmatch(name))
