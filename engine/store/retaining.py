"""Removing from the embedded store what is past its time: whole segments by their day, and rows of the database.

A segment that holds several datasets is written anew without those whose time has passed. Nothing goes that an alert of
an open incident rests on, and no alert that an incident still names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from engine.events import moved
from engine.incidents.model import Incident
from engine.retention import Held, Retained, Retention, expired_incidents, is_past
from engine.store.catalogue import Segment
from engine.store.columns import ID
from engine.store.compaction import GRACE
from engine.store.database import to_micros
from engine.store.rewriting import Premises, put_in_place, remove_retired, whole_table, without_datasets
from engine.store.segments import SegmentReader

_AT_ONCE: Final = 500


@dataclass(slots=True, kw_only=True)
class _Tally:
    events: Counter[str] = field(default_factory=Counter)
    held: list[Held] = field(default_factory=list)


def retain_events(at: Premises, plan: Retention, needed: Mapping[str, str], *, dry_run: bool) -> Retained:
    """Remove events past their time; return what went and what was kept (`dry_run`: would go and would be)."""
    tally = _Tally()
    datasets = at.catalogue.datasets()
    if not dry_run:
        remove_retired(at, before=to_micros(at.now - GRACE))
    for segment in at.catalogue.segments():
        inside = datasets.get(segment.id, {segment.dataset: segment.events})
        past = {name for name in inside if is_past(segment.day, plan.of(name), at.now)}
        if past:
            _retain(at, segment, past, inside, needed=needed, tally=tally, dry_run=dry_run)
    return Retained(events=dict(sorted(tally.events.items())), others={}, held=tuple(tally.held))


def _retain(
    at: Premises,
    segment: Segment,
    past: Collection[str],
    inside: Mapping[str, int],
    *,
    needed: Mapping[str, str],
    tally: _Tally,
    dry_run: bool,
) -> None:
    if incidents := _incidents_in(at.folder, segment, needed):
        names = ", ".join(sorted(past))
        tally.held.append(Held(where=segment.path, dataset=names, events=segment.events, incidents=incidents))
        return
    whole = len(past) == len(inside)
    if not dry_run and not (_removed(at, segment) if whole else _narrowed(at, segment, past)):
        return  # another process has joined it with others meanwhile: the next time
    tally.events.update({name: inside[name] for name in past})


def _incidents_in(folder: Path, segment: Segment, needed: Mapping[str, str]) -> tuple[str, ...]:
    """Return the open incidents that need an event of a segment."""
    if not needed:
        return ()
    wanted = pa.array(list(needed), pa.string())
    found: set[str] = set()
    with SegmentReader(folder / segment.path, as_stored=True) as reader:
        for group in range(len(reader.rows)):
            ids = reader.read(group, [ID]).column(ID).cast(pa.string())
            found.update(needed[each] for each in ids.filter(pc.is_in(ids, value_set=wanted)).to_pylist())
    return tuple(sorted(found))


def _removed(at: Premises, segment: Segment) -> bool:
    with at.database.transaction() as connection:
        if segment.path not in {each.path for each in at.catalogue.segments()}:
            return False
        at.catalogue.remove(connection, [segment], to_micros(at.now))
    return True


def _narrowed(at: Premises, segment: Segment, past: Collection[str]) -> bool:
    """Write a segment anew without the rows of some datasets."""
    table, _ = whole_table(at.folder, segment)
    table = without_datasets(table, segment, past)
    new = replace(segment, events=table.num_rows, compacted=True)
    return put_in_place(at, segment, new, table, gone=past)


def retain_findings(at: Premises, plan: Retention, incidents: Sequence[Incident], *, dry_run: bool) -> dict[str, int]:
    """Remove incidents, alerts, kept matches and dead letters past their time; return how many, by kind."""
    gone = expired_incidents(incidents, plan.incidents, at.now)
    kept = {number for each in incidents if each.id not in set(gone) for number in each.alerts}
    counts: dict[str, int] = {"incidents": len(gone)}
    alerts: list[str] = []
    if plan.alerts is not None:
        limit = to_micros(moved(at.now, -plan.alerts))
        rows = at.database.rows("SELECT id FROM alerts WHERE timestamp < ?", [limit])
        alerts = [str(row[0]) for row in rows if str(row[0]) not in kept]
        counts["alerts"] = len(alerts)
        counts["hits"] = at.database.number("SELECT count(*) FROM hits WHERE timestamp < ?", [limit])
    if plan.dead_letters is not None:
        oldest = to_micros(moved(at.now, -plan.dead_letters))
        counts["dead_letters"] = at.database.number("SELECT count(*) FROM dead_letters WHERE received < ?", [oldest])
    if not dry_run and any(counts.values()):
        with at.database.transaction() as connection:
            connection.executemany("DELETE FROM incidents WHERE id = ?", [(each,) for each in gone])
            connection.executemany("DELETE FROM alerts WHERE id = ?", [(each,) for each in alerts])
            if plan.alerts is not None:
                connection.execute("DELETE FROM hits WHERE timestamp < ?", (limit,))
            if plan.dead_letters is not None:
                connection.execute("DELETE FROM dead_letters WHERE received < ?", (oldest,))
    return {name: count for name, count in counts.items() if count}
