"""From a value or an expression to a test, or the reason why there is none: too broad, malformed, or of no use."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

import re2

from engine.indicators.model import FOLDED, Kind, NotUnderstoodError, Trait, normal
from engine.indicators.warning import harmless, harmless_net

_LONGEST_EXPRESSION = 4_096
_SIGNS = frozenset("%_*?.^$|()[]{}+\\")


def trait_of(kind: Kind, operator: str, value: str, side: str = "", *, private: bool = False) -> Trait:
    """Return a test; raise `NotUnderstoodError` where the value is malformed, on a warning list, or far too broad.

    `private` allows private ranges of addresses.
    """
    if operator in {"like", "matches"}:
        return _expression(kind, operator, value, side)
    if kind == "ip" and ("/" in value or operator == "issubset"):
        return Trait("ip", "in net", _net(value, private=private), side)
    if operator == "issubset":
        raise NotUnderstoodError("ISSUBSET is for addresses")
    spelled = _port(value) if kind == "port" else normal(kind, value)
    if why := harmless(kind, spelled, private=private):
        raise NotUnderstoodError(f"on a warning list: {why}")
    return Trait(kind, "under" if operator == "under" else "equals", spelled, side)


def _port(value: str) -> str:
    if not value.isascii() or not value.isdigit() or not 0 < int(value[:6]) < 65536:
        raise NotUnderstoodError("not a port")
    return str(int(value))


def _net(value: str, *, private: bool) -> str:
    try:
        found = ipaddress.ip_network(value.strip(), strict=False)
    except ValueError as error:
        raise NotUnderstoodError("not a range of addresses") from error
    if why := harmless_net(found, private=private):
        raise NotUnderstoodError(f"on a warning list: {why}")
    return str(found)


def _expression(kind: Kind, operator: str, value: str, side: str) -> Trait:
    if kind in {"hash", "port"}:
        raise NotUnderstoodError(f"{operator.upper()} means nothing for a {kind}")
    told = [sign for sign in value if sign not in _SIGNS]
    if len(told) < 4:
        raise NotUnderstoodError("the expression is too broad: it would match almost anything")
    test = Trait(kind, "like" if operator == "like" else "matches", value, side)
    expression(test)
    return test


@lru_cache(maxsize=10_000)
def expression(test: Trait) -> re2._Regexp:
    """Return the compiled expression of a `like` or `matches` test (linear in time, whatever the value)."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = test.kind not in FOLDED
    options.dot_nl = True
    options.max_mem = 8 << 20
    if len(test.value) > _LONGEST_EXPRESSION:
        raise NotUnderstoodError("the expression is too long")
    text = test.value if test.operator == "matches" else _of_like(test.value)
    try:
        found = re2.compile(text, options)
    except re2.error as error:
        raise NotUnderstoodError("not an expression that can be tested in linear time") from error
    if found.search(""):
        raise NotUnderstoodError("the expression is too broad: it matches an empty text")
    return found


def _of_like(value: str) -> str:
    parts = (".*" if sign == "%" else "." if sign == "_" else re2.escape(sign) for sign in value)
    return f"^{''.join(parts)}$"
