"""What a store on Elasticsearch costs, one line a figure, in CPU seconds of this process and of the node.

    python -m tests.bench.elastic append [EVENTS]
    python -m tests.bench.elastic scheduled LOG EVENTS RULES...      one run, and the same rules pushed down one by one
    python -m tests.bench.elastic hunt LOG EVENTS RULES...           20 rules over 30 days, narrowed and in full

Starts a node of its own (see `tests/elasticsearch`), or uses KULLA_TEST_ELASTICSEARCH_URL; then only this process's
CPU is known. `append` uses the events of `tests/bench/store.py` (40 fields, 2.5 kB of original text). The others read a
log of Windows events as JSON lines (.xz or plain), again and again until there are enough: each copy has ids and
times of its own, and every fifth command line gets the copy's number. Making events is never counted.
"""

from __future__ import annotations

import gc
import lzma
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from statistics import fmean, median
from typing import Any

import orjson

from cli.memory import keep_freed_memory
from collectors.reader import LogReader, Parsed
from engine.detecting import Detector
from engine.events import Event, event_id
from engine.narrowing.planning import plan
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.store import ElasticStore
from tests.bench.store import event
from tests.elasticsearch.node import Node, make_node

_BATCH = 20_000
# Rules that are pushed down, drawn by chance: of those on named fields, and of those on any field, which cost far more.
# A node with less memory refuses some of the second kind: what they need of it at once is beyond its limit.
_SAMPLES = {False: 4000, True: 25}
_READS = ("second", "third", "fourth", "fifth")  # by then the node's compiler has seen it
_RUNS = 7  # scheduled runs follow one another for months: the node's compiler has seen all of it many times
_DRAWS = 2000  # of a bootstrap
_HUNTED = 20  # rules
_NOW = datetime(2026, 3, 31, tzinfo=UTC)
_DAYS = 30
_HEAP = "4g"  # of the node: keywords that are pushed down look into each of its fields
_LINES = 30_000  # of the log of a hunt


@dataclass(frozen=True, kw_only=True)
class Meter:
    """CPU seconds of this process, and of the node where it was started here."""

    node: Node | None

    def server(self) -> float:
        """Return the node's CPU seconds so far."""
        if self.node is None or self.node.process is None:
            return 0.0
        parts = Path(f"/proc/{self.node.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def run(self, what: str, count: int, work: Callable[[], object]) -> float:
        """Print what the work costs for `count` events; return the CPU seconds of both together."""
        wall, client, server = time.perf_counter(), time.process_time(), self.server()
        work()
        wall, client = time.perf_counter() - wall, time.process_time() - client
        server = self.server() - server
        each = f"{client / count * 1e6:6.1f} us client, {server / count * 1e6:6.1f} us server an event"
        print(f"{what:<48} {wall:7.1f} s, {client:6.2f} s client CPU, {server:6.2f} s server CPU; {each}", flush=True)
        return client + server


@contextmanager
def opened(*, in_memory: bool = True) -> Iterator[tuple[ElasticStore, Meter]]:
    """Start a node where none is given, and open a store on it."""
    given = os.environ.get("KULLA_TEST_ELASTICSEARCH_URL")
    with tempfile.TemporaryDirectory() as folder:
        node = None if given else make_node(Path(folder), os.getpid(), heap=_HEAP, in_memory=in_memory)
        if node is not None:
            node.start()
        url = given or (node.url if node else "")
        try:
            place = replace(address(url, prefix=f"bench{uuid.uuid4().hex[:8]}"), timeout=900.0)
            with ElasticStore(Cluster(place), lambda: _NOW) as store:
                store.install()
                yield store, Meter(node=node)
        finally:
            if node is not None:
                node.end()


def append(total: int) -> None:
    """Append and read events; what JSON alone costs stands beside it."""
    with opened() as (store, meter):
        store.append([event(number) for number in range(1000)], [])
        client = server = 0.0
        for start in range(1000, total, _BATCH):
            batch = [event(number) for number in range(start, min(start + _BATCH, total))]
            before, ran = meter.server(), time.process_time()
            store.append(batch, [])
            client, server = client + time.process_time() - ran, server + meter.server() - before
        count = total - 1000
        each = f"{client / count * 1e6:.1f} us client, {server / count * 1e6:.1f} us server CPU an event"
        print(f"{'append':<48} {each}")
        documents = [{"a": each.original, **each.fields} for each in batch]
        meter.run("for comparison: orjson.dumps of the same alone", len(batch), lambda: [*map(orjson.dumps, documents)])
        meter.run("append, all duplicates", len(batch), lambda: store.append(batch, []))
        store.last_sequence()
        status = store.status()
        print(f"{'on disk':<48} {status.size_bytes / status.events:.0f} bytes an event, {status.events:,} events")
        meter.run("read, no column asked for", total, lambda: [block.rows for block in store.blocks()])
        names = sorted(batch[0].fields)
        meter.run(f"read, {len(names)} columns", total, lambda: [block.read(names) for block in store.blocks()])


def events_of(log: Path, total: int, span: timedelta, lines: int) -> Iterator[list[Event]]:
    """Yield batches of a log's first events, copied until there are enough, spread over a span before `_NOW`."""
    with tempfile.TemporaryDirectory() as folder:
        plain = log
        if log.suffix == ".xz":
            plain = Path(folder) / log.stem
            with lzma.open(log) as packed, plain.open("wb") as out:
                out.writelines(islice(packed, lines))
        reader = LogReader(plain)
        known = [reader.event(each) for each in islice(reader.records(), lines) if isinstance(each, Parsed)]
    made: list[Event] = []
    for number in range(total):
        copy, place = divmod(number, len(known))
        made.append(_copied(known[place], copy, number, _NOW - span + span * (number / total)))
        if len(made) == _BATCH or number == total - 1:
            yield made
            made = []


def _copied(found: Event, copy: int, number: int, stamp: datetime) -> Event:
    fields = {**found.fields, "@timestamp": stamp}
    line = fields.get("process.command_line")
    if number % 5 == 0 and isinstance(line, str):
        fields["process.command_line"] = f"{line} -copy {copy}"
    origin = replace(found.origin, offset=number * 4096, number=number + 1)
    return Event(
        id=event_id(found.origin.identity, number * 4096, b""), origin=origin, original=found.original, fields=fields
    )


def fill(store: ElasticStore, log: Path, total: int, span: timedelta, lines: int) -> None:
    """Store the events of a log."""
    for batch in events_of(log, total, span, lines):
        store.append(batch, [])
    store.last_sequence()


def scheduled(log: Path, total: int, rules: list[Path]) -> None:
    """Run all rules over a window of so many events, and push a sample of them down."""
    with opened() as (store, meter):
        fill(store, log, total, timedelta(minutes=5), total)
        engine = Engine(load_rules(rules))
        for what in ("read, right after it was written", *(f"read, the {each} time" for each in _READS)):
            meter.run(what, total, lambda: [block.rows for block in store.blocks()])
        costs = []
        for turn in range(1, _RUNS + 1):
            engine = Engine(engine.rules)  # as a new process begins: no value was tested yet
            _forget_alerts(store)
            detector = Detector(engine, store, f"turn {turn}")
            costs.append(meter.run(f"one run of {len(engine.rules.rules):,} rules, {turn}", total, detector.run))
        run = median(costs)
        spread = f"{min(costs):.1f} to {max(costs):.1f}, median {run:.1f} CPU s"
        print(f"{'':<48} {store.status().alerts:,} alerts new in each; {spread}")
        again = Detector(engine, store, "again")
        meter.run("the same by a process that goes on, none is new", total, again.run)
        if find_spec("sigma.backends.elasticsearch") is None:
            print("pushed down: not measured (needs the package pysigma-backend-elasticsearch)")
            return
        _push_down(store, meter, _queries(rules), run)


def _forget_alerts(store: ElasticStore) -> None:
    """Remove the index of alerts, and set up an empty one."""
    for index in store.cluster.ask("GET", f"/{part(store.names.of('alerts'))}/_alias", accept=(404,)).body:
        store.cluster.ask("DELETE", f"/{part(index)}", accept=(404,))
    store.install()


def _push_down(store: ElasticStore, meter: Meter, queries: Mapping[bool, list[str]], run: float) -> None:
    """Ask the cluster some of the rules one by one; print what they cost beside one run, and what all would."""
    chance = random.Random(1)
    costs: dict[bool, list[float]] = {}
    for anywhere, known in sorted(queries.items()):
        sample = chance.sample(known, min(_SAMPLES[anywhere], len(known)))
        answered = [cost for query in sample if (cost := _cost(store, meter, query)) is not None]
        what = f"{len(sample):,} of {len(known):,} rules on {'any field' if anywhere else 'named fields'}, pushed down"
        spent = sum(answered)
        each = f"{spent / len(answered):.3f} s each" if answered else "none answered"
        refused = len(sample) - len(answered)
        print(f"{what:<48} {spent:.1f} s CPU, {each}, {refused} refused for want of the node's memory", flush=True)
        if answered:
            costs[anywhere] = answered
    spent = sum(map(sum, costs.values()))
    print(f"{'these alone, measured':<48} {spent:.0f} s CPU, {spent / run:.1f} times one run")

    def whole(drawn: Callable[[list[float]], list[float]]) -> float:
        return sum(fmean(drawn(each)) * len(queries[anywhere]) for anywhere, each in costs.items())

    totals = sorted(whole(lambda each: chance.choices(each, k=len(each))) for _ in range(_DRAWS))
    found = (whole(list), totals[_DRAWS // 40], totals[-_DRAWS // 40])
    all_rules, low, high = (f"{total:,.0f} s ({total / run:,.0f} times)" for total in found)
    print(f"{'all rules pushed down, EXTRAPOLATED':<48} {all_rules}, 95 % interval {low} to {high}")


def _cost(store: ElasticStore, meter: Meter, query: str) -> float | None:
    """Ask the cluster a query; return the CPU seconds that it took, None where the node has not the memory for it."""
    before = time.process_time() + meter.server()
    body = {"size": 0, "query": {"query_string": {"query": query, "analyze_wildcard": True}}}
    answer = store.cluster.ask("POST", f"/{store.names.events}/_search", body, accept=(429,))
    return time.process_time() + meter.server() - before if answer.good else None


def _files(rules: list[Path]) -> list[Path]:
    return sorted(file for path in rules for file in ([path] if path.is_file() else path.rglob("*.yml")))


def _queries(rules: list[Path]) -> Mapping[bool, list[str]]:
    """Return the rules as Lucene queries, by whether they ask for words that may stand in any field."""
    from sigma.backends.elasticsearch import LuceneBackend
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.pipelines.elasticsearch.windows import ecs_windows

    backend = LuceneBackend(ecs_windows())
    found: dict[bool, list[str]] = {True: [], False: []}
    for path in _files(rules):
        try:
            collection = SigmaCollection.from_yaml(path.read_text())
            asks = [each for rule in collection.rules for each in rule.detection.detections.values()]
            # beats have a lowercase copy beside each field, as kulla's indices have, under another name
            queries = [query.replace(".caseless:", ".folded:") for query in backend.convert(collection)]
            found[any(map(_is_anywhere, asks))] += queries
        except (SigmaError, NotImplementedError):
            continue  # rules that this backend does not know are not asked for
    return found


def _is_anywhere(detection: Any) -> bool:
    """Tell whether a detection, or a part of it, names no field."""
    parts = getattr(detection, "detection_items", None)
    return detection.field is None if parts is None else any(map(_is_anywhere, parts))


def hunt(log: Path, total: int, rules: list[Path]) -> None:
    """Look back 30 days with 20 rules: narrowed by the cluster, and in full; three such sets."""
    files = _files(rules)
    with opened(in_memory=False) as (store, meter):
        meter.run(
            "stored, with making the events", total, lambda: fill(store, log, total, timedelta(days=_DAYS), _LINES)
        )
        status = store.status()
        print(f"{'on disk':<48} {status.size_bytes / status.events:.0f} bytes an event, {status.events:,} events")
        for start in (0, 7, 13):
            engine = Engine(load_rules(files[start :: max(1, len(files) // _HUNTED)][:_HUNTED]))
            _hunt(store, engine, total, meter)


def _hunt(store: ElasticStore, engine: Engine, total: int, meter: Meter) -> None:
    since, found = _NOW - timedelta(days=_DAYS), []

    def narrowed() -> None:
        planned = plan(store, engine, since=since, before=None)
        with store.narrowed(planned.narrowing):
            found.append(Detector(engine, store, "narrowed").rerun(since, None))
        print("\n".join(f"    {line}" for line in planned.why))

    cheap = meter.run(f"hunt with {len(engine.rules.rules)} rules, planned", total, narrowed)
    full = Detector(engine, store, "full")
    dear = meter.run("the same, full scan", total, lambda: found.append(full.rerun(since, None)))
    same = sorted(found[0].alerts.ids) == sorted(found[1].alerts.ids)
    counts = f"{found[0].events:,} of {found[1].events:,} events read, {len(found[1].alerts):,} alerts"
    print(f"{'':<48} {counts}, the same in both: {same}; {dear / cheap:.1f} times cheaper", flush=True)


def main() -> None:
    """Run one of the benchmarks."""
    gc.set_threshold(50_000, 20, 50)  # as the command line does
    keep_freed_memory()
    what, *words = sys.argv[1:] or ["append"]
    if what == "append":
        append(int(words[0]) if words else 100_000)
    else:
        work = {"scheduled": scheduled, "hunt": hunt}[what]
        work(Path(words[0]), int(words[1]), [Path(word) for word in words[2:]])


if __name__ == "__main__":
    main()
