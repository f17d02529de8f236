"""One organisation of AIT-ADS as alerts, with the truth of its two attacks.

The truth is the data set's `time_label`: an alert belongs to an attack where it falls into one of its phases, whatever
raised it. `service_stop` and `dnsteal` are the theft over DNS, all other phases the intrusion. Alerts are made few per
rule, host and minute, as the engine does before it looks at masses; a minute's label is that of its first alert.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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
    with gzip.open(folder / f"{name}_alerts.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        wanted = [header.index(column) for column in ("time", "name", "ip", "host", "time_label")]
        codes: tuple[dict[object, int], ...] = ({}, {}, {})
        seconds, coded = [], []
        for row in rows:
            moment, rule, address, host, label = (row[place] for place in wanted)
            seconds.append(float(moment))
            coded.append(
                (
                    codes[0].setdefault(rule, len(codes[0])),
                    codes[1].setdefault((host, address), len(codes[1])),
                    codes[2].setdefault(label, len(codes[2])),
                )
            )
    return _organisation(name, np.array(seconds), np.array(coded, dtype=np.int64), codes)


def _organisation(
    name: str, seconds: np.ndarray, coded: np.ndarray, codes: Sequence[Mapping[object, int]]
) -> Organisation:
    columns = Columns(
        seconds=seconds,
        rule=coded[:, 0],
        place=coded[:, 1],
        rules=[RuleInfo(id=str(rule), name=str(rule), level=Level.LOW, version="1") for rule in codes[0]],
        places=[{"host.name": host, "host.ip": address} for host, address in _pairs(codes[1])],
    )
    few = condense(columns)
    order = np.argsort(seconds, kind="stable")[::-1]
    label = np.zeros(len(few.alerts), dtype=np.int64)
    label[few.row[order]] = coded[order, 2]  # the first alert of a minute is written last
    words = list(codes[2])
    return Organisation(
        name=name,
        raw=len(seconds),
        days=float(seconds.max() - seconds.min()) / 86_400,
        alerts=few.alerts,
        counts=few.counts,
        phase={alert.id: str(words[label[number]]) for number, alert in enumerate(few.alerts)},
    )


def _pairs(found: Mapping[object, int]) -> Iterator[tuple[str, str]]:
    for pair in found:
        assert isinstance(pair, tuple)
        yield str(pair[0]), str(pair[1])


def phases(organisation: Organisation) -> Counter[str]:
    """Return how many alerts each phase has."""
    return Counter(organisation.phase.values())
