"""What a store on Elasticsearch costs: `python tests/bench/elastic.py [EVENTS] [RULES...]` prints one line a figure.

Starts a node of its own (see `tests/elasticsearch`), or uses KULLA_TEST_ELASTICSEARCH_URL; then only the client's CPU
is known. The events are those of `tests/bench/store.py`: 40 fields, 2.5 kB of original text. With rules (folders or
files) a scheduled run over all events is measured, and the same rules pushed down one by one as Lucene queries.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import orjson

from engine.detecting import Detector
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.elastic.address import address
from engine.store.elastic.cluster import NDJSON, Cluster
from engine.store.elastic.store import ElasticStore
from tests.bench.store import event
from tests.elasticsearch.node import Node, make_node

_BATCH = 20_000
_QUERIES_AT_ONCE = 200


class Meter:
    """CPU seconds of this process, and of the node where it was started here."""

    def __init__(self, node: Node | None) -> None:
        self._node = node

    def server(self) -> float:
        """Return the node's CPU seconds so far."""
        if self._node is None or self._node.process is None:
            return 0.0
        parts = Path(f"/proc/{self._node.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def run(self, what: str, count: int, work: Callable[[], object]) -> float:
        """Print what the work costs for `count` events; return the CPU seconds of both together."""
        wall, client, server = time.perf_counter(), time.process_time(), self.server()
        work()
        wall, client = time.perf_counter() - wall, time.process_time() - client
        server = self.server() - server
        each = f"{client / count * 1e6:6.1f} us client, {server / count * 1e6:6.1f} us server an event"
        print(f"{what:<44} {wall:7.1f} s, {client:6.2f} s client CPU, {server:6.2f} s server CPU; {each}", flush=True)
        return client + server


def fill(store: ElasticStore, total: int, meter: Meter) -> None:
    """Append events; making them is not counted."""
    first = [event(number) for number in range(1000)]
    store.append(first, [])
    batches = [[event(n) for n in range(start, start + _BATCH)] for start in range(1000, total, _BATCH)]
    count = sum(map(len, batches))
    meter.run("append", count, lambda: [store.append(batch, []) for batch in batches])
    meter.run("append, all duplicates", len(batches[0]), lambda: store.append(batches[0], []))


def push_down(store: ElasticStore, rules: list[Path]) -> None:
    """Ask the cluster each rule as a query of its own."""
    from sigma.backends.elasticsearch import LuceneBackend
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.pipelines.elasticsearch.windows import ecs_windows

    backend = LuceneBackend(ecs_windows())
    queries = []
    for path in rules:
        try:
            queries += backend.convert(SigmaCollection.from_yaml(path.read_text()))
        except (SigmaError, NotImplementedError):
            continue  # rules that this backend does not know are not asked for
    head = b'{"index":"%s"}\n' % store.names.events.encode()
    lines = [
        head + orjson.dumps({"size": 0, "query": {"query_string": {"query": query, "analyze_wildcard": True}}}) + b"\n"
        for query in queries
    ]
    for start in range(0, len(lines), _QUERIES_AT_ONCE):
        body = b"".join(lines[start : start + _QUERIES_AT_ONCE])
        store.cluster.ask("POST", "/_msearch", body, media=NDJSON, filter_path="responses.hits.total")


def main() -> None:
    """Fill a store, run the rules over it, and push them down for comparison."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rules = [Path(word) for word in sys.argv[2:]]
    given = os.environ.get("KULLA_TEST_ELASTICSEARCH_URL")
    with tempfile.TemporaryDirectory() as folder:
        node = None if given else make_node(Path(folder), os.getpid())
        if node is not None:
            node.start()
        prefix = f"bench{uuid.uuid4().hex[:8]}"
        meter = Meter(node)
        url = given or (node.url if node else "")
        with ElasticStore(Cluster(address(url, prefix=prefix)), lambda: datetime.now(UTC)) as store:
            store.install()
            fill(store, total, meter)
            store.last_sequence()
            status = store.status()
            print(f"{'on disk':<44} {status.size_bytes / status.events:7.0f} bytes an event, {status.events:,} events")
            meter.run("read all, as columns", total, lambda: sum(block.rows for block in store.blocks()))
            if rules:
                _rules(store, rules, total, meter)
        if node is not None:
            node.end()


def _rules(store: ElasticStore, rules: list[Path], total: int, meter: Meter) -> None:
    engine = Engine(load_rules(rules))
    run = meter.run(f"one run of {len(engine.rules.rules):,} rules", total, lambda: Detector(engine, store).run())
    files = sorted(file for path in rules for file in ([path] if path.is_file() else path.rglob("*.yml")))
    if find_spec("sigma.backends.elasticsearch") is None:
        print("the same rules pushed down: not measured (needs the package pysigma-backend-elasticsearch)")
        return
    pushed = meter.run("the same rules pushed down", total, lambda: push_down(store, files))
    print(f"{'pushed down / one run, CPU':<44} {pushed / run:7.1f} times")


if __name__ == "__main__":
    main()
