"""Calls of kulla in this process, with a cluster as its store."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from cli.edge import run
from cli.main import group
from cli.session import Session
from tests.cli.fakes import Result
from tests.cli.runs import NOW


def kulla(*argv: str, home: Path, prefix: str = "kulla", store: str = "") -> Result:
    """Run `kulla ARGV` with its state under `home`; `store` and `prefix` are given as environment variables."""
    out, err = io.StringIO(), io.StringIO()
    environ = {"KULLA_HOME": str(home), "COLUMNS": "80", "NO_COLOR": "1", "KULLA_ELASTICSEARCH_PREFIX": prefix}
    if store:
        environ["KULLA_STORE"] = store
    session = Session(
        environ=environ,
        cwd=home.parent,
        stdin=io.TextIOWrapper(io.BytesIO()),
        stdout=out,
        stderr=err,
        now=lambda: NOW,
    )
    with redirect_stdout(out), redirect_stderr(err):
        code = run(group(), argv, session)
    return Result(code=code, out=out.getvalue(), err=err.getvalue())
