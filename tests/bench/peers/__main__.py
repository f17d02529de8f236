"""kulla beside its peers, over the same events and rules in the same run: `python -m tests.bench.peers`.

127,854 real Windows events (303 MB of JSON) and SigmaHQ's 2,858 Windows rules: kulla cold, from cache and warm in
process; the naive evaluator; one SQL query per rule on SQLite through pySigma's backend; rsigma, the fastest other
engine. The answers are compared pair by pair, and the tests' oracle says who is right. CPU seconds (user and system,
children included) are the measure: machines are shared, and wall time tells of the neighbours as well.

"SQL per rule on SQLite through pySigma's backend" is what that backend gives: a query for each rule, and a table of the
columns that the queries name. It makes no index, so the plain reading has none ("as the backend leaves it"); since all
queries name a channel and most an event id, the same queries are also asked with an index on both, which is our own
addition in the peer's favour.

The first run builds rsigma with cargo (a quarter of an hour) and an environment with pySigma's SQLite backend; both are
kept under --tools. Run it from the project's root with kulla's own Python. Parts beside `kulla hunt` itself: warm,
growth, cores, naive, sql, rsigma, pairs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.peers import table
from tests.bench.peers.bench import PARTS, Bench, Options
from tests.bench.peers.measure import ROOT


def main() -> None:
    """Run the parts asked for, print tables, then one line of JSON (or write it to a file)."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))
    parser.add_argument("--shared", type=Path, default=shared, help="folder of the reference material")
    tools = Path(tempfile.gettempdir()) / "kulla-peers"
    parser.add_argument("--tools", type=Path, default=tools, help="where rsigma and the SQL environment are kept")
    parser.add_argument("--no-build", action="store_true", help="leave out peers that are not there yet")
    parser.add_argument("--skip", nargs="+", default=[], choices=PARTS, metavar="PART", help="parts to leave out")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=PARTS, metavar="PART", help="parts to run")
    parser.add_argument("--limit", type=int, help="take only the first LIMIT events, for a quick look")
    parser.add_argument("--sample", type=int, default=400, help="differing pairs of each side that the oracle judges")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON to FILE")
    said = parser.parse_args()
    begun, before = time.monotonic(), os.getloadavg()
    head: dict[str, object] = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processors": os.cpu_count(),
        "python": sys.version.split()[0],
        "kulla": version("kulla"),
        "load_before": before,
    }
    parts = frozenset(said.only) - frozenset(said.skip)
    with tempfile.TemporaryDirectory(prefix="kulla-bench-") as work:
        options = Options(shared=said.shared, tools=said.tools, build=not said.no_build, sample=said.sample)
        bench = Bench(options, Path(work), limit=said.limit)
        bench.all(parts)
    head |= {"versions": bench.versions, "load_after": os.getloadavg(), "seconds": round(time.monotonic() - begun)}
    _print(head, bench, before)
    document = table.as_json(head, bench.rows, bench.ratios(), bench.comparisons)
    if said.json:
        said.json.write_text(document + "\n", "utf-8")
    else:
        print(f"\n{document}")


def _print(head: Mapping[str, object], bench: Bench, before: tuple[float, ...]) -> None:
    versions = ", ".join(f"{name} {value}" for name, value in bench.versions.items())
    loads = [" ".join(f"{value:.1f}" for value in load) for load in (before, os.getloadavg())]
    print(
        f"{head['date']}, {head['processors']} processors, Python {head['python']}, kulla {head['kulla']}, {versions}"
    )
    print(f"Load before {loads[0]}, after {loads[1]} (1, 5, 15 minutes); the whole took {head['seconds']} s.\n")
    print(table.rows_table(bench.rows), table.ratio_table(bench.ratios()), sep="\n\n")
    for comparison in bench.comparisons:
        print("\n" + table.comparison_text(comparison), end="")


if __name__ == "__main__":
    main()
