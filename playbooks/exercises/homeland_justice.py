"""The exercise `homeland-justice`: a working day at a ministry, and the attack of 2021-22 within two hours of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson

from engine.errors import UsageError
from engine.events import instant
from playbooks.exercises.attack.actors import at
from playbooks.exercises.attack.foothold import foothold
from playbooks.exercises.attack.movement import movement
from playbooks.exercises.attack.second_wave import second_wave
from playbooks.exercises.attack.theft import theft
from playbooks.exercises.attack.wave import wave
from playbooks.exercises.ministry.intranet import sharepoint_day
from playbooks.exercises.ministry.lookalikes import lookalikes_day
from playbooks.exercises.ministry.machines import border_day, machines_day
from playbooks.exercises.ministry.mail import exchange_day
from playbooks.exercises.ministry.portal import portal_day, proxy_day
from playbooks.exercises.ministry.remote import linux_day, vpn_day
from playbooks.exercises.ministry.staff import operations_day, staff_day
from playbooks.exercises.ministry.upkeep import upkeep_day
from playbooks.exercises.moments import DAY, as_datetime, milliseconds
from playbooks.exercises.scene import Scene
from playbooks.exercises.storyboard import load_storyboard
from playbooks.exercises.truth import INJECTS, LOGS, StoryEvent, Truth, write_truth

ID = "homeland-justice"
MINIMUM = 1_000


def write_logs(folder: Path, *, seed: int, start: datetime, events: int = 100_000) -> Truth:
    """Write the exercise's raw logs under `folder/logs`; the ground truth and the analyst's inject stand in `folder`.

    `start` is the working day (UTC; its time of day is left out), `events` the least number of benign records, from
    1,000 on; the attack's own records (about 4,700) come on top and do not shrink. The same arguments write the same
    bytes. In `logs` are `iis/`, `windows/`, `vpn/`, `proxy/`, `nginx/` and `linux/`; `Truth.log_paths` names the files.
    Raise `UsageError` where `start` has no zone or `events` is too small, `OSError` where the disk refuses.
    """
    if start.tzinfo is None:
        raise UsageError("the start of an exercise needs a time zone", hint="for example 2026-03-10T00:00:00+00:00")
    if events < MINIMUM:
        raise UsageError(f"an exercise has at least {MINIMUM:,} benign events", hint=f"--events {MINIMUM}")
    moment = milliseconds(start)
    scene = Scene(seed=seed, day=moment - moment % DAY, events=events)
    _ordinary_day(scene, events)
    _attack(scene)
    story = load_storyboard("homeland_justice")
    folder.mkdir(parents=True, exist_ok=True)
    placed = scene.book.save(folder / LOGS, _techniques(story))
    truth = Truth(
        exercise=ID,
        seed=seed,
        start=as_datetime(scene.day).astimezone(UTC),
        events=story,
        records=placed.records,
        files=placed.files,
    )
    write_truth(folder, truth)
    _write_injects(folder, scene, story)
    return truth


def _ordinary_day(scene: Scene, events: int) -> None:
    exchange_day(scene)
    sharepoint_day(scene)
    portal_day(scene)
    vpn_day(scene)
    linux_day(scene)
    machines_day(scene)
    border_day(scene, scene.day)
    border_day(scene, scene.day + DAY)
    staff_day(scene)
    operations_day(scene)
    lookalikes_day(scene)
    upkeep_day(scene)
    proxy_day(scene, max(scene.scaled(18_000), events - scene.book.benign))


def _attack(scene: Scene) -> None:
    foothold(scene)
    theft(scene)
    movement(scene)
    wave(scene)
    second_wave(scene)


def _techniques(story: tuple[StoryEvent, ...]) -> dict[int, tuple[str, ...]]:
    """Return the techniques by storyboard event; the second wave does what the first one (16 to 26) did."""
    found = {event.number: event.techniques for event in story}
    first = [name for event in story if 16 <= event.number <= 26 for name in event.techniques]
    found[28] = found[28] or tuple(dict.fromkeys(first))
    return found


def _write_injects(folder: Path, scene: Scene, story: tuple[StoryEvent, ...]) -> None:
    """Write what analysts are told rather than what a log shows, with the instant at which they are."""
    lines = [
        orjson.dumps(
            {
                "type": "inject",
                "n": event.number,
                "timestamp": instant(as_datetime(at(scene, 180))),
                "techniques": event.techniques,
                "source": event.host,
                "text": event.action,
            }
        )
        for event in story
        if event.is_inject
    ]
    (folder / INJECTS).write_bytes(b"\n".join(lines) + b"\n")
