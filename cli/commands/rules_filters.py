"""`kulla rules filters`: the site's own exclusions, which of them work here, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import rulesets
from cli.document import Column, Listing, Row
from cli.options import Filters, Format, Output, PipelineFiles, Placeholders, Rules
from cli.output import target
from cli.session import Session
from cli.tailoring import Own

if TYPE_CHECKING:
    from engine.sigma.filter_info import FilterInfo

_FIELDS = ("id", "title", "state", "rules", "applied_to", "owner", "reason", "expires", "why", "path")
_COLUMNS = (
    Column(field="state", heading="State", whole=True),
    Column(field="applied_to", heading="Rules", number=True),
    Column(field="expires", heading="Last day", whole=True),
    Column(field="title", heading="Filter"),
    Column(field="owner", heading="Owner"),
    Column(field="why", heading="Why not"),
)


def list_filters(
    session: Session,
    *,
    rules: Rules = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List Sigma filters: how many rules each changes, who answers for it, until when, and what is wrong with it."""
    out = target(session, fmt, output)
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.load(session, rules, own=own)
    rows = [_row(item) for item in loaded.filters]
    out.write(Listing(name="filters", title="Filters", columns=_COLUMNS, rows=rows, fields=_FIELDS, empty="no filters"))
    broken = [issue for issue in loaded.issues if not rulesets.is_waiting(issue) and "filter" in issue.message]
    for issue in broken:
        session.issue(issue)
    session.hint('[rules] filters = ["FOLDER"] in kulla.toml' if not rows else "kulla hunt PATH...")


def _row(item: FilterInfo) -> Row:
    return {
        "id": item.id,
        "title": item.title,
        "state": item.state,
        "rules": item.named,
        "applied_to": item.applied_to,
        "owner": item.owner,
        "reason": item.reason,
        "expires": item.expires,
        "why": item.why,
        "path": item.path,
    }
