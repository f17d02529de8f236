"""`kulla attack`: the table of ATT&CK's techniques that kulla names and compares rules by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.document import Column, Grid, Listing, Pairs, Report, Row, Section
from cli.group import sub_app
from cli.options import Format, Output, command
from cli.output import REPORT_FORMATS, target, write_file
from cli.session import Session
from engine.attack.comparing import canonical, display, technique_fault
from engine.attack.table import PACKAGED, Measure, Technique, prefer, read_table, table
from engine.errors import NotFoundError

_FIELDS = ("id", "name", "tactics", "versions", "groups", "campaigns", "software")
_COLUMNS = (
    Column(field="id", heading="Technique", whole=True),
    Column(field="name", heading="Name"),
    Column(field="tactics", heading="Tactics"),
    Column(field="groups", heading="Groups", number=True),
    Column(field="campaigns", heading="Campaigns", number=True),
    Column(field="software", heading="Software", number=True),
)
_MEASURE_COLUMNS = (
    Column(field="kind", heading="Kind", whole=True),
    Column(field="id", heading="Id", whole=True),
    Column(field="name", heading="Name"),
)

app = sub_app("ATT&CK's techniques: list and show them, and update the table from a file.")


@command(app, "list")
def list_techniques(
    session: Session,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD]...", help="All of these in id or name.")] = None,
    *,
    tactic: Annotated[str | None, typer.Option("--tactic", metavar="TACTIC", help="Only of this tactic.")] = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List techniques, those that most groups use first."""
    out = target(session, fmt, output)
    wanted = [word.casefold() for word in words or ()]
    rows = [_row(item) for item in table().techniques.values()]
    kept = [
        row
        for row in rows
        if all(word in f"{row['id']} {row['name']}".casefold() for word in wanted)
        and (tactic is None or tactic.lower().replace("_", "-") in _names(row))
    ]
    kept.sort(key=lambda row: (-int(str(row["groups"])), str(row["id"])))
    out.write(
        Listing(
            name="techniques", title="Techniques", columns=_COLUMNS, rows=kept, fields=_FIELDS, empty="no technique"
        )
    )
    session.hint(f"kulla attack show {kept[0]['id']}" if kept else "kulla attack list")


def _names(row: Row) -> tuple[str, ...]:
    found = row["tactics"]
    return tuple(found) if isinstance(found, tuple) else ()


def _row(item: Technique) -> dict[str, object]:
    return {
        "id": item.id,
        "name": item.name,
        "tactics": item.newest_tactics,
        "versions": tuple(item.tactics),
        "groups": item.use.groups,
        "campaigns": item.use.campaigns,
        "software": item.use.software,
    }


@command(app, "show")
def show(
    session: Session,
    technique: Annotated[str, typer.Argument(metavar="ID", help="The technique's id, of any version: T1059.001.")],
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Show one technique: its name and tactics in each version, what became of it, who uses it, what prevents it."""
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    number = technique.upper().removeprefix("ATTACK.")
    found = table().techniques.get(number) or table().techniques.get(canonical(number))
    if found is None:
        raise NotFoundError(technique_fault(number), where=technique, hint="kulla attack list WORD")
    out.write(_report(number, found))
    session.hint("kulla rules coverage --by tactic")


def _report(number: str, found: Technique) -> Report:
    successor = canonical(number)
    subs = [item.id for item in table().techniques.values() if item.id.startswith(f"{found.id}.")]
    measures = [item for item in table().measures if any(canonical(own) == successor for own in item.techniques)]
    head: tuple[tuple[str, object], ...] = (
        ("Technique", display(number)),
        *((f"Tactics in v{version}", names) for version, names in found.tactics.items()),
        ("Now", display(successor) if successor != number else ""),
        ("Was", tuple(sorted(old for old in table().moved if canonical(old) == number))),
        ("Sub-techniques", tuple(display(item) for item in subs)),
        ("Used by", f"{found.use.groups} groups, {found.use.campaigns} campaigns, {found.use.software} software"),
    )
    sections = [Section(heading="", body=Pairs(rows=head))]
    if measures:
        rows = [_measure_row(item) for item in sorted(measures, key=_measure_order)]
        sections.append(Section(heading="What goes against it", body=Grid(columns=_MEASURE_COLUMNS, rows=rows)))
    record = {
        **_row(found),
        "asked": number,
        "now": successor,
        "tactics_by_version": {version: list(names) for version, names in found.tactics.items()},
        "sub_techniques": subs,
        "measures": [_measure_row(item) for item in measures],
        "notice": table().notice,
    }
    return Report(name="technique", title=found.name, record=record, sections=tuple(sections))


def _measure_row(item: Measure) -> dict[str, object]:
    return {"kind": item.kind, "id": item.id, "name": item.name}


def _measure_order(item: Measure) -> tuple[int, str, str]:
    kinds = ("Mitigation", "Harden", "Isolate", "Detect", "Deceive", "Evict", "Restore", "Model")
    return (kinds.index(item.kind) if item.kind in kinds else len(kinds), item.kind, item.id)


@command(app, "update")
def update(
    session: Session,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="An ATT&CK STIX bundle, or a compact form of it.")
    ],
) -> None:
    """Update the table from files: a newer ATT&CK beside the versions known, or a crosswalk between them.

    The table goes into KULLA_HOME/attack.json; deleting that file brings back the one that kulla carries.
    """
    from engine.attack.building import add, as_text
    from engine.attack.reading import read_facts

    own = session.settings.home / "attack.json"
    base = own if own.is_file() else PACKAGED
    read_table(base)  # a damaged one is told, rather than built upon
    document: dict[str, Any] = json.loads(base.read_text(encoding="utf-8"))
    for name in files:
        path = Path(name).expanduser()
        document = add(document, read_facts(path if path.is_absolute() else session.cwd / path))
    own.parent.mkdir(parents=True, exist_ok=True)
    write_file(own, iter((as_text(document),)))
    prefer(PACKAGED)
    prefer(own)
    found = table()
    versions = ", ".join(f"v{version}" for version in found.versions)
    session.say(f"written: {own}", f"{len(found.techniques):,} techniques of {versions}, {len(found.moved):,} given up")
    session.hint("kulla rules check")
