"""The table of kulla's own rules, their tests and their coverage, as Markdown: `docs/detections.md` is made by it.

`python -m cli.rules_reference > docs/detections.md`; a test fails where the file is stale.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from detections.catalogue import Evidence, own_rules_folder, read_evidence, rule_files
from engine.alerts import Level, RuleInfo
from engine.attack import TACTICS, in_order, tactics, techniques
from engine.attack.table import table
from engine.sigma.loader import load_rules
from engine.sigma.rules import RuleSet

RAW = Path(__file__).resolve().parent.parent / "tests" / "detections" / "raw"
_HEAD = """\
# kulla's own detections

Made by `python -m cli.rules_reference > docs/detections.md`; a test fails where this is stale. Every rule finds its
positive test events and stays silent on its near misses in each run of the tests, in both stores. *Raw lines* are log
lines of the real format that go through the collector first. What each rule cannot see, and what else looks like it,
stands in its file: `kulla rules show TITLE`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One rule file: what alerts, its evidence, its log sources, and whether raw lines of it are tested."""

    folder: str
    info: RuleInfo
    evidence: Evidence
    sources: tuple[str, ...]
    raw: bool


def reference(raw: Path = RAW) -> str:
    """Return the whole document; `raw` is the folder of raw lines, each under the path of its rule file."""
    entries = list(_entries(raw))
    return "\n".join([_HEAD, *_totals(entries), *_by_tactic(entries), *_by_folder(entries)]).rstrip() + "\n"


def _entries(raw: Path) -> Iterator[_Entry]:
    folder = own_rules_folder()
    rules = load_rules([folder])
    infos = {info.id: info for info in [*(r.info for r in rules.rules), *(c.info for c in rules.correlations)]}
    for path in rule_files():
        evidence = read_evidence(path)
        if evidence is None:
            continue
        relative = path.relative_to(folder)
        yield _Entry(
            folder=relative.parts[0],
            info=infos[evidence.rule],
            evidence=evidence,
            sources=tuple(sorted(_sources(evidence.rule, rules))),
            raw=(raw / relative).exists(),
        )


def _sources(number: str, rules: RuleSet) -> set[str]:
    wanted = {number}
    for item in reversed(rules.correlations):
        if item.info.id in wanted:
            wanted.update(item.rules)
    return {str(rule.logsource).replace("*", "any") for rule in rules.rules if rule.info.id in wanted}


def _totals(entries: Sequence[_Entry]) -> Iterator[str]:
    tests = [test for entry in entries for test in entry.evidence.tests]
    levels = Counter(entry.info.level for entry in entries)
    names = {name for entry in entries for name in techniques(entry.info.tags)}
    yield f"- {len(entries)} rules and correlations that alert: " + ", ".join(
        f"{levels[level]} {level.label}" for level in sorted(Level, reverse=True) if levels[level]
    )
    positive = sum(test.match for test in tests)
    yield f"- {len(tests)} tests: {positive} that have to be found, {len(tests) - positive} near misses"
    yield f"- {sum(entry.raw for entry in entries)} rules with raw lines of the real format"
    yield f"- {len(names)} techniques of ATT&CK v{table().versions[-1]}"
    yield ""


def _by_tactic(entries: Sequence[_Entry]) -> Iterator[str]:
    found: defaultdict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        for tactic in tactics(entry.info.tags):
            found[tactic].append(entry)
    yield from ("## By tactic", "", "| tactic | rules | techniques |", "|---|---|---|")
    newest = table().versions[-1]
    there = {name for item in table().techniques.values() for name in item.tactics.get(newest, ())}
    for tactic in in_order(there & set(TACTICS)):
        names = sorted(
            {name for entry in found[tactic] for name in techniques(entry.info.tags) if _is_of(name, tactic)}
        )
        yield f"| {tactic} | {len(found[tactic])} | {', '.join(names) or 'none'} |"
    yield ""


def _is_of(technique: str, tactic: str) -> bool:
    known = table().techniques.get(technique)
    return known is not None and tactic in known.newest_tactics


def _by_folder(entries: Sequence[_Entry]) -> Iterator[str]:
    for folder in sorted({entry.folder for entry in entries}):
        yield from (f"## {folder}", "", "| rule | level | log source | ATT&CK | tests | raw lines | playbook |")
        yield "|---|---|---|---|---|---|---|"
        for entry in (item for item in entries if item.folder == folder):
            positive = sum(test.match for test in entry.evidence.tests)
            cells = (
                entry.info.name,
                entry.info.level.label,
                ", ".join(entry.sources),
                ", ".join(techniques(entry.info.tags)),
                f"{positive} + {len(entry.evidence.tests) - positive}",
                "yes" if entry.raw else "no",
                entry.evidence.playbook,
            )
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""


if __name__ == "__main__":
    sys.stdout.write(reference())
