"""`kulla rules convert`: rules in the languages of other systems, through the backends of pySigma."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import rulesets
from cli.document import Column, Listing
from cli.options import Filters, Output, Placeholders, Rules
from cli.output import target as output_target
from cli.output import write_file
from cli.safe import escape
from cli.session import Session
from cli.tailoring import Own, file_of, tailoring
from engine.errors import RuleError, UsageError

if TYPE_CHECKING:
    from engine.sigma.converting import Converter
    from engine.sigma.tailoring import File

_FIELDS = ("name", "installed", "formats", "package")
_COLUMNS = (
    Column(field="name", heading="Target", whole=True),
    Column(field="installed", heading="Here", whole=True),
    Column(field="formats", heading="Formats"),
    Column(field="package", heading="Package"),
)


def convert(
    session: Session,
    given: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE...]", help="Rule files, folders and zips, or ids of rules.")
    ] = None,
    *,
    target: Annotated[str | None, typer.Option("--target", metavar="BACKEND", help="The system to write for.")] = None,
    pipeline: Annotated[
        list[str] | None,
        typer.Option("--pipeline", metavar="P", help="An installed pipeline, or a YAML file. Repeatable."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("-f", "--format", metavar="FORMAT", help="One of the backend's own formats.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List backends, their formats and packages.")] = False,
    rules: Rules = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    output: Output = None,
) -> None:
    """Write rules in the language of another system, through whichever backends of pySigma are installed.

    Sigma filters and the values of placeholders are written into the queries. Nothing is installed and no network is
    asked.
    """
    from engine.sigma.converting import Converter

    converter = Converter()
    if show:
        _list(session, converter, form, output)
        return
    if not given or not target:
        raise UsageError(
            "rules and --target are wanted", hint="kulla rules convert RULE... --target splunk; --list shows targets"
        )
    own = Own(filters=filters, placeholders=placeholders)
    issues: list[RuleError] = []
    steps = [item if item in converter.pipelines() else file_of(session, item, "--pipeline") for item in pipeline or ()]
    files = _files(session, given, rules, own, issues)
    made = list(
        converter.convert(
            files, target=target, form=form, pipelines=steps, tailoring=tailoring(session, own), issues=issues
        )
    )
    for issue in issues:
        session.issue(issue)
    _write(session, made, output)
    session.say(f"{len(made):,} queries for {target}, {len(issues):,} rules not converted")
    session.hint("kulla rules convert --list")


def _list(session: Session, converter: Converter, form: str | None, output: str | None) -> None:
    out = output_target(session, form, output)
    rows = [
        {
            "name": item.name,
            "installed": "yes" if item.installed else "no",
            "formats": item.formats,
            "package": item.package,
        }
        for item in converter.backends()
    ]
    out.write(Listing(name="backends", title="Backends", columns=_COLUMNS, rows=rows, fields=_FIELDS))
    session.say(f"installed pipelines: {', '.join(converter.pipelines()) or 'none'}")
    session.hint("kulla rules convert RULE... --target BACKEND")


def _files(
    session: Session, given: Sequence[str], rules: Sequence[str] | None, own: Own, issues: list[RuleError]
) -> list[File]:
    """Return what is meant: whole files, or single rules by their ids (with those that a correlation needs)."""
    from engine.sigma.rule_files import rule_files

    paths = [session.cwd / Path(word).expanduser() for word in given]
    files = list(rule_files([path for path in paths if path.exists()], issues))
    wanted = [word for word, path in zip(given, paths, strict=True) if not path.exists()]
    if wanted:
        files += _by_id(session, wanted, rules, own)
    return files


def _by_id(session: Session, wanted: Sequence[str], names: Sequence[str] | None, own: Own) -> Iterator[File]:
    from engine.sigma.documents import documents
    from engine.sigma.rule_files import read_again

    loaded = rulesets.load(session, names, own=own)
    infos = [*(item.info for item in loaded.alerting), *(item.info for item in loaded.correlations)]
    places = {info.id: info.path for info in infos}
    needs = {item.info.id: item.rules for item in loaded.correlations}
    left = [rulesets.find(loaded, word).id for word in wanted]
    meant: dict[str, None] = {}
    while left:
        number = left.pop(0)
        if number not in meant:
            meant[number] = None
            left += needs.get(number, ())
    for number in meant:
        name, _, line = places[number].rpartition(":")
        for first, text in documents(name, read_again(name), []):
            if first == int(line):
                yield name, text.encode()


def _write(session: Session, made: Sequence[object], output: str | None) -> None:
    if output not in (None, "-"):
        path = session.cwd / str(output)
        write_file(path, (_text(item) + "\n" for item in made))
        session.say(f"written: {path}")
        return
    for item in made:
        text = _text(item)
        # what a rule's author wrote acts in no terminal; a pipe gets every byte
        lines = [escape(line) for line in text.split("\n")] if session.stdout.isatty() else [text]
        session.stdout.write("\n".join(lines) + "\n")
    session.stdout.flush()


def _text(item: object) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, bytes):
        return item.decode("utf-8", "backslashreplace")
    import json

    return json.dumps(item, ensure_ascii=False, default=str)
