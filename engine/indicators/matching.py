"""Matching indicators against stored events: each distinct value of a column is looked up once, in tables by kind."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.alerts import Alert, Reason, RuleInfo, alert_id
from engine.entities import alert_fields
from engine.events import Event, texts
from engine.indicators.fields import FIELDS, Field, registry, values_of
from engine.indicators.model import Indicator, Trait
from engine.indicators.traits import expression
from engine.indicators.warning import harmless
from engine.sigma.alerting import event_time, reference

if TYPE_CHECKING:
    from engine.store.protocol import Block

_LIST = "[]"
Found = dict[int, dict[Trait, Reason]]  # by row: which traits it has, each with the field that shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """Which indicator asks for a set of traits."""

    indicator: Indicator
    traits: tuple[Trait, ...]


class Matcher:
    """Finds events that any of the indicators is about."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        self._uses: defaultdict[Trait, list[_Use]] = defaultdict(list)
        self._tables: dict[str, _Table] = {}
        for indicator in indicators:
            for traits in indicator.alternatives:
                use = _Use(indicator=indicator, traits=traits)
                # a set is looked up by its most telling trait alone; the others are asked of the rows that it finds
                self._uses[max(traits, key=_telling)].append(use)
                for trait in traits:
                    self._tables.setdefault(trait.kind, _Table()).add(trait)
        self.fields = tuple(field for field in FIELDS if field.kind in self._tables)

    def match(self, block: Block) -> Iterator[Alert]:
        """Yield the alerts of a block's selected events, one for each indicator and event, in the order of rows."""
        rows = self._rows(block)
        wanted = [row for row in sorted(rows) if any(trait in self._uses for trait in rows[row])]
        events = block.events(np.array(wanted, dtype=np.int64)) if wanted else iter(())
        for row, event in zip(wanted, events, strict=True):
            yield from self._alerts(event, rows[row])

    def match_event(self, event: Event) -> list[Alert]:
        """Return the alerts of one event."""
        held: dict[Trait, Reason] = {}
        for field in self.fields:
            for text in texts(event.fields.get(field.name)):
                held.update(self._held(field, text))
        return list(self._alerts(event, held))

    def _rows(self, block: Block) -> Found:
        rows: Found = {}
        there = set(block.names)
        fields = [field for field in self.fields if field.name in there]
        if not fields:
            return rows
        table = block.read(sorted({field.name for field in fields}))
        for field in fields:
            for name in (field.name, field.name + _LIST):
                if name in table.column_names:
                    self._look(field, table.column(name), block.selected, rows)
        return rows

    def _look(self, field: Field, column: pa.ChunkedArray, selected: NDArray[np.bool_] | None, rows: Found) -> None:
        parents, values = _flat(column)
        coded = values.dictionary_encode() if not pa.types.is_dictionary(values.type) else values
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.unify_dictionaries().combine_chunks()
        if isinstance(coded, pa.ChunkedArray):  # no chunk at all, or several
            coded = coded.chunk(0) if coded.num_chunks else pa.array([], pa.string()).dictionary_encode()
        held = [self._held(field, str(text)) if text is not None else {} for text in coded.dictionary.to_pylist()]
        telling = np.array([bool(item) for item in held], np.bool_)
        if not telling.any():
            return
        codes = pc.fill_null(coded.indices, len(held)).to_numpy(zero_copy_only=False)
        for place in np.flatnonzero(np.append(telling, False)[codes]).tolist():  # the code of null
            row = place if parents is None else int(parents[place])
            if selected is None or selected[row]:
                rows.setdefault(row, {}).update(held[codes[place]])

    def _held(self, field: Field, text: str) -> dict[Trait, Reason]:
        """Return which traits a field's value shows."""
        table = self._tables[field.kind]
        return {
            trait: Reason(field=field.name, predicate=f"{trait.operator} {trait.value}", value=text)
            for value in values_of(field, text)
            for trait in table.find(value)
            if not trait.side or trait.side == field.side
            if field.kind != "ip" or not harmless("ip", value, private=True)
        }

    def _alerts(self, event: Event, held: Mapping[Trait, Reason]) -> Iterator[Alert]:
        told: set[str] = set()
        when = event_time(event.fields)
        for trait in sorted(held):
            for use in self._uses.get(trait, ()):
                indicator = use.indicator
                expired = indicator.until is not None and when >= indicator.until
                if expired or indicator.id in told or not all(other in held for other in use.traits):
                    continue
                told.add(indicator.id)
                yield _alert(indicator, event, [held[other] for other in use.traits])


def _alert(indicator: Indicator, event: Event, why: Sequence[Reason]) -> Alert:
    rule = rule_of(indicator)
    return Alert(
        id=alert_id(rule.id, rule.version, (event.id,)),
        timestamp=event_time(event.fields),
        rule=rule,
        events=(reference(event),),
        why=(*why, Reason(field="threat.indicator", predicate="told by", value=indicator.source)),
        fields=alert_fields(event.fields),
    )


@lru_cache(maxsize=10_000)
def rule_of(indicator: Indicator) -> RuleInfo:
    """Return what alerts say of an indicator in place of a rule. Its marking is among the tags (`tlp.amber`)."""
    until = f", valid until {indicator.until.isoformat()}" if indicator.until else ""
    return RuleInfo(
        id=f"indicator/{indicator.id}",
        name=f"Indicator: {indicator.name}"[:200],
        level=indicator.level,
        version="1",  # an indicator that looks for something else has another id
        status="stable",
        description=f"{indicator.text} (told by {indicator.source}{until})",
        path=f"indicator/{indicator.id}",
        author=indicator.source,
        tags=(*indicator.tags, f"tlp.{indicator.tlp}"),
        references=indicator.references,
    )


class _Table:
    """Traits of one kind, found by value."""

    def __init__(self) -> None:
        self._exact: defaultdict[str, list[Trait]] = defaultdict(list)
        self._under: defaultdict[str, list[Trait]] = defaultdict(list)
        self._nets: defaultdict[tuple[int, int], dict[int, list[Trait]]] = defaultdict(dict)
        self._expressions: list[Trait] = []
        self._known: set[Trait] = set()

    def add(self, trait: Trait) -> None:
        if trait in self._known:
            return
        self._known.add(trait)
        if trait.operator == "equals":
            self._exact[registry(trait.value) if trait.kind == "registry" else trait.value].append(trait)
        elif trait.operator == "under":
            self._under[trait.value].append(trait)
        elif trait.operator == "in net":
            net = ipaddress.ip_network(trait.value)
            held = self._nets[net.version, net.prefixlen]
            held.setdefault(int(net.network_address) >> (net.max_prefixlen - net.prefixlen), []).append(trait)
        else:
            self._expressions.append(trait)

    def find(self, value: str) -> Iterator[Trait]:
        """Yield the traits that a value (in its normal spelling) has."""
        yield from self._exact.get(value, ())
        if self._under:
            name = value
            while name:
                yield from self._under.get(name, ())
                name = name.partition(".")[2]
        if self._nets:
            address = ipaddress.ip_address(value)
            for (version, length), held in self._nets.items():
                if address.version == version:
                    yield from held.get(int(address) >> (address.max_prefixlen - length), ())
        for trait in self._expressions:
            if expression(trait).search(value):
                yield trait


def _telling(trait: Trait) -> tuple[bool, bool, Trait]:
    """Order traits by how few events have them: those that are written out, and no ports, come first."""
    return (trait.kind != "port", trait.operator == "equals", trait)


def _flat(column: pa.ChunkedArray) -> tuple[NDArray[np.int64] | None, pa.ChunkedArray | pa.Array]:
    """Return a column's values as text, and for lists the row of each value."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        joined = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if isinstance(joined, pa.ChunkedArray):
            joined = joined.chunk(0) if joined.num_chunks else pa.array([], joined.type)
        parents = pc.list_parent_indices(joined).to_numpy()
        return parents, pc.cast(pc.list_flatten(joined), pa.string())
    if pa.types.is_dictionary(column.type):
        return None, column
    return None, pc.cast(column, pa.string())
