"""`kulla health`: whether kulla itself runs as it should; --notify tells people, also when the store is down."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.document import Column, Listing
from cli.group import single_app
from cli.health_words import HealthWords, health_words
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from engine.errors import KullaError, StoreError
from engine.events import instant

if TYPE_CHECKING:
    from engine.runs.health import Problem
    from playbooks.notify.settings import NotifySettings

app = single_app()
_FIELDS = ("weight", "kind", "what", "hint")
_AGAIN = timedelta(hours=1)  # how often the same trouble is told
_SENT = "health.sent"


@command(app, "health")
def health(
    session: Session,
    *,
    overdue: Annotated[
        str | None, typer.Option("--overdue", metavar="TIME", help="A run is overdue after this time (15m).")
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell the channels of [notify] health; for a timer of its own.")
    ] = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Say whether runs end, sources speak, messages get through; exit with 1 where something critical is wrong."""
    from cli.notifying import notify_settings
    from engine.tables import span_of

    out = target(session, fmt, output)
    settings = notify_settings(session)
    limit = settings.dead_after if overdue is None else span_of(overdue) or settings.dead_after
    found = _problems(session, limit)
    words = health_words(session.lang)
    rows = [
        {"weight": item.weight, "kind": item.kind, "what": _what(item, words), "hint": _hint(item, words)}
        for item in found
    ]
    listing = Listing(
        name="problems",
        title=words.health,
        columns=_columns(words),
        rows=rows,
        fields=_FIELDS,
        empty=words.all_well,
        lang=session.lang,
    )
    out.write(listing)
    critical = [item for item in found if item.weight == "critical"]
    session.alarm |= bool(critical)
    if notify:
        _tell(session, settings, critical)
    session.hint(_hint(found[0], words) if found else "kulla incidents list")


def _columns(words: HealthWords) -> tuple[Column, ...]:
    return (
        Column(field="weight", heading=words.weight, derive=lambda row: getattr(words, str(row["weight"]))),
        Column(field="what", heading=words.what),
        Column(field="hint", heading=words.next),
    )


def _what(problem: Problem, words: HealthWords) -> str:
    since = instant(problem.since) if problem.since else ""
    pattern: str = getattr(words, problem.kind)
    what = pattern.format(subject=problem.subject, since=since, count=f"{problem.count:,}", why=problem.why)
    return words.because.format(what=what, why=problem.why) if problem.why and "{why}" not in pattern else what


def _hint(problem: Problem, words: HealthWords) -> str:
    return problem.hint or words.check_collector


def _problems(session: Session, overdue: timedelta) -> list[Problem]:
    from cli.detecting import expected_sources, schedules
    from engine.runs.health import Problem, problems

    names = [f"schedule/{item.name}" for item in schedules(session)]
    try:
        with session.open_store() as store:
            return problems(store, session.now(), overdue=overdue, expected=expected_sources(session), runs=names)
    except StoreError as error:
        return [Problem(weight="critical", kind="unanswering", why=str(error), hint="kulla store status")]


def _tell(session: Session, settings: NotifySettings, critical: Sequence[Problem]) -> None:
    """Send the trouble straight through its channels: the outbox may be what is broken. At most once in an hour."""
    from cli.notifying import open_channels
    from playbooks.notify.composing import Composer
    from playbooks.notify.outbox import row_key

    now, path = session.now(), session.settings.home / _SENT
    if not critical:
        path.unlink(missing_ok=True)
        return
    with suppress(OSError, ValueError):
        if timedelta() <= now - datetime.fromisoformat(path.read_text(encoding="ascii").strip()) < _AGAIN:
            return
    opened = open_channels(session, settings)
    told = False
    for name in settings.health:
        key = row_key("health", now.strftime("%Y-%m-%dT%H"), name)
        try:
            lang = settings.channels[name].lang
            told_of = [_what(problem, health_words(lang)) for problem in critical]
            opened[name].send(Composer(lang=lang).health(told_of, key, now))
            told = True
        except KullaError as error:
            session.issue(error)
    if told:
        with suppress(OSError):
            path.write_text(now.isoformat(), encoding="ascii")
