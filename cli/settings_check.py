"""Reading every setting as the command reads it that uses it, so that a wrong one is told by day and not by night."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cli.session import Session
from engine.errors import ConfigurationError, KullaError


def problems(session: Session) -> Iterator[KullaError]:
    """Yield what is wrong with the settings, each as the command would tell it that stops at it.

    Nothing is sent, made or connected to. A secret that this user may not read is told, and is no problem.
    """
    for check in _CHECKS:
        try:
            check(session)
        except KullaError as error:
            yield error
    yield from _messages(session)


def _rules(session: Session) -> None:
    from cli.rulesets import rule_paths

    rule_paths(session, None)


def _tailoring(session: Session) -> None:
    from cli.tailoring import tailoring

    tailoring(session)


def _schedules(session: Session) -> None:
    from cli.detecting import schedules
    from cli.rulesets import rule_paths

    for item in schedules(session):
        rule_paths(session, item.rules or None)


def _expected(session: Session) -> None:
    from cli.detecting import expected_sources

    expected_sources(session)


def _importance(session: Session) -> None:
    from cli.estate import circumstances

    circumstances(session)


def _respond(session: Session) -> None:
    from cli.executing import policy_of

    policy_of(session)


def _papers(session: Session) -> None:
    from cli.casefile import paper_settings
    from cli.house import house_of

    house_of(session)
    paper_settings(session)


def _export(session: Session) -> None:
    from cli.exporting import export_settings

    export_settings(session)


def _sources(session: Session) -> None:
    from cli.privacy import settings

    settings(session)  # with the personal fields of user-written sources, which are read for it


def _retention(session: Session) -> None:
    from cli.retaining import plan_of

    plan_of(session)


def _enrichment(session: Session) -> None:
    from cli.enriching import enricher_of

    enricher_of(session)


def _telemetry(session: Session) -> None:
    from cli.telemetry import check_address

    if session.settings.otlp:
        check_address(session.settings.otlp)


def _cluster(session: Session) -> None:
    from cli.home import cluster_address

    if session.settings.store:
        cluster_address(session.settings)


_CHECKS: tuple[Callable[[Session], None], ...] = (
    _rules,
    _tailoring,
    _schedules,
    _expected,
    _importance,
    _respond,
    _papers,
    _export,
    _sources,
    _retention,
    _enrichment,
    _telemetry,
    _cluster,
)


class _SecretError(ConfigurationError):
    """A secret that cannot be read here; a service may read what the person at the keyboard may not."""


def _messages(session: Session) -> Iterator[KullaError]:
    """Yield what is wrong with `[notify]` as a whole, or else with each of its channels. Nothing is sent."""
    from cli.notifying import notify_settings, open_channel, secrets

    read = secrets(session)

    def secret(text: str) -> str:
        try:
            return read(text)
        except ConfigurationError as error:
            raise _SecretError(error.message, where=error.where) from error

    try:
        settings = notify_settings(session)
    except KullaError as error:
        yield error
        return
    for name in settings.channels:
        try:
            open_channel(settings, name, secret)
        except _SecretError as error:
            session.say(f"channel {name}: {error}; `kulla notify test {name}`, as the user of the service, tries it")
        except KullaError as error:
            yield error
