"""Incidents on AIT-ADS: `python -m tests.bench.grouping [--data DIR] [--organisations a,b] [--show]` from the root.

Prints usual deduplication (rule and host, 15 minutes), all hosts with gaps of 5 minutes, and kulla in one table, per
organisation and as a mean. Every organisation in the folder is scored; kulla learns nothing from one for another.
CPU is that of reading the file, making alerts few, and building incidents.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from engine.alerts import Alert  # noqa: E402 - after the path
from engine.incidents.building import Basis, build  # noqa: E402
from engine.incidents.model import Incident  # noqa: E402
from tests.bench.grouping.measures import Measures, measure  # noqa: E402
from tests.bench.grouping.organisation import Organisation, names, read  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "anomaly" / "ait-ads-alerts"
Method = Callable[[Organisation], Sequence[Sequence[str]]]


def by_rule_and_host(organisation: Organisation) -> list[list[str]]:
    """Cluster as most tools do: one rule on one host, until it is quiet for 15 minutes; the largest first."""
    return _by_gap(organisation.alerts, lambda alert: (alert.rule.id, alert.fields["host.name"]), timedelta(minutes=15))


def by_gap(organisation: Organisation) -> list[list[str]]:
    """Cluster everything, on whatever host, until it is quiet for 5 minutes; the largest first."""
    return _by_gap(organisation.alerts, lambda _: 0, timedelta(minutes=5))


def _by_gap(alerts: Sequence[Alert], key: Callable[[Alert], object], gap: timedelta) -> list[list[str]]:
    clusters: list[list[str]] = []
    last: dict[object, tuple[Alert, list[str]]] = {}
    for alert in sorted(alerts, key=lambda item: item.timestamp):
        before = last.get(key(alert))
        if before is None or alert.timestamp - before[0].timestamp > gap:
            clusters.append([])
            before = (alert, clusters[-1])
        before[1].append(alert.id)
        last[key(alert)] = (alert, before[1])
    return sorted(clusters, key=len, reverse=True)


def incidents(organisation: Organisation) -> list[Incident]:
    """Return kulla's incidents, the worst first."""
    return build(organisation.alerts, Basis(counts=organisation.counts))


def by_kulla(organisation: Organisation) -> list[tuple[str, ...]]:
    """Cluster as kulla does."""
    return [incident.alerts for incident in incidents(organisation)]


METHODS: dict[str, Method] = {"rule+host, 15 min": by_rule_and_host, "5-min gap": by_gap, "kulla": by_kulla}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--organisations", default="")
    parser.add_argument("--show", action="store_true", help="the incidents of each organisation")
    asked = parser.parse_args()
    head = ("organisation", "method", "F1", "prec.", "recall", "fragments", "a day", "false", "rank", "phases")
    print("{:<16} {:<18} {:>6} {:>6} {:>6}  {:<9} {:>6} {:>6} {:>5} {:>6}".format(*head))
    found: dict[str, list[Measures]] = {name: [] for name in METHODS}
    raw, cpu = 0, 0.0
    for name in asked.organisations.split(",") if asked.organisations else names(asked.data):
        start = time.process_time()
        organisation = read(asked.data, name)
        reading = time.process_time() - start
        for method, cluster in METHODS.items():
            start = time.process_time()
            clusters = cluster(organisation)
            spent = time.process_time() - start
            found[method].append(measure(organisation, clusters))
            _print(name, method, found[method][-1])
            if method == "kulla":
                raw, cpu = raw + organisation.raw, cpu + reading + spent
        if asked.show:
            _show(organisation)
    for method, rows in found.items():
        f1, a_day = mean(row.f1 for row in rows), mean(row.a_day for row in rows)
        pieces = mean(row.fragments[attack] for row in rows for attack in row.fragments)
        first = sum(row.rank == 1 for row in rows)
        print(f"mean {method:<18} F1 {f1:.3f}, {pieces:.1f} fragments an attack, {a_day:.1f} a day, first {first}")
    print(f"{raw:,} alerts in {cpu:.1f} CPU seconds, reading included")


def _print(name: str, method: str, row: Measures) -> None:
    pieces = "{}+{}".format(row.fragments["intrusion"], row.fragments["theft"])
    print(
        f"{name:<16} {method:<18} {row.f1:>6.3f} {row.precision:>6.3f} {row.recall:>6.3f}  {pieces:<9} "
        f"{row.a_day:>6.1f} {row.false_share:>6.2f} {row.rank:>5} {row.phases[0]:>3}/{row.phases[1]}"
    )


def _show(organisation: Organisation) -> None:
    for incident in incidents(organisation):
        attacks = {organisation.attack(alert) or "-" for alert in incident.alerts}
        print(
            f"    {incident.score:>7.1f} {incident.first_seen:%d %H:%M:%S} to {incident.last_seen:%d %H:%M:%S} "
            f"{len(incident.alerts):>5} ({len(incident.context)} context) {'+'.join(sorted(attacks)):<20} "
            f"{incident.title}"
        )


if __name__ == "__main__":
    main()
