"""Delivering the outbox: each row claimed, sent and marked; again later where that failed, and never lost.

A claim runs out by itself, so that a notifier that was killed after sending repeats the message under the same key:
once for receivers that know keys, at least once on the wire.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from engine.alerts import Level
from engine.errors import KullaError, NotFoundError
from engine.events import instant
from engine.runs.leases import Holder
from engine.store.protocol import Record, Store
from playbooks.notify.channel import Channel, DeliveryError
from playbooks.notify.composing import Composer, FirstStep, no_step
from playbooks.notify.message import Message
from playbooks.notify.outbox import OUTBOX, Row, failed, put_right, row_key, to_record, to_row
from playbooks.notify.planning import ended_series
from playbooks.notify.settings import ROSTER, ChannelSetting, NotifySettings
from playbooks.notify.wording import wording

ACKNOWLEDGED = "acknowledged"
PACE = "pace"  # when a channel's newest messages went out
CLAIM = timedelta(minutes=5)
_AT_ONCE = 500
_CRITICAL_RATE = 3  # how many times its rate a channel sends of critical messages before it makes digests of them too


@dataclass(slots=True, kw_only=True)
class Delivered:
    """What one pass did, in numbers of rows; `errors` holds the newest error of each channel."""

    sent: int = 0
    failed: int = 0
    dead: int = 0
    digested: int = 0
    cancelled: int = 0
    postponed: int = 0
    errors: dict[str, str] = field(default_factory=dict)


class Notifier:
    """Sends what is due. `opened` are the channels by name; `now` is the present.

    `me` is this process, and `gone` tells that another is surely no longer there: what it had claimed is taken up at
    once, else when the claim runs out. A claim of a process on the same machine stands as long as that lives: their
    clocks may differ.
    """

    def __init__(
        self,
        settings: NotifySettings,
        store: Store,
        opened: Mapping[str, Channel],
        now: Callable[[], datetime],
        *,
        first_step: FirstStep = no_step,
        me: Holder | None = None,
        gone: Callable[[Holder], bool] = lambda _: False,
    ) -> None:
        self._settings = settings
        self._store = store
        self._opened = opened
        self._now = now
        self._first_step = first_step
        self._me = me.text() if me else ""
        self._gone = gone

    def deliver(self) -> Delivered:
        """Send everything that is due now, the worst first."""
        done = Delivered()
        self._take_up()
        down: set[str] = set()
        while True:
            rows = self._due(down)
            if not rows:
                return done
            progress = 0
            for channel, group in _by_channel(rows).items():
                progress += self._channel(channel, group, down, done)
            if not progress:
                return done

    def _take_up(self) -> None:
        """Release claims that ran out, put right what a wrong clock wrote, and tell counts of series that are over."""
        now = self._now()
        late = [to_row(record) for record in self._store.records(OUTBOX, state="sending")]
        over = [row for row in late if self._is_over(row, now)]
        records = [to_record(replace(row, state="pending", due=now)) for row in over]
        waiting = [row for row in map(to_row, self._store.records(OUTBOX, state="pending")) if row.due > now]
        records += [to_record(right) for row in waiting if (right := put_right(row, now, self._quiet(row))) is not row]
        records += ended_series(self._store, now)
        if records:
            self._store.save_records(records)

    def _is_over(self, row: Row, now: datetime) -> bool:
        """Tell whether a claim is void: time says it, but of another process on this machine its life alone does."""
        other = Holder.of(row.by) if row.by and row.by != self._me else None
        if other is not None and self._gone(other):
            return True
        if other is not None and self._me and other.host == Holder.of(self._me).host:
            return False
        # a claim of the far future was made by a clock that has since been put right
        return row.due <= now or row.due > now + 2 * CLAIM

    def _due(self, down: set[str]) -> list[Row]:
        found = self._store.records(OUTBOX, state="pending", due_by=self._now())
        return [row for row in map(to_row, found) if row.channel not in down]

    def _channel(self, channel: str, rows: Sequence[Row], down: set[str], done: Delivered) -> int:
        """Send rows of one channel as far as its pace allows; return how many rows changed their state."""
        changed = 0
        ready: list[Row] = []
        for row in rows:
            if reason := self._needless(row):
                done.cancelled += 1
                changed += self._mark(replace(row, state="cancelled", note=reason, due=self._now()))
            elif (until := self._quiet(row)) is not None:
                done.postponed += 1
                changed += self._mark(replace(row, due=until, note=row.note or "quiet hours"))
            else:
                ready.append(row)
        ready.sort(key=lambda row: (-row.level, row.created, row.key))
        for number, row in enumerate(ready[:_AT_ONCE]):
            if not self._has_room(channel, row):
                return changed + self._digest(channel, ready[number:], done)
            sent = self._send(row, done)
            changed += sent is not None
            if sent is False:
                down.add(channel)  # its other rows would fail too: they keep their turn
                return changed
        return changed

    def _needless(self, row: Row) -> str:
        if not row.unless_acknowledged:
            return ""
        if (found := self._store.record(ACKNOWLEDGED, row.subject)) is not None:
            return f"acknowledged by {json.loads(found.body)['by']}"
        try:
            if row.about == "alert":
                verdict = self._store.alert(row.subject).verdict
                found_state = f"judged {verdict}" if verdict else ""
            else:
                status = self._store.incident(row.subject).status
                found_state = "" if status == "open" else f"the incident is {status}"
        except NotFoundError:
            return "it was merged into another incident"
        return found_state

    def _quiet(self, row: Row) -> datetime | None:
        setting = self._settings.channels.get(row.channel)
        now = self._now()
        if setting is None or setting.quiet is None or row.level == Level.CRITICAL or not setting.quiet.holds(now):
            return None
        return setting.quiet.end(now)

    def _has_room(self, channel: str, row: Row) -> bool:
        setting = self._settings.channels.get(channel)
        if setting is None or row.about == "digest":
            return True
        factor = _CRITICAL_RATE if row.level == Level.CRITICAL else 1
        return len(self._sent_lately(setting)[1]) < setting.rate * factor

    def _sent_lately(self, setting: ChannelSetting) -> tuple[Record | None, list[datetime]]:
        record = self._store.record(PACE, setting.name)
        now = self._now()
        moments = [datetime.fromisoformat(text) for text in json.loads(record.body)] if record else []
        return record, [moment for moment in moments if now - setting.per < moment <= now]

    def _digest(self, channel: str, rows: Sequence[Row], done: Delivered) -> int:
        """Put the rows of a channel that has reached its rate into one message, to be sent when there is room again."""
        setting = self._settings.channels[channel]
        _, lately = self._sent_lately(setting)
        now = self._now()
        free = (min(lately) if lately else now) + setting.per
        if len(rows) == 1:
            done.postponed += 1
            return self._mark(replace(rows[0], due=max(free, now + timedelta(seconds=1)), note="rate limit"))
        members = tuple(row.key for row in rows)
        digest = Row(
            key=row_key("digest", "/".join(members), channel),
            state="pending",
            about="digest",
            subject=f"{len(rows)} messages",
            channel=channel,
            level=max(row.level for row in rows),
            created=now,
            due=free,
            members=members,
            count=len(rows),
        )
        moved = [replace(row, state="digested", note=f"in the digest {digest.key[:12]}", due=now) for row in rows]
        self._store.save_records([to_record(digest), *map(to_record, moved)])
        done.digested += len(rows)
        return len(rows)

    def _send(self, row: Row, done: Delivered) -> bool | None:
        """Claim, send and mark a row; return None where another notifier was first, else whether it was taken."""
        now = self._now()
        claimed = replace(row, state="sending", due=now + CLAIM, by=self._me)
        if not self._mark(claimed):
            return None
        claimed = replace(claimed, version=row.version + 1)
        try:
            for name in self._targets(row):
                if name not in claimed.told:
                    self._hand_over(name, claimed)
                    claimed = replace(claimed, told=(*claimed.told, name))
        except NotFoundError as error:
            done.cancelled += 1
            self._mark(replace(claimed, state="cancelled", note=f"no longer there: {error.message}", due=now))
            return True
        except DeliveryError as error:
            setting = self._settings.channels.get(row.channel)
            give_up = setting.give_up if setting else timedelta(days=1)
            after = failed(claimed, self._now(), str(error), again=error.again, after=error.after, give_up=give_up)
            self._mark(after)
            done.failed += 1
            done.dead += after.state == "dead"
            done.errors[row.channel] = str(error)
            return not error.again  # what was refused for itself says nothing of the channel
        self._mark(replace(claimed, state="sent", due=self._now(), error=""))
        done.sent += 1
        return True

    def _targets(self, row: Row) -> tuple[str, ...]:
        if not row.channel.startswith(ROSTER):
            return (row.channel,)
        roster = self._settings.rosters.get(row.channel.removeprefix(ROSTER))
        if roster is None:
            raise DeliveryError("there is no such roster any more", again=False, where=row.channel)
        return roster.on_duty(self._now())

    def _hand_over(self, name: str, row: Row) -> None:
        setting, channel = self._settings.channels.get(name), self._opened.get(name)
        if setting is None or channel is None:
            raise DeliveryError("there is no such channel any more", again=False, where=name)
        key = row.key if name == row.channel else row_key("roster", row.key, name)
        try:
            channel.send(self._message(row, setting, key))
        except DeliveryError:
            raise
        except KullaError as error:
            if isinstance(error, NotFoundError):
                raise
            raise DeliveryError(str(error), again=False, where=name) from error
        self._note_pace(setting)

    def _note_pace(self, setting: ChannelSetting) -> None:
        record, lately = self._sent_lately(setting)
        newest = [*lately, self._now()][-setting.rate * _CRITICAL_RATE :]
        body = json.dumps([instant(moment) for moment in newest])
        version = record.version if record else 0
        self._store.save_records([Record(kind=PACE, key=setting.name, state="kept", body=body, version=version)])

    def _message(self, row: Row, setting: ChannelSetting, key: str) -> Message:
        composer = Composer(lang=setting.lang, link=self._settings.link, first_step=self._first_step)
        note = ""
        if row.unless_acknowledged:
            waited = int((self._now() - row.created).total_seconds() // 60)
            note = wording(setting.lang).escalated.format(minutes=waited)
        if row.about == "digest":
            return composer.digest(self._members(row, composer), key, row.count)
        if row.about == "incident":
            return composer.incident(self._store.incident(row.subject), key, note=note)
        if row.about == "health":
            return composer.health(json.loads(row.note), key, row.created)
        alert = self._store.alert(row.subject)
        return composer.more(alert, key, row.count) if row.about == "more" else composer.alert(alert, key, note=note)

    def _members(self, row: Row, composer: Composer) -> list[Message]:
        rows = [to_row(record) for record in self._store.records(OUTBOX, keys=row.members[:200])]
        found: list[Message] = []
        for member in sorted(rows, key=lambda item: (-item.level, item.created, item.key)):
            try:
                if member.about == "incident":
                    found.append(composer.incident(self._store.incident(member.subject), member.key))
                elif member.about in {"alert", "more"}:
                    found.append(composer.alert(self._store.alert(member.subject), member.key))
            except NotFoundError:
                continue
        return found

    def _mark(self, row: Row) -> int:
        return 0 if self._store.save_records([to_record(row)]) else 1


def _by_channel(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.channel].append(row)
    return dict(sorted(groups.items()))


def acknowledge(store: Store, subject: str, by: str, now: datetime) -> bool:
    """Note that somebody has taken an alert or incident on; false where somebody had already."""
    body = json.dumps({"by": by, "at": instant(now)})
    return not store.save_records([Record(kind=ACKNOWLEDGED, key=subject, state="kept", due=now, body=body)])


def retry(store: Store, keys: Sequence[str] | None, now: datetime) -> int:
    """Put dead rows (these, or all) back among the pending ones; return how many.

    Raise `NotFoundError` where no dead row's key begins like one of `keys`: nothing is put back then.
    """
    rows = [to_row(record) for record in store.records(OUTBOX, state="dead")]
    for key in keys or ():
        if not any(row.key.startswith(key) for row in rows):
            raise NotFoundError(
                f"no message that was given up begins with `{key}`", hint="kulla notify list --state dead"
            )
    chosen = [row for row in rows if keys is None or any(row.key.startswith(key) for key in keys)]
    again = [to_record(replace(row, state="pending", created=now, due=now, attempts=0)) for row in chosen]
    refused = store.save_records(again)
    return len(again) - len(refused)


def tidy(store: Store, settings: NotifySettings, now: datetime) -> int:
    """Forget rows that were done with longer ago than they are kept; return how many."""
    states = ("sent", "held", "digested", "cancelled")
    return sum(store.forget_records(OUTBOX, state, before=now - settings.keep) for state in states)
