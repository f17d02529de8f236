"""Questions for names, gathered by host, hour and registered name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.names.labels import owner_label
from engine.anomaly.tables import coded, grouped, text_column, times, window_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelGroups:
    """One entry for each host, window and registered name. `missing` tells that no question for it was answered."""

    time: NDArray[np.int64]
    window: NDArray[np.int64]
    host: list[str]
    label: list[str]
    name: list[str]
    events: list[list[str]]
    missing: NDArray[np.bool_]


def label_groups(events: pa.Table, window: timedelta) -> LabelGroups | None:
    """Return the groups; None where no event is a question with a host and a registered name."""
    codes, names = coded(events, "dns.question.name")
    labels = [owner_label(name) for name in names]
    usable = np.array([bool(label) for label in labels] + [False])[codes]
    hosts = [
        name or address
        for name, address in zip(text_column(events, "host.name"), text_column(events, "source.ip"), strict=True)
    ]
    asked_by = [address or host for host, address in zip(hosts, text_column(events, "source.ip"), strict=True)]
    usable &= (times(events) >= 0) & np.array([bool(host) for host in asked_by], dtype=bool)
    events = events.filter(pa.array(usable))
    if not events.num_rows:
        return None
    asked_by = [host for host, use in zip(asked_by, usable.tolist(), strict=True) if use]
    codes, names = coded(events, "dns.question.name")
    own = [owner_label(name) for name in names]
    label = [own[code] for code in codes.tolist()]
    stamps = times(events)
    number: dict[str, int] = {}
    host_codes = np.array([number.setdefault(host, len(number)) for host in asked_by], dtype=np.int64)
    known: dict[str, int] = {}
    label_codes = np.array([known.setdefault(item, len(known)) for item in label], dtype=np.int64)
    group, first = grouped([window_of(stamps, window), host_codes, label_codes])
    ids: list[list[str]] = [[] for _ in first]
    for place, item in zip(group.tolist(), text_column(events, "event.id"), strict=True):
        ids[place].append(item)
    answered = np.array([code != "NXDOMAIN" for code in text_column(events, "dns.response_code")], dtype=bool)
    kept = first.tolist()
    return LabelGroups(
        time=stamps[first],
        window=window_of(stamps, window)[first],
        host=[asked_by[row] for row in kept],
        label=[label[row] for row in kept],
        name=[names[codes[row]] for row in kept],
        events=ids,
        missing=np.bincount(group, weights=answered, minlength=len(first)) == 0,
    )
