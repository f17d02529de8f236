"""Whether kulla itself runs as it should: a sound store, runs that end, gaps, silent sources, messages given up."""

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
Kind = Literal[
    "unanswering",
    "damaged",
    "unwritable",
    "never_ended",
    "never_run",
    "overdue",
    "never_well",
    "failed",
    "gaps",
    "silent",
    "given_up",
]
_LOOK = "health"  # a record of this kind and key


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it should be, without words: what, of which run or source, since when, how many, why.

    `hint` is the next command, or what an error said; empty where only its kind tells what to do.
    """

    weight: Weight
    kind: Kind
    subject: str = ""
    since: datetime | None = None
    count: int = 0
    why: str = ""
    hint: str = ""


def problems(
    store: Store, now: datetime, *, overdue: timedelta, expected: Mapping[str, timedelta], runs: Sequence[str] = ()
) -> list[Problem]:
    """Return what is wrong, the worst first.

    A run is overdue when none has ended well for `overdue`; `runs` are names that have to be there.
    """
    known = {run.name: run for run in last_runs(store)}
    found = [*_of_content(store), *_of_writing(store, now)]
    found += [problem for name in sorted({*known, *runs}) for problem in _of_run(name, known.get(name), now, overdue)]
    if not known and not runs:
        found.append(Problem(weight="critical", kind="never_ended", hint="kulla detect"))
    counts = store.count_records(GAP)
    if counts.get("open"):
        found.append(Problem(weight="warning", kind="gaps", count=counts["open"], hint="kulla store gaps"))
    found += [
        Problem(weight="critical", kind="silent", subject=source.dataset, since=source.changed)
        for source in freshness(store, expected)
        if source.silent(now)
    ]
    messages = store.count_records("outbox")
    if messages.get("dead"):
        hint = "kulla notify list --state dead"
        found.append(Problem(weight="critical", kind="given_up", count=messages["dead"], hint=hint))
    return sorted(found, key=lambda item: item.weight)


def _of_content(store: Store) -> list[Problem]:
    """Tell whether all that is stored can be read: damage in what nobody asks for shows nowhere else.

    Who has no right to ask for it does not learn it.
    """
    try:
        store.examine()
    except DeniedError:
        return []
    except StoreError as error:
        return [Problem(weight="critical", kind="damaged", why=str(error), hint=error.hint or "kulla store status")]
    return []


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
        return [Problem(weight="critical", kind="unwritable", why=str(error), hint=error.hint or "kulla store status")]
    return []


def _of_run(name: str, run: LastRun | None, now: datetime, overdue: timedelta) -> list[Problem]:
    shown = name.removeprefix("schedule/")
    if run is None:
        return [Problem(weight="critical", kind="never_run", subject=shown, hint="kulla detect --scheduled")]
    if run.ok_at is None:
        return [Problem(weight="critical", kind="never_well", subject=shown, why=run.error, hint="kulla detect")]
    if now - run.ok_at > overdue:
        return [
            Problem(
                weight="critical", kind="overdue", subject=shown, since=run.ok_at, why=run.error, hint="kulla detect"
            )
        ]
    if run.failures:
        return [Problem(weight="warning", kind="failed", subject=shown, why=run.error, hint="kulla detect")]
    return []
