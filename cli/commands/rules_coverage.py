"""`kulla rules coverage`: what rules cover, by log source, tactic or technique; Navigator layers; before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli import coverage, rulesets
from cli.document import Column, Listing, Row
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
from cli.output import target, write_file
from cli.session import Session
from cli.tailoring import Own
from engine.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from engine.sigma.coverage import Standing
    from engine.sigma.rules import RuleSet

_STORED_HELP = "Also look into the store, and tell which rules no collected event belongs to."
_BY_HELP = "A row for each log source, tactic or technique."
_LAYERS_HELP = "Write ATT&CK Navigator layers (4.5) here: rules that exist, can fire, did fire, are proven by tests."
_BEFORE_HELP = "Compare by technique with these rules: own, a pack's name, a folder, a file or a zip. Repeatable."

Stored = Annotated[bool, typer.Option("--stored", help=_STORED_HELP)]


def show_coverage(
    session: Session,
    *,
    by: Annotated[str | None, typer.Option("--by", metavar="source|tactic|technique", help=_BY_HELP)] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Only what no rule that can fire covers.")] = False,
    layers: Annotated[str | None, typer.Option("--layers", metavar="DIR", help=_LAYERS_HELP)] = None,
    before: Annotated[list[str] | None, typer.Option("--before", metavar="RULES", help=_BEFORE_HELP)] = None,
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
    """Tell what the rules cover: by log source (fields mapped, who collects it), ATT&CK tactic or technique."""
    out = target(session, fmt, output)
    chosen = choice("--by", by or ("technique" if before else "source"), ("source", "tactic", "technique"))
    if before and chosen != "technique":
        raise UsageError("rules are compared by technique", where="--by", hint="--by technique")
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.load(session, rules, level=rules_level, status=rules_status, own=own)
    survey = coverage.surveyor(session, loaded, stored=stored)
    told = coverage.standings(loaded, survey)
    firing = sum(item.state == "loaded" for item in told)
    if chosen == "technique":
        rows = coverage.by_technique(session, loaded, told, stored=stored)
        earlier = _earlier(session, before, own, stored=stored) if before else None
        listing = _compared(rows, earlier) if earlier is not None else _by_technique(rows, blind=blind)
    elif chosen == "tactic":
        listing = _listing("tactic", coverage.by_tactic(loaded, told), blind=blind)
    else:
        found = coverage.by_source(loaded, told)
        listing = _listing("source", [*found, *coverage.unwatched(session, told)] if blind else found, blind=blind)
    out.write(listing)
    if layers is not None:
        _write_layers(session, loaded, told, layers, stored=stored)
    resting = f"; {len(loaded.correlations):,} correlations rest on them" if loaded.correlations else ""
    session.say(f"{len(told):,} rules loaded, {firing:,} of them can fire{resting}")
    session.hint("kulla rules list --not-loaded")


def _earlier(session: Session, before: list[str], own: Own, *, stored: bool) -> list[Row]:
    loaded = rulesets.load(session, before, own=own)
    told = coverage.standings(loaded, coverage.surveyor(session, loaded, stored=stored))
    return coverage.by_technique(session, loaded, told, stored=stored)


def _listing(by: str, rows: Sequence[Row], *, blind: bool) -> Listing:
    tactical = by == "tactic"
    kept = [row for row in rows if not blind or not row["can_fire"]]
    return Listing(
        name="coverage",
        title=f"Coverage by {'tactic' if tactical else 'log source'}",
        columns=coverage.TACTIC_COLUMNS if tactical else coverage.SOURCE_COLUMNS,
        rows=kept,
        fields=coverage.TACTIC_FIELDS if tactical else coverage.SOURCE_FIELDS,
        empty="no rules" if not blind else "no blind spot",
    )


def _by_technique(rows: Sequence[Row], *, blind: bool) -> Listing:
    return Listing(
        name="coverage",
        title="Coverage by technique",
        columns=coverage.TECHNIQUE_COLUMNS,
        rows=[row for row in rows if not blind or not row["can_fire"]],
        fields=coverage.TECHNIQUE_FIELDS,
        empty="no blind spot",
    )


def _compared(rows: Sequence[Row], earlier: Sequence[Row]) -> Listing:
    """Return the techniques for which something changed."""
    old = {row["technique"]: row for row in earlier}
    counted = ("exists", "can_fire", "did_fire", "proven")
    changed: list[Row] = []
    for row in rows:
        before = old[row["technique"]]
        if any(row[name] != before[name] for name in counted) or row["rules"] != before["rules"]:
            changed.append({**row, **{f"{name}_before": before[name] for name in counted}})
    return Listing(
        name="coverage",
        title="Coverage before and after",
        columns=(
            Column(field="technique", heading="Technique", whole=True),
            Column(field="name", heading="Name"),
            Column(field="can_fire_before", heading="Could fire", number=True),
            Column(field="can_fire", heading="Can fire", number=True),
            Column(field="proven_before", heading="Were proven", number=True),
            Column(field="proven", heading="Proven", number=True),
        ),
        rows=changed,
        fields=(*coverage.TECHNIQUE_FIELDS, *(f"{name}_before" for name in counted)),
        empty="nothing changes by technique",
    )


def _write_layers(session: Session, rules: RuleSet, told: Sequence[Standing], where: str, *, stored: bool) -> None:
    from cli.formats.jsons import dumps
    from engine.attack.table import table
    from engine.sigma.navigator import layer
    from engine.sigma.techniques import STRENGTHS, by_technique

    folder = session.cwd / where
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make it ({error.strerror})", where=str(folder), hint="--layers DIR"
        ) from error
    found = by_technique(coverage.told_of(session, rules, told, stored=stored), table())
    for strength in STRENGTHS:
        path = folder / f"{strength}.json"
        write_file(path, iter([dumps(layer(found, strength, table().versions[-1]), indent=1), "\n"]))
        session.say(f"written: {path}")
