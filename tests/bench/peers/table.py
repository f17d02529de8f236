"""The figures as tables for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from tests.bench.peers.measure import Row
from tests.bench.peers.pairs import Comparison, Difference

_HEAD = ("what", "rules", "events", "CPU s", "wall s", "events per CPU s", "peak MiB", "matches", "load", "note")


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def rows_table(rows: Iterable[Row]) -> str:
    """Return the main table in Markdown."""
    return _markdown(_HEAD, [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    cost = row.cost
    return [
        row.what,
        f"{row.rules:,}" if row.rules else "",
        f"{row.events:,}" if row.events else "",
        f"{cost.cpu:.2f}" if cost else "" if row.events else "not run",
        f"{cost.wall:.2f}" if cost and cost.wall else "",
        f"{row.rate:,.0f}" if row.rate else "",
        f"{cost.mib:.0f}" if cost else "",
        f"{row.matches:,}" if row.matches is not None else "",
        f"{cost.load:.1f}" if cost else "",
        row.note,
    ]


def ratio_table(ratios: Mapping[str, float | None]) -> str:
    """Return the ratios in Markdown; one that could not be taken says so."""
    cells = [[name, "not measured" if value is None else f"{value:.2f}"] for name, value in ratios.items()]
    return _markdown(("ratio", "times"), cells)


def comparison_text(found: Comparison) -> str:
    """Return one comparison as paragraphs."""
    basis = f" ({found.basis})" if found.basis else ""
    head = f"### Pairs: kulla and {found.peer}{basis}\n\nAgree {found.agree:,}; "
    head += f"only kulla {found.only_kulla.count:,}; only {found.peer} {found.only_peer.count:,}.\n"
    return head + _side("kulla", found.only_kulla) + _side(found.peer, found.only_peer)


def _side(name: str, found: Difference) -> str:
    if not found.count:
        return ""
    top = "; ".join(f"{title} {count:,}" for title, count in found.top)
    reasons = "; ".join(f"{reason}: {count:,}" for reason, count in found.reasons.items())
    return (
        f"\nOnly {name}: {found.count:,} pairs of {found.rules:,} rules. Of {found.sampled:,} looked at, the oracle "
        f"says that the rule holds in {found.right:,}. Why: {reasons}.\nMost frequent rules: {top}.\n"
    )


def as_json(
    head: Mapping[str, object],
    rows: Iterable[Row],
    ratios: Mapping[str, float | None],
    comparisons: Iterable[Comparison],
) -> str:
    """Return everything as one JSON document."""
    whole = {
        **head,
        "rows": [asdict(row) | {"events_per_cpu_second": row.rate} for row in rows],
        "ratios": dict(ratios),
        "comparisons": [asdict(item) for item in comparisons],
    }
    return json.dumps(whole, ensure_ascii=False, default=str)
