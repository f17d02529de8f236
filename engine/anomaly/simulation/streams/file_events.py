"""Files made, renamed and deleted (Sysmon 11 and 23): people, caches, and the bursts of updates, builds and backups."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.simulation.chance import drawn, shares, stream, zipf
from engine.anomaly.simulation.ministry import Ministry
from engine.anomaly.simulation.rhythm import MACHINES, Today
from engine.anomaly.simulation.sheets import Codes, Integers, Sheet, Words, merged, sheet

_CONSTANT = {
    "event.dataset": "windows.sysmon_operational",
    "event.module": "windows",
    "event.category": ("file",),
    "winlog.channel": "Microsoft-Windows-Sysmon/Operational",
}
_CODES, _TYPES = ("11", "23"), ("creation", "deletion")
_PROGRAMS = ("explorer.exe", "winword.exe", "excel.exe", "chrome.exe", "outlook.exe", "msedge.exe", "onedrive.exe")
_BURSTS = (
    "msiexec.exe",
    "trustedinstaller.exe",
    "robocopy.exe",
    "7z.exe",
    "msbuild.exe",
    "onedrive.exe",
    "cleanmgr.exe",
)
_EXTENSIONS = ("docx", "xlsx", "pdf", "tmp", "jpg", "txt", "log", "js", "db", "lnk", "dll", "cat", "png", "html", "zip")
_FOLDERS, _FILES = 40, 150
_BURST_SHARE = 0.012  # of machines that see a burst on a day


@lru_cache(maxsize=2)
def paths(ministry: Ministry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return paths of files and the extension of each."""
    rng = stream(ministry.seed, "paths")
    extension = drawn(rng, zipf(len(_EXTENSIONS), 0.6), _FOLDERS * _FILES).tolist()
    kinds = tuple(_EXTENSIONS[place] for place in extension)
    return tuple(f"C:\\Data\\folder{n // _FILES}\\file{n % _FILES}.{kind}" for n, kind in enumerate(kinds)), kinds


def life(today: Today) -> Sheet:
    """Return the day's file events."""
    rng, people = today.rng("files"), today.ministry.people
    person = np.repeat(np.arange(len(people), dtype=np.int32), today.counts(rng, 16.0))
    program = drawn(rng, zipf(len(_PROGRAMS), 0.7), len(person))
    times = today.moments(rng, people.shift[person], len(person))
    deleted = rng.random(len(person)) < 0.2
    parts = [
        _sheet(today, rng, times=times, host=person, program=Words(codes=program, words=_PROGRAMS), deleted=deleted)
    ]
    return merged([*parts, _bursts(today, rng)])


def _bursts(today: Today, rng: np.random.Generator) -> Sheet:
    """Return updates, builds, copies and clean-ups: hundreds to thousands of files of one program within minutes."""
    ministry = today.ministry
    hosts = len(ministry.people) + len(ministry.servers)
    on = np.flatnonzero(rng.random(hosts) < _BURST_SHARE).astype(np.int32)
    size = np.minimum(rng.lognormal(5.6, 1.1, size=len(on)), 9_000).astype(np.int64)
    kind = drawn(rng, shares((0.3, 0.2, 0.1, 0.08, 0.07, 0.2, 0.05)), len(on))
    rate = rng.lognormal(2.0, 0.8, size=len(on))  # files a second
    burst = np.repeat(np.arange(len(on)), size)
    start = today.moments(rng, MACHINES, len(on))
    times = start[burst] + np.asarray(rng.random(len(burst)) * (size / rate)[burst] * 1e6, dtype=np.int64)
    deleting = rng.random(len(on)) < np.where(kind == 6, 1.0, 0.08)
    deleted = np.where(deleting[burst], rng.random(len(burst)) < 0.9, rng.random(len(burst)) < 0.1)
    program = Words(codes=kind[burst].astype(np.int32), words=_BURSTS)
    return _sheet(today, rng, times=times, host=on[burst], program=program, deleted=deleted)


def _sheet(
    today: Today,
    rng: np.random.Generator,
    *,
    times: Integers,
    host: Codes,
    program: Words,
    deleted: NDArray[np.bool_],
) -> Sheet:
    ministry = today.ministry
    names, kinds = paths(ministry)
    path = rng.integers(len(names), size=len(host)).astype(np.int32)
    code = deleted.astype(np.int32)
    columns = {
        "event.code": Words(codes=code, words=_CODES),
        "event.type": Words(codes=code, words=_TYPES),
        "host.name": Words(codes=host, words=(*ministry.people.host, *ministry.servers)),
        "process.name": program,
        "file.path": Words(codes=path, words=names),
        "file.extension": Words(codes=path, words=kinds),
    }
    return sheet("files", _CONSTANT, times, columns)
