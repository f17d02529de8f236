"""Asking a person at a terminal: one line in, no waiting where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.safe import escape
from cli.session import Session

MAX_ANSWER = 8000  # characters of one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing that can be chosen, by its key (a digit) and in words."""

    key: str
    words: str


def ask(session: Session, question: str, default: str = "") -> str:
    """Ask one question and return the answer, `default` where it is empty; raise `EOFError` at the input's end."""
    shown = f" [{default}]" if default else ""
    session.stderr.write(escape(f"{question}{shown}: "))
    session.stderr.flush()
    line = session.stdin.readline(MAX_ANSWER)
    if not line:
        session.stderr.write("\n")
        raise EOFError
    return line.strip() or default


def choose(session: Session, question: str, choices: Sequence[Choice], not_a_choice: str) -> str:
    """List the choices, ask until one of their keys is typed, and return it."""
    session.insist("", *(f"  {item.key}  {item.words}" for item in choices))
    keys = {item.key for item in choices}
    while (answer := ask(session, question)) not in keys:
        session.insist(not_a_choice)
    return answer
