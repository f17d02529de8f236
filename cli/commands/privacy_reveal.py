"""`kulla privacy reveal`: who a pseudonym is, told to two persons together, on record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.custody import proven
from cli.decisions import record
from cli.document import Column, Listing
from cli.options import Format, Output, command
from cli.output import target
from cli.privacy import custodians_file, vault
from cli.privacy_words import privacy_words
from cli.session import Session
from engine.errors import ConfigurationError, KullaError, NotFoundError, UsageError

if TYPE_CHECKING:
    from engine.store.protocol import Store

_COLUMNS = (Column(field="pseudonym", heading="Pseudonym", whole=True), Column(field="value", heading="Stands for"))


def register_reveal(app: typer.Typer) -> None:
    """Add the command to `kulla privacy`."""
    command(app, "reveal")(reveal)


def reveal(
    session: Session,
    pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="person-3f2a1c-... as it stands in an event.")],
    *,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads the ledger later.")],
    proposer: Annotated[str, typer.Option("--proposer", metavar="NAME", help="The custodian who proposes.")],
    approver: Annotated[str, typer.Option("--approver", metavar="NAME", help="Another one, who approves.")],
    passphrases: Annotated[
        str | None, typer.Option("--passphrases", metavar="FILE", help="NAME:PASSPHRASE lines; else they are typed.")
    ] = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Tell two custodians who a pseudonym stands for: both type their passphrases, and the ledger has it first.

    What was refused (an unknown pseudonym, one person alone, a wrong passphrase) is on the ledger, too.
    """
    if not why.strip():
        raise UsageError("a disclosure needs its reason", where="--why", hint='--why "court order 12/2026"')
    out = target(session, fmt, output)
    details = {"reason": why.strip(), "proposer": proposer, "approver": approver}
    with session.open_store() as store:
        try:
            value = _opened(session, pseudonym, (proposer, approver), passphrases)
        except KullaError as error:
            _record(session, store, pseudonym, {**details, "refused": error.message}, kind="privacy.refused")
            raise
        number = _record(session, store, pseudonym, details, kind="privacy.revealed")
    words = privacy_words(session.lang)
    rows = [{"pseudonym": pseudonym, "value": value}]
    title = words.stands_for.format(pseudonym=pseudonym)
    out.write(Listing(name="revealed", title=title, columns=_COLUMNS, rows=rows, fields=("pseudonym", "value")))
    session.say(words.recorded.format(number=number, proposer=proposer, approver=approver))


def _opened(session: Session, pseudonym: str, persons: tuple[str, str], passphrases: str | None) -> str:
    from collectors.privacy.custodians import NotTwoPersonsError, read_custodians
    from collectors.privacy.pseudonyms import PSEUDONYM

    custodians = read_custodians(custodians_file(session))
    if custodians is None:
        hint = "kulla privacy init --custodian NAME... keeps values from then on"
        raise ConfigurationError("there are no custodians: pseudonyms are one-way", hint=hint)
    if PSEUDONYM.fullmatch(pseudonym) is None:
        raise UsageError("that is no pseudonym", where="PSEUDONYM", hint="person-3f2a1c- and 26 letters and digits")
    if persons[0] == persons[1]:
        raise NotTwoPersonsError("who proposes cannot approve", hint=f"two of {', '.join(custodians.names)}")
    sealed = vault(session).sealed(pseudonym)
    if sealed is None:
        hint = "it was stored before there were custodians, its time has passed, or the person was erased"
        raise NotFoundError("the vault does not hold this pseudonym", hint=hint)
    if passphrases is None:
        session.say(privacy_words(session.lang).shown.format(pseudonym=pseudonym))
    file = session.cwd / Path(passphrases).expanduser() if passphrases is not None else None
    return custodians.opened(sealed, pseudonym, proven(session, persons, file))


def _record(session: Session, store: Store, pseudonym: str, details: dict[str, str], *, kind: str) -> int:
    # what is no pseudonym may be a person's name, and the ledger cannot be changed
    from collectors.privacy.pseudonyms import PSEUDONYM

    about = pseudonym if PSEUDONYM.fullmatch(pseudonym) else "(none)"
    return record(session, store, actor=details["proposer"], kind=kind, subject=f"pseudonym/{about}", details=details)
