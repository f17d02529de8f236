"""What a site adds to the rules, as options and settings name it: filters, values of placeholders, pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.session import Session
from engine.errors import ConfigurationError, RuleError

if TYPE_CHECKING:
    from engine.sigma.tailoring import File, Tailoring

MAX_FILE = 4 * 1024 * 1024  # bytes of a file of values or of a pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The options `--filters`, `--placeholders` and `--pipeline`, as they were given."""

    filters: Sequence[str] | None = None
    placeholders: str | None = None
    pipelines: Sequence[str] | None = None


NOTHING = Own()


def tailoring(session: Session, own: Own = NOTHING) -> Tailoring:
    """Return what the options name, else what the settings do; values of `--placeholders` join those of the settings.

    Raise `ConfigurationError` for a file that is not there or cannot be used.
    """
    from engine.sigma.placeholder_values import placeholders_of
    from engine.sigma.tailoring import Tailoring

    settings = session.settings
    values: dict[str, tuple[str, ...]] = {}
    kept = settings.placeholders
    if isinstance(kept, str):
        values |= _values(session, kept) if kept else {}
    else:
        values |= placeholders_of(dict(kept), settings.origins["rules.placeholders"].place)
    if own.placeholders:
        values |= _values(session, own.placeholders)
    names = settings.pipelines if own.pipelines is None else own.pipelines
    return Tailoring(
        filters=_filters(session, settings.filters if own.filters is None else own.filters),
        pipelines=tuple(file_of(session, name, "--pipeline") for name in names),
        placeholders=values,
        today=session.now().date(),
    )


def _values(session: Session, name: str) -> dict[str, tuple[str, ...]]:
    from engine.sigma.placeholder_values import read_placeholders

    where, content = file_of(session, name, "--placeholders")
    try:
        return read_placeholders(content.decode("utf-8-sig"), where)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"not UTF-8 (byte {error.start})", where=where, hint="save it as UTF-8") from error


def _filters(session: Session, names: Sequence[str]) -> tuple[File, ...]:
    from engine.sigma.rule_files import rule_files

    issues: list[RuleError] = []
    found = tuple(rule_files([_path(session, name) for name in names], issues))
    if issues:  # a filter that is not read lets alerts through; what cannot be read has to be mended
        raise ConfigurationError(issues[0].message, where=issues[0].where, hint=issues[0].hint)
    return found


def _path(session: Session, name: str) -> Path:
    path = Path(name).expanduser()
    return path if path.is_absolute() else session.cwd / path


def file_of(session: Session, name: str, flag: str) -> File:
    """Return the file that an option names; raise `ConfigurationError` where it cannot be read."""
    path = _path(session, name)
    try:
        if not path.is_file():
            raise ConfigurationError("no such file", where=str(path), hint=f"{flag} takes a YAML file")
        with path.open("rb") as stream:
            return str(path), stream.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"cannot read it ({reason})", where=str(path), hint="check its owner") from error
