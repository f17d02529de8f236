"""`kulla collect`: logs into the store, each record accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.collecting import Account, balance, collect_file
from cli.document import Column, Listing
from cli.enriching import enriched, enricher_of
from cli.group import single_app
from cli.options import Format, Output, SourceFile, SourceName, command
from cli.output import target
from cli.privacy import privacy
from cli.progress import progress
from cli.reading import Host, Letters, Reading, Year, Zone, logs, reading
from cli.session import Session
from engine.errors import InputError, KullaError, UsageError

app = single_app()

Follow = Annotated[
    bool, typer.Option("--follow", help="Stay and read what is written, through rotations, until stopped.")
]

_COLUMNS = (
    Column(field="path", heading="Log"),
    Column(field="source", heading="Source", whole=True),
    Column(field="records", heading="In", number=True),
    Column(field="stored", heading="Stored", number=True),
    Column(field="dead_lettered", heading="Dead", number=True),
    Column(field="duplicates", heading="Duplicates", number=True),
)
_FIELDS = ("path", "source", "records", "stored", "dead_lettered", "duplicates", "headers")

Places = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH...]", help="Log files and folders; - is stdin. Or an address to pull from.", show_default=False
    ),
]
Listen = Annotated[
    list[str] | None,
    typer.Option(
        "--listen",
        metavar="ADDRESS",
        help="Receive at syslog+udp://HOST:PORT, syslog+tcp, syslog+tls, http or https. Repeatable.",
    ),
]
TlsCert = Annotated[
    str | None,
    typer.Option("--tls-cert", metavar="FILE", help="The listener's certificate (PEM), or ours for xroad+https."),
]
TlsKey = Annotated[str | None, typer.Option("--tls-key", metavar="FILE", help="Its key (PEM).")]
TlsClientCa = Annotated[
    str | None,
    typer.Option("--tls-client-ca", metavar="FILE", help="Only clients with certificates of this authority."),
]
CredentialsFile = Annotated[
    str | None,
    typer.Option("--credentials", metavar="FILE", help="NAME:SECRET lines of users and API keys that may send (http)."),
]
Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="The object storage of s3://, where it is not Amazon's."),
]
ClientConfig = Annotated[
    str | None,
    typer.Option("--client-config", metavar="FILE", help="librdkafka's properties for kafka:// (TLS, SASL)."),
]
TlsCa = Annotated[
    str | None,
    typer.Option("--tls-ca", metavar="FILE", help="The authority of the server that is pulled from (xroad+https)."),
]


@command(app, "collect")
def collect(
    session: Session,
    paths: Places = None,
    *,
    follow: Follow = False,
    listen: Listen = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_client_ca: TlsClientCa = None,
    credentials: CredentialsFile = None,
    tls_ca: TlsCa = None,
    endpoint: Endpoint = None,
    client_config: ClientConfig = None,
    source: SourceName = "auto",
    source_file: SourceFile = None,
    zone: Zone = None,
    year: Year = None,
    host: Host = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Read log files and folders into the store. Reading a log again stores only what is new in it.

    Personal data is pseudonymised before it is stored (kulla privacy show).

    With --follow and --listen it stays until Ctrl-C or SIGTERM (docs/collecting.md). s3://BUCKET/PREFIX,
    kafka://HOST/TOPIC and xroad+https://HOST/SERVER pull from where others keep logs (docs/pulling.md).
    """
    given = {
        "--tls-cert": tls_cert,
        "--tls-key": tls_key,
        "--tls-client-ca": tls_client_ca,
        "--credentials": credentials,
        "--tls-ca": tls_ca,
        "--client-config": client_config,
    }
    _check({**given, "--endpoint": endpoint}, [*(paths or ()), *(listen or ())])
    out = target(session, fmt, output)
    how = reading(session, source=source, zone=zone, host=host, year=year, source_file=source_file)
    how = _treating(session, how)
    if listen and not paths and not follow:
        accounts = [_listen(session, listen, how, given)]
        out.write(listing(accounts))
        session.say(balance(accounts))
        return
    if listen:
        raise UsageError("files and listeners are collected by runs of their own", where="--listen", hint=_TWO)
    if not paths:
        raise UsageError("nothing to collect", hint="kulla collect PATH, or --listen ADDRESS; kulla collect -h")
    if addresses := pulled(paths):
        accounts = _pull(session, addresses, how, endpoint, given, stays=follow)
        out.write(listing(accounts))
        session.say(balance(accounts))
        if not follow and any(account.records for account in accounts):
            session.hint("kulla detect")
        return
    if follow:
        accounts = _follow(session, paths, how)
        out.write(listing(accounts))
        session.say(balance(accounts))
        return
    files = list(logs(session, paths))
    accounts = []
    with session.open_store() as store, progress(session, "collecting", len(files)) as advance:
        for path in files:
            account = collect_file(path, store, how, stdin=session.stdin)
            _tell(session, account)
            accounts.append(account)
            advance()
        store.tidy()
    out.write(listing(accounts))
    session.say(balance(accounts))
    if any(account.records for account in accounts):
        session.hint("kulla detect")


def _treating(session: Session, how: Reading) -> Reading:
    """Return the reading with what is done to events before they are stored."""
    from collectors.columns.treatment import Treatment

    private, enricher = privacy(session, how), enricher_of(session)
    treatment = Treatment(private.events, private.policy, enricher)
    return replace(how, kept=enriched(enricher, private.events), treatment=treatment)


_TWO = "kulla collect PATH --follow in one process, kulla collect --listen ADDRESS in another"


# The addresses that an option is about: given without one, it would be forgotten in silence.
_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "--endpoint": ("s3",),
    "--client-config": ("kafka",),
    "--tls-ca": ("xroad+https",),
    "--tls-cert": ("syslog+tls", "https", "xroad+https"),
    "--tls-key": ("syslog+tls", "https", "xroad+https"),
    "--tls-client-ca": ("syslog+tls", "https"),
    "--credentials": ("http", "https"),
}


def _check(given: Mapping[str, str | None], places: Sequence[str]) -> None:
    """Raise `UsageError` for an option that is about none of these places."""
    schemes = {place.partition("://")[0].lower() for place in places if "://" in place}
    for option, word in given.items():
        if word is not None and schemes.isdisjoint(_ABOUT[option]):
            kinds = ", ".join(f"{scheme}://" for scheme in _ABOUT[option])
            raise UsageError(f"{option} is about {kinds}", where=option, hint="leave it out, or name such an address")


def _listen(session: Session, words: Sequence[str], how: Reading, files: Mapping[str, str | None]) -> Account:
    from cli.listening import Listening, Secrets, listeners, open_to_all, stopping
    from collectors.transports.inbox import Inbox

    named = _paths(session, files)
    own = Secrets(
        certificate=named.get("--tls-cert"),
        key=named.get("--tls-key"),
        authority=named.get("--tls-client-ca"),
        credentials=named.get("--credentials"),
    )
    inbox = Inbox()
    found = listeners(words, inbox, own)
    for address in open_to_all(found.addresses, own):
        session.insist(f"kulla: warning: anybody who reaches {address} can send; --credentials FILE names who may")
    with session.open_store() as store:
        listening = Listening(session=session, store=store, how=how, inbox=inbox)
        with stopping(listening.stop):
            listening.run(found)
    _tell(session, listening.account)
    return listening.account


def pulled(words: Sequence[str]) -> Sequence[str]:
    """Return the addresses to pull from, none where all words are paths; raise `UsageError` where some are.

    So it is for an address of a kind that nothing is pulled from.
    """
    from collectors.pulling.address import scheme_of

    found = [word for word in words if scheme_of(word)]
    for word in words:
        if "://" in word and word not in found and not Path(word).exists():
            hint = (
                "s3://BUCKET/PREFIX, kafka://HOST/TOPIC or xroad+https://HOST/SERVER; --listen ADDRESS to be sent logs"
            )
            raise UsageError(f"nothing is pulled from {word.partition('://')[0]}://", where=word, hint=hint)
    if found and len(found) < len(words):
        hint = f"kulla collect {found[0]} in one process, the files in another"
        raise UsageError("files and what is pulled are collected by runs of their own", where=found[0], hint=hint)
    return list(dict.fromkeys(found))


def _pull(
    session: Session,
    addresses: Sequence[str],
    how: Reading,
    endpoint: str | None,
    files: Mapping[str, str | None],
    *,
    stays: bool,
) -> list[Account]:
    from cli.pulling import Pulling, Reaching, puller_of

    named = _paths(session, files)
    reaching = Reaching(
        endpoint=endpoint,
        client=named.get("--client-config"),
        authority=named.get("--tls-ca"),
        certificate=named.get("--tls-cert"),
        key=named.get("--tls-key"),
    )
    with session.open_store() as store:
        pulling = Pulling(session=session, store=store, how=how, stays=stays)
        try:
            pulling.run({word: puller_of(word, pulling, reaching) for word in addresses})
        except KullaError:
            if any(account.records for account in pulling.accounts.values()):  # what came before is stored
                session.say(balance(list(pulling.accounts.values())))
            raise
        finally:
            for account in pulling.accounts.values():
                _tell(session, account)
        store.tidy()
    return list(pulling.accounts.values())


def _paths(session: Session, files: Mapping[str, str | None]) -> Mapping[str, Path]:
    return {name: session.cwd / Path(word).expanduser() for name, word in files.items() if word}


def _follow(session: Session, paths: Sequence[str], how: Reading) -> list[Account]:
    from cli.following import PAUSE, Following

    if "-" in paths:
        raise UsageError("stdin cannot be followed; it is read as it comes", where="--follow", hint="kulla collect -")
    named = [session.cwd / Path(word).expanduser() for word in paths]
    if not any(path.parent.is_dir() for path in named):
        raise InputError(
            "no such folder", where=", ".join(paths), hint="name a file or folder that is or will be there"
        )
    with session.open_store() as store:
        following = Following(session=session, store=store, how=how)
        following.run(named, pause=PAUSE)
    for account in following.accounts.values():
        _tell(session, account)
    return list(following.accounts.values())


def listing(accounts: Sequence[Account]) -> Listing:
    """Return the accounts as a listing, one row a log."""
    rows = [{name: _shown(getattr(item, name)) for name in _FIELDS} for item in accounts if item.problem is None]
    return Listing(name="logs", title="Collected", columns=_COLUMNS, rows=rows, fields=_FIELDS, empty="no log was read")


def _shown(value: object) -> object:
    return value if isinstance(value, int) else str(value)


def _tell(session: Session, account: Account) -> None:
    if account.problem is not None:
        session.issue(account.problem)
        return
    letters = Letters(session)
    for letter in account.letters:
        letters.add(letter)
    letters.conclude(account.path, total=account.dead_lettered)
