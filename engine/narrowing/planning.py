"""Choosing how a look back is done: the whole window read, or only what can match, as the cluster tells it.

**Values first**: the cluster lists the distinct values of a field, kulla's engine tests each once, and only documents
with a value that matched are asked for. Where a field has many values and rules ask little of it, their **predicates
are pushed down** instead: the cluster looks for them itself. What neither can tell (raw text, absent fields, fields
compared with each other) narrows nothing. What the whole query finds is counted before it is chosen. Everything that
is read goes through the engine as ever, so the answers are those of reading it all; the costs decide how much that is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.ecs_types import LONG
from engine.errors import StoreError
from engine.narrowing.claims import NOTHING, Claim, Json, claim_of, either, positive
from engine.narrowing.kinds import Group, groups
from engine.narrowing.values import Source, Tested, beyond, cardinalities, is_told, tested, unlike
from engine.sigma.engine import Engine
from engine.sigma.logsources import KIND_FIELDS
from engine.sigma.partitions import Partition
from engine.sigma.predicates import MANY, ONE, Predicate
from engine.store.elastic.cluster import part
from engine.store.elastic.mappings import TELLING
from engine.store.elastic.reading import Narrowing, Window, filters_of
from engine.store.elastic.records import searched
from engine.store.elastic.store import ElasticStore

# CPU seconds, server and client together, as measured by tests/bench/elastic.py; only their ratios matter.
READ = 80e-6  # of an event that is read and judged
COUNTED = 0.3e-6  # of a document that an aggregation over one field passes
LISTED = 12e-6  # of a distinct value that is listed and tested
LOOKED_UP = 100e-6  # of a literal that is looked up
SEARCHED = 0.25e-6  # of a distinct value in which one text is searched
PLANNED = 60e-6  # of a rule that is planned for
_NO_VALUES = Tested(field="", values=0, docs={}, true={})
# Where so many times what listing costs is at stake, values are listed: how many events a predicate finds is a guess.
_WORTH = 10
_MOST_VALUES = 20_000  # in a query for one predicate
_ESCAPED = str.maketrans({"\\": "\\\\", "*": "\\*", "?": "\\?"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a look back is done. `narrowing` is None where everything is read; `why` are lines for people.

    `events` are those of the window, `asked` about how many of them are read.
    """

    narrowing: Narrowing | None
    events: int
    asked: int
    why: tuple[str, ...]


def plan(store: ElasticStore, engine: Engine, *, since: datetime | None, before: datetime | None) -> Plan:
    """Return how to look for matches among the events of a window of event time; costs some aggregations."""
    until = store.last_sequence()
    window = Window(after=0, until=until, since=since, before=before)
    source = Source(cluster=store.cluster, index=store.names.events, filters=list(filters_of(window, 0)))
    try:
        return _Planner(engine, source, until, is_telling=_is_telling(source)).plan()
    except StoreError as error:  # a shard that is missing, or a limit of the cluster: reading tells what is wrong
        return Plan(narrowing=None, events=0, asked=0, why=(f"full scan: the cluster gives no overview ({error})",))


def _is_telling(source: Source) -> bool:
    """Tell whether values that do not fit their field can be told apart in every index of events."""
    path = f"/{part(source.index)}/_mapping"
    answer = source.cluster.ask("GET", path, accept=(404,), filter_path="*.mappings._meta")
    metas = [found.get("mappings", {}).get("_meta", {}) for found in answer.body.values()] if answer.good else []
    return all(meta.get("kulla", {}).get("version", 0) >= TELLING for meta in metas)


@dataclass(slots=True)
class _Share:
    """The groups of events that the same partitions see, and what each rule claims of them, by place and position."""

    partitions: Sequence[Partition]
    groups: list[Group] = field(default_factory=list)
    claims: dict[tuple[int, int], Claim] = field(default_factory=dict)

    @property
    def docs(self) -> int:
        return sum(group.docs for group in self.groups)

    @property
    def query(self) -> Json:
        return {"bool": {"should": [group.query for group in self.groups]}}

    @property
    def claim(self) -> Claim:
        return either(self.claims.values(), self.docs)


class _Planner:
    def __init__(self, engine: Engine, source: Source, until: int, *, is_telling: bool) -> None:
        self._engine = engine
        self._source = source
        self._until = until
        self._is_telling = is_telling
        self._why: list[str] = []
        self._tested: dict[str, Tested] = {}
        self._pushed: set[str] = set()
        self._spent = 0.0
        self._shares: list[_Share] = []
        self._told: dict[int, _Told] = {}  # by the identity of the partition
        self._watched = self._events = 0  # events of kinds that rules see, and all

    def plan(self) -> Plan:
        self._divide()
        self._why.append(f"{self._events:,} events in the window, {self._watched:,} of kinds that any rule sees")
        if not self._is_telling:
            return self._scan("an index is of an older layout, which does not tell what it could not index")
        rules = sum(len(partition.rules) for share in self._shares for partition in share.partitions)
        if rules * PLANNED > self._events * READ / 4:
            return self._scan(f"to plan for {rules:,} rules costs more than it can save")
        asked = self._asked()
        if self._shares:
            self._judge_all()
            inside = replace(self._source, filters=[*self._source.filters, _any(share.query for share in self._shares)])
            counts = cardinalities(inside, sorted(asked))
            for name in sorted(asked, key=lambda name: (counts[name], name)):
                self._gather(inside, name, counts[name], asked[name])
        return self._chosen(sorted(asked))

    def _divide(self) -> None:
        """Put groups of events that the same partitions see together."""
        shares: dict[tuple[int, ...], _Share] = {}
        for group in groups(self._source):
            self._events += group.docs
            parts = {id(each): each for kind in group.kinds() if (each := self._engine.partition(kind)).rules}
            if parts:
                shares.setdefault(tuple(sorted(parts)), _Share(list(parts.values()))).groups.append(group)
        self._shares = list(shares.values())
        self._watched = sum(share.docs for share in self._shares)

    def _asked(self) -> dict[str, dict[int, Predicate]]:
        """Return the fields whose values the cluster can tell, with what is asked of each."""
        asked: defaultdict[str, dict[int, Predicate]] = defaultdict(dict)
        for partition in {id(each): each for share in self._shares for each in share.partitions}.values():
            told = self._told[id(partition)] = _Told.of(partition)
            wanted = frozenset[int]().union(*told.positive)
            for number, (item, names) in told.askable.items():
                if number in wanted and all(map(is_told, names)):
                    for name in names:
                        asked[name][number] = item
        return dict(asked)

    def _judge_all(self) -> None:
        for share in self._shares:
            for place, partition in enumerate(share.partitions):
                self._judge(share, place, range(len(partition.rules)))

    def _judge(self, share: _Share, place: int, positions: Iterable[int]) -> None:
        """Work out what rules claim, by what is known so far."""
        partition, everything = share.partitions[place], share.docs
        table = _Leaves(self._tested, self._pushed, self._told[id(partition)].askable, everything)
        for position in positions:
            share.claims[place, position] = claim_of(partition.rules[position].expression, table.claim, everything)

    def _concerned(self, name: str) -> Iterator[tuple[_Share, int, list[int]]]:
        """Yield the rules that ask anything of a field, as positions in a share's partition."""
        for share in self._shares:
            for place, partition in enumerate(share.partitions):
                told = self._told[id(partition)]
                numbers = told.numbers.get(name)
                if numbers:
                    rules = [n for n, asked in enumerate(told.positive) if not numbers.isdisjoint(asked)]
                    yield share, place, rules

    def _gather(self, source: Source, name: str, values: int, asked: Mapping[int, Predicate]) -> None:
        """Have a field's values tested, its predicates pushed down, or leave it, by what each costs and may save."""
        concerned = list(self._concerned(name))
        listing = values * LISTED + self._watched * COUNTED if values else 0.0
        pushing = sum(_push_cost(name, item, values) for item in asked.values())
        at_stake = [sum(share.claims[place, n].docs for n in rules) for share, place, rules in concerned]
        saved = sum(min(docs, share.docs) for docs, (share, _, _) in zip(at_stake, concerned, strict=True)) * READ
        told = f"{name}: {values:,} values, {len(asked):,} predicates"
        if min(listing, pushing) > saved:
            self._why.append(f"{told}: left, for it would cost {min(listing, pushing):.2g} s to save {saved:.2g} s")
            return
        is_pushed = pushing < listing and (self._spent + listing) * _WORTH > saved
        self._spent += pushing if is_pushed else listing
        if is_pushed:
            self._pushed.add(name)
            self._why.append(f"{told}: pushed down ({pushing:.2g} s; values first {listing:.2g} s)")
        else:
            found = tested(source, name, values, sorted(asked.items())) if values else _NO_VALUES
            self._tested[name] = found
            if values:
                costs = f"({listing:.2g} s; pushed down {pushing:.2g} s)"
                self._why.append(f"{told}: values first {costs}, {len(found.docs):,} of them matched")
        for share, place, rules in concerned:
            self._judge(share, place, rules)

    def _chosen(self, fields: Sequence[str]) -> Plan:
        claims = [(share, share.claim) for share in self._shares]
        dead = sum(share.docs for share, claim in claims if claim.is_empty)
        self._why.append(f"{dead:,} of these events are of kinds in which no rule can match")
        whole = self._events * READ
        if any(claim.query is None and share.docs * READ > whole / 2 for share, claim in claims):
            return self._scan(f"rules may match any of them; it takes about {whole:.2g} s")
        should = beyond([*KIND_FIELDS, *fields])
        for share, claim in claims:
            if not claim.is_empty:
                should.append({"bool": {"filter": [share.query, *([claim.query] if claim.query else [])]}})
        narrowing = Narrowing(query=_any(should), until=self._until)
        try:
            docs = self._count(narrowing.query)
        except StoreError as error:  # too many clauses, as a rule
            return self._scan(f"the cluster refuses the narrowed query ({error})")
        cost = docs * READ + self._spent
        self._why.append(f"{docs:,} events are found by what rules ask of these fields")
        if docs * READ > whole / 2:
            return self._scan(f"it takes about {whole:.2g} s")
        self._why.append(f"narrowed: about {cost:.2g} s instead of {whole:.2g} s for a full scan")
        return Plan(narrowing=narrowing, events=self._events, asked=docs, why=tuple(self._why))

    def _count(self, query: Json) -> int:
        """Return how many events a query finds: what is pushed down was never counted before."""
        body = {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [*self._source.filters, query]}}}
        return int(searched(self._source.cluster, self._source.index, body)["hits"]["total"]["value"])

    def _scan(self, reason: str) -> Plan:
        self._why.append(f"full scan: {reason}")
        return Plan(narrowing=None, events=self._events, asked=self._events, why=tuple(self._why))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a partition asks: predicates that are false of an absent field, with the fields each may be read from.

    `numbers` are those predicates by field, `positive` what each rule needs to be true.
    """

    askable: Mapping[int, tuple[Predicate, tuple[str, ...]]]
    numbers: Mapping[str, set[int]]
    positive: Sequence[frozenset[int]]

    @classmethod
    def of(cls, partition: Partition) -> _Told:
        askable = {number: (item, names) for number, item, names in _askable(partition)}
        numbers: defaultdict[str, set[int]] = defaultdict(set)
        for number, (_, names) in askable.items():
            for name in names:
                numbers[name].add(number)
        return cls(askable, dict(numbers), [positive(rule.expression) for rule in partition.rules])


@dataclass(slots=True)
class _Leaves:
    """What is known of a partition's predicates."""

    tested: Mapping[str, Tested]
    pushed: set[str]
    names: Mapping[int, tuple[Predicate, tuple[str, ...]]]
    everything: int

    def claim(self, numbers: frozenset[int]) -> Claim:
        """Return the claim of any of these predicates being true."""
        anything = Claim(query=None, docs=self.everything)
        values: defaultdict[str, dict[str, int]] = defaultdict(dict)
        listed: set[str] = set()
        pushed: set[str] = set()
        queries: list[Json] = []
        for number in sorted(numbers):
            item, names = self.names.get(number, (None, ()))
            if item is None:
                return anything
            for name in names:
                known = self.tested.get(name)
                if known is not None:
                    values[name] |= {value: known.docs[value] for value in known.true.get(number, ())}
                    listed |= {name} if known.values else set()
                elif name in self.pushed:
                    queries.append(_pushed(name, item))
                    pushed.add(name)
                else:
                    return anything
        docs = len(pushed) * (self.everything // 100 + 1)  # a guess: the whole query is counted in the end
        for name, found in values.items():
            if len(found) > _MOST_VALUES:
                return anything
            docs += sum(found.values())
            queries += [{"terms": {name: sorted(found)}}] if found else []
        queries += [query for name in sorted(listed) for query in unlike(name)]
        if not queries:
            return NOTHING
        query = queries[0] if len(queries) == 1 else {"bool": {"should": queries}}
        return Claim(query=query, docs=max(1, min(docs, self.everything)))


def _any(queries: Iterable[Json]) -> Json:
    return {"bool": {"should": list(queries)}}


def _askable(partition: Partition) -> Iterator[tuple[int, Predicate, tuple[str, ...]]]:
    """Yield the predicates that are false of an absent field, with the event fields that each may be read from."""
    for table, accessor, items in zip(partition.tables, partition.accessors, partition.asked[0], strict=True):
        for number, item in items:
            if number not in table.true[0]:
                yield number, item, accessor.names


def _push_cost(name: str, item: Predicate, values: int) -> float:
    if name in LONG or not _is_pushable(item):
        return float("inf")
    return LOOKED_UP if item.operator in {"eq", "startswith"} else LOOKED_UP + values * SEARCHED


def _is_pushable(item: Predicate) -> bool:
    """Tell whether Lucene folds what the predicate asks for as kulla does: text in ASCII, whatever it is in."""
    plain = item.value.replace(MANY, "").replace(ONE, "")
    known = item.operator in {"eq", "contains", "startswith", "endswith", "glob"}
    return known and not item.cased and plain.isascii() and 0 < len(plain) <= 500


def _pushed(name: str, item: Predicate) -> Json:
    folded = f"{name}.folded"
    if item.operator == "eq":
        return {"term": {folded: item.value}}
    if item.operator == "startswith":
        return {"prefix": {folded: item.value}}
    text = item.value.translate(_ESCAPED).replace(MANY, "*").replace(ONE, "?")
    pattern = {"contains": f"*{text}*", "endswith": f"*{text}", "glob": text}[item.operator]
    return {"wildcard": {folded: pattern}}
