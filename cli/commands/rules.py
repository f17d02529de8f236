"""`kulla rules`: which rules there are, which of them work here, and the evidence that they fire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli import coverage, rulesets
from cli.commands.rules_backfill import backfill
from cli.commands.rules_check import check
from cli.commands.rules_convert import convert
from cli.commands.rules_coverage import Stored, show_coverage
from cli.commands.rules_explain import explain
from cli.commands.rules_filters import list_filters
from cli.commands.rules_test import run_tests
from cli.commands.rules_update import update
from cli.document import Column, Lines, Listing, Pairs, Report, Row, Section
from cli.group import sub_app
from cli.options import (
    Filters,
    Format,
    MinLevel,
    Output,
    PipelineFiles,
    Placeholders,
    Rules,
    RulesLevel,
    RulesStatus,
    command,
    shown_level,
)
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.tailoring import Own
from engine.alerts import RuleInfo

if TYPE_CHECKING:
    from engine.sigma.rules import RuleSet

_FIELDS = ("id", "name", "level", "status", "state", "why", "logsource", "tags", "playbooks", "path")
_COLUMNS = (
    Column(field="level", heading="Level", whole=True),
    Column(field="state", heading="State", whole=True),
    Column(field="name", heading="Rule"),
    Column(field="logsource", heading="Log source"),
    Column(field="why", heading="Why not"),
)
app = sub_app("Sigma rules: list, show, check, test and update them.")


@command(app, "list")
def list_rules(
    session: Session,
    *,
    rules: Rules = None,
    rules_level: RulesLevel = None,
    rules_status: RulesStatus = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    level: MinLevel = None,
    not_loaded: Annotated[
        bool, typer.Option("--not-loaded", help="Only rules that can't be loaded or can't fire, with the reason.")
    ] = False,
    stored: Stored = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List rules: loaded, not loaded and why, or loaded but unable to fire: no log source, no field, no events."""
    out = target(session, fmt, output)
    lowest = shown_level(session, level)
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.load(session, rules, level=rules_level, status=rules_status, own=own)
    rows = [row for row in _rows(session, loaded, stored=stored) if not not_loaded or row["state"] != "loaded"]
    names = {item.label for item in type(lowest) if item >= lowest}
    rows = [row for row in rows if row["level"] in names or row["state"] == "not loaded"]
    out.write(Listing(name="rules", title="Rules", columns=_COLUMNS, rows=rows, fields=_FIELDS, empty="no such rules"))
    total = len(loaded.alerting) + len(loaded.correlations)
    session.say(f"{total:,} rules loaded, {len(loaded.issues):,} not loaded")
    if waiting := next(filter(rulesets.is_waiting, loaded.issues), None):
        session.say(f"rules wait for values of placeholders: {waiting.hint}")
    session.hint("kulla rules show ID" if not not_loaded else "kulla rules check FILE")


def _rows(session: Session, rules: RuleSet, *, stored: bool = False) -> Iterator[Row]:
    from engine.sigma.coverage import firing

    standings = list(coverage.standings(rules, coverage.surveyor(session, rules, stored=stored)))
    for told in standings:
        yield _row(told.rule.info, state=told.state, why=told.why, logsource=str(told.rule.logsource))
    can = firing(rules, standings)
    for item in rules.correlations:
        state, why = ("loaded", "") if item.info.id in can else ("no source", "rules that it counts cannot fire")
        yield _row(item.info, state=state, why=why, logsource=f"{item.type} of {len(item.rules)} rules")
    for issue in rules.issues:
        empty = dict.fromkeys(_FIELDS, "")
        yield {
            **empty,
            "state": "not loaded",
            "why": issue.message,
            "path": issue.where or "",
            "name": issue.where or "",
        }


def _row(info: RuleInfo, *, state: str, why: str, logsource: str) -> Row:
    return {
        "id": info.id,
        "name": info.name,
        "level": info.level.label,
        "status": info.status,
        "state": state,
        "why": why,
        "logsource": logsource,
        "tags": info.tags,
        "playbooks": info.playbooks,
        "path": info.path,
    }


@command(app, "show")
def show(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, its beginning, or its whole title.")],
    *,
    rules: Rules = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Show one rule: what it looks for, how bad that is, what else can cause it, and what to do."""
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    loaded = rulesets.load(session, rules)
    info = rulesets.find(loaded, identifier)
    head = (
        ("Rule", info.id),
        ("Level", info.level.label),
        ("Status", info.status),
        ("File", info.path),
        ("Author", info.author),
        ("Tags", info.tags),
        ("Playbooks", info.playbooks),
    )
    sections = [
        Section(heading="", body=Pairs(rows=head)),
        Section(heading="What", body=Lines(lines=(info.description,))),
    ]
    if info.falsepositives:
        sections.append(Section(heading="Known false positives", body=Lines(lines=info.falsepositives)))
    sections.append(Section(heading="Source", body=Lines(lines=_source(info), verbatim=True)))
    record = {**_row(info, state="loaded", why="", logsource=""), "description": info.description}
    out.write(Report(name="rule", title=info.name, record=record, sections=tuple(sections)))
    session.hint(f"kulla playbooks show {info.playbooks[0]}" if info.playbooks else "kulla rules list")


def _source(info: RuleInfo) -> tuple[str, ...]:
    from engine.sigma.rule_files import read_again

    try:
        return tuple(read_again(info.path.rpartition(":")[0]).decode("utf-8", "backslashreplace").splitlines())
    except OSError:
        return (f"(in {info.path})",)


command(app, "test")(run_tests)
command(app, "check")(check)
command(app, "coverage")(show_coverage)
command(app, "filters")(list_filters)
command(app, "explain")(explain)
command(app, "convert")(convert)
command(app, "update")(update)
command(app, "backfill")(backfill)
