"""`kulla models evaluate`: how good the models are, on public data and seeds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.document import Column, Listing
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from engine.errors import UsageError

FIELDS = ("data", "part", "metric", "kulla", "bar", "generic", "generic_name", "published", "note")
_COLUMNS = (
    Column(field="data", heading="Data"),
    Column(field="metric", heading="Metric"),
    Column(field="kulla", heading="kulla", number=True),
    Column(field="generic", heading="Generic", number=True),
    Column(field="generic_name", heading="(which)"),
    Column(field="published", heading="Published"),
    Column(field="bar", heading="To reach"),
)


def register_evaluate(app: typer.Typer) -> None:
    """Add the command to `kulla models`."""

    @command(app, "evaluate")
    def evaluate(
        session: Session,
        names: Annotated[list[str] | None, typer.Argument(metavar="DATA", help="Which data; see --list.")] = None,
        *,
        every: Annotated[bool, typer.Option("--all", help="Everything that the folder holds data for.")] = False,
        data: Annotated[str | None, typer.Option("--data", metavar="DIR", help="Folder of public data.")] = None,
        listed: Annotated[
            bool, typer.Option("--list", help="Name the data that are known, and where they stand.")
        ] = False,
        seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of splits and simulations.")] = 1,
        generic: Annotated[bool, typer.Option("--generic/--no-generic", help="Run generic detectors as well.")] = True,
        fmt: Format = None,
        output: Output = None,
    ) -> None:
        """Measure the models on public labelled data and on seeded simulations, beside generic detectors.

        Data that the folder does not hold are passed over, and named. docs/models.md says where to get them. Thresholds
        come from what a model was trained on, never from what it is measured on.
        """
        from engine.anomaly.evaluation.generic import EXTRA, absent
        from engine.anomaly.evaluation.table import EVALUATIONS, Row

        out = target(session, fmt, output)
        if listed:
            session.say(*(f"{name}: {item.folder or 'simulated'}" for name, item in EVALUATIONS.items()))
            return
        wanted = list(EVALUATIONS) if every else list(names or ())
        if not wanted or not set(wanted) <= EVALUATIONS.keys():
            raise UsageError("name what to measure, or --all", hint=f"there are {', '.join(EVALUATIONS)}")
        rows: list[Row] = []
        for name in wanted:
            evaluation = EVALUATIONS[name]
            folder = Path(session.cwd / (data or ".")) / evaluation.folder
            if evaluation.folder and (data is None or not folder.is_dir()):
                session.say(f"{name}: no data at {folder} (--data DIR)")
                continue
            begun = time.process_time()
            rows += evaluation.run(folder, seed, generic=generic)
            session.say(f"{name}: {time.process_time() - begun:.0f} CPU s")
        shown = [{field: getattr(row, field) for field in FIELDS} for row in rows]
        out.write(
            Listing(name="evaluation", title="Models on public data", columns=_COLUMNS, rows=shown, fields=FIELDS)
        )
        if absent() and any(row.generic_name for row in rows):
            session.say(f"detectors of {' and '.join(absent())} were not measured: pip install '{EXTRA}'")
