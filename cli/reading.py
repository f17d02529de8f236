"""Opening logs for a command: the paths it was given, and what the logs do not say themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli.session import Session
from collectors.files import host_of, log_files, readable
from collectors.reader import LogReader, modified
from collectors.registry import find, recognise
from collectors.source import Options, Source
from engine.errors import InputError, UsageError
from engine.events import DeadLetter, Event

if TYPE_CHECKING:
    from collectors.columns.treatment import Treatment

Paths = Annotated[list[str], typer.Argument(metavar="PATH...", help="Log files and folders; - is stdin.")]
Zone = Annotated[
    str | None, typer.Option("--zone", metavar="ZONE", help="Time zone of stamps that name none (Europe/Tirane).")
]
Year = Annotated[
    int | None,
    typer.Option(
        "--year",
        metavar="YEAR",
        min=1970,
        max=9999,
        help="Year of the newest stamp, where stamps have none; else the file's time decides.",
    ),
]
Host = Annotated[str | None, typer.Option("--host", metavar="NAME", help="The machine, where the logs do not name it.")]

STDIN = Path("-")
TOLD_LETTERS = 10  # dead letters of one file that are told one by one


def _as_they_are(events: Sequence[Event]) -> Sequence[Event]:
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How logs are read: the source (`auto` recognises it), the zone and the host, where they are given.

    `newest` is the newest instant that a stamp without a year can mean, where it is not the file's own time; `now`
    takes that place for stdin, which has no time. `declared` are the files and folders of user-written sources, by
    path, so that other processes can read them as well. `kept` makes of events what may be stored (`cli.privacy`), and
    `treatment` does it for columns; without it, nothing is read by columns.
    """

    source: str
    zone: str
    host: str | None
    newest: datetime | None = None
    now: datetime | None = None
    declared: tuple[Path, ...] = ()
    kept: Callable[[Sequence[Event]], Sequence[Event]] = _as_they_are
    treatment: Treatment | None = None

    def open(self, path: Path, known: Sequence[tuple[str, int, str]] = (), *, stdin: object = None) -> LogReader:
        """Open a log, or `stdin` for `STDIN`; raise `InputError` where that fails."""
        stream = getattr(stdin, "buffer", None) if path == STDIN else None
        reference = self.newest or (self.now if stream else modified(path))
        options = self._options(path, reference)
        try:
            stream = readable(stream) if stream else None
        except OSError as error:
            raise InputError(f"cannot read it ({error.strerror})", where="stdin") from error
        extra = declared(self.declared)
        return LogReader(path, source=self.source, options=options, known=known, stream=stream, extra=extra)

    def choose(self, head: bytes, name: str, before: str) -> Source:
        """Return the source of a log that begins with `head`: the named one, or `before`, which it was taken for.

        Raise `InputError` where neither is told and nobody knows the bytes.
        """
        extra = declared(self.declared)
        if self.source != "auto" or before:
            return find(before if self.source == "auto" else self.source, extra)
        source = recognise(head, name, extra)
        if source is None:
            raise InputError("no log source recognises these bytes", where=name, hint="name its format: --source NAME")
        return source

    def options(self, path: Path) -> Options:
        """Return what a log does not say itself; without `newest`, its own time tells the year."""
        return self._options(path, self.newest or modified(path))

    def _options(self, path: Path, reference: datetime | None) -> Options:
        return Options(zone=ZoneInfo(self.zone), reference=reference, host=self.host or host_of(path))


def declared(paths: tuple[Path, ...]) -> Sequence[Source]:
    """Return the user-written sources of files and folders; raise `ConfigurationError` for one that can't be used."""
    if not paths:
        return ()
    from collectors.declared.folder import declared_sources

    return declared_sources(paths)


def reading(
    session: Session,
    *,
    source: str,
    zone: str | None,
    host: str | None,
    year: int | None = None,
    source_file: str | None = None,
) -> Reading:
    """Return how logs are read, or raise `UsageError` for an unknown zone or source.

    A `source_file` is the format of the logs, unless `source` names another.
    """
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{zone!r} is no IANA time zone", where="--zone", hint="--zone Europe/Tirane") from error
    places = tuple(_place(session, word) for word in session.settings.sources)
    if source_file is not None:
        own = _place(session, source_file)
        places = (own, *(place for place in places if place not in (own, own.parent)))
        source = declared((own,))[0].name if source == "auto" and own.is_file() else source
    extra = declared(places)
    if source != "auto":
        source = find(source, extra).name
    newest = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC) if year else None
    zone = zone or session.settings.zone
    return Reading(source=source, zone=zone, host=host, newest=newest, now=session.now(), declared=places)


def own_sources(session: Session) -> Sequence[Source]:
    """Return the user-written sources of the settings; raise `ConfigurationError` for one that can't be used."""
    return declared(tuple(_place(session, word) for word in session.settings.sources))


def _place(session: Session, word: str) -> Path:
    return session.cwd / Path(word).expanduser()


def logs(session: Session, paths: Sequence[str]) -> Iterator[Path]:
    """Yield the log files under the paths, as whole paths, each once.

    A path that is missing and a folder that can't be read become issues where others can be; what is passed over in
    folders is counted on stderr. Raise `InputError` where nothing is left to read.
    """
    failures: list[InputError] = []
    passed: Counter[str] = Counter()

    def pass_over(path: Path, why: str) -> None:
        passed[why] += 1
        session.detail(f"passed over: {path} ({why})")

    named = [session.cwd / Path(word).expanduser() for word in paths if word != "-"]
    seen = {STDIN} if "-" in paths else set()
    yield from seen
    for file in log_files(named, failed=failures.append, passed=pass_over):
        if file not in seen:
            seen.add(file)
            yield file
    told = ", ".join(f"{count:,} {why}" for why, count in sorted(passed.items()))
    if not seen:
        for failure in failures[:-1]:
            session.issue(failure)
        if failures:
            raise failures[-1]
        raise InputError(
            "no log files in there" + (f" (passed over: {told})" if told else ""),
            where=", ".join(paths),
            hint="name a folder or file with logs",
        )
    for failure in failures:
        session.issue(failure)
    if told:
        session.say(f"passed over in folders: {told}")


_BROKEN_OFF = "copy it again from its origin, and read it again: nothing is stored twice"


class Letters:
    """Tells a file's dead letters as issues: the first few one by one, the others by their number."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._count = 0

    def add(self, letter: DeadLetter) -> None:
        """Tell, or count, one dead letter."""
        self._count += 1
        if self._count <= TOLD_LETTERS:
            other = f"--source NAME, if it is not a log of the kind {letter.source}"
            hint = other if letter.raw else _BROKEN_OFF  # a log that breaks off leaves a letter without bytes
            self._session.issue(InputError(letter.reason, where=str(letter.origin), hint=hint))

    def conclude(self, path: Path | str, *, total: int | None = None) -> None:
        """Tell how many more there were (`total`: of all, where only the first ones were added)."""
        left = (self._count if total is None else total) - TOLD_LETTERS
        if left > 0:
            more = f"{left:,} more records of this file could not be read"
            self._session.issue(InputError(more, where=str(path), hint="kulla store dead-letters, after collecting"))
