"""Processes of this machine: which one this is, and whether another is still there (Linux: /proc)."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from engine.runs.leases import Holder

_STARTED = 19  # place of `starttime` in /proc/PID/stat, counted after the name in brackets (proc(5), field 22)


def this_process() -> Holder:
    """Return this process."""
    number = os.getpid()
    return Holder(host=socket.gethostname(), boot=_boot(), process=number, started=_started(number))


def is_gone(holder: Holder) -> bool:
    """Tell whether a process is surely gone: of this machine, and of an earlier boot or ended."""
    boot = _boot()
    if not boot or holder.host != socket.gethostname():
        return False
    return holder.boot != boot or not holder.started or _started(holder.process) != holder.started


def _boot() -> str:
    return _text(Path("/proc/sys/kernel/random/boot_id"))


def _started(number: int) -> str:
    parts = _text(Path(f"/proc/{number}/stat")).rpartition(")")[2].split()
    return parts[_STARTED] if len(parts) > _STARTED else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
