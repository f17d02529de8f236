"""`kulla rules coverage`: what the rules cover, by log source or by tactic."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import coverage, rulesets
from cli.document import Listing, Row
from cli.options import (
    Filters,
    Format,
    Output,
    PipelineFiles,
    Placeholders,
    Rules,
    RulesLevel,
    RulesStatus,
    choice,
)
from cli.output import target
from cli.session import Session
from cli.tailoring import Own

_STORED_HELP = "Also look into the store, and tell which rules no collected event belongs to."
_BY_HELP = "A row for each log source or for each tactic."

Stored = Annotated[bool, typer.Option("--stored", help=_STORED_HELP)]


def show_coverage(
    session: Session,
    *,
    by: Annotated[str, typer.Option("--by", metavar="source|tactic", help=_BY_HELP)] = "source",
    rules: Rules = None,
    rules_level: RulesLevel = None,
    rules_status: RulesStatus = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    stored: Stored = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Tell what the rules cover: by log source (fields mapped, who collects it) or by ATT&CK tactic."""
    out = target(session, fmt, output)
    tactical = choice("--by", by, ("source", "tactic")) == "tactic"
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.load(session, rules, level=rules_level, status=rules_status, own=own)
    told = coverage.standings(loaded, coverage.surveyor(session, loaded, stored=stored))
    firing = sum(item.state == "loaded" for item in told)
    listing = _by_tactic if tactical else _by_source
    out.write(listing(coverage.by_tactic(loaded, told) if tactical else coverage.by_source(loaded, told)))
    session.say(f"{len(told):,} rules loaded, {firing:,} of them can fire")
    session.hint("kulla rules list --not-loaded")


def _by_source(rows: list[Row]) -> Listing:
    return Listing(
        name="coverage",
        title="Coverage by log source",
        columns=coverage.SOURCE_COLUMNS,
        rows=rows,
        fields=coverage.SOURCE_FIELDS,
        empty="no rules",
    )


def _by_tactic(rows: list[Row]) -> Listing:
    return Listing(
        name="coverage",
        title="Coverage by tactic",
        columns=coverage.TACTIC_COLUMNS,
        rows=rows,
        fields=coverage.TACTIC_FIELDS,
        empty="no rules",
    )
