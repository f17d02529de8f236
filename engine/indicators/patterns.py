"""STIX 2.1 patterns (part 9 of the specification): parsed by their grammar, and turned into traits of one event.

Understood is what one event can show: comparisons `=`, `IN`, `LIKE`, `MATCHES` and `ISSUBSET`, joined by AND and OR,
and observations joined by OR. What needs several events (AND or FOLLOWEDBY of observations, qualifiers), says what must
not be (`!=`, NOT), or names an object that events here do not have, is told by `NotUnderstoodError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple, TypeVar

from engine.indicators.model import Kind, NotUnderstoodError, Trait
from engine.indicators.traits import trait_of

_TOKEN = re.compile(
    r"""
    \s+ | /\*.*?\*/ | //[^\r\n]*                     # blanks and comments
    | (?P<text>[bht]?'(?:[^'\\]|\\.)*')              # a text, in hexadecimal, base64, or a timestamp
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<sign><=|>=|!=|==|[\[\]().,:=<>*])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LONGEST = 100_000  # characters
_MOST_TOKENS = 20_000
_DEEPEST = 50  # brackets within brackets
_MOST = 2_000  # alternatives of one pattern, and values of one list
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_EITHER: Mapping[str, tuple[Kind, str]] = {
    "ipv4-addr:value": ("ip", ""),
    "ipv6-addr:value": ("ip", ""),
    "domain-name:value": ("domain", ""),
    "url:value": ("url", ""),
    "file:name": ("filename", ""),
    "email-addr:value": ("email", ""),
    "email-message:from_ref.value": ("email", "source"),
    "email-message:sender_ref.value": ("email", "source"),
    "email-message:subject": ("subject", ""),
    "network-traffic:src_ref.value": ("ip", "source"),
    "network-traffic:dst_ref.value": ("ip", "destination"),
    "network-traffic:src_port": ("port", "source"),
    "network-traffic:dst_port": ("port", "destination"),
    "network-traffic:extensions.'http-request-ext'.request_header.'user-agent'": ("agent", ""),
    "windows-registry-key:key": ("registry", ""),
    "process:image_ref.name": ("filename", ""),
}
_HASHES = ("file:hashes.", "process:image_ref.hashes.", "email-message:body_multipart[*].body_raw_ref.hashes.")

T = TypeVar("T")
Alternatives = list[frozenset[Trait]]


class _Token(NamedTuple):
    kind: str
    text: str


def alternatives(pattern: str, *, private: bool = False) -> tuple[tuple[Trait, ...], ...]:
    """Return the sets of traits of which one is enough; raise `NotUnderstoodError` with the reason.

    `private` allows private addresses.
    """
    found = _Parser(_tokens(pattern), private=private).observations()
    if any(all(trait.kind == "port" for trait in traits) for traits in found):
        raise NotUnderstoodError("a port alone is everybody's")
    return tuple(sorted(tuple(sorted(traits)) for traits in dict.fromkeys(found)))


def _tokens(pattern: str) -> list[_Token]:
    if len(pattern) > _LONGEST:
        raise NotUnderstoodError("the pattern is too long")
    found: list[_Token] = []
    place = 0
    while place < len(pattern):
        match = _TOKEN.match(pattern, place)
        if match is None:
            raise NotUnderstoodError(f"no pattern of STIX: {pattern[place : place + 20]!r} at character {place + 1}")
        if match.lastgroup:
            found.append(_Token(match.lastgroup, match[0]))
        place = match.end()
        if len(found) > _MOST_TOKENS:
            raise NotUnderstoodError("the pattern is too long")
    return found


class _Parser:
    """Reads tokens from left to right; each method is a rule of the grammar."""

    def __init__(self, tokens: Sequence[_Token], *, private: bool) -> None:
        self._tokens = tokens
        self._private = private
        self._place = 0
        self._depth = 0

    def observations(self) -> Alternatives:
        """Observation expressions, to the end."""
        found = self._observation_or()
        if self._place < len(self._tokens):
            raise NotUnderstoodError(f"no pattern of STIX: {self._peek().text!r} is one too many")
        return found

    def _observation_or(self) -> Alternatives:
        found = self._observation()
        while (word := self._peek_word()) in {"OR", "AND", "FOLLOWEDBY", "WITHIN", "REPEATS", "START"}:
            if word in {"WITHIN", "REPEATS", "START"}:
                raise NotUnderstoodError(f"{word} needs to look at several events or at a span of time")
            if word != "OR":
                raise NotUnderstoodError(f"observations joined by {word} need several events")
            self._next()
            found = self._bounded(found + self._observation())
        return found

    def _observation(self) -> Alternatives:
        if self._take("("):
            found = self._deeper(self._observation_or)
            self._want(")")
            return found
        self._want("[")
        found = self._either()
        self._want("]")
        return found

    def _either(self) -> Alternatives:
        found = self._every()
        while self._peek_word() == "OR":
            self._next()
            found = self._bounded(found + self._every())
        return found

    def _every(self) -> Alternatives:
        found = self._comparison()
        while self._peek_word() == "AND":
            self._next()
            other = self._comparison()
            if len(found) * len(other) > _MOST:
                raise NotUnderstoodError("it comes to too many alternatives")
            found = [one | two for one, two in product(found, other)]
        return found

    def _comparison(self) -> Alternatives:
        if self._take("("):
            found = self._deeper(self._either)
            self._want(")")
            return found
        if self._peek_word() in {"EXISTS", "NOT"}:
            raise NotUnderstoodError(f"{self._peek_word()} says nothing that would tell an event from the others")
        path = self._path()
        if self._peek_word() == "NOT":
            raise NotUnderstoodError("NOT would match every other event")
        operator = self._next().text.upper()
        if operator not in {"=", "==", "IN", "LIKE", "MATCHES", "ISSUBSET"}:
            raise NotUnderstoodError(f"{operator} is not understood here")
        values = self._values() if operator == "IN" else [self._literal()]
        return [frozenset({self._trait(path, operator, value)}) for value in dict.fromkeys(values)]

    def _path(self) -> str:
        parts = [self._name(), self._want(":")]
        parts.append(self._name())
        while True:
            if self._take("."):
                parts += [".", self._name()]
            elif self._take("["):
                parts += ["[", self._next().text, self._want("]")]
            else:
                return "".join(parts)

    def _name(self) -> str:
        token = self._next()
        if token.kind == "text":
            return f"'{_ESCAPE.sub(chr(92) + '1', token.text[1:-1]).lower()}'"
        if token.kind != "word":
            raise NotUnderstoodError(f"no pattern of STIX: a name is wanted, not {token.text!r}")
        return token.text.lower()

    def _values(self) -> list[str]:
        self._want("(")
        found = [self._literal()]
        while self._take(","):
            found.append(self._literal())
        self._want(")")
        return list(self._bounded(found))

    def _literal(self) -> str:
        token = self._next()
        if token.kind == "number":
            return token.text
        if token.kind == "text" and token.text.startswith("'"):
            return _ESCAPE.sub(r"\1", token.text[1:-1])
        raise NotUnderstoodError(f"a text or a number is wanted, not {token.text!r}")

    def _bounded(self, found: list[T]) -> list[T]:
        if len(found) > _MOST:
            raise NotUnderstoodError("it comes to too many alternatives")
        return found

    def _deeper(self, rule: Callable[[], Alternatives]) -> Alternatives:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotUnderstoodError("too many brackets within brackets")
        found = rule()
        self._depth -= 1
        return found

    def _peek(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else _Token("end", "the end")

    def _peek_word(self) -> str:
        token = self._peek()
        return token.text.upper() if token.kind == "word" else ""

    def _next(self) -> _Token:
        token = self._peek()
        if token.kind == "end":
            raise NotUnderstoodError("the pattern ends too early")
        self._place += 1
        return token

    def _take(self, sign: str) -> bool:
        if self._peek() == _Token("sign", sign):
            self._place += 1
            return True
        return False

    def _want(self, sign: str) -> str:
        if not self._take(sign):
            raise NotUnderstoodError(f"no pattern of STIX: {sign!r} is wanted, not {self._peek().text!r}")
        return sign

    def _trait(self, path: str, operator: str, value: str) -> Trait:
        kind, side = _EITHER.get(path, (None, ""))
        if kind is None and path.startswith(_HASHES):
            kind = "hash"
        if kind is None:
            raise NotUnderstoodError(f"events here have nothing like {path}")
        meant = "equals" if operator in {"=", "==", "IN"} else operator.lower()
        return trait_of(kind, meant, value, side, private=self._private)
