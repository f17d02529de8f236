"""`kulla rules check`: the quality gates over any rules, without any network."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from cli import rulesets
from cli.checking import CheckFormat, cases, gates, subjects_under
from cli.document import Checked, Column, Listing, Row
from cli.options import Filters, Output, PipelineFiles, Placeholders
from cli.output import CHECK_FORMATS, target
from cli.session import Session
from cli.tailoring import Own
from engine.errors import RuleError

if TYPE_CHECKING:
    from engine.sigma.checking.findings import Finding

FIELDS = ("severity", "check", "rule", "name", "message", "path", "line")
COLUMNS = (
    Column(field="severity", heading="Severity", whole=True),
    Column(field="check", heading="Check", whole=True),
    Column(field="name", heading="Rule", derive=lambda row: row["name"] or row["path"]),
    Column(field="message", heading="What"),
)
_TOLD_NOTES = "notes are left out; --notes shows them"


def check(
    session: Session,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Rule files, folders and zips.")],
    *,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail the run as errors do (exit code 4).")] = False,
    notes: Annotated[bool, typer.Option("--notes", help="Show notes, too: style, cost, what is not told.")] = False,
    tests: Annotated[bool, typer.Option("--tests/--no-tests", help="Run the rules' own test events.")] = True,
    fmt: CheckFormat = None,
    output: Output = None,
) -> None:
    """Check rules: form, ids, names, tags, fields, doubles, cost, tests and documentation. Errors exit with 4."""
    from engine.sigma.checking.findings import CHECKS
    from engine.sigma.checking.gates import findings

    out = target(session, fmt, output, allowed=CHECK_FORMATS)
    places = rulesets.rule_paths(session, paths)
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.loaded(session, places, own)
    subjects = subjects_under(places)
    found = findings(loaded, subjects, gates(session, loaded, tests=tests))
    failing = frozenset({"error", "warning"} if strict else {"error"})
    shown = [item for item in found if notes or item.severity != "note"]
    listing = Listing(
        name="findings", title="What is wrong", columns=COLUMNS, rows=map(_row, shown), fields=FIELDS, empty="nothing"
    )
    out.write_checked(
        Checked(
            listing=listing,
            suite="rules check",
            cases=cases(subjects, shown),
            checks=CHECKS,
            failing=failing,
        )
    )
    for item in found:
        if item.severity in failing:
            session.issue(_issue(item))
    rulesets.tell_idle_filters(session, loaded)
    session.say(_summary(found), f"{len(loaded.alerting) + len(loaded.correlations):,} rules load")
    if not notes and any(item.severity == "note" for item in found):
        session.say(_TOLD_NOTES)
    session.hint("kulla rules test PATH" if not session.issues else "kulla rules check PATH, after mending them")


def _row(item: Finding) -> Row:
    return {name: getattr(item, "title" if name == "name" else name) for name in FIELDS}


def _issue(item: Finding) -> RuleError:
    return RuleError(f"{item.check}: {item.message}", where=f"{item.path}:{item.line}", hint="detections/README.md")


def _summary(found: list[Finding]) -> str:
    if not found:
        return "nothing is wrong"
    counts = Counter((str(item.severity), item.check) for item in found)
    order = ("error", "warning", "note")
    told = [
        f"{severity}s: " + ", ".join(f"{name} {counts[severity, name]:,}" for name in names)
        for severity in order
        if (names := sorted(check for grade, check in counts if grade == severity))
    ]
    return "; ".join(told)
