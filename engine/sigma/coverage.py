"""What becomes of a rule here: which events it means, whether they have its fields, and who collects them.

No rule is silently inactive: one that can't fire is told apart, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from engine.events import Value
from engine.sigma.fieldmap import Reading, absent_reason, reading
from engine.sigma.logsources import KIND_FIELDS, Kind, covers, datasets_of, is_known, kind_from, kinds_of
from engine.sigma.mapping.hosts import OF_DETAIL
from engine.sigma.predicates import KEYWORD, REFERENCES, Expression, Predicate, leaves
from engine.sigma.rules import LogSource, Rule, RuleSet

if TYPE_CHECKING:
    from engine.store.protocol import Store

EVENT_LOG = "winlog"  # what a collector names for the Windows event log, whatever the channel
ANYTHING = "*"  # what a collector names that takes documents of any dataset
State = Literal["loaded", "no source", "no field", "no events"]
_LIST = "[]"
_TEMPORAL = frozenset({"temporal", "temporal_ordered"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a loaded rule stands. `why` is empty for a rule with nothing to say of.

    `fields` says of each field of the rule how it is read; `collectors` are those that deliver its log source.
    """

    rule: Rule
    state: State
    why: str
    fields: Mapping[str, Reading]
    collectors: tuple[str, ...]


class Surveyor:
    """Tells how rules stand, given what each collector delivers (`nginx.access`, `winlog`, `zeek.`, or `*`).

    `seen` are the kinds of events that the store holds, None where nobody asked.
    """

    def __init__(
        self,
        predicates: Sequence[Predicate],
        delivers: Mapping[str, Sequence[str]],
        seen: frozenset[Kind] | None = None,
    ) -> None:
        self._predicates = predicates
        self._delivers = delivers
        self._seen = seen
        self._readings: dict[tuple[str, LogSource], Reading] = {}
        self._collectors: dict[LogSource, tuple[str, ...]] = {}

    def standing(self, rule: Rule) -> Standing:
        """Return how a rule stands."""
        fields = {name: self._reading(name, rule.logsource) for name in sorted(self._named(rule))}
        absent = {name for name, found in fields.items() if found == "absent"}
        collectors = self.collectors(rule.logsource)
        state, why = self._state(rule, absent, collectors)
        if not why:
            why = self._remark(rule.logsource, fields, collectors)
        return Standing(rule=rule, state=state, why=why, fields=fields, collectors=collectors)

    def _state(self, rule: Rule, absent: set[str], collectors: tuple[str, ...]) -> tuple[State, str]:
        source = rule.logsource
        if not is_known(source):
            return "no source", f"no event that kulla knows of belongs to {source}"
        if absent and not self._possible(rule.expression, absent):
            reasons = (f"{name}: {absent_reason(name, source)}" for name in sorted(absent))
            return "no field", "it needs a field that events of its log source lack; " + "; ".join(reasons)
        if not collectors:
            return "no source", f"no collector delivers {source}"
        if self._seen is not None and not any(covers(source, kind) for kind in self._seen):
            return "no events", f"no collected event belongs to {source}"
        return "loaded", ""

    def _possible(self, expression: Expression, absent: set[str]) -> bool:
        return True in _outcomes(expression, self._predicates, absent)

    def _named(self, rule: Rule) -> set[str]:
        used = [self._predicates[number] for number in leaves(rule.expression)]
        return ({item.field for item in used} | {item.value for item in used if item.operator in REFERENCES}) - {
            KEYWORD
        }

    def _reading(self, name: str, source: LogSource) -> Reading:
        key = (name, source)
        if key not in self._readings:
            self._readings[key] = reading(name, source)
        return self._readings[key]

    def collectors(self, source: LogSource) -> tuple[str, ...]:
        """Return the collectors that deliver events of a log source; those that take anything where no other does."""
        known = self._collectors.get(source)
        if known is None:
            own = tuple(sorted(name for name, delivered in self._delivers.items() if _delivered(source, delivered)))
            anything = tuple(sorted(name for name, delivered in self._delivers.items() if ANYTHING in delivered))
            known = self._collectors[source] = own or (anything if is_known(source) else ())
        return known

    def _remark(self, source: LogSource, fields: Mapping[str, Reading], collectors: Sequence[str]) -> str:
        """Return what is to be said of a rule that can fire."""
        unknown = [name for name, found in fields.items() if found == "unknown"]
        if unknown:
            return f"not known of {source}, read under its own name: {', '.join(unknown)}"
        if all(ANYTHING in self._delivers[name] for name in collectors):
            return f"only from documents in ECS ({', '.join(collectors)}) that name {_wanted(source)}"
        return ""


def firing(rules: RuleSet, standings: Iterable[Standing]) -> frozenset[str]:
    """Return the ids of the rules that can fire, and of the correlations of them that can.

    A temporal correlation needs all rules that one way of its condition wants to see, every other one of its rules.
    """
    can = {item.rule.info.id for item in standings if item.state == "loaded"}
    for item in rules.correlations:  # those that a correlation counts come before it
        ways = [term.seen for term in item.terms] or [item.rules if item.type in _TEMPORAL else ()]
        needed = any(all(number in can for number in way) for way in ways)
        if needed and any(number in can for number in item.rules):
            can.add(item.info.id)
    return frozenset(can)


def _wanted(source: LogSource) -> str:
    """Return what a document in ECS has to say so that it belongs to the log source."""
    datasets = datasets_of(source)
    if datasets:
        return f"as event.dataset {' or '.join(name + '*' if name.endswith('.') else name for name in datasets[:3])}"
    return f"the system and what happened (host.os.type, event.category and event.type of {source})"


def _delivered(source: LogSource, datasets: Sequence[str]) -> bool:
    """Tell whether a collector that gives these datasets gives events of the log source."""
    kinds = kinds_of(source)
    if any(kind.family == "windows" for kind in kinds) and EVENT_LOG in datasets:
        return True
    agents = any(kind.detail in OF_DETAIL for kind in kinds)
    if agents and ANYTHING in datasets:
        return True
    wanted = {kind.dataset for kind in kinds if kind.family != "windows"} or set(datasets_of(source))
    return any(_same(dataset, other) for dataset in datasets for other in wanted)


def _same(dataset: str, other: str) -> bool:
    """Tell whether two names, either of which may stand for a whole module, have a dataset in common."""
    if dataset.endswith(".") or other.endswith("."):
        return dataset.startswith(other) or other.startswith(dataset)
    return dataset == other


def _outcomes(expression: Expression, predicates: Sequence[Predicate], absent: set[str]) -> frozenset[bool]:
    """Return what an expression can come to where these fields are never there and all others may be anything."""
    if isinstance(expression, int):
        item = predicates[expression]
        if item.field not in absent:
            return frozenset({True, False})
        return frozenset({item.operator in {"null", "absent"}})
    word, *parts = expression
    inner = [_outcomes(part, predicates, absent) for part in parts]  # type: ignore[arg-type] # only the first is a word
    if word == "not":
        return frozenset(not value for value in inner[0])
    if word == "and":
        every, some = all(True in item for item in inner), any(False in item for item in inner)
        return frozenset({True} if every else ()) | frozenset({False} if some else ())
    every, some = all(False in item for item in inner), any(True in item for item in inner)
    return frozenset({True} if some else ()) | frozenset({False} if every else ())


def kinds_in(store: Store) -> frozenset[Kind]:
    """Return the kinds of events that a store holds. Reads the columns that tell them, a segment at a time."""
    found: set[Kind] = set()
    for part in store.scan(columns=KIND_FIELDS):
        table = part.table
        columns = [_firsts(table, name) for name in KIND_FIELDS]
        names = [str(number) for number in range(len(columns))]
        distinct = pa.table(columns, names=names).group_by(names).aggregate([])
        for row in zip(*(distinct.column(name).to_pylist() for name in names), strict=True):
            found.add(kind_from([_text(value) for value in row]))
    return frozenset(found)


def _firsts(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column's values as text, the first of several; nulls where the table has no such column."""
    column = pa.nulls(table.num_rows, pa.string())
    for item in (name, name + _LIST):
        if item in table.column_names:
            other = table.column(item)
            if pa.types.is_list(other.type):
                other = pc.list_element(pc.list_slice(other, 0, 1, return_fixed_size_list=True), 0)
            column = pc.coalesce(column, pc.cast(other, pa.string()))
    return column


def _text(value: Value | None) -> str:
    return "" if value is None else str(value)
