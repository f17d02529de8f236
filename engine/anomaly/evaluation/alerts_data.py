"""AIT-ADS: the alerts of one organisation, with the truth of its two attacks.

The truth is the data set's `time_label`: an alert belongs to an attack where it falls into one of its phases, whatever
raised it. `service_stop` and `dnsteal` are the theft over DNS, all other phases the intrusion. Alerts are made few per
rule, host and minute, as the engine does before it looks at masses; a minute's label is that of its first alert.
"""

from __future__ import annotations

import csv
import gzip
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.alerts import Alert, Level, RuleInfo
from engine.incidents.condensing import Columns, condense

THEFT = frozenset({"dnsteal", "service_stop"})
NONE = "false_positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The alerts of one organisation, by time; for how many each stands; and the phase of each (`NONE`: of none)."""

    name: str
    raw: int
    days: float
    alerts: tuple[Alert, ...]
    counts: Mapping[str, int]
    phase: Mapping[str, str]

    def attack(self, alert: str) -> str:
        """Return the attack an alert belongs to: `theft`, `intrusion`, or nothing."""
        phase = self.phase[alert]
        return "" if phase == NONE else "theft" if phase in THEFT else "intrusion"


def names(folder: Path) -> list[str]:
    """Return the organisations whose alerts are in the folder."""
    return sorted(path.name.removesuffix("_alerts.csv.gz") for path in folder.glob("*_alerts.csv.gz"))


def read(folder: Path, name: str) -> Organisation:
    """Read one organisation. Its alerts have no levels in the data: all are taken to be low."""
    kinds: dict[tuple[str, ...], int] = {}  # each rule, address, host and label that come together, numbered
    seconds, coded = array("d"), array("q")
    with gzip.open(folder / f"{name}_alerts.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        moment = header.index("time")
        rest = itemgetter(*(header.index(column) for column in ("name", "ip", "host", "time_label")))
        for row in rows:
            seconds.append(float(row[moment]))
            coded.append(kinds.setdefault(rest(row), len(kinds)))
    return _organisation(name, np.array(seconds), np.array(coded), list(kinds))


def _organisation(
    name: str, seconds: NDArray[np.float64], coded: NDArray[np.int64], kinds: Sequence[tuple[str, ...]]
) -> Organisation:
    rules = list(dict.fromkeys(kind[0] for kind in kinds))
    places = list(dict.fromkeys(kind[1:3] for kind in kinds))
    columns = Columns(
        seconds=seconds,
        rule=np.array([rules.index(kind[0]) for kind in kinds])[coded],
        place=np.array([places.index(kind[1:3]) for kind in kinds])[coded],
        rules=[RuleInfo(id=rule, name=rule, level=Level.LOW, version="1") for rule in rules],
        places=[{"host.name": host, "host.ip": address} for address, host in places],
    )
    few = condense(columns)
    order = np.argsort(seconds, kind="stable")[::-1]
    kind = np.zeros(len(few.alerts), dtype=np.int64)
    kind[few.row[order]] = coded[order]  # the first alert of a minute is written last
    return Organisation(
        name=name,
        raw=len(seconds),
        days=float(seconds.max() - seconds.min()) / 86_400,
        alerts=few.alerts,
        counts=few.counts,
        phase={alert.id: kinds[kind[number]][3] for number, alert in enumerate(few.alerts)},
    )
