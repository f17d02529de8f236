"""The outbox: planned with its alert, delivered once, later where that failed, held back only with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import Alert, Level
from engine.errors import ConfigurationError
from engine.runs.leases import Holder
from engine.store.embedded import EmbeddedStore
from playbooks.notify.channel import DeliveryError
from playbooks.notify.delivery import Notifier, acknowledge, retry, tidy
from playbooks.notify.message import Message
from playbooks.notify.outbox import OUTBOX, Row, to_row
from playbooks.notify.planning import Planner
from playbooks.notify.settings import read_settings
from tests.engine.store.test_findings import ALERT, INCIDENT, RULE

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday


@dataclass
class Clock:
    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def go(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Receiver:
    got: list[Message] = field(default_factory=list)
    error: DeliveryError | BaseException | None = None

    def send(self, message: Message) -> None:
        if isinstance(self.error, DeliveryError):
            raise self.error
        self.got.append(message)
        if self.error:
            raise self.error


class Desk:
    """A store with its planner and notifier."""

    def __init__(self, store: EmbeddedStore, **settings: Any) -> None:
        channels = settings.pop("channels", {"chat": {}, "pager": {}})
        table = {"channels": {name: {"kind": "command", **each} for name, each in channels.items()}, **settings}
        self.settings = read_settings(table, "kulla.toml")
        self.clock, self.store = Clock(), store
        self.receivers = {name: Receiver() for name in channels}

    def found(self, *alerts: Alert) -> None:
        records = Planner(self.settings, self.store, self.clock).for_alerts(alerts)
        self.store.commit_run("run", cursor=1, alerts=alerts, hits=[], records=records)

    def deliver(self) -> Any:
        return Notifier(self.settings, self.store, dict(self.receivers), self.clock).deliver()

    def rows(self, state: str | None = None) -> list[Row]:
        return [to_row(record) for record in self.store.records(OUTBOX, state=state)]

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", lambda: NOON) as opened:
        yield opened


def alert(
    number: int, level: Level = Level.HIGH, *, host: str = "web01", at: datetime = NOON, rule: str = "r-1"
) -> Alert:
    info = replace(RULE, id=rule, level=level)
    return replace(ALERT, id=f"{number:032x}", rule=info, timestamp=at, fields={"host.name": host})


ALERTS = {"channels": ["chat"], "about": ["alerts"]}


def test_routes_choose_by_level_and_scope(store: EmbeddedStore) -> None:
    routes = [ALERTS, {"channels": ["pager"], "about": ["alerts"], "level": "critical", "hosts": ["DC01"]}]
    desk = Desk(store, routes=routes)
    desk.found(alert(1), alert(2, Level.CRITICAL), alert(3, Level.CRITICAL, host="dc01"))
    desk.found(alert(3, Level.CRITICAL, host="dc01"))
    assert desk.deliver().sent == 4
    assert [message.subject for message in desk.receivers["pager"].got] == [alert(3).id]
    assert desk.deliver().sent == 0


def test_a_channel_that_is_down_keeps_its_messages_and_the_other_works(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[{**ALERTS, "channels": ["chat", "pager"]}])
    desk.receivers["pager"].error = DeliveryError("refused")
    desk.found(*(alert(number) for number in range(10)))
    for _ in range(12):
        desk.deliver()
        desk.clock.go(minutes=5)
    assert len(desk.receivers["chat"].got) == 10
    desk.receivers["pager"].error = None
    for _ in range(4):
        desk.clock.go(minutes=16)
        desk.deliver()
    assert sorted(message.subject for message in desk.receivers["pager"].got) == [alert(n).id for n in range(10)]
    assert desk.states() == {"sent": 20}


def test_what_is_given_up_is_listed_and_can_be_tried_again_under_its_key(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[ALERTS])
    desk.receivers["chat"].error = DeliveryError("no such channel", again=False)
    desk.found(alert(1))
    assert desk.deliver().dead == 1
    (dead,) = desk.rows("dead")
    assert dead.error == "no such channel"
    desk.receivers["chat"].error = None
    assert retry(store, [dead.key[:6]], desk.clock.at) == 1
    assert desk.deliver().sent == 1
    assert desk.receivers["chat"].got[0].key == dead.key
    desk.clock.go(days=91)
    assert tidy(store, desk.settings, desk.clock.at) == 1


def test_retries_end_after_a_day_on_the_list_of_the_dead(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[ALERTS])
    desk.receivers["chat"].error = DeliveryError("refused")
    desk.found(alert(1))
    attempts = 0
    while desk.states()["pending"]:
        attempts += desk.deliver().failed
        desk.clock.go(minutes=10)
    assert desk.states() == {"dead": 1}
    assert 50 < attempts < 150
    assert desk.clock.at - NOON >= timedelta(days=1)


def test_a_death_after_the_send_repeats_it_under_the_same_key(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[ALERTS])
    desk.found(alert(1))
    desk.receivers["chat"].error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        desk.deliver()
    desk.receivers["chat"].error = None
    assert desk.deliver().sent == 0  # another one may still be at it
    desk.clock.go(minutes=6)
    assert desk.deliver().sent == 1
    one, two = desk.receivers["chat"].got
    assert one.key == two.key


def test_a_clock_put_back_a_day_does_not_delay_a_claim(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[ALERTS])
    desk.found(alert(1))
    desk.receivers["chat"].error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        desk.deliver()
    desk.receivers["chat"].error = None
    desk.clock.go(days=-1)
    assert desk.deliver().sent == 1


def test_what_a_clock_of_tomorrow_wrote_is_told_today(store: EmbeddedStore) -> None:
    routes = [{**ALERTS, "escalate": [{"after": "30m", "channels": ["pager"]}]}]
    desk = Desk(store, routes=routes)
    desk.clock.go(days=1)
    desk.found(alert(1))
    desk.clock.go(days=-1)
    assert desk.deliver().sent == 1
    desk.clock.go(minutes=29)
    assert desk.deliver().sent == 0
    desk.clock.go(minutes=2)  # the escalation waits as long as was meant, by the right clock
    assert desk.deliver().sent == 1
    assert [len(receiver.got) for receiver in desk.receivers.values()] == [1, 1]


def test_what_failed_while_the_clock_was_ahead_is_tried_today(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[ALERTS])
    desk.found(alert(1))
    desk.receivers["chat"].error = DeliveryError("connection refused", after=86400.0)
    desk.clock.go(hours=20)
    desk.deliver()
    desk.receivers["chat"].error = None
    desk.clock.go(minutes=30)
    assert desk.deliver().sent == 0  # the receiver asked for a pause: it gets an hour
    desk.clock.go(hours=-20)
    assert desk.deliver().sent == 1


def test_quiet_hours_that_a_wrong_clock_looked_at_are_looked_at_again(store: EmbeddedStore) -> None:
    desk = Desk(store, channels={"chat": {"quiet": "22:00-06:00", "zone": "UTC"}}, routes=[ALERTS])
    desk.found(alert(1))
    desk.clock.go(days=2, hours=11)  # 23 o'clock, the day after tomorrow
    assert desk.deliver().postponed == 1
    desk.clock.go(days=-2, hours=-11)
    assert desk.deliver().sent == 1


def test_two_notifiers_at_once_send_once(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[ALERTS])
    desk.found(*(alert(number) for number in range(5)))
    inner = Notifier(desk.settings, store, dict(desk.receivers), desk.clock)
    first = desk.receivers["chat"]

    class Nested(Receiver):
        def send(self, message: Message) -> None:
            inner.deliver()  # another instance runs while this one is in the middle of a send
            first.send(message)

    Notifier(desk.settings, store, {"chat": Nested()}, desk.clock).deliver()
    assert Counter(Counter(message.key for message in first.got).values()) == {1: 5}


@pytest.mark.parametrize(("host", "times"), [("siem1", 1), ("siem2", 2)])
def test_what_a_living_process_of_this_machine_sends_is_left_to_it(store: EmbeddedStore, host: str, times: int) -> None:
    desk = Desk(store, routes=[ALERTS])
    desk.found(alert(1))
    first = desk.receivers["chat"]
    me, other = (Holder(host=name, boot="b", process=number, started="1") for number, name in ((1, "siem1"), (2, host)))

    class Nested(Receiver):
        def send(self, message: Message) -> None:
            first.send(message)
            ahead = desk.clock() + timedelta(days=1)  # by a clock that is wrong, the claim has long run out
            Notifier(desk.settings, store, {"chat": first}, lambda: ahead, me=other).deliver()

    Notifier(desk.settings, store, {"chat": Nested()}, desk.clock, me=me).deliver()
    assert len(first.got) == times
    assert len({message.key for message in first.got}) == 1


def test_repeats_are_held_counted_and_told(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[{**ALERTS, "same": "1h"}])
    desk.found(alert(1), alert(2), alert(3, host="other"), alert(4, rule="r-2"))
    desk.found(alert(5, at=NOON + timedelta(minutes=30)))
    assert desk.deliver().sent == 3
    assert {row.note for row in desk.rows("held")} == {f"the same as {alert(1).id[:12]}, which was told"}
    assert len(desk.rows("held")) == 2
    desk.clock.go(hours=1, minutes=1)
    assert desk.deliver().sent == 1
    last = desk.receivers["chat"].got[-1]
    assert (last.about, last.subject) == ("more", alert(1).id)
    assert last.title == "[HIGH] 2 more of the same: Web shell \\ud800"
    desk.found(alert(6, at=NOON + timedelta(hours=3)))
    assert desk.deliver().sent == 1


def test_too_many_become_a_digest_that_names_the_worst(store: EmbeddedStore) -> None:
    desk = Desk(store, channels={"chat": {"rate": 5, "per": "10m"}}, routes=[ALERTS])
    desk.found(*(alert(number) for number in range(30)))
    done = desk.deliver()
    assert (done.sent, done.digested) == (5, 25)
    assert desk.deliver().sent == 0
    desk.clock.go(minutes=11)
    assert desk.deliver().sent == 1
    digest = desk.receivers["chat"].got[-1]
    assert digest.about == "digest"
    assert digest.data["count"] == 25
    assert len(digest.text().splitlines()) <= 10
    assert desk.states() == {"sent": 6, "digested": 25}


def test_what_failed_before_the_quiet_hours_waits_for_the_morning_and_is_written_once(store: EmbeddedStore) -> None:
    desk = Desk(store, channels={"chat": {"quiet": "22:00-06:00", "zone": "UTC"}}, routes=[ALERTS])
    desk.found(alert(1))
    desk.receivers["chat"].error = DeliveryError("connection refused", after=0.0)
    desk.clock.go(hours=9, minutes=59)
    assert desk.deliver().sent == 0
    desk.receivers["chat"].error = None
    desk.clock.go(minutes=2)
    assert desk.deliver().postponed == 1
    waiting = desk.rows()
    desk.clock.go(minutes=1)
    assert desk.deliver().postponed == 0
    assert desk.rows() == waiting  # its version, too
    desk.clock.go(hours=8)
    assert desk.deliver().sent == 1


def test_quiet_hours_wait_for_the_morning_except_critical(store: EmbeddedStore) -> None:
    desk = Desk(store, channels={"chat": {"quiet": "22:00-06:00", "zone": "Europe/Tirane"}}, routes=[ALERTS])
    desk.clock.at = datetime(2026, 3, 2, 23, tzinfo=UTC)
    desk.found(alert(1), alert(2, Level.CRITICAL))
    assert [message.subject for message in (desk.deliver(), desk.receivers["chat"].got)[1]] == [alert(2).id]
    (waiting,) = desk.rows("pending")
    assert (waiting.due, waiting.note) == (datetime(2026, 3, 3, 5, tzinfo=UTC), "quiet hours")
    desk.clock.at = waiting.due
    assert desk.deliver().sent == 1


def test_maintenance_and_suppressions_hold_back_with_their_reason_and_an_end(store: EmbeddedStore) -> None:
    window = {"name": "patches", "owner": "ops", "reason": "patch day", "hosts": ["web01"], "cron": "0 11 * * 1"}
    muted = {"name": "scanner", "owner": "soc", "reason": "our own", "rules": ["r-9"], "until": "2026-03-03T00:00:00Z"}
    desk = Desk(store, routes=[ALERTS], maintenance=[{**window, "lasts": "2h"}], suppressions=[muted])
    tuesday = NOON + timedelta(days=1)
    desk.found(
        alert(1),
        alert(2, Level.CRITICAL),  # above the level that may be held back
        alert(3, host="web02"),
        alert(4, host="x", rule="r-9"),
        alert(5, at=tuesday),
        alert(6, host="x", rule="r-9", at=tuesday),
    )
    desk.deliver()
    assert {message.subject for message in desk.receivers["chat"].got} == {alert(n).id for n in (2, 3, 5, 6)}
    assert sorted(row.note for row in desk.rows("held")) == [
        "maintenance patches (ops): patch day",
        "suppression scanner (soc): our own",
    ]


@pytest.mark.parametrize("acknowledged", [True, False])
def test_somebody_else_is_told_when_nobody_acknowledges(acknowledged: bool, store: EmbeddedStore) -> None:
    route = {"channels": ["chat"], "escalate": [{"after": "15m", "channels": ["pager"]}]}
    desk = Desk(store, routes=[route])
    records = Planner(desk.settings, store, desk.clock).for_incidents([INCIDENT])
    store.save_incidents([INCIDENT], records=records)
    desk.deliver()
    desk.clock.go(minutes=10)
    if acknowledged:
        assert acknowledge(store, INCIDENT.id, "Ana", desk.clock.at)
    desk.clock.go(minutes=6)
    desk.deliver()
    told = desk.receivers["pager"].got
    assert len(desk.receivers["chat"].got) == 1
    if acknowledged:
        assert not told
        assert [row.note for row in desk.rows("cancelled")] == ["acknowledged by Ana"]
    else:
        assert told[0].facts[0] == ("!", "Nobody has acknowledged it for 16 minutes")


def test_an_incident_is_told_once_and_again_when_it_is_worse(store: EmbeddedStore) -> None:
    desk = Desk(store, routes=[{"channels": ["chat"]}])
    for severity in (Level.HIGH, Level.HIGH, Level.CRITICAL, Level.CRITICAL):
        item = replace(INCIDENT, severity=severity)
        store.save_incidents([item], records=Planner(desk.settings, store, desk.clock).for_incidents([item]))
        desk.deliver()
    assert [message.level for message in desk.receivers["chat"].got] == [Level.HIGH, Level.CRITICAL]
    assert len({message.key for message in desk.receivers["chat"].got}) == 2


def test_the_roster_says_who_is_on_duty_when_it_is_sent(store: EmbeddedStore) -> None:
    shifts = [{"days": ["mon"], "hours": "20:00-08:00", "channels": ["pager"]}]
    rosters = {"duty": {"zone": "Europe/Tirane", "fallback": ["chat"], "shifts": shifts}}
    desk = Desk(store, routes=[{**ALERTS, "channels": ["roster:duty"]}], rosters=rosters)
    for number, hours in enumerate((0, 12, 14, 24)):  # Monday 13:00, Tuesday 01:00, 03:00, 13:00 in Tirana
        desk.clock.at = NOON + timedelta(hours=hours)
        desk.found(alert(number))
        desk.deliver()
    assert [message.subject for message in desk.receivers["chat"].got] == [alert(0).id, alert(3).id]
    assert [message.subject for message in desk.receivers["pager"].got] == [alert(1).id, alert(2).id]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"routes": [{"channels": ["chta"]}]}, "no channel 'chta'"),
        ({"routes": [{"channels": ["roster:x"]}]}, "no roster 'x'"),
        ({"channels": {"a": {"kind": "pigeon"}}}, "notify.channels.a.kind"),
        ({"rosters": {"duty": {"shifts": []}}}, "somebody has to be told"),
        ({"suppressions": [{"name": "a", "owner": "b", "reason": "c"}]}, "nothing is held back for ever"),
        ({"maintenance": [{"name": "a", "reason": "c", "until": "2026-01-01"}]}, "owner"),
        ({"maintenance": [{"name": "a", "owner": "b", "reason": "c", "cron": "x"}]}, "cron"),
        ({"link": "http://x/{id}"}, "https"),
        ({"lnik": 1}, "did you mean link"),
    ],
)
def test_wrong_settings_say_where(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_settings(table, "kulla.toml")
    assert words in f"{raised.value} {raised.value.hint}"
