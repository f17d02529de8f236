"""Trials: rules over a window of stored events, with nothing written, no cursor moved and nobody told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from engine.alerts import RuleInfo, alert_id
from engine.errors import UnreadableError
from engine.events import Event, Value
from engine.hunting import Findings
from engine.sigma.alerting import burst_alert, event_time
from engine.sigma.columns import ColumnMatcher, Hits
from engine.sigma.correlations.correlator import Correlator
from engine.sigma.correlations.hits import Hit
from engine.sigma.correlations.kept import KeptHits
from engine.sigma.engine import Engine
from engine.store.protocol import Block, Missing, Store

MAX_SAMPLES = 2_000  # alerts of one rule whose events are read whole; the others are counted


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one rule would have alerted on.

    `alerts` is the exact number. `samples` are the fields of the first `MAX_SAMPLES` of them (of a correlation, those
    that its alert carries), `ids` the ids that their alerts would have.
    """

    rule: RuleInfo
    alerts: int = 0
    days: Counter[date] = field(default_factory=Counter)
    samples: list[Mapping[str, Value]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Trial:
    """What a set of rules would have done: outcomes by rule id, events looked at, and CPU seconds taken.

    `excluded` counts the matches that each filter took away, `left_out` the hits that correlations had no room for;
    `missing` is what could not be read.
    """

    outcomes: dict[str, Outcome]
    events: int = 0
    seconds: float = 0.0
    excluded: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    missing: list[Missing] = field(default_factory=list)


class Attempt:
    """One trial under way. `clock` gives the CPU seconds of this process."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._correlator = Correlator(engine.rules)
        self._matcher = ColumnMatcher(engine)
        self._findings = Findings(hits=KeptHits(self._correlator.bounds))
        rules = engine.rules
        silent = rules.silent()
        infos = [*(rule.info for rule in rules.alerting), *(item.info for item in rules.correlations)]
        self._trial = Trial(outcomes={info.id: Outcome(rule=info) for info in infos if info.id not in silent})

    def over(self, store: Store, since: datetime | None, before: datetime | None) -> Trial:
        """Return what the rules would have found among the stored events of this window of event time."""
        trial, begun = self._trial, self._clock()
        for block in store.blocks(since=since, before=before, missing=trial.missing.append):
            try:
                self._look(block)
            except UnreadableError as error:
                first, last = block.first_sequence, block.last_sequence
                trial.missing.append(Missing(first_sequence=first, last_sequence=last, reason=str(error)))
        for burst in self._correlator.bursts(self._findings.hits):
            alert = burst_alert(burst, self._findings.events, self._correlator.names)
            if (outcome := trial.outcomes.get(alert.rule.id)) is not None:
                _count(outcome, alert.timestamp, alert.id, dict(alert.fields))
        for key, count in self._findings.hits.left_out.items():
            trial.left_out[self._correlator.correlations[key].info.name] += count
        trial.seconds = self._clock() - begun
        return trial

    def _look(self, block: Block) -> None:
        wanted: dict[int, list[tuple[Hits, int]]] = {}
        for hits in self._matcher.match(block):
            for row, position in zip(hits.rows.tolist(), hits.positions.tolist(), strict=True):
                if self._needs(hits, position):
                    wanted.setdefault(row, []).append((hits, position))
        rows = sorted(wanted)
        events = list(block.events(np.array(rows, dtype=np.int64))) if rows else []
        self._trial.events += block.rows if block.selected is None else int(block.selected.sum())
        for row, event in zip(rows, events, strict=True):
            for hits, position in wanted[row]:
                self._take(hits, position, event)

    def _needs(self, hits: Hits, position: int) -> bool:
        """Count what need not be read whole; tell whether the event has to be."""
        rule = hits.partition.rules[position]
        if rule.excluded_by:
            self._trial.excluded[rule.excluded_by] += 1
            return False
        return True

    def _take(self, hits: Hits, position: int, event: Event) -> None:
        match = self._engine.match_at(hits.partition, position)
        when = event_time(event.fields)
        if self._correlator.wants(match):
            self._keep(self._correlator.hits(match, event.fields, when, event.id), event)
        info = match.rule.info
        if (outcome := self._trial.outcomes.get(info.id)) is not None:
            _count(outcome, when, alert_id(info.id, info.version, (event.id,)), event.fields)

    def _keep(self, hits: Iterator[Hit], event: Event) -> None:
        kept = [self._findings.hits.add(hit) for hit in hits]
        if any(kept):
            self._findings.keep(event)


def _count(outcome: Outcome, when: datetime, number: str, fields: Mapping[str, Value]) -> None:
    outcome.alerts += 1
    outcome.days[when.date()] += 1
    if len(outcome.samples) < MAX_SAMPLES:
        outcome.samples.append(fields)
        outcome.ids.append(number)


def noisiest(trial: Trial) -> Sequence[Outcome]:
    """Return the rules that would have alerted, the noisiest first."""
    found = [item for item in trial.outcomes.values() if item.alerts]
    return sorted(found, key=lambda item: (-item.alerts, -item.rule.level, item.rule.name))
