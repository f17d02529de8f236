"""Passphrases of custodians: typed unseen at a terminal, or read from a file that only its owner can read."""

from __future__ import annotations

import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.privacy_words import privacy_words, roles
from cli.prompts import ask
from cli.session import Session
from engine.errors import ConfigurationError, UsageError

_OTHERS = 0o077
_TRIES = 3


def passphrases_in(path: Path) -> Mapping[str, str]:
    """Return the passphrases of a file of `NAME:PASSPHRASE` lines; raise `ConfigurationError` where it is none."""
    try:
        mode, lines = path.stat().st_mode, path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read it ({error})", where=str(path), hint="NAME:PASSPHRASE lines") from error
    if mode & _OTHERS:
        raise ConfigurationError("it is open to others than its owner", where=str(path), hint=f"chmod 600 {path}")
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name, colon, passphrase = line.partition(":")
        if line.strip() and not (colon and name.strip() and passphrase):
            raise ConfigurationError("NAME:PASSPHRASE is wanted", where=f"{path}:{number}", hint="one a line")
        if line.strip():
            found[name.strip()] = passphrase
    return found


def chosen(session: Session, names: Sequence[str], file: Path | None) -> Mapping[str, str]:
    """Return new passphrases of these persons, each typed twice; raise `UsageError` where nobody can be asked."""
    if file is not None:
        return _of(names, passphrases_in(file), file)
    _check(session)
    words = privacy_words(session.lang)
    found: dict[str, str] = {}
    for name in names:
        for _ in range(_TRIES):
            first = _unseen(session, words.new.format(name=name))
            if first == _unseen(session, words.again):
                found[name] = first
                break
            session.insist(words.differ)
    return _of(names, found, None)


def proven(session: Session, names: Sequence[str], file: Path | None) -> Mapping[str, str]:
    """Return the passphrases of the one who proposes and the one who approves."""
    if file is not None:
        return _of(names, passphrases_in(file), file)
    _check(session)
    words = privacy_words(session.lang)
    asked = zip(names, roles(session.lang), strict=True)
    return {name: _unseen(session, words.asked.format(name=name, role=role)) for name, role in asked}


def _of(names: Sequence[str], found: Mapping[str, str], file: Path | None) -> Mapping[str, str]:
    missing = [name for name in names if not found.get(name)]
    if missing:
        raise UsageError(f"there is no passphrase of {missing[0]}", where=str(file) if file else None)
    return {name: found[name] for name in names}


def _check(session: Session) -> None:
    if not session.interactive:
        raise UsageError("nobody can be asked: the input is no terminal", hint="--passphrases FILE")


def _unseen(session: Session, question: str) -> str:
    with _without_echo(session):
        answer = ask(session, question)
    session.stderr.write("\n")
    return answer


@contextmanager
def _without_echo(session: Session) -> Iterator[None]:
    try:
        number = session.stdin.fileno()
        before = termios.tcgetattr(number)
    except (OSError, termios.error):  # a stream that is no device
        yield
        return
    hidden = [*before]
    hidden[3] = before[3] & ~termios.ECHO
    try:
        termios.tcsetattr(number, termios.TCSAFLUSH, hidden)
        yield
    finally:
        termios.tcsetattr(number, termios.TCSAFLUSH, before)
