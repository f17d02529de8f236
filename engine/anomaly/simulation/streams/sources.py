"""Log sources: which source spoke in which minute (its first event there), and lines of daemons made from templates."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from engine.anomaly.simulation.chance import drawn, stream, zipf
from engine.anomaly.simulation.ministry import Ministry
from engine.anomaly.simulation.rhythm import MACHINES, MINUTE, OFFICE, RHYTHMS, Today
from engine.anomaly.simulation.sheets import Integers, Sheet, Words, sheet

_LINES = {"event.dataset": "system.syslog", "event.module": "system"}
_DAEMONS: Final = ("sshd", "cron", "kernel", "nginx", "postgres", "systemd", "java", "proxy", "postfix", "slapd")
_WORDS: Final = (
    *("connection", "request", "worker", "session", "cache", "queue", "table", "certificate", "user", "backup"),
    *("opened", "closed", "started", "finished", "refreshed", "rotated", "expired", "accepted", "retried", "loaded"),
)
_TEMPLATES, _VARIANTS, _NEW = 260, 30, 5
_FEW = 0.00035  # share of lines that come from a long tail of templates


def life(today: Today) -> Sheet:
    """Return one row for each minute in which a source spoke."""
    rng, sources = today.rng("sources"), today.ministry.sources
    hours = np.arange(1_440) / 60.0
    shape = np.interp(hours, np.arange(25), (*RHYTHMS[OFFICE], RHYTHMS[OFFICE, 0]))
    shape = shape / shape.mean() * (1.0 if today.is_working else 0.1)
    floor = np.minimum(sources.floor, 0.8)[:, None]
    rate = sources.volume[:, None] / 1_440.0 * (floor + (1.0 - floor) * shape)
    source, minute = np.nonzero(rng.random(rate.shape) < 1.0 - np.exp(-rate))
    first = rng.random(len(source)) * np.minimum(1.0, 1.0 / rate[source, minute]) * 60e6
    columns = {
        "host.name": Words(codes=source.astype(np.int32), words=sources.host),
        "event.dataset": Words(codes=source.astype(np.int32), words=sources.dataset),
    }
    return sheet("sources", {}, today.midnight + minute * MINUTE + first.astype(np.int64), columns)


@lru_cache(maxsize=2)
def templates(ministry: Ministry) -> tuple[str, ...]:
    """Return the texts of templates with a `#` where a number goes: common ones, then a tail that seems endless."""
    rng = stream(ministry.seed, "templates")
    words = rng.integers(len(_WORDS), size=(_TEMPLATES * 12, 4))
    return tuple(
        f"{_WORDS[a]} {_WORDS[b]} {_WORDS[c]} kind{n % 97} # {_WORDS[d]} in # ms"
        for n, (a, b, c, d) in enumerate(words)
    )


def lines(today: Today) -> Sheet:
    """Return the day's lines of daemons."""
    rng, ministry = today.rng("lines"), today.ministry
    known = templates(ministry)
    count = int(rng.poisson(26_000 * ministry.scale))
    template = drawn(rng, zipf(_TEMPLATES, 0.9), count).astype(np.int64)
    seldom = rng.random(count) < _FEW
    template = np.where(seldom, rng.integers(_TEMPLATES, len(known), size=count), template)
    template, new = _released(today, rng, template)
    numbers = rng.integers(_VARIANTS, size=count)
    texts = [text.replace("#", str(n)) for text in (*known, *new) for n in range(17, 17 + _VARIANTS)]
    host = rng.integers(len(ministry.servers), size=count).astype(np.int32)
    columns = {
        "host.name": Words(codes=host, words=ministry.servers),
        "process.name": Words(codes=(template % len(_DAEMONS)).astype(np.int32), words=_DAEMONS),
        "message": Words(codes=(template * _VARIANTS + numbers).astype(np.int32), words=texts),
    }
    return sheet("lines", _LINES, today.moments(rng, MACHINES, count), columns)


def _released(today: Today, rng: np.random.Generator, template: Integers) -> tuple[Integers, list[str]]:
    """Return the templates with those of new releases: a daemon says new things everywhere from one day on."""
    days = stream(today.ministry.seed, "daemon releases").integers(1, 32, size=2)
    texts = [f"release {number} part {part} took # steps for #" for number in range(len(days)) for part in range(_NEW)]
    first = len(templates(today.ministry))
    for number in np.flatnonzero(days <= today.number).tolist():
        changed = rng.random(len(template)) < 0.02
        spoken = first + number * _NEW + rng.integers(_NEW, size=len(template))
        template = np.where(changed, spoken, template)
    return template, texts
