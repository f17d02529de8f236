"""Options that commands share: their names, their help, and how their words become values.

`command(app, name)` registers a function whose first parameter is the `Session`; the common options (`-q`, `-v`,
`--no-color`, `--no-progress`, `--lang`, `--home`) are added to it and never reach its body.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Concatenate, ParamSpec, cast

import typer

from cli.group import KullaCommand
from cli.session import Session
from engine.alerts import Level
from engine.errors import UsageError

P = ParamSpec("P")

Format = Annotated[
    str | None,
    typer.Option(
        "-f", "--format", metavar="FORMAT", help="table, json, jsonl, csv, md or html; piped output is jsonl."
    ),
]
Output = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE instead of stdout (-).")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="From this time on: ISO 8601, or 15m, 24h, 2d ago.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="Before this time: ISO 8601, or 15m, 24h, 2d ago.")
]
MinLevel = Annotated[
    str | None,
    typer.Option("--level", metavar="LEVEL", help="This level and above: informational, low, medium, high, critical."),
]
FailOn = Annotated[
    str | None, typer.Option("--fail-on", metavar="LEVEL", help="Exit with 1 on a finding of this level or above.")
]
Limit = Annotated[int, typer.Option("-n", "--limit", metavar="N", min=0, help="At most N of them; 0 is all.")]
SourceName = Annotated[
    str, typer.Option("--source", metavar="NAME", help="The log format; auto recognises it by its bytes.")
]
SourceFile = Annotated[
    str | None,
    typer.Option("--source-file", metavar="FILE", help="A log format written in YAML (docs/sources.md)."),
]
Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rules", metavar="RULES", help="own, a pack's name, a folder, a file or a zip; exactly these. Repeatable."
    ),
]
RulesLevel = Annotated[
    str | None, typer.Option("--rules-level", metavar="LEVEL", help="Only rules of this level and above.")
]
RulesStatus = Annotated[
    list[str] | None, typer.Option("--rules-status", metavar="STATUS", help="Only rules of this status. Repeatable.")
]
Filters = Annotated[
    list[str] | None,
    typer.Option("--filters", metavar="PATH", help="Sigma filters (exclusions): files and folders. Repeatable."),
]
Placeholders = Annotated[
    str | None,
    typer.Option("--placeholders", metavar="FILE", help="YAML with the values of the rules' placeholders."),
]
PipelineFiles = Annotated[
    list[str] | None,
    typer.Option("--pipeline", metavar="FILE", help="pySigma pipeline (YAML) applied to the rules. Repeatable."),
]

Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more; errors show their traceback.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing beside data and errors.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (also: NO_COLOR).")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="No progress bar.")]
Lang = Annotated[str | None, typer.Option("--lang", metavar="LANG", help="Language of texts for responders: sq or en.")]
Home = Annotated[str | None, typer.Option("--home", metavar="DIR", help="Folder of all state (also: KULLA_HOME).")]
StoreUrl = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="An Elasticsearch cluster as store (also: KULLA_STORE).")
]
ApiKeyFile = Annotated[str | None, typer.Option("--api-key-file", metavar="FILE", help="Its API key.", hidden=True)]
CaFile = Annotated[str | None, typer.Option("--ca-file", metavar="FILE", help="Its authority (PEM).", hidden=True)]

_COMMON: dict[str, tuple[object, object]] = {
    "lang": (Lang, None),
    "home": (Home, None),
    "store": (StoreUrl, None),
    "api_key_file": (ApiKeyFile, None),
    "ca_file": (CaFile, None),
    "quiet": (Quiet, False),
    "verbose": (Verbose, False),
    "no_color": (NoColor, False),
    "no_progress": (NoProgress, False),
}
_AGO = re.compile(r"(?P<count>[0-9]{1,9})(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def command(
    app: typer.Typer, name: str, **settings: Any
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Register the decorated function as the command `name` of `app`, with the common options."""

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        app.command(name, cls=KullaCommand, **settings)(_with_session(function))
        return function

    return register


def _with_session(function: Callable[Concatenate[Session, P], None]) -> Callable[..., None]:
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, (kind, default) in _COMMON.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [*(item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in own), *common, context]

    body = cast("Callable[..., None]", function)

    def call(**words: Any) -> None:
        session: Session = words.pop("ctx").obj
        apply_common(session, **{name: words.pop(name) for name in _COMMON})
        body(session, **words)

    call.__name__, call.__doc__, call.__module__ = function.__name__, function.__doc__, function.__module__
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # read by inspect.signature
    call.__annotations__ = {item.name: item.annotation for item in parameters}
    return call


def apply_common(
    session: Session,
    *,
    lang: str | None,
    home: str | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    no_progress: bool,
    store: str | None = None,
    api_key_file: str | None = None,
    ca_file: str | None = None,
) -> None:
    """Enter the common options into the session; settings are read again at their next use."""
    session.quiet = session.quiet or quiet
    session.verbose = session.verbose or verbose
    given = {
        "lang": ("--lang", lang),
        "home": ("--home", home),
        "store": ("--store", store),
        "elasticsearch.api_key_file": ("--api-key-file", api_key_file),
        "elasticsearch.ca_file": ("--ca-file", ca_file),
        "color": ("--no-color", "never" if no_color else None),
        "progress": ("--no-progress", False if no_progress else None),
    }
    session.flags.update({key: (flag, value) for key, (flag, value) in given.items() if value is not None})
    session.forget_settings()


def choice(flag: str, word: str, allowed: Sequence[str]) -> str:
    """Return `word` in lower case where it is allowed; raise `UsageError` with the nearest allowed word."""
    lowered = word.lower()
    if lowered in allowed:
        return lowered
    near = get_close_matches(lowered, allowed, n=1)
    hint = f"did you mean {near[0]}?" if near else f"one of: {', '.join(allowed)}"
    raise UsageError(f"{word!r} is none of {', '.join(allowed)}", where=flag, hint=hint)


def level(flag: str, word: str | None) -> Level | None:
    """Return the level that an option names, None where it was not given."""
    if word is None:
        return None
    return Level.parse(choice(flag, word, tuple(item.label for item in Level)))


def shown_level(session: Session, word: str | None) -> Level:
    """Return the lowest level that a listing shows: `--level`, the setting, or everything."""
    chosen = level("--level", word)
    return chosen if chosen is not None else session.settings.level or Level.INFORMATIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of event time, half open: `since <= time < before`; None is unbounded."""

    since: datetime | None
    before: datetime | None


def window(session: Session, since: str | None, until: str | None) -> Window:
    """Return the span that `--since` and `--until` name; raise `UsageError` where it is empty."""
    now = session.now()
    span = Window(since=moment("--since", since, now), before=moment("--until", until, now))
    if span.since is not None and span.before is not None and span.since >= span.before:
        raise UsageError("the span is empty: --since is not before --until", hint="swap the two, or widen them")
    return span


def moment(flag: str, word: str | None, now: datetime) -> datetime | None:
    """Return the instant that `word` names: ISO 8601 (UTC where it names no zone; a date is its midnight), or ago."""
    if word is None:
        return None
    if ago := _AGO.fullmatch(word.strip()):
        try:
            return now - timedelta(**{_UNITS[ago["unit"]]: int(ago["count"])})
        except OverflowError as error:
            raise UsageError(f"{word} is before the year 1", where=flag, hint=f"{flag} 30d") from error
    try:
        stamp = datetime.fromisoformat(word.strip())
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{word!r} is no time", where=flag, hint=f"{flag} 2026-03-01T08:00:00Z, or {flag} 15m, 24h, 2d"
        ) from error
