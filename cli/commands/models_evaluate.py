"""`kulla models evaluate`: how good the models are, on public data and seeds."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.document import Column, Listing
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from cli.settings_table import Lang
from engine.errors import InputError, KullaError, UsageError

if TYPE_CHECKING:
    from engine.anomaly.evaluation.row import Row

FIELDS = ("name", "data", "part", "metric", "kulla", "bar", "generic", "generic_name", "published", "note")
_TITLES = {"en": "Models on public data", "sq": "Modelet mbi të dhëna publike"}
_HEADINGS = {  # data, metric, kulla's figure, what is to be reached, the best generic detector, the best published
    "en": ("Data", "Metric", "kulla", "To reach", "Generic", "Published"),
    "sq": ("Të dhënat", "Matja", "kulla", "Synimi", "Të përgjithshëm", "Të botuara"),
}
DAMAGED = (KullaError, OSError, EOFError, LookupError, ValueError, TypeError, ArithmeticError, zlib.error)
"""What damaged data can end in, whatever library reads them: a file that is missing, cut, or holds something else."""
_UNSEEN = {"en": "unseen", "sq": "të papara"}


def _listing(found: Sequence[tuple[str, Row]], lang: Lang) -> Listing:
    """Return the table: a row for each figure, with the name of its data. The record has metrics in English."""
    data, metric, own, bar, generic, published = _HEADINGS[lang]
    rows = [
        {"name": name, **{field: getattr(row, field) for field in FIELDS[1:]}, "metric": row.metric.en}
        for name, row in found
    ]
    words = {row.metric.en: row.metric.in_language(lang) for _, row in found}
    columns = (
        Column(field="name", heading=data, whole=True, derive=lambda row: _data(row, lang)),
        Column(field="metric", heading=metric, derive=lambda row: words[str(row["metric"])]),
        Column(field="kulla", heading=own),
        Column(field="bar", heading=bar),
        Column(field="generic", heading=generic, derive=_beside),
        Column(field="published", heading=published),
    )
    return Listing(name="evaluation", title=_TITLES[lang], columns=columns, rows=rows, fields=FIELDS, lang=lang)


def _data(row: Mapping[str, object], lang: Lang) -> str:
    return f"{row['name']}, {_UNSEEN[lang]}" if row["part"] == "unseen" else str(row["name"])


def _beside(row: Mapping[str, object]) -> str:
    """Return the best generic detector's figure and name; which packages are not there is said once, at the end."""
    name = str(row["generic_name"]).partition(" (without ")[0]
    return f"{row['generic']} {name}".strip()


def _unmeasured(folder: Path, reason: str) -> Row:
    from engine.anomaly.evaluation import metrics
    from engine.anomaly.evaluation.metrics import filled
    from engine.anomaly.evaluation.row import Row

    return Row(data=folder.name, metric=filled(metrics.FAILED, reason=reason), kulla="-", note=reason)


def _reason(error: Exception) -> str:
    """Return what is wrong in a line: an error of Python's own says little without its kind."""
    told = " ".join(str(error).split())
    return told if isinstance(error, KullaError) else f"{type(error).__name__}: {told}".removesuffix(": ")


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

        Data that the folder does not hold are passed over, and named. docs/models.md says where to get them. Data that
        are damaged get a row with the reason, the others are measured, and the command fails at its end. Thresholds
        come from what a model was trained on, never from what it is measured on.
        """
        from engine.anomaly.evaluation.generic import EXTRA, absent
        from engine.anomaly.evaluation.table import EVALUATIONS

        out = target(session, fmt, output)
        if listed:
            session.say(*(f"{name}: {item.folder or 'simulated'}" for name, item in EVALUATIONS.items()))
            return
        wanted = list(EVALUATIONS) if every else list(names or ())
        if not wanted or not set(wanted) <= EVALUATIONS.keys():
            raise UsageError("name what to measure, or --all", hint=f"there are {', '.join(EVALUATIONS)}")
        rows: list[tuple[str, Row]] = []
        failed: dict[str, str] = {}
        for name in wanted:
            evaluation = EVALUATIONS[name]
            folder = Path(session.cwd / (data or ".")) / evaluation.folder
            if evaluation.folder and (data is None or not folder.is_dir()):
                session.say(f"{name}: no data at {folder} (--data DIR)")
                continue
            begun = time.process_time()
            try:
                found = evaluation.run(folder, seed, generic=generic)
                if not found:
                    raise InputError(f"{folder} holds nothing that could be measured", hint="see docs/models.md")
            except DAMAGED as error:
                failed[name] = _reason(error)
                rows.append((name, _unmeasured(folder, failed[name])))
                session.say(f"{name}: failed: {failed[name]}")
                continue
            rows += [(name, row) for row in found]
            told = dict.fromkeys(row.data for row in found)
            session.say(f"{name}: {'; '.join(told)}. {time.process_time() - begun:.0f} CPU s")
        out.write(_listing(rows, session.lang))
        if generic and absent() and any(row.generic_name for _, row in rows):
            session.say(f"detectors of {' and '.join(absent())} were not measured: pip install '{EXTRA}'")
        if failed:
            raise InputError(
                f"not measured: {', '.join(failed)}; the other rows stand",
                hint="see docs/models.md for where the data come from, then kulla models evaluate " + " ".join(failed),
            )
