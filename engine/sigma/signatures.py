"""Signatures: each distinct value of a field is tested once and stands from then on for what is true of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from engine.events import Value, texts
from engine.sigma.matching import ValueTester

MAX_VALUES = 200_000  # signatures kept per field before the table is emptied
MAX_KEPT_LENGTH = 1024  # characters; longer values (call traces, script blocks) are remembered by their digests


@dataclass(frozen=True, slots=True)
class Accessor:
    """How to read one rule field from an event: the first of `names` that is there, or all of them (`spread`)."""

    names: tuple[str, ...]
    spread: bool = False

    def told(self, fields: Mapping[str, Value]) -> tuple[str, tuple[str, ...]]:
        """Return the event field that gives the value, and the value's texts: none where it is absent."""
        name = next((item for item in self.names if fields.get(item) is not None), self.names[0])
        return name, texts(self.value(fields))

    def value(self, fields: Mapping[str, Value]) -> Value | None:
        """Return the field's value, None where it is absent."""
        if self.spread:
            found = [item for name in self.names for item in texts(fields.get(name))]
            return found or None
        for name in self.names:
            value = fields.get(name)
            if value is not None:
                return value
        return None


class Numbers(dict[Any, int]):
    """The signatures of values; that of one that is not there yet is found out by `of`, which may note it here."""

    def __init__(self, of: Callable[[Any], int]) -> None:
        super().__init__()
        self.of = of

    def __missing__(self, value: object) -> int:
        """Return the signature of a value that is new, absent, too long to be kept, or no text."""
        return self.of(value)


class Signatures:
    """The signatures of one field's values: value -> number, number -> predicates that are true."""

    def __init__(self, tester: ValueTester) -> None:
        self._tester = tester
        self.numbers = Numbers(self.of)
        self._long: dict[bytes, int] = {}
        self._sets: dict[frozenset[int], int] = {tester.absent: 0}
        self.true: list[frozenset[int]] = [tester.absent]

    def renew(self) -> None:
        """Forget every value and signature but that of an absent one."""
        self._forget_values()
        self.true = self.true[:1]
        self._sets = {self.true[0]: 0}

    def of(self, value: Value | None) -> int:
        """Return the signature of a value; 0 is that of an absent one."""
        if value is None:
            return 0
        parts = (value,) if isinstance(value, str) else texts(value)
        key = parts[0] if len(parts) == 1 else parts  # a list of one is that one: a dash in it is a dash
        if isinstance(key, str) and len(key) > MAX_KEPT_LENGTH:
            return self._of_long(key)
        known = self.numbers.get(key)
        if known is not None:
            return known
        number = self.tested(key)
        self.keep(key, number)
        return number

    def _of_long(self, value: str) -> int:
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        number = self._long.get(digest)
        if number is None:
            if len(self._long) >= MAX_VALUES:
                self._long.clear()
            number = self._long[digest] = self.tested(value)
        return number

    def tested(self, key: str | tuple[str, ...]) -> int:
        """Return the signature of a value (or of several) without looking it up or keeping it."""
        if isinstance(key, str):
            return self.number(self._tester.test(key))
        if not key:
            return 0
        return self.number(frozenset[int]().union(*(self._tester.test(part) for part in key)))

    def number(self, true: frozenset[int]) -> int:
        """Return the signature that stands for a set of true predicates."""
        number = self._sets.get(true)
        if number is None:
            number = self._sets[true] = len(self.true)
            self.true.append(true)
        return number

    def equate_dash(self) -> None:
        """Let a dash be the same as nothing: what is true for an absent value and what asks for `-` itself."""
        asked = self._tester.equal_to("-")
        self.true[0] = self._tester.absent | asked
        self._sets = {self.true[0]: 0}
        self.numbers["-"] = 0

    def keep(self, key: str | tuple[str, ...], number: int) -> None:
        """Remember a value's signature, within bounds."""
        if (len(key) if isinstance(key, str) else sum(map(len, key))) <= MAX_KEPT_LENGTH:
            if len(self.numbers) >= MAX_VALUES:
                self._forget_values()
            self.numbers[key] = number

    def _forget_values(self) -> None:
        dash = self.numbers.get("-")
        self.numbers.clear()
        self._long.clear()
        if dash == 0:
            self.numbers["-"] = 0
