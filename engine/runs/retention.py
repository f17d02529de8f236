"""Removing what is past its time once a day, as a part of scheduled runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.retention import Retained, Retention
from engine.store.protocol import Record, Store

RECORDS = "retention"
_KEY = "last"
_DONE = "done"
_EVERY = timedelta(hours=20)


def is_due(store: Store, now: datetime) -> bool:
    """Tell whether the last time was on another day, or a clock was put back."""
    before = store.record(RECORDS, _KEY)
    return before is None or before.due is None or not timedelta() <= now - before.due < _EVERY


def retain(store: Store, plan: Retention, now: datetime, *, dry_run: bool = False) -> Retained:
    """Remove what is past its time, and note when; a dry run tells what would go, and notes nothing."""
    done = store.retain(plan, dry_run=dry_run)
    if not dry_run:
        before = store.record(RECORDS, _KEY)
        version = before.version if before is not None else 0
        store.save_records([Record(kind=RECORDS, key=_KEY, state=_DONE, body="{}", due=now, version=version)])
    return done
