"""A process that helps with shared runs: `python -m tests.elasticsearch.worker URL PREFIX RULE SLICES [hold]`.

It says `ready` on its output, works on so many slices as soon as there are any, and says `done`. With `hold` it takes
one slice, says `held`, and does nothing with it until it is killed.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from engine.runs.processes import is_gone, this_process
from engine.runs.sharing import SharedDetector, Sharing
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.store import ElasticStore
from tests.engine.store.conftest import NOW

SIZE = 40


def sharing() -> Sharing:
    """Return how processes of this test take part."""
    return Sharing(holder=this_process(), now=lambda: NOW, pause=lambda: time.sleep(0.05), gone=is_gone, size=SIZE)


def main() -> None:
    """Help."""
    url, prefix, rule, count = sys.argv[1:5]
    with ElasticStore(Cluster(address(url, prefix=prefix)), lambda: NOW) as store:
        detector = SharedDetector(Engine(load_rules([Path(rule)])), store, "night", sharing(), lateness=timedelta())
        print("ready", flush=True)
        if sys.argv[5:] == ["hold"]:
            while detector.board.take() is None:
                time.sleep(0.05)
            print("held", flush=True)
            time.sleep(600)
        left = int(count)
        while left:
            left -= detector.help()
        print("done", flush=True)


if __name__ == "__main__":
    main()
