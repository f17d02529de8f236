"""The same logs and rules give the same alerts, with the same ids, in both stores.

By default every eleventh EVTX file, the first lines of the Windows slice and hostile web logs, with kulla's own rules
and every fifth of SigmaHQ's; `KULLA_FULL_DIFFERENTIAL=1` takes everything (minutes).
"""

from __future__ import annotations

import lzma
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from cli.collecting import collect_file
from cli.reading import Reading
from engine.detecting import Detector
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Store
from tests.conftest import ROOT

FULL = os.environ.get("KULLA_FULL_DIFFERENTIAL") == "1"
pytestmark = [pytest.mark.timeout(3600)] if FULL else []  # seconds
_LINES = 1500
_ACCESS = (
    '192.0.2.{host} - - [01/Mar/2026:08:{minute:02}:{second:02} +0000] "GET {path} HTTP/1.1" {status} 512 "-" "{agent}"'
)
_PATHS = (
    "/",
    "/index.php?id=1%27%20UNION%20SELECT%201--",
    "/../../etc/passwd",
    "/_layouts/15/ToolPane.aspx?DisplayMode=Edit",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/a" + "b" * 9000,
    "/e-sh\u00ebrbime/\u0130stanbul/\u1e9e",
)


def _web_log(folder: Path) -> Path:
    path = folder / "access.log"
    lines = [
        _ACCESS.format(
            host=number % 20,
            minute=number // 60 % 60,
            second=number % 60,
            path=_PATHS[number % len(_PATHS)],
            status=(200, 404, 500)[number % 3],
            agent=("Mozilla/5.0", "sqlmap/1.7", "Nikto")[number % 3],
        )
        for number in range(700)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def logs(shared: Path, folder: Path) -> list[Path]:
    """Return the logs that stores are compared with."""
    found = sorted((shared / "evtx").rglob("*.evtx"))[:: 1 if FULL else 11]
    windows = folder / "windows.jsonl"
    with lzma.open(shared / "windows" / "otrf_d8.jsonl.xz") as packed, windows.open("wb") as out:
        for number, line in enumerate(packed):
            if not FULL and number == _LINES:
                break
            out.write(line)
    return [*found, windows, _web_log(folder)]


def _rules(shared: Path) -> list[Path]:
    packs = sorted((shared / "sigma").rglob("*.yml"))
    return [ROOT / "detections" / "rules", *packs[:: 1 if FULL else 5]]


def fill(store: Store, paths: Sequence[Path], now: datetime) -> tuple[int, ...]:
    """Collect logs into a store; return the totals of its accounts."""
    reading = Reading(source="auto", zone="UTC", host=None, newest=now)
    accounts = [collect_file(path, store, reading) for path in paths]
    totals = ("records", "stored", "dead_lettered", "duplicates")
    return tuple(sum(getattr(account, name) for account in accounts) for name in totals)


def test_both_stores_give_the_same_alerts(store, shared: Path, tmp_path: Path, now: datetime) -> None:
    found_logs = logs(shared, tmp_path)
    engine = Engine(load_rules(_rules(shared)))
    with EmbeddedStore(tmp_path / "store", lambda: now) as embedded:
        assert fill(store, found_logs, now) == fill(embedded, found_logs, now)
        runs = [Detector(engine, each).run() for each in (store, embedded)]
        assert runs[0].events == runs[1].events > 1000
        found, wanted = ({alert.id: alert for alert in each.alerts()} for each in (store, embedded))
    assert found.keys() == wanted.keys()
    assert found == wanted
    assert len(found) > 100, "the sample says something"
    print(f"{runs[0].events:,} events, {len(engine.rules.rules):,} rules, {len(found):,} alerts, 0 differing")
    again = Detector(engine, store).run()
    assert (again.events, again.new) == (0, 0)
