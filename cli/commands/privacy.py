"""`kulla privacy`: what is done with personal data, who can undo it, and erasing a person."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.privacy_reveal import register_reveal
from cli.custody import chosen, proven
from cli.decisions import Actor, actor_of, record
from cli.document import Column, Listing
from cli.erasing import KINDS, erase, prepared, unfinished
from cli.group import sub_app
from cli.options import Format, Output, command
from cli.output import target
from cli.privacy import custodians_file, key_file, note_key, settings, vault
from cli.session import Session
from engine.errors import InputError, UsageError
from engine.events import instant

app = sub_app("Personal data: the rules in force, who can re-identify, erasing a person.")
FIELDS = ("source", "field", "holds", "action", "from")
_COLUMNS = (
    Column(field="source", heading="Source", whole=True),
    Column(field="field", heading="Field"),
    Column(field="holds", heading="Holds", whole=True),
    Column(field="action", heading="What is done", whole=True),
    Column(field="from", heading="From"),
)
Passphrases = Annotated[
    str | None, typer.Option("--passphrases", metavar="FILE", help="NAME:PASSPHRASE lines; else they are typed.")
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads the ledger later.")]
_SHOWN = 20  # places that still hold a person


@command(app, "show")
def show(session: Session, *, fmt: Format = None, output: Output = None) -> None:
    """List the rules in force, and where each comes from; then the key, the custodians, the vault.

    Of several rules for one field of a source the last one listed holds.
    """
    out = target(session, fmt, output)
    found = settings(session)
    rows = [
        {"source": rule.pattern, "field": rule.field, "holds": rule.holds, "action": rule.told, "from": rule.place}
        for rule in found.policy.rules
    ]
    if found.policy.anywhere:
        from collectors.privacy.rules import ANYWHERE

        told = {"holds": "person", "action": "pseudonymise", "from": "default"}
        rows.append({"source": "*", "field": f"{ANYWHERE} PNOAL-...", **told})
    out.write(Listing(name="rules", title="Privacy rules", columns=_COLUMNS, rows=rows, fields=FIELDS, empty="none"))
    _tell_state(session, key_file(session, found))
    session.hint("kulla parse --privacy FILE shows what would be stored")


def _tell_state(session: Session, path: Path) -> None:
    from collectors.privacy.custodians import read_custodians
    from collectors.privacy.keys import read_keys

    keys = read_keys(path)
    told = ", ".join(f"{key.id} since {key.since[:10]}" for key in keys) or "none yet: made at the first use"
    session.say(f"key of pseudonyms: {told} ({path})")
    custodians = read_custodians(custodians_file(session))
    if custodians is None:
        session.say("no custodians: pseudonyms are one-way, and no vault is kept (kulla privacy init)")
    else:
        names = ", ".join(custodians.names)
        session.say(f"any two of {names} can re-identify; {vault(session).count():,} pseudonyms in the vault")
    if not session.settings.store and not (session.settings.home / "store").exists():
        return
    with session.open_store() as store:
        if count := unfinished(store):
            session.say(f"{count:,} erasures were begun and not finished: run kulla privacy erase-subject again")


@command(app, "init")
def init(
    session: Session,
    *,
    custodian: Annotated[
        list[str] | None, typer.Option("--custodian", metavar="NAME", help="Who can re-identify. Repeatable.")
    ] = None,
    proposer: Annotated[
        str | None, typer.Option("--proposer", metavar="NAME", help="One of two present custodians, to change them.")
    ] = None,
    approver: Annotated[str | None, typer.Option("--approver", metavar="NAME", help="The other one.")] = None,
    passphrases: Passphrases = None,
    actor: Actor = None,
) -> None:
    """Appoint custodians, any two of whom can re-identify a person together; values are kept from then on.

    Each chooses a passphrase that nobody else knows. One alone can open nothing, and nobody can without them. Two of
    them can appoint others in place of all (--proposer, --approver), who open what was kept before.
    """
    from collectors.privacy.custodians import appointed, read_custodians, write_custodians

    names = [name.strip() for name in custodian or () if name.strip()]
    if len(set(names)) < 2 or len(set(names)) < len(names):
        hint = "kulla privacy init --custodian ana --custodian ben --custodian dea"
        raise UsageError("two or more different custodians are needed", where="--custodian", hint=hint)
    path = custodians_file(session)
    known, file = read_custodians(path), _file(session, passphrases)
    if known is not None and not (proposer and approver):
        hint = f"--proposer and --approver: two of {', '.join(known.names)} appoint others"
        raise UsageError("there are custodians already", where=str(path), hint=hint)
    who = proposer or actor_of(session, actor)
    private = known.unwrapped(proven(session, (who, str(approver)), file)) if known is not None else None
    found = appointed(chosen(session, names, file), os.urandom, private=private)
    with session.open_store() as store:
        details = {"custodians": ", ".join(found.names), **({"approver": approver} if approver else {})}
        number = record(
            session, store, actor=who, kind="privacy.appointed", subject="privacy/custodians", details=details
        )
    write_custodians(path, found)
    session.say(f"any two of {', '.join(found.names)} can re-identify from now on (ledger record {number})")
    session.hint("kulla privacy show")


def _file(session: Session, word: str | None) -> Path | None:
    return session.cwd / Path(word).expanduser() if word is not None else None


@command(app, "rotate-key")
def rotate_key(session: Session, *, why: Why, actor: Actor = None) -> None:
    """Make a new key of pseudonyms; events that are stored keep theirs, and new ones do not match them."""
    from collectors.privacy.keys import added_key
    from collectors.privacy.pseudonyms import Pseudonyms

    who = actor_of(session, actor)
    found = settings(session)
    keys = added_key(key_file(session, found), os.urandom, instant(session.now()))
    details = {"reason": _reason(why), "key": keys[-1].id}
    with session.open_store() as store:
        number = record(session, store, actor=who, kind="privacy.key", subject="privacy/key", details=details)
        note_key(store, Pseudonyms(keys, found.country))
    session.say(f"pseudonyms are made under the key {keys[-1].id} from now on (ledger record {number})")


def _reason(why: str) -> str:
    if not why.strip():
        raise UsageError("a reason is needed", where="--why", hint='--why "request of the person, case 12/2026"')
    return why.strip()


def erase_subject(
    session: Session,
    values: Annotated[
        list[str],
        typer.Argument(metavar="VALUE...", help="Codes, numbers, names of one person; - reads them from stdin."),
    ],
    *,
    why: Why,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="person, phone, name, email or session; else guessed.")
    ] = None,
    actor: Actor = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Take a person out of everything that is kept, and look at every file for proof.

    Events, alerts and incidents stay, without the person, whose pseudonyms go too. The ledger cannot be changed: what
    people wrote there is named, and stays. An erasure that was interrupted is finished by the same command.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind", where="--kind", hint=f"one of {', '.join(KINDS)}")
    out = target(session, fmt, output)
    reason, who = _reason(why), actor_of(session, actor)
    subject, name = prepared(session, _values(session, values), kind)
    with session.open_store() as store:
        done = erase(session, store, subject, name=name, actor=who, why=reason)
    rows = [{"what": what, "changed": count} for what, count in sorted(done.counts.items())]
    columns = (Column(field="what", heading="What"), Column(field="changed", heading="Changed", number=True))
    out.write(
        Listing(name="erased", title="Erased", columns=columns, rows=rows, fields=("what", "changed"), empty="nothing")
    )
    size = f"{done.scan.files:,} files ({done.scan.size / 1e6:,.1f} MB) under {session.settings.home}"
    session.say(f"looked at {size}: the person is in {len(done.left):,} places (ledger record {done.number})")
    for each in done.left[:_SHOWN]:
        session.issue(InputError(f"still holds the person: {each.what}", where=each.where, hint="docs/privacy.md"))
    if done.ledger:
        told = ", ".join(dict.fromkeys(each.what for each in done.ledger[:_SHOWN]))
        session.say(f"the ledger cannot be changed and keeps what people wrote there: {told}")


def _values(session: Session, words: Sequence[str]) -> list[str]:
    found = [word for word in words if word != "-"]
    if "-" in words:
        found += [line.strip() for line in session.stdin.read().splitlines() if line.strip()]
    if not found:
        raise UsageError("nobody is named", where="VALUE", hint="a personal code, a telephone number, a whole name")
    return found


def register_erasure(app: typer.Typer) -> None:
    """Add the command to a group: it belongs to `kulla privacy`, and people look for it in `kulla store` too."""
    command(app, "erase-subject")(erase_subject)


register_erasure(app)
register_reveal(app)
