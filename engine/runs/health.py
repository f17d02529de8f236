"""Whether kulla itself runs as it should: runs that end, gaps, silent sources, messages that were given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from engine.errors import DeniedError, StoreError
from engine.events import instant
from engine.runs.freshness import freshness
from engine.runs.gaps import GAP
from engine.runs.history import LastRun, last_runs
from engine.store.protocol import Record, Store

Weight = Literal["warning", "critical"]
_LOOK = "health"  # a record of this kind and key


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it should be, and the next command."""

    weight: Weight
    what: str
    hint: str


def problems(
    store: Store, now: datetime, *, overdue: timedelta, expected: Mapping[str, timedelta], runs: Sequence[str] = ()
) -> list[Problem]:
    """Return what is wrong, the worst first.

    A run is overdue when none has ended well for `overdue`; `runs` are names that have to be there.
    """
    known = {run.name: run for run in last_runs(store)}
    found = _of_writing(store, now)
    found += [problem for name in sorted({*known, *runs}) for problem in _of_run(name, known.get(name), now, overdue)]
    if not known and not runs:
        found.append(Problem(weight="critical", what="no run has ever ended", hint="kulla detect"))
    counts = store.count_records(GAP)
    if counts.get("open"):
        found.append(Problem(weight="warning", what=f"{counts['open']:,} gaps are open", hint="kulla store gaps"))
    for source in freshness(store, expected):
        if source.silent(now):
            what = f"the source {source.dataset} has been silent since {instant(source.changed)}"
            found.append(Problem(weight="critical", what=what, hint="check its collector"))
    messages = store.count_records("outbox")
    if messages.get("dead"):
        what = f"{messages['dead']:,} messages were given up"
        found.append(Problem(weight="critical", what=what, hint="kulla notify list --state dead"))
    return sorted(found, key=lambda item: item.weight)


def _of_writing(store: Store, now: datetime) -> list[Problem]:
    """Tell whether the store can be written, by writing when it was looked at: a full disk can still be read.

    Who looks with rights to read only does not learn it.
    """
    try:
        before = store.record(_LOOK, _LOOK)
        version = before.version if before else 0
        store.save_records([Record(kind=_LOOK, key=_LOOK, state="looked", body=instant(now), version=version)])
    except DeniedError:
        return []
    except StoreError as error:
        return [
            Problem(
                weight="critical", what=f"the store can only be read: {error}", hint=error.hint or "kulla store status"
            )
        ]
    return []


def _of_run(name: str, run: LastRun | None, now: datetime, overdue: timedelta) -> list[Problem]:
    shown = name.removeprefix("schedule/")
    if run is None:
        return [Problem(weight="critical", what=f"{shown} has never run", hint="kulla detect --scheduled")]
    found = []
    if run.ok_at is None or now - run.ok_at > overdue:
        since = f"since {instant(run.ok_at)}" if run.ok_at else "yet"
        why = f" ({run.error})" if run.error else ""
        found.append(
            Problem(weight="critical", what=f"{shown}: no run has ended well {since}{why}", hint="kulla detect")
        )
    elif run.failures:
        found.append(Problem(weight="warning", what=f"{shown}: the last run failed ({run.error})", hint="kulla detect"))
    return found
