"""AIT-ADS: the alerts of one organisation, with the truth of its two attacks.

The truth is the data set's `time_label`: an alert belongs to an attack where it falls into one of its phases, whatever
raised it. `service_stop` and `dnsteal` are the theft over DNS, all other phases the intrusion. Alerts are made few per
rule, host and minute, as the engine does before it looks at masses; a minute's label is that of its first alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from engine.alerts import Alert, Level, RuleInfo
from engine.incidents.condensing import Columns, condense

THEFT = frozenset({"dnsteal", "service_stop"})
NONE = "false_positive"
_TEXTS = ("name", "ip", "host", "time_label")


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
    table = _table(folder / f"{name}_alerts.csv.gz")
    seconds = table.column("time").to_numpy()
    columns = Columns(
        seconds=seconds,
        rule=_codes(table, "name"),
        place=_codes(table, "ip") * len(_words(table, "host")) + _codes(table, "host"),
        rules=[RuleInfo(id=rule, name=rule, level=Level.LOW, version="1") for rule in _words(table, "name")],
        places=[
            {"host.name": host, "host.ip": address} for address in _words(table, "ip") for host in _words(table, "host")
        ],
    )
    few = condense(columns)
    order = np.argsort(seconds, kind="stable")[::-1]
    label = np.zeros(len(few.alerts), dtype=np.int64)
    label[few.row[order]] = _codes(table, "time_label")[order]  # the first alert of a minute is written last
    phases = _words(table, "time_label")
    return Organisation(
        name=name,
        raw=len(seconds),
        days=float(seconds.max() - seconds.min()) / 86_400,
        alerts=few.alerts,
        counts=few.counts,
        phase={alert.id: phases[number] for alert, number in zip(few.alerts, label.tolist(), strict=True)},
    )


def _table(path: Path) -> pa.Table:
    """Return the columns that are needed, each text of a column numbered; read by one thread."""
    types = {"time": pa.float64(), **dict.fromkeys(_TEXTS, pa.dictionary(pa.int32(), pa.string()))}
    convert = csv.ConvertOptions(include_columns=list(types), column_types=types)
    with pa.input_stream(path, compression="gzip") as stream:
        table = csv.read_csv(stream, csv.ReadOptions(use_threads=False), convert_options=convert)
    return table.unify_dictionaries().combine_chunks()


def _codes(table: pa.Table, column: str) -> NDArray[np.int64]:
    return np.asarray(table.column(column).chunk(0).indices).astype(np.int64)


def _words(table: pa.Table, column: str) -> list[str]:
    words: list[str] = table.column(column).chunk(0).dictionary.to_pylist()
    return words
