"""The one-screen answer to "how bad, when, who and what": counts over alerts, kept while they pass by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from engine.alerts import Alert, Level
from engine.attack import in_order, tactics
from engine.events import texts


@dataclass(slots=True)
class Summary:
    """Counts of everything seen so far. `events`, `hit_events` and `excluded` are set by whoever reads the events.

    `excluded` holds the matches that Sigma filters took away, by filter.
    """

    events: int = 0
    hit_events: set[str] = field(default_factory=set)
    alerts: Counter[Level] = field(default_factory=Counter)
    rules: dict[Level, Counter[str]] = field(default_factory=dict)
    days: dict[Level, Counter[date]] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)
    users: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)

    def add(self, alert: Alert) -> None:
        """Count an alert."""
        level = alert.rule.level
        self.alerts[level] += 1
        self.rules.setdefault(level, Counter())[alert.rule.name] += 1
        self.hit_events.update(event.id for event in alert.events)
        if alert.timestamp.year > 1970:
            self.days.setdefault(level, Counter())[alert.timestamp.date()] += 1
        if level >= Level.MEDIUM:
            self.hosts.update(set(texts(alert.fields.get("host.name"))))
            self.users.update(set(texts(alert.fields.get("user.name"))))
        self.reached.update(tactics(alert.rule.tags))

    @property
    def reduction(self) -> float:
        """Return the share of events that no rule matched, 0 to 1."""
        return 1 - len(self.hit_events) / self.events if self.events else 0.0

    @property
    def worst(self) -> Level | None:
        """Return the highest level of any alert."""
        return max((level for level, count in self.alerts.items() if count), default=None)

    def worst_day(self, level: Level) -> tuple[date, int] | None:
        """Return the day with the most alerts of a level, and their number."""
        counts = self.days.get(level)
        return max(counts.items(), key=lambda item: (item[1], item[0])) if counts else None

    def top_rules(self, level: Level, count: int) -> Sequence[tuple[str, int]]:
        """Return the rules of a level with the most alerts."""
        return _top(self.rules.get(level, Counter()), count)

    def top_hosts(self, count: int) -> Sequence[tuple[str, int]]:
        """Return the hosts with the most alerts of medium level and above."""
        return _top(self.hosts, count)

    def top_users(self, count: int) -> Sequence[tuple[str, int]]:
        """Return the users with the most alerts of medium level and above."""
        return _top(self.users, count)

    def tactics(self) -> Sequence[tuple[str, int]]:
        """Return the ATT&CK tactics reached, in the order of an intrusion, with their numbers of alerts."""
        return [(name, self.reached[name]) for name in in_order(self.reached)]


def _top(counts: Counter[str], count: int) -> Sequence[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:count]
