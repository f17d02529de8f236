"""The search language of `kulla search`: from words to a tree.

    source.ip:10.* AND NOT user.name:(svc-backup OR "NT AUTHORITY")
    http.response.status_code:>=500 url.original:*/_layouts/*
    "cmd.exe /c"

A term is `FIELD:VALUE`, `FIELD:>N` (also `>=`, `<`, `<=`; numbers and times), `FIELD:(A OR B)`, or a bare word or
phrase, which is looked for anywhere in the raw record. `*` stands for any text and `?` for one character (`\\*` and
`\\?` for themselves); `FIELD:*` asks whether the field is there. In double quotes nothing has a meaning but `\\"`.
Terms side by side must all hold. `OR` binds weaker than `AND`; `NOT`, `AND` and `OR` are written in capitals.
Letters are compared without case. A field that holds several values matches when one of them does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.errors import UsageError

MAX_LENGTH = 10_000  # characters
MAX_DEPTH = 50
Operator = Literal["=", ">", ">=", "<", "<="]
_FIELD = re.compile(r"[A-Za-z@_][A-Za-z0-9_.@-]*\Z")
_WORD_END = frozenset(' \t\r\n()"')
_OPERATORS: dict[str, Operator] = {">=": ">=", "<=": "<=", ">": ">", "<": "<"}  # the longer ones first
_EXAMPLE = "kulla search 'source.ip:10.* AND NOT user.name:svc-*'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition. `field` None looks in the raw record; a `literal` value (in quotes) holds no wildcards."""

    field: str | None
    operator: Operator
    value: str
    literal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The opposite of `part`."""

    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All (`AND`) or any (`OR`) of the parts."""

    word: Literal["AND", "OR"]
    parts: tuple[Node, ...]


Node: TypeAlias = Term | Not | Group


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["(", ")", "word", "quoted"]
    text: str
    at: int
    glued: bool  # nothing stood between this token and the one before it


def parse(expression: str) -> Node:
    """Return the tree of an expression; raise `UsageError` with the place of the first thing that is wrong."""
    if len(expression) > MAX_LENGTH:
        raise UsageError(f"an expression has at most {MAX_LENGTH:,} characters", hint=_EXAMPLE)
    if "\0" in expression:
        raise _wrong("a NUL character cannot be looked for", expression.index("\0"))
    tokens = list(_tokens(expression))
    if not tokens:
        raise UsageError("the expression is empty", hint=_EXAMPLE)
    return _Parser(tokens).whole()


def _wrong(what: str, at: int) -> UsageError:
    return UsageError(what, where=f"expression:{at + 1}", hint=_EXAMPLE)


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, -1
    while at < len(text):
        character = text[at]
        if character.isspace():
            at += 1
            continue
        start = at
        if character in "()":
            at += 1
            yield _Token("(" if character == "(" else ")", character, start, start == end)
        elif character == '"':
            value, at = _quoted(text, at)
            yield _Token("quoted", value, start, start == end)
        else:
            while at < len(text) and text[at] not in _WORD_END:
                at += 1
            yield _Token("word", text[start:at], start, start == end)
        end = at


def _quoted(text: str, start: int) -> tuple[str, int]:
    value: list[str] = []
    at = start + 1
    while at < len(text) and text[at] != '"':
        at += 1 if text[at : at + 2] == '\\"' and '"' in text[at + 2 :] else 0
        value.append(text[at])
        at += 1
    if at >= len(text):
        raise _wrong("the quotation mark is not closed", start)
    return "".join(value), at + 1


class _Parser:
    """Reads the tokens from left to right, one function per level of binding."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either(None)
        if (rest := self._peek()) is not None:
            raise _wrong(f"{rest.text!r} does not belong here", rest.at)
        return node

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> _Token:
        token = self._peek()
        if token is None:
            last = self._tokens[-1]
            raise _wrong("something is missing at the end", last.at + len(last.text))
        self._next += 1
        return token

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == "word" and token.text == word

    def _either(self, field: str | None) -> Node:
        parts = [self._all(field)]
        while self._is_word("OR"):
            self._next += 1
            parts.append(self._all(field))
        return parts[0] if len(parts) == 1 else Group(word="OR", parts=tuple(parts))

    def _all(self, field: str | None) -> Node:
        parts = [self._one(field)]
        while (token := self._peek()) is not None and token.kind != ")" and not self._is_word("OR"):
            if self._is_word("AND"):
                self._next += 1
            parts.append(self._one(field))
        return parts[0] if len(parts) == 1 else Group(word="AND", parts=tuple(parts))

    def _one(self, field: str | None) -> Node:
        if self._is_word("NOT"):
            token = self._take()
            return Not(part=self._deeper(token, lambda: self._one(field)))
        token = self._take()
        if token.kind == "(":
            return self._deeper(token, lambda: self._bracket(token, field))
        if token.kind == ")" or (token.kind == "word" and token.text in ("AND", "OR")):
            raise _wrong(f"{token.text!r} stands where a term is wanted", token.at)
        if token.kind == "quoted":
            return Term(field=field, operator="=", value=token.text, literal=True)
        return self._word(token, field)

    def _deeper(self, token: _Token, inner: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _wrong(f"nested deeper than {MAX_DEPTH}", token.at)
        node = inner()
        self._depth -= 1
        return node

    def _bracket(self, opening: _Token, field: str | None) -> Node:
        node = self._either(field)
        if (token := self._peek()) is None or token.kind != ")":
            raise _wrong("the bracket is not closed", opening.at)
        self._next += 1
        return node

    def _word(self, token: _Token, field: str | None) -> Node:
        name, colon, value = token.text.partition(":")
        if field is not None or not colon or not _FIELD.match(name):
            return _valued(token, field, token.text)
        following = self._peek()
        if not value and following is not None and following.glued and following.kind in ("(", "quoted"):
            self._next += 1
            if following.kind == "quoted":
                return Term(field=name, operator="=", value=following.text, literal=True)
            return self._deeper(following, lambda: self._bracket(following, name))
        operator = _OPERATORS.get(value)
        if operator and following is not None and following.glued and following.kind == "quoted":
            self._next += 1
            return Term(field=name, operator=operator, value=following.text, literal=True)
        if not value:
            raise _wrong(f"{name}: has no value (FIELD:* asks whether the field is there)", token.at)
        return _valued(token, name, value)


def _valued(token: _Token, field: str | None, value: str) -> Term:
    for sign, operator in _OPERATORS.items():
        if field is not None and value.startswith(sign):
            if value == sign:
                raise _wrong(f"{sign} has no value", token.at)
            return Term(field=field, operator=operator, value=value[len(sign) :], literal=False)
    return Term(field=field, operator="=", value=value, literal=False)
