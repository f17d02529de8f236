"""`kulla rules test`: test events, harmless logs that must not alert, and what a rule would find in the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli import rulesets
from cli.checking import CheckFormat, subjects_under
from cli.commands.rules_trial import try_rules
from cli.document import Case, Checked, Column, Fault, Listing, Row
from cli.options import Filters, Output, PipelineFiles, Placeholders, Rules, Until
from cli.output import CHECK_FORMATS, Target, target
from cli.session import Session
from cli.tailoring import Own
from engine.alerts import Alert, Level
from engine.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from engine.sigma.checking.evidence import Proof
    from engine.sigma.rules import RuleSet

_FIELDS = ("rule", "name", "expected", "result", "path")
_COLUMNS = (
    Column(field="result", heading="Result", whole=True),
    Column(field="expected", heading="Should", whole=True),
    Column(field="rule", heading="Rule"),
    Column(field="name", heading="Test"),
)
_BENIGN_HELP = (
    "Logs in which nothing happened: files and folders; a rule above low that alerts on them fails. Repeatable."
)
_OVER_HELP = "What the rules would have alerted on in the stored events of this time (30d, 24h); nothing is written."


def run_tests(
    session: Session,
    which: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RULE]...", help="Rule files and folders (own by default); with --over also ids and titles."
        ),
    ] = None,
    *,
    over: Annotated[str | None, typer.Option("--over", metavar="SPAN", help=_OVER_HELP)] = None,
    until: Until = None,
    benign: Annotated[list[str] | None, typer.Option("--benign", metavar="LOGS", help=_BENIGN_HELP)] = None,
    rules: Rules = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    fmt: CheckFormat = None,
    output: Output = None,
) -> None:
    """Run rules' own test events; with --benign also harmless logs; with --over try rules on the store instead.

    A test that fails, and an alert above low on harmless logs, is an issue (exit code 4).
    """
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    if over is not None:
        if benign:
            raise UsageError("--over and --benign do not go together", hint="kulla rules test PATH --benign LOGS")
        try_rules(session, which or [], over=over, until=until, rules=rules, own=own, fmt=fmt, output=output)
        return
    if rules or until:
        raise UsageError("this goes with --over alone", where="--rules" if rules else "--until", hint="--over 30d")
    out = target(session, fmt, output, allowed=CHECK_FORMATS)
    places = rulesets.rule_paths(session, which or [rulesets.OWN])
    loaded = rulesets.loaded(session, places, own)
    for issue in loaded.issues:
        if not rulesets.is_waiting(issue):
            session.issue(issue)
    rows, cases = _tested(session, places, loaded)
    if benign:
        more_rows, more_cases = _harmless(session, loaded, benign)
        rows, cases = rows + more_rows, cases + more_cases
    _write(session, out, rows, cases)


def _write(session: Session, out: Target, rows: list[Row], cases: list[Case]) -> None:
    from engine.sigma.checking.findings import CHECKS

    failed = sum(bool(case.faults) for case in cases)
    listing = Listing(name="tests", title="Tests", columns=_COLUMNS, rows=rows, fields=_FIELDS, empty="no tests")
    out.write_checked(Checked(listing=listing, suite="rules test", cases=cases, checks=CHECKS))
    session.say(f"{len(cases) - failed:,} tests passed, {failed:,} failed")
    session.hint("kulla rules list" if not failed else "kulla rules show ID")


def _tested(session: Session, places: Sequence[Path], rules: RuleSet) -> tuple[list[Row], list[Case]]:
    """Run the test events of every file; a block that cannot be used is an issue, and a case that fails."""
    from engine.sigma.checking.evidence import evidence, proofs
    from engine.sigma.engine import Engine
    from engine.sigma.evidence import Prover

    prover = Prover(Engine(rules))
    rows: list[Row] = []
    cases: list[Case] = []
    for subject in subjects_under(places):
        carried, wrong = evidence(subject) if subject.last else (None, [])
        for item in wrong:
            hint = "detections/README.md describes the block"
            session.issue(InputError(item.message, where=f"{item.path}:{item.line}", hint=hint))
            fault = Fault(check="tests", severity="error", message=item.message)
            cases.append(Case(name=subject.title, path=item.path, line=item.line, faults=(fault,)))
        for proof in proofs(subject, carried, prover) if carried is not None else ():
            rows.append(_row(proof))
            cases.append(_case(session, proof))
    return rows, cases


def _row(proof: Proof) -> Row:
    return {
        "rule": proof.subject.id,
        "name": proof.test,
        "expected": _expected(proof),
        "result": "passed" if proof.passed else "FAILED",
        "path": proof.subject.path,
    }


def _expected(proof: Proof) -> str:
    return "fire" if proof.should_match else "stay silent"


def _case(session: Session, proof: Proof) -> Case:
    subject, faults = proof.subject, ()
    if not proof.passed:
        message = f"should {_expected(proof)}: {proof.test}"
        session.issue(InputError(message, where=subject.path, hint=f"kulla rules show {subject.id}"))
        return Case(
            name=f"{subject.title}: {proof.test}",
            path=subject.path,
            line=subject.line,
            faults=(Fault(check="tests", severity="error", message=message),),
        )
    return Case(name=f"{subject.title}: {proof.test}", path=subject.path, line=subject.line, faults=faults)


def _harmless(session: Session, rules: RuleSet, logs: Sequence[str]) -> tuple[list[Row], list[Case]]:
    """Hunt in logs in which nothing happened: one case for each rule that alerts, and one for all others."""
    from cli.commands.hunt import alerts_in

    found: dict[str, list[Alert]] = {}
    for alert in _once(alerts_in(session, rules, logs)):
        found.setdefault(alert.rule.id, []).append(alert)
    rows: list[Row] = []
    cases: list[Case] = []
    for alerts in found.values():
        rule, first = alerts[0].rule, alerts[0]
        loud = rule.level > Level.LOW
        place = first.events[0].source if first.events else ""
        told = f"{len(alerts):,} alerts of level {rule.level.label} on harmless logs, the first in {place}"
        path, _, line = rule.path.rpartition(":")
        faults = (Fault(check="benign", severity="error", message=told),) if loud else ()
        if loud:
            session.issue(InputError(told, where=rule.path, hint=f"kulla rules explain {rule.id} --event FILE"))
        cases.append(Case(name=f"{rule.name}: harmless logs", path=path, line=int(line or 1), faults=faults))
        result = "FAILED" if loud else "passed"
        rows.append({"rule": rule.id, "name": told, "expected": "stay silent", "result": result, "path": path})
    quiet = len(rules.alerting) + len(rules.correlations) - len(found)
    session.say(f"harmless logs: {quiet:,} rules said nothing")
    return rows, cases


def _once(alerts: Iterator[Alert]) -> Iterator[Alert]:
    told: set[str] = set()
    for alert in alerts:
        if alert.id not in told:
            told.add(alert.id)
            yield alert
