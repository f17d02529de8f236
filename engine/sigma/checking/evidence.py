"""The check of a rule's own test events: they are there, at least one of each kind, and the rule does what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detections.catalogue import CatalogueError, Evidence, evidence_from
from engine.sigma.checking.findings import Finding, Subject
from engine.sigma.evidence import Prover


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The outcome of one test: what should happen, and whether it did."""

    subject: Subject
    test: str
    should_match: bool
    passed: bool


def evidence(subject: Subject) -> tuple[Evidence | None, list[Finding]]:
    """Return the test events that a document carries, or what is wrong with them."""
    try:
        return evidence_from(Path(subject.path), subject.document), []
    except CatalogueError as error:
        reason = str(error).removeprefix(f"{subject.path}: ")
        return None, [subject.finding("tests", "error", reason)]


def proofs(subject: Subject, carried: Evidence, prover: Prover) -> Iterator[Proof]:
    """Run the tests of a rule."""
    for item in carried.tests:
        passed = prover.fires(carried.rule, item.events) is item.match
        yield Proof(subject=subject, test=item.name, should_match=item.match, passed=passed)


def proven(subject: Subject, prover: Prover | None) -> Iterator[Finding]:
    """Tell what is missing in a rule's tests, and which of them fail (where there is a prover to run them)."""
    if "filter" in subject.document or not subject.last:
        return
    carried, wrong = evidence(subject)
    yield from wrong
    if carried is None:
        if not wrong and "regression_tests_path" not in subject.document:
            yield subject.finding("tests", "note", "it has no test events: nothing shows that it fires")
        return
    for match, word in ((True, "that it has to find"), (False, "that it must not find (a near miss)")):
        if not any(test.match is match for test in carried.tests):
            yield subject.finding("tests", "error", f"it has no event {word}")
    for proof in proofs(subject, carried, prover) if prover is not None else ():
        if not proof.passed:
            expected = "should find" if proof.should_match else "should stay silent on"
            yield subject.finding("tests", "error", f"it {expected}: {proof.test}")
