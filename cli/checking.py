"""What `kulla rules check` and `kulla rules test` share: rule documents, gates, and cases for JUnit and SARIF."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import coverage, rulesets
from cli.document import Case, Fault
from cli.session import Session
from engine.attack import technique_fault

if TYPE_CHECKING:
    from engine.sigma.checking.findings import Finding, Subject
    from engine.sigma.checking.gates import Gates
    from engine.sigma.rules import RuleSet

CheckFormat = Annotated[
    str | None,
    typer.Option(
        "-f",
        "--format",
        metavar="FORMAT",
        help="table, json, jsonl, csv, md, html, junit (XML) or sarif; piped output is jsonl.",
    ),
]


def subjects_under(paths: Sequence[Path]) -> list[Subject]:
    """Return every rule document under the paths, as written."""
    from engine.errors import RuleError
    from engine.sigma.checking.subjects import subjects
    from engine.sigma.rule_files import rule_files

    unread: list[RuleError] = []  # told by loading the rules
    return list(subjects(rule_files(paths, unread)))


def gates(session: Session, rules: RuleSet, *, tests: bool) -> Gates:
    """Return what the checks need; `tests` runs the rules' test events as well."""
    from engine.sigma.checking.gates import Gates
    from engine.sigma.engine import Engine
    from engine.sigma.evidence import Prover

    return Gates(
        survey=coverage.surveyor(session, rules, stored=False),
        knows=technique_fault,
        playbooks=playbook_ids(),
        waits=rulesets.is_waiting,
        prover=Prover(Engine(rules)) if tests else None,
    )


def playbook_ids() -> frozenset[str]:
    """Return the ids of the playbooks that there are."""
    from playbooks.loader import read_library

    return frozenset(playbook.id for playbook in read_library()[0])


def cases(subjects: Sequence[Subject], findings: Sequence[Finding]) -> list[Case]:
    """Return a case for each rule document and for each file that none could be read of, in the order of files."""
    faults: defaultdict[tuple[str, int], list[Fault]] = defaultdict(list)
    for item in findings:
        faults[item.path, item.line].append(
            Fault(check=item.check, severity=item.severity, message=item.message, line=item.line)
        )
    titles = {(item.path, item.line): item.title for item in subjects}
    return [
        Case(name=titles.get(place) or "(no rule)", path=place[0], line=place[1], faults=tuple(faults[place]))
        for place in sorted({*titles, *faults})
    ]
