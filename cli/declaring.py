"""Checking a log source that a user wrote in YAML: it is read, and the tests inside it are run."""

from __future__ import annotations

from datetime import UTC, datetime

from cli.document import Column, Listing, Row
from cli.output import target
from cli.session import Session
from engine.errors import ConfigurationError, InputError, UsageError

_COLUMNS = (
    Column(field="number", heading="Test", number=True),
    Column(field="result", heading="Result", whole=True),
    Column(field="line", heading="Line"),
    Column(field="problems", heading="What is wrong"),
)
_FIELDS = ("number", "result", "where", "line", "problems")


def check_source(
    session: Session, source_file: str | None, *, year: int | None, fmt: str | None, output: str | None
) -> None:
    """Print the outcome of the file's tests; each that fails is an issue (exit code 4).

    Raise `ConfigurationError`, with file, line and next step, where the file can't be used at all.
    """
    from collectors.declared.checking import check, rival
    from collectors.declared.folder import declared_sources

    if source_file is None:
        raise UsageError("no source file is named", where="--check", hint="kulla parse --source-file FILE --check")
    path = session.cwd / source_file
    if path.is_dir():
        raise ConfigurationError("a folder", where=str(path), hint="check its files one by one")
    source = declared_sources((path,))[0]
    newest = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC) if year else session.now()
    rows: list[Row] = []
    for item in check(source, newest):
        for problem in item.problems:
            session.issue(InputError(problem, where=item.where, hint="mend the test, or the pattern"))
        rows.append(
            {
                "number": item.number,
                "result": "FAILED" if item.problems else "ok",
                "where": item.where,
                "line": item.raw,
                "problems": "; ".join(item.problems),
            }
        )
    empty = "no tests: add `tests:` with a raw line and the fields expected of it"
    listing = Listing(name="tests", title=source.title, columns=_COLUMNS, rows=rows, fields=_FIELDS, empty=empty)
    target(session, fmt, output).write(listing)
    failed = sum(row["result"] == "FAILED" for row in rows)
    session.say(f"{source.name}: {len(rows) - failed:,} tests hold, {failed:,} do not")
    if (other := rival(source)) is not None:
        session.say(f"recognition takes these lines for {other}: name the file with --source-file")
    session.hint(f"kulla parse --source-file {source_file} LOG")
