"""The Sigma engine: events in, matches out, for files and streams row by row and for the store by columns.

Both ways share the partitions, so they give the same answers; a property test holds it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import orjson

from engine.alerts import Reason
from engine.events import Value
from engine.sigma.fieldmap import event_fields
from engine.sigma.logsources import KIND_FIELDS, Kind, covers, datasets_of, is_known, kind_of
from engine.sigma.partitions import Partition
from engine.sigma.predicates import KEYWORD, REFERENCES, leaves
from engine.sigma.rules import LogSource, Rule, RuleSet
from engine.sigma.workings import Workings

MAX_KINDS = 20_000  # kinds of events remembered; an attacker can write any event id
MAX_PARTITIONS = 500  # and any dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule that matched an event, with what is needed to tell why."""

    rule: Rule
    partition: Partition
    position: int

    def why(self, fields: Mapping[str, Value], original: str) -> tuple[Reason, ...]:
        """Return the predicates on which the match rests."""
        return self.partition.why(self.position, fields, original)

    @property
    def reads(self) -> frozenset[str] | None:
        """The event fields on which the match can rest; None where a keyword may stand in any of them."""
        return self.partition.read_by(self.position)

    def value(self, field: str, fields: Mapping[str, Value]) -> Value | None:
        """Return the value of a rule's field (a correlation's group, say) in the matched event."""
        return self.partition.accessor(field).value(fields)


class Engine:
    """Evaluates a rule set. Partitions are built when the first event of a kind is seen."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self._workings = Workings(rules.predicates)
        self._partitions: dict[Kind, Partition] = {}
        self._by_rules: dict[tuple[str, str, tuple[int, ...], bool], Partition] = {}
        self._sources: defaultdict[LogSource, list[int]] = defaultdict(list)
        for index, rule in enumerate(rules.rules):
            self._sources[rule.logsource].append(index)

    @cached_property
    def digest(self) -> str:
        """What tells what these rules mean from what others do: the same text means another with other placeholders.

        Rests on what was compiled, so it is the same in every process that loads the same rules in the same way.
        """
        rules = [
            (rule.info.id, rule.info.version, rule.excluded_by, rule.logsource, rule.expression)
            for rule in self.rules.rules
        ]
        known = (self.rules.predicates, rules, [repr(item) for item in self.rules.correlations])
        return blake2b(orjson.dumps(known, default=list), digest_size=16).hexdigest()

    def match(self, fields: Mapping[str, Value], original: str | bytes = "") -> list[Match]:
        """Return the rules that match one event (without correlations)."""
        partition = self.partition(kind_of(fields))
        if not partition.rules:
            return []
        found = partition.match(fields, original)
        return [self.match_at(partition, position) for position in found] if found else []

    def match_at(self, partition: Partition, position: int) -> Match:
        """Return the match of a partition's rule by its position."""
        return Match(rule=partition.rules[position], partition=partition, position=position)

    def partition(self, kind: Kind) -> Partition:
        """Return the partition of a kind of event; kinds that the same rules see share one."""
        known = self._partitions.get(kind)
        if known is None:
            if len(self._partitions) >= MAX_KINDS:
                self._partitions.clear()
            known = self._partitions[kind] = self._shared(kind)
        return known

    def _shared(self, kind: Kind) -> Partition:
        sources = [source for source in self._sources if covers(source, kind)]
        positions = tuple(sorted(index for source in sources for index in self._sources[source]))
        renames = kind.family == "windows" and kind.dataset == "security" and kind.detail == "4688"
        dataset = kind.dataset if kind.family != "windows" else ""
        key = (kind.family, dataset, positions, renames) if positions else ("", "", (), False)
        if key not in self._by_rules:
            if len(self._by_rules) >= MAX_PARTITIONS:
                self._by_rules.clear()
                self._partitions.clear()
            visible = [self.rules.rules[index] for index in positions]
            self._by_rules[key] = Partition(kind, visible, self.rules.predicates, self._workings)
        return self._by_rules[key]

    def columns(self, datasets: Iterable[str]) -> frozenset[str] | None:
        """Return every event field that matching events of these datasets may read, grouping fields included.

        None stands for all fields: keyword rules for Windows look into each of them, and an event that names several
        datasets at once (the store counts it under none) can be of any.
        """
        datasets = list(datasets)
        if self._searches_windows() or "" in datasets:
            return None
        predicates = self.rules.predicates
        named = {item.field for item in predicates} | {item.value for item in predicates if item.operator in REFERENCES}
        for item in self.rules.correlations:
            aliases = {name for mapping in item.aliases.values() for name in mapping.values()}
            named |= {*item.group_by, *aliases, *item.value_fields}
        kinds = [Kind("windows", "", ""), Kind("windows", "security", "4688")]
        for dataset in datasets:
            kinds += [Kind(dataset.partition(".")[0], dataset, ""), Kind("linux", dataset, "")]
        found = {name for kind in kinds for field in named - {KEYWORD} for name in event_fields(field, kind)}
        return frozenset(found | set(KIND_FIELDS) | {"@timestamp", "event.id", "event.original"})

    def _searches_windows(self) -> bool:
        """Tell whether a rule that sees Windows events has keywords."""
        predicates = self.rules.predicates
        return any(
            rule.logsource.product in {"windows", ""}
            and not datasets_of(rule.logsource)
            and any(predicates[number].field == KEYWORD for number in leaves(rule.expression))
            for rule in self.rules.rules
        )

    def unreachable(self) -> list[Rule]:
        """Return the rules whose log source no event can ever belong to."""
        return [rule for rule in self.rules.rules if not is_known(rule.logsource)]
