"""`kulla playbooks export` and `import`: playbooks as CACAO 2.0, out and in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.exporting import Clearance, Marking, marking
from cli.options import Output, choice, command
from cli.output import target, write_file
from cli.session import Session
from engine.errors import ConfigurationError, InputError

_KINDS = ("cacao",)


def register_exchange(app: typer.Typer) -> None:
    """Add the commands to `kulla playbooks`."""
    command(app, "export")(export)
    command(app, "import")(import_playbook)


def export(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="ID", help="The playbook's id.")],
    *,
    kind: Annotated[str, typer.Option("--as", metavar="FORMAT", help="The format: cacao.")] = "cacao",
    tlp: Marking = None,
    clearance: Clearance = None,
    output: Output = None,
) -> None:
    """Write a playbook as CACAO 2.0, checked before it is written (--lang sq for Albanian)."""
    from playbooks.loader import load_library
    from playbooks.standards.cacao_check import check
    from playbooks.standards.cacao_export import playbook_to_cacao
    from playbooks.standards.documents import as_json, read_json

    choice("--as", kind, _KINDS)
    out = target(session, "json", output)
    mark = marking(session, tlp, clearance, held="clear", least="clear")
    content = as_json(playbook_to_cacao(load_library().get(name), mark, session.lang))
    for fault in check(read_json(content.encode(), name)):
        session.issue(InputError(fault.what, where=fault.where, hint=f"kulla playbooks show {name}"))
    out.write_parts(iter((content,)))
    session.hint("kulla playbooks import FILE")


def import_playbook(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CACAO 2.0 playbook (JSON).")],
    *,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FOLDER", help="Write ID.yaml and, unchanged, ID.cacao.json here."),
    ] = None,
) -> None:
    """Read a CACAO 2.0 playbook as one of kulla's: kulla's own come back whole, others as a draft to complete.

    What cannot be followed (a `while`, a step that is not there) is refused with the reason. What a draft lacks (the
    Albanian, verification, undo) is listed with its line, exit 4; nothing of it is run, and it enters no library.
    """
    from playbooks.document import DocumentError
    from playbooks.loader import read_playbook
    from playbooks.standards.cacao_import import import_cacao
    from playbooks.standards.documents import LARGEST_FILE, as_json, read_json
    from playbooks.steps import Shared

    folder = None if output is None else session.cwd / output
    if folder is not None and not folder.is_dir():
        raise ConfigurationError("there is no such folder", where=str(output), hint="make the folder first")
    document = read_json(_bytes(session.cwd / file, file, LARGEST_FILE), file)
    found = import_cacao(document, file)
    for note in found.notes:
        session.say(note)
    try:
        read_playbook(found.yaml.encode(), f"{found.id}.yaml", Shared(steps={}, risks={}, evidence={}))
    except DocumentError as error:
        session.issue(error)
    if folder is None:
        session.stdout.write(found.yaml)
        session.stdout.flush()
    else:
        for path, content in ((f"{found.id}.yaml", found.yaml), (f"{found.id}.cacao.json", as_json(document))):
            write_file(folder / path, iter((content,)))
            session.say(f"written: {folder / path}")
    session.hint("kulla playbooks check FOLDER")


def _bytes(path: Path, name: str, most: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(most + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read it ({error.strerror})", where=name, hint="name a file") from None
