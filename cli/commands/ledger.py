"""`kulla ledger`: every decision on record, and the proof that none was changed, removed or put elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.ledger_challenges import answer, challenge, challenges, disclose, override
from cli.commands.ledger_keys import adopt, keys, rotate_key, trust, withdraw_key
from cli.deciding_words import DecidingWords, deciding_words
from cli.decisions import open_ledger
from cli.document import Column, Listing, Row
from cli.group import sub_app
from cli.home import head_path
from cli.options import Format, Limit, Output, command
from cli.output import target, write_file
from cli.session import Session
from cli.settings_table import Lang
from cli.views import to_the_second
from engine.durable import write_private
from engine.errors import ConfigurationError, InputError, LedgerError, UsageError
from engine.store.protocol import LedgerEntry

if TYPE_CHECKING:
    from playbooks.ledger.keys import VerifierKey
    from playbooks.ledger.notes import Checkpoint, Consistency, Inclusion
    from playbooks.ledger.walk import Walk

app = sub_app("Every decision on record: show, verify, prove, challenge.")
FIELDS = ("sequence", "at", "actor", "account", "kind", "subject", "details", "key", "digest")
_LARGEST_FILE = 4 * 1024 * 1024
_PROBLEM_COLUMNS = (
    Column(field="sequence", heading="Record", number=True),
    Column(field="what", heading="What is wrong"),
)
Key = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="KEY", help="Trust this public key for this call (kulla ledger keys). Repeatable."),
]


@command(app, "show")
def show(
    session: Session,
    word: Annotated[
        str, typer.Argument(metavar="[WORD]", help="Only records about this incident, playbook or other subject.")
    ] = "",
    *,
    limit: Limit = 0,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List the ledger's records, oldest first; with --limit, the newest ones."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        rows = [row for entry in store.ledger() if word in str((row := _row(session, entry))["subject"])]
    shown = rows[-limit:] if limit else rows
    texts = deciding_words(session.lang)
    listing = Listing(
        name="records",
        title=texts.ledger,
        columns=_columns(texts, session.lang),
        rows=shown,
        fields=FIELDS,
        empty=texts.no_records,
        lang=session.lang,
    )
    out.write(listing)
    session.hint("kulla ledger verify")


def _columns(texts: DecidingWords, lang: Lang) -> tuple[Column, ...]:
    from playbooks.ledger.kinds import kind_words

    return (
        Column(field="sequence", heading=texts.record, number=True),
        Column(field="at", heading=texts.at, whole=True, derive=to_the_second("at")),
        Column(field="actor", heading=texts.who),
        Column(field="kind", heading=texts.what, derive=lambda row: kind_words(str(row.get("kind", "")), lang)),
        Column(field="details", heading=texts.details),
    )


def _row(session: Session, entry: LedgerEntry) -> Row:
    from playbooks.ledger import decode, digest_of

    if digest_of(entry.body) != entry.digest:
        where = f"ledger record {entry.sequence}"
        session.issue(LedgerError("was changed: its digest does not match", where=where, hint="kulla ledger verify"))
    try:
        record = decode(entry)
    except LedgerError as error:
        session.issue(error)
        return {"sequence": entry.sequence, "subject": "", "details": entry.body, "digest": entry.digest}
    return {name: getattr(record, name) for name in FIELDS}


@command(app, "verify")
def verify(
    session: Session,
    *,
    head: Annotated[
        str | None, typer.Option("--head", metavar="FILE", help="Compare with this head, kept elsewhere before.")
    ] = None,
    proof: Annotated[
        str | None, typer.Option("--proof", metavar="FILE", help="Check this proof alone; no store is needed.")
    ] = None,
    record: Annotated[
        str | None, typer.Option("--record", metavar="FILE", help="The record's body, where the proof lacks it.")
    ] = None,
    every_signature: Annotated[
        bool, typer.Option("--every-signature", help="Check those too that the signed head vouches for (slow).")
    ] = False,
    key: Key = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Check the whole chain, its signed head and its end; exit with 1 and list what was changed, removed or reordered.

    With --proof, check a proof from `kulla ledger prove` instead: of one record, or (with the --head it began at) that
    the ledger only grew.
    """
    out = target(session, fmt, output)
    if proof is not None:
        _verify_proof(session, proof, head=head, record=record, keys=key)
        return
    with session.open_store() as store:
        ledger = open_ledger(session, store)
        kept = [_signed_head(session, head, _trusted(session, key))] if head is not None else []
        walk = ledger.examine(kept=kept, every_signature=every_signature)
    rows = [{"sequence": problem.sequence, "what": problem.what} for problem in walk.problems]
    listing = Listing(
        name="problems", title="Ledger", columns=_PROBLEM_COLUMNS, rows=rows, fields=("sequence", "what"), empty=""
    )
    out.write(listing)
    if rows:
        raise LedgerError(
            f"the ledger does not hold: {walk.problems[0].what}",
            where=str(head_path(session.settings)),
            hint="keep the store and the head file as they are, as evidence, and compare them with a backup",
        )
    _say_holds(session, walk)


def _say_holds(session: Session, walk: Walk) -> None:
    session.say(f"the ledger holds: {walk.frontier.size:,} records, none changed, removed or reordered")
    if walk.unsigned:
        session.say(f"{walk.unsigned:,} of them are of before signatures")
    session.hint("kulla ledger head -o FILE, and keep it elsewhere")


def _verify_proof(session: Session, name: str, *, head: str | None, record: str | None, keys: list[str] | None) -> None:
    from playbooks.ledger import notes
    from playbooks.ledger.packed import read_proof

    found, trusted = read_proof(_bytes(session, name), name), _trusted(session, keys)
    if isinstance(found, notes.Consistency):
        if head is None:
            raise UsageError("this proof begins at an older head", where="--head", hint="--head FILE with that head")
        notes.require_signer(found.checkpoint, trusted, name)
        if not found.holds(_signed_head(session, head, trusted)):
            raise LedgerError("the proof does not hold: the ledger is not one that only grew", where=name)
        session.say(f"proved: the {found.old:,} records of {head} are unchanged among {found.checkpoint.size:,}")
        return
    body = _bytes(session, record).rstrip(b"\n") if record is not None else found.record
    if body is None:
        raise UsageError("the proof does not hold the record itself", where="--record", hint="--record FILE")
    signer = notes.require_signer(found.checkpoint, trusted, name)
    if not found.holds(body):
        raise LedgerError(f"the proof does not hold: this is not record {found.index + 1} of the ledger", where=name)
    place = f"record {found.index + 1:,} of {found.checkpoint.size:,}"
    session.say(f"proved: {place}, under a head signed by key {signer.id}")
    session.stdout.write(_shown(body) + "\n")


def _shown(body: bytes) -> str:
    from cli.safe import escape_json

    return escape_json(body.decode("utf-8", "backslashreplace"))


@command(app, "prove")
def prove(
    session: Session,
    sequence: Annotated[int | None, typer.Argument(metavar="[SEQ]", help="The record's number.", min=1)] = None,
    *,
    since: Annotated[
        str | None, typer.Option("--since", metavar="FILE", help="Prove that the ledger only grew since this head.")
    ] = None,
    bare: Annotated[
        bool, typer.Option("--bare", help="Packed, without the record: under 1 kB, no personal data. Needs -o.")
    ] = False,
    output: Output = None,
) -> None:
    """Prove that a record is in the ledger, or (--since) that no record was changed since a head was kept.

    The proof is a text that anyone can check without kulla's store: kulla ledger verify --proof FILE, or any tool that
    knows C2SP's tlog-proof. It holds the record itself. With --bare it is the same proof in bytes, for kulla verify
    alone, and the record is given beside it (--record).
    """
    from playbooks.ledger.packed import pack
    from playbooks.ledger.record import entry_of, raw_of

    if (sequence is None) == (since is None):
        raise UsageError("name a record, or --since FILE", hint="kulla ledger prove 12 -o record12.tlog-proof")
    if bare and output in (None, "-"):
        raise UsageError("a packed proof is bytes", where="--bare", hint="-o FILE")
    with session.open_store() as store:
        ledger = open_ledger(session, store)
        if since is not None:
            old = _signed_head(session, since, ledger.keys.trusted())
            walk = ledger.examine(kept=[old])
            if walk.problems:
                raise LedgerError(walk.problems[0].what, where=since, hint="kulla ledger verify")
            proof: Consistency | Inclusion = ledger.tree().consistency(old.size)
        else:
            number = sequence or 0
            tree = ledger.tree()
            tree.inclusion(number)
            body = None if bare else raw_of(entry_of(ledger.record(number)).body)
            proof = tree.inclusion(number, body)
    if bare:
        _write_bytes(session, str(output), pack(proof))
    else:
        _write(session, output, proof.text())
    session.hint("kulla ledger verify --proof FILE --key KEY, on any machine")


@command(app, "head")
def head(session: Session, *, output: Output = None) -> None:
    """Sign and print the ledger's head, its size and root: kept outside of this machine, it proves what was there."""
    with session.open_store() as store:
        checkpoint = open_ledger(session, store).tree().checkpoint
    _write(session, output, checkpoint.note)
    session.hint("kulla ledger verify --head FILE, at any time later")


def _write(session: Session, output: str | None, text: str) -> None:
    if output in (None, "-"):
        session.stdout.write(text)
        session.stdout.flush()
        return
    path = session.cwd / str(output)
    write_file(path, iter((text,)))
    session.say(f"written: {path} ({len(text.encode()):,} bytes)")


def _write_bytes(session: Session, output: str, content: bytes) -> None:
    path = session.cwd / output
    try:
        write_private(path, content)
    except OSError as error:
        message = f"cannot write it ({error.strerror})"
        raise ConfigurationError(message, where=output, hint="-o FILE in a folder that is there") from error
    session.say(f"written: {path} ({len(content):,} bytes)")


def _trusted(session: Session, words: list[str] | None) -> tuple[VerifierKey, ...]:
    """Return the keys of `--key`, else those that this home trusts."""
    from playbooks.ledger.keys import Keyring, read_verifier

    if words:
        return tuple(read_verifier(word) for word in words)
    return Keyring(head_path(session.settings).parent / "keys").trusted()


def _signed_head(session: Session, name: str, trusted: tuple[VerifierKey, ...]) -> Checkpoint:
    from playbooks.ledger.notes import read_checkpoint, require_signer

    found = read_checkpoint(_text(session, name), name)
    require_signer(found, trusted, name)
    return found


def _text(session: Session, name: str) -> str:
    try:
        return _bytes(session, name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("is not text", where=name, hint="kulla ledger head -o FILE, or prove") from error


def _bytes(session: Session, name: str) -> bytes:
    path = Path(session.cwd / name)
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"cannot read it ({error.strerror})", where=name, hint="name a file") from error
    if len(content) > _LARGEST_FILE:
        raise InputError(f"larger than {_LARGEST_FILE:,} bytes", where=name, hint="this is no head and no proof")
    return content


for _name, _function in (
    ("challenge", challenge),
    ("challenges", challenges),
    ("answer", answer),
    ("override", override),
    ("disclose", disclose),
    ("keys", keys),
    ("rotate-key", rotate_key),
    ("trust", trust),
    ("withdraw-key", withdraw_key),
    ("adopt", adopt),
):
    command(app, _name)(_function)
