"""A small store in memory, terminals that are none, and a way to call kulla without a process."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cli.edge import run
from cli.main import group
from cli.session import Session
from engine.alerts import Alert, EventRef, Level, Reason, RuleInfo, Verdict, alert_id
from engine.entities import Entity
from engine.errors import NotFoundError
from engine.events import DeadLetter, Origin
from engine.incidents.model import Incident, Join, Moment
from engine.store.protocol import LedgerEntry, Status

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
T0 = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(kw_only=True)
class FakeStore:
    """Keeps what it is given; only what the commands under test ask for."""

    kept_alerts: list[Alert] = field(default_factory=list)
    kept_incidents: list[Incident] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    columns: Sequence[tuple[str, str]] = ()
    answer: tuple[Sequence[str], Sequence[Sequence[object]]] = ((), ())
    queries: list[str] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    location: str = "memory"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def alerts(self, *, since: datetime | None = None, before: datetime | None = None) -> Sequence[Alert]:
        return [
            item
            for item in self.kept_alerts
            if (since is None or item.timestamp >= since) and (before is None or item.timestamp < before)
        ]

    def alert(self, prefix: str) -> Alert:
        return _one(prefix, self.kept_alerts)

    def judge_alert(self, identifier: str, verdict: Verdict, why: str) -> None:
        self.kept_alerts = [
            replace(item, verdict=verdict, verdict_why=why) if item.id == identifier else item
            for item in self.kept_alerts
        ]

    def incidents(self) -> Sequence[Incident]:
        return self.kept_incidents

    def incident(self, prefix: str) -> Incident:
        return _one(prefix, self.kept_incidents)

    def save_incidents(self, incidents: Sequence[Incident], *, removed: Sequence[str] = ()) -> None:
        ids = {item.id for item in incidents} | set(removed)
        self.kept_incidents = [item for item in self.kept_incidents if item.id not in ids] + list(incidents)

    def dead_letters(self, *, limit: int | None = None) -> Sequence[DeadLetter]:
        return self.letters[-limit:] if limit else self.letters

    def query(self, sql: str) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        self.queries.append(sql)
        return (("column_name", "column_type"), self.columns) if "DESCRIBE" in sql else self.answer

    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        self.entries.extend(entries)

    def ledger(self) -> Iterator[LedgerEntry]:
        return iter(list(self.entries))

    def status(self) -> Status:
        return Status(
            location=self.location,
            events=3,
            segments=1,
            dead_letters=len(self.letters),
            alerts=len(self.kept_alerts),
            open_incidents=len(self.kept_incidents),
            size_bytes=2_000_000,
            first_timestamp=T0,
            last_timestamp=NOW,
            datasets={"nginx.access": 2, self.location: 1},
        )

    def examine(self) -> None:
        return None


def _one(prefix, items):
    found = [item for item in items if item.id.startswith(prefix)]
    if len(found) != 1:
        raise NotFoundError(f"no id starts with {prefix}", hint="kulla alerts list")
    return found[0]


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a call ended."""

    code: int
    out: str
    err: str


def call(
    *argv: str,
    store: FakeStore | None = None,
    terminal: bool = False,
    typed: str | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Result:
    """Run `kulla ARGV` in this process. `typed` is what a person types (a terminal input), None is no terminal."""
    out = Terminal() if terminal else io.StringIO()
    err = Terminal() if terminal else io.StringIO()
    home = str((cwd or Path("/nonexistent")) / "home")
    session = Session(
        environ={"KULLA_HOME": home, "COLUMNS": "80", "USER": "arta", **(environ or {})},
        cwd=cwd or Path("/nonexistent"),
        stdin=io.StringIO() if typed is None else Terminal(typed),
        stdout=out,
        stderr=err,
        now=lambda: NOW,
        opener=lambda settings, clock: store if store is not None else FakeStore(),  # type: ignore[return-value,arg-type]
    )
    with redirect_stdout(out), redirect_stderr(err):
        code = run(group(), argv, session)
    return Result(code=code, out=out.getvalue(), err=err.getvalue())


def an_alert(text: str = "cmd.exe", *, level: Level = Level.HIGH, number: int = 1, **fields: object) -> Alert:
    """Return an alert in which every text that a log or a rule can bring is `text`."""
    event = EventRef(id=f"{number:032x}", timestamp=T0, source=f"{text}:{number}", original=f"raw {text}")
    rule = RuleInfo(
        id="7f1d5a9e-0000-4000-8000-000000000001",
        name=f"Rule {text}",
        level=level,
        version="v1",
        status="test",
        path=f"{text}.yml:1",
        tags=("attack.t1059", text),
        falsepositives=(text,),
    )
    values: dict[str, object] = {"host.name": text, "user.name": text, "source.ip": "192.0.2.1"} | fields
    return Alert(
        id=alert_id(rule.id, rule.version, (event.id,)),
        timestamp=T0,
        rule=rule,
        events=(event,),
        why=(Reason(field="process.command_line", predicate=f"contains {text}", value=text),),
        fields=values,  # type: ignore[arg-type]
    )


def an_incident(text: str = "web01", *, alerts: Sequence[Alert] = ()) -> Incident:
    """Return an incident in which every text that a log or a rule can bring is `text`."""
    moments = tuple(
        Moment(
            timestamp=item.timestamp,
            alert_id=item.id,
            rule_id=item.rule.id,
            rule_name=item.rule.name,
            level=item.rule.level,
            host=text,
            summary=f"summary {text}",
            tactics=("execution",),
            techniques=("T1059",),
        )
        for item in alerts
    )
    entity = Entity("host", text)
    return Incident(
        id="inc0" + "a" * 28,
        title=f"Attack on {text}",
        status="open",
        severity=Level.CRITICAL,
        score=87.25,
        score_terms=(("severity", 60.0), (text, 27.25)),
        first_seen=T0,
        last_seen=T0,
        opened=T0,
        alerts=tuple(item.id for item in alerts),
        joins=tuple(
            Join(alert_id=item.id, reason=f"same host {text}", shared=(entity,), confidence=0.9) for item in alerts
        ),
        entities=(entity, Entity("user", text)),
        tactics=("execution",),
        techniques=("T1059",),
        playbooks=("web-shell",),
        timeline=moments,
    )


def a_letter(text: str = "broken line") -> DeadLetter:
    """Return a dead letter with `text` wherever a log can put it."""
    return DeadLetter(
        id="d" * 32,
        origin=Origin(path=text, identity="e" * 32, offset=10, number=2),
        source="nginx",
        reason=f"cannot read {text}",
        raw=text.encode("utf-8", "surrogatepass") + b"\xff\x00\x9b",
        size=99,
    )
