"""Runs that stay until they are stopped: what the store refuses is tried again until it takes it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat
from typing import TypeVar

from cli.session import Session
from engine.errors import StoreError

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds between attempts; the last one again and again
_Done = TypeVar("_Done")


def _never() -> bool:
    return False


def patiently(
    attempt: Callable[[], _Done],
    *,
    session: Session,
    sleep: Callable[[float], object],
    in_vain: Callable[[], bool] = _never,
    meanwhile: str = "nothing more is read",
) -> _Done:
    """Return what an attempt returns, however long it takes until the store lets it; `sleep` lets seconds pass.

    Raise the `StoreError` of an attempt after which `in_vain` tells that no other will succeed. That may ask the store
    as well: where it does not answer, nothing is known, and it is tried again. `meanwhile` says what waits.
    """
    for wait in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            return attempt()
        except StoreError as error:
            if _is_told(in_vain):
                raise
            session.insist(f"kulla: {error}; {meanwhile}, trying again in {wait:g} seconds")
            sleep(wait)
    raise AssertionError  # there is always another pause


def _is_told(in_vain: Callable[[], bool]) -> bool:
    try:
        return in_vain()
    except StoreError:
        return False
