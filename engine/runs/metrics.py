"""Figures in Prometheus's text format (version 0.0.4): runs, gaps, sources, messages, and how noisy rules are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.runs.freshness import freshness
from engine.runs.gaps import GAP
from engine.runs.history import last_runs
from engine.store.protocol import Store

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NOISY = 50  # rules that are named, so that the number of series stays bounded
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric: its samples by labels."""

    name: str
    kind: str
    purpose: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def exposition(families: Iterable[Family]) -> str:
    """Write metrics as text."""
    lines = []
    for family in families:
        lines += [f"# HELP {family.name} {family.purpose}", f"# TYPE {family.name} {family.kind}"]
        for labels, value in family.samples:
            inner = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            lines.append(f"{family.name}{{{inner}}} {value:.15g}" if inner else f"{family.name} {value:.15g}")
    return "\n".join(lines) + "\n"


def printable(text: str) -> str:
    """Return a label's value without characters that act: names of rules and sources may be anybody's."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def families(store: Store, now: datetime, expected: Mapping[str, timedelta]) -> list[Family]:
    """Return every metric of a store."""
    status, runs = store.status(), last_runs(store)
    newest = store.last_sequence()
    by_run = [({"run": run.name}, run) for run in runs]
    sources = freshness(store, expected)
    return [
        _one("kulla_up", "gauge", "Whether the store answers.", 1),
        _one("kulla_events_stored", "gauge", "Events in the store.", status.events),
        _one("kulla_dead_letters", "gauge", "Records that no parser could read.", status.dead_letters),
        _one("kulla_alerts_stored", "gauge", "Alerts in the store.", status.alerts),
        _one("kulla_incidents_open", "gauge", "Open incidents.", status.open_incidents),
        _one("kulla_store_bytes", "gauge", "Size of the store on disk.", status.size_bytes),
        _many("kulla_run_seconds", "gauge", "Length of the last run.", [(at, run.seconds) for at, run in by_run]),
        _many(
            "kulla_run_events", "gauge", "Events that the last run looked at.", [(at, run.events) for at, run in by_run]
        ),
        _many("kulla_run_new_alerts", "gauge", "New alerts of the last run.", [(at, run.new) for at, run in by_run]),
        _many(
            "kulla_run_failures",
            "gauge",
            "Runs that failed since one ended well.",
            [(a, r.failures) for a, r in by_run],
        ),
        _many(
            "kulla_run_last_success_timestamp_seconds",
            "gauge",
            "When a run last ended well.",
            [(at, run.ok_at.timestamp()) for at, run in by_run if run.ok_at],
        ),
        _many(
            "kulla_run_lag_events",
            "gauge",
            "Stored events that the run has not looked at.",
            [(at, max(0, newest - store.cursor(run.name))) for at, run in by_run],
        ),
        _many("kulla_gaps", "gauge", "Gaps by state.", _states(store, GAP)),
        _many("kulla_messages", "gauge", "Messages by state.", _states(store, "outbox")),
        _many(
            "kulla_source_silent_seconds",
            "gauge",
            "How long no event of a source was stored.",
            [({"dataset": item.dataset}, item.age(now).total_seconds()) for item in sources],
        ),
        _many("kulla_rule_alerts_day", "gauge", "Alerts of the noisiest rules, of the last day.", _noise(store, now)),
    ]


def _states(store: Store, kind: str) -> list[tuple[Mapping[str, str], float]]:
    return [({"state": state}, float(count)) for state, count in store.count_records(kind).items()]


def _noise(store: Store, now: datetime) -> list[tuple[Mapping[str, str], float]]:
    counts = Counter((alert.rule.id, alert.rule.name) for alert in store.alerts(since=now - _DAY, before=now + _DAY))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_NOISY]
    return [({"rule": number, "name": name}, float(count)) for (number, name), count in ranked]


def _one(name: str, kind: str, purpose: str, value: float) -> Family:
    return Family(name=name, kind=kind, purpose=purpose, samples=(({}, float(value)),))


def _many(name: str, kind: str, purpose: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    return Family(name=name, kind=kind, purpose=purpose, samples=tuple(samples))
