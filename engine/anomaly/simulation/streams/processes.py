"""Process starts (Sysmon event 1): the few programs of everybody, those of a role, the long tail, and releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from engine.anomaly.simulation.chance import drawn, stream, zipf
from engine.anomaly.simulation.ministry import ROLES, Ministry
from engine.anomaly.simulation.rhythm import Today
from engine.anomaly.simulation.sheets import Codes, Sheet, Words, sheet

_CONSTANT = {
    "event.dataset": "windows.sysmon_operational",
    "event.module": "windows",
    "event.code": "1",
    "event.category": ("process",),
    "event.type": ("start",),
    "winlog.channel": "Microsoft-Windows-Sysmon/Operational",
}
_SYSTEM, _PROGRAMS = "C:\\Windows\\System32\\", "C:\\Program Files\\"
_SHELLS: Final = (
    "explorer.exe",
    "svchost.exe",
    "services.exe",
    "cmd.exe",
    "taskeng.exe",
    "msiexec.exe",
    "wmiprvse.exe",
)
_COMMON: Final = (
    *(("explorer.exe", "outlook.exe"), ("explorer.exe", "winword.exe"), ("explorer.exe", "excel.exe")),
    *(("explorer.exe", "chrome.exe"), ("chrome.exe", "chrome.exe"), ("explorer.exe", "msedge.exe")),
    *(("msedge.exe", "msedge.exe"), ("svchost.exe", "backgroundtaskhost.exe"), ("svchost.exe", "runtimebroker.exe")),
    *(("services.exe", "svchost.exe"), ("svchost.exe", "taskhostw.exe"), ("explorer.exe", "acrord32.exe")),
    *(("svchost.exe", "dllhost.exe"), ("svchost.exe", "wmiprvse.exe"), ("explorer.exe", "teams.exe")),
    *(("services.exe", "msmpeng.exe"), ("svchost.exe", "mousocoreworker.exe"), ("explorer.exe", "notepad.exe")),
    *(("cmd.exe", "conhost.exe"), ("explorer.exe", "cmd.exe"), ("cmd.exe", "ipconfig.exe"), ("cmd.exe", "ping.exe")),
    *(("gpscript.exe", "powershell.exe"), ("svchost.exe", "gpupdate.exe"), ("outlook.exe", "chrome.exe")),
)
_ROLE_APPS, _TAIL, _VARIANTS, _RELEASES = 8, 4_000, 12, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Everything that is ever started: parent, program, and the command lines of each (`_VARIANTS` in a row)."""

    parent: Sequence[str]
    program: Sequence[str]
    command: Sequence[str]
    release: Codes  # the day on which a release brings the program; -1: always there


def _path(name: str) -> str:
    return (_SYSTEM if name in _SHELLS or len(name) % 2 else _PROGRAMS + name.removesuffix(".exe") + "\\") + name


def _command(path: str, number: int, variant: int) -> str:
    if number % 4 == 0:
        return f'"{path}"'
    if number % 4 == 1:
        return f'"{path}" --type=worker --id={variant * 37 + number} --seed={variant:06x}'
    if number % 4 == 2:
        return f'"{path}" /n "C:\\Users\\Public\\Documents\\file{variant}.docx"'
    return f"{path} -k group{number % 7} -p {variant + 1000}"


@lru_cache(maxsize=4)
def programs(ministry: Ministry) -> Programs:
    """Return the ministry's programs: common ones, those of each role, a tail of rare ones, and coming releases."""
    roles = [("explorer.exe", f"{role}-{n}.exe") for role in ROLES for n in range(_ROLE_APPS)]
    tail = [(_SHELLS[n % len(_SHELLS)], f"tool{n:04d}.exe") for n in range(_TAIL)]
    coming = [("services.exe", f"release{n}-{part}.exe") for n in range(_RELEASES) for part in range(3)]
    pairs = [*_COMMON, *roles, *tail, *coming]
    paths = [(_path(parent), _path(program)) for parent, program in pairs]
    days = stream(ministry.seed, "software releases").integers(1, 32, size=_RELEASES)
    return Programs(
        parent=[parent for parent, _ in paths],
        program=[program for _, program in paths],
        command=[_command(path, n, variant) for n, (_, path) in enumerate(paths) for variant in range(_VARIANTS)],
        release=np.concatenate([np.full(len(pairs) - len(coming), -1), np.repeat(days, 3)]).astype(np.int32),
    )


def _choices(today: Today, rng: np.random.Generator, person: Codes) -> Codes:
    """Return the program that each row starts."""
    common, roles = len(_COMMON), len(ROLES) * _ROLE_APPS
    kind = rng.random(len(person))
    usual = drawn(rng, zipf(common, 0.9), len(person))
    own = common + today.ministry.people.role[person] * _ROLE_APPS + rng.integers(_ROLE_APPS, size=len(person))
    rare = common + roles + drawn(rng, zipf(_TAIL, 1.1), len(person))
    return np.where(kind < 0.80, usual, np.where(kind < 0.992, own, rare)).astype(np.int32)


def _released(today: Today, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Return (people, programs) of new software: on its day on every fourth machine, later now and then."""
    known, people = programs(today.ministry), today.ministry.people
    hosts, started = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int32)]
    for number in np.flatnonzero((known.release >= 0) & (known.release <= today.number)).tolist():
        share = 0.25 if known.release[number] == today.number else 0.02
        on = np.flatnonzero((today.present > 0) & (rng.random(len(people)) < share)).astype(np.int32)
        hosts.append(on)
        started.append(np.full(len(on), number, dtype=np.int32))
    return np.concatenate(hosts), np.concatenate(started)


def life(today: Today) -> Sheet:
    """Return the processes that start on this day."""
    rng, people = today.rng("processes"), today.ministry.people
    person = np.repeat(np.arange(len(people), dtype=np.int32), today.counts(rng, 22.0))
    program = _choices(today, rng, person)
    new_on, new = _released(today, rng)
    person, program = np.concatenate([person, new_on]), np.concatenate([program, new])
    times = today.moments(rng, people.shift[person], len(person))
    known = programs(today.ministry)
    command = program * _VARIANTS + rng.integers(_VARIANTS, size=len(program)).astype(np.int32)
    columns = {
        "host.name": Words(codes=person, words=people.host),
        "user.name": Words(codes=person, words=people.name),
        "process.executable": Words(codes=program, words=known.program),
        "process.parent.executable": Words(codes=program, words=known.parent),
        "process.command_line": Words(codes=command, words=known.command),
    }
    return sheet("processes", _CONSTANT, times, columns)
