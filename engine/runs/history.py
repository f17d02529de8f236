"""What is known of each run name: when it ran last, what it did, and with which rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.events import instant
from engine.sigma.rules import RuleSet
from engine.store.protocol import Record, Store

RUN = "run"
RULES = "rules"
RunState = Literal["running", "ok", "unfinished", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last run under a name. `planned` is the instant of the schedule it ran for; `seconds` is its length.

    `ok_at` is when a run last ended well, `failures` how many have failed since; `error` is the reason of the last.
    """

    name: str
    state: RunState
    planned: datetime
    started: datetime
    finished: datetime | None = None
    ok_at: datetime | None = None
    events: int = 0
    alerts: int = 0
    new: int = 0
    cursor: int = 0
    seconds: float = 0.0
    failures: int = 0
    error: str = ""
    version: int = 0


_MOMENTS = ("planned", "started", "finished", "ok_at")
_NUMBERS = ("events", "alerts", "new", "cursor", "seconds", "failures")


def last_run(store: Store, name: str) -> LastRun | None:
    """Return the last run under this name, None where there was none."""
    record = store.record(RUN, name)
    return None if record is None else _of(record)


def last_runs(store: Store) -> list[LastRun]:
    """Return the last run of every name, by name."""
    return sorted((_of(record) for record in store.records(RUN)), key=lambda item: item.name)


def run_record(run: LastRun) -> Record:
    """Write a run as a record."""
    moments = {name: getattr(run, name) for name in _MOMENTS}
    body = {
        **{name: None if moment is None else instant(moment) for name, moment in moments.items()},
        **{name: getattr(run, name) for name in _NUMBERS},
        "error": run.error,
    }
    due = run.finished or run.started
    return Record(kind=RUN, key=run.name, state=run.state, due=due, body=json.dumps(body), version=run.version)


def _of(record: Record) -> LastRun:
    body = json.loads(record.body)
    moments = {name: None if body[name] is None else datetime.fromisoformat(body[name]) for name in _MOMENTS}
    return LastRun(**{**body, **moments}, name=record.key, state=record.state, version=record.version)  # type: ignore[arg-type] # written by run_record


def versions(rules: RuleSet) -> dict[str, str]:
    """Return the version of every rule and correlation, by id."""
    infos = [*(rule.info for rule in rules.alerting), *(item.info for item in rules.correlations)]
    return {info.id: info.version for info in infos}


def known_versions(store: Store, name: str) -> Mapping[str, str] | None:
    """Return the versions of the rules that have looked at everything under this name, None where nothing is known."""
    record = store.record(RULES, name)
    return None if record is None else dict(json.loads(record.body))


def changed_rules(store: Store, name: str, rules: RuleSet) -> tuple[str, ...]:
    """Return the ids of rules that are new or changed since `remember_versions`; none where nothing is known."""
    known = known_versions(store, name)
    if known is None:
        return ()
    return tuple(sorted(number for number, version in versions(rules).items() if known.get(number) != version))


def remember_versions(store: Store, name: str, rules: RuleSet, *, only: frozenset[str] | None = None) -> None:
    """Note that these rules (or `only` some of them) have looked at the past as well."""
    current = versions(rules)
    record = store.record(RULES, name)
    known: dict[str, str] = dict(json.loads(record.body)) if record else {}
    done = current if only is None else {number: current[number] for number in only if number in current}
    after = {number: version for number, version in {**known, **done}.items() if number in current}
    if record is None or after != known:
        body = json.dumps(after, sort_keys=True)
        version = record.version if record else 0
        store.save_records([Record(kind=RULES, key=name, state="kept", body=body, version=version)])
