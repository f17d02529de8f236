"""Who is right about a pair, by the tests' own row-by-row oracle, and what the difference rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import orjson
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from collectors.reader import LogReader, Parsed
from engine.sigma import modifiers
from engine.sigma.logsources import covers
from tests.bench.peers.fields import rule_fields
from tests.bench.peers.pairs import Pair
from tests.engine.sigma.oracle import Oracle, View

OUTSIDE = "the event is not of the rule's log source"
NOT_MET = "of the log source, but the condition does not hold"
MISSED = "the rule holds: kulla misses it"
FALSE = "the rule does not hold: kulla is wrong"
REFUSED = "the peer could not take the rule"
KEYWORDS = "the rule has keywords, looked for in other text"
OTHER_NAMES = (
    "the log writes a field of the rule otherwise (form of the shipper, Security 4688), the peer reads it as it is"
)
OTHER = "the rule holds: the peer misses it for another reason"


class Bench:
    """The events and rules that samples of differing pairs speak of. Events are read once, for all comparisons."""

    def __init__(self, log: Path, files: Mapping[str, Path], pairs: Collection[Pair]) -> None:
        modifiers.install()
        self._files = files
        self._oracles: dict[str, Oracle | None] = {}
        self._fields: dict[str, frozenset[str]] = {}
        wanted = {number for _, number in pairs}
        self._views: dict[int, View] = {}
        self._raw: dict[int, frozenset[str]] = {}
        for number, item in enumerate(LogReader(log).records(), 1):
            if number in wanted and isinstance(item, Parsed):
                self._views[number] = View(item.fields, item.record.raw.decode("utf-8", "replace"))
                self._raw[number] = frozenset(orjson.loads(item.record.raw))

    def holds(self, pair: Pair) -> tuple[bool, bool]:
        """Return whether the event is of the rule's log source, and whether the rule's condition holds there."""
        rule, number = pair
        oracle, view = self._oracle(rule), self._views.get(number)
        if oracle is None or view is None:
            return False, False
        inside = covers(oracle.source, view.kind)
        return inside, inside and oracle.matches(view)

    def only_peer(self, pair: Pair) -> tuple[bool, str]:
        """Judge a pair that the peer alone has."""
        inside, holds = self.holds(pair)
        return holds, MISSED if holds else NOT_MET if inside else OUTSIDE

    def only_kulla(self, pair: Pair, taken: Collection[str] | None, *, raw: bool) -> tuple[bool, str]:
        """Judge a pair that kulla alone has; `taken` are the rules the peer could take (None: all of them).

        `raw` says that the peer read the log as it is, without the fields that rules name.
        """
        _, holds = self.holds(pair)
        if not holds:
            return False, FALSE
        return True, self._why_missed(pair, taken, raw=raw)

    def _why_missed(self, pair: Pair, taken: Collection[str] | None, *, raw: bool) -> str:
        rule, number = pair
        if taken is not None and rule not in taken:
            return REFUSED
        view = self._views[number]
        if raw and any(view.values(field) and field not in self._raw[number] for field in self._named(rule)):
            return OTHER_NAMES
        return KEYWORDS if not self._named(rule) else OTHER

    def _named(self, rule: str) -> frozenset[str]:
        if rule not in self._fields:
            self._fields[rule] = rule_fields([self._files[rule]])
        return self._fields[rule]

    def _oracle(self, rule: str) -> Oracle | None:
        if rule not in self._oracles:
            try:
                self._oracles[rule] = Oracle(SigmaRule.from_yaml(self._files[rule].read_text("utf-8")))
            except (SigmaError, KeyError):
                self._oracles[rule] = None
        return self._oracles[rule]
