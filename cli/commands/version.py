"""`kulla version`: which kulla this is, and what it runs on. It asks no network."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from cli.document import Pairs, Report, Section
from cli.group import single_app
from cli.options import Format, command
from cli.output import REPORT_FORMATS, target
from cli.session import Session

_PARTS = ("typer", "rich", "pysigma", "pyarrow", "duckdb", "elasticsearch", "evtx", "google-re2", "scikit-learn")

app = single_app()


@command(app, "version")
def show(session: Session, fmt: Format = None) -> None:
    """Print the version of kulla, of Python and of the packages it stands on (from what is installed)."""
    out = target(session, fmt or "table", allowed=REPORT_FORMATS)
    found = {name: _version(name) for name in ("kulla", *_PARTS)}
    record = {"kulla": found.pop("kulla"), "python": platform.python_version(), "packages": found}
    pairs = (("python", record["python"]), *found.items())
    title = f"kulla {record['kulla']}"
    body = Section(heading="", body=Pairs(rows=pairs))
    out.write(Report(name="version", title=title, record=record, sections=(body,)))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
