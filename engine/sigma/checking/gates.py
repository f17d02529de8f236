"""All checks over a set of rules, in one list of findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from engine.errors import RuleError
from engine.sigma.checking.cost import costs
from engine.sigma.checking.documentation import documentation, guidance
from engine.sigma.checking.duplicates import duplicates
from engine.sigma.checking.evidence import evidence, proven
from engine.sigma.checking.findings import Finding, Subject, worst_first
from engine.sigma.checking.naming import identity, naming, twins
from engine.sigma.checking.shape import schema, unused
from engine.sigma.checking.standing import fields
from engine.sigma.checking.tagging import Knows, tagging
from engine.sigma.coverage import Surveyor
from engine.sigma.evidence import Prover
from engine.sigma.rules import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What the checks need to know beside the rules.

    `survey` says what is collected here, `knows` which techniques exist, `playbooks` which there are, `waits` whether
    a rule only lacks a value that a site gives (then it is noted, and no error). `prover` runs test events; None
    leaves that out.
    """

    survey: Surveyor
    knows: Knows
    playbooks: Collection[str]
    waits: Callable[[RuleError], bool]
    prover: Prover | None


def findings(rules: RuleSet, subjects: Sequence[Subject], gates: Gates) -> list[Finding]:
    """Return everything that is wrong with the rules, the worst first.

    `rules` are compiled from the files that `subjects` were read from.
    """
    found = [_unloaded(issue, gates) for issue in rules.issues]
    for subject in subjects:
        found += _of_document(subject, gates)
    found += [*twins(subjects), *duplicates(rules), *fields(rules, gates.survey, _shown(subjects)), *costs(rules)]
    return sorted(found, key=worst_first)


def _shown(subjects: Sequence[Subject]) -> dict[str, frozenset[str]]:
    """Return the fields that the test events of a file have, for every rule of the file that has an id."""
    shown: dict[str, frozenset[str]] = {}
    names: frozenset[str] = frozenset()
    for subject in reversed(subjects):  # the last document of a file has the events
        if subject.last:
            carried = evidence(subject)[0]
            tests = carried.tests if carried is not None else ()
            names = frozenset(name for test in tests for event in test.events for name in event)
        if subject.promised:
            shown[subject.id] = names
    return shown


def _of_document(subject: Subject, gates: Gates) -> Iterator[Finding]:
    yield from schema(subject)
    yield from unused(subject)
    yield from identity(subject)
    yield from naming(subject)
    yield from documentation(subject)
    if subject.alerts:
        yield from tagging(subject, gates.knows)
    yield from guidance(subject, gates.playbooks)
    yield from proven(subject, gates.prover)


def _unloaded(issue: RuleError, gates: Gates) -> Finding:
    path, _, line = (issue.where or "").rpartition(":")
    return Finding(
        check="load",
        severity="note" if gates.waits(issue) else "error",
        message=issue.message,
        path=path or (issue.where or ""),
        line=int(line) if line.isdigit() else 1,
    )
