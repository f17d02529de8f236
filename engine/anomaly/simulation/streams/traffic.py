"""E-services seen at the balancer: requests, failures and distinct clients of each service in every five minutes.

1,118 services have millions of requests a day, so the balancer's counts stand for them: `event.kind` is `metric`, and
a row says what a counting of access events would (`engine.anomaly.models.traffic` counts those by itself).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.anomaly.simulation.chance import stream
from engine.anomaly.simulation.rhythm import CITIZENS, DAY_OFF, MACHINES, MINUTE, OFFICE, RHYTHMS, Today
from engine.anomaly.simulation.sheets import Sheet, Words, sheet

_CONSTANT = {"event.dataset": "balancer.traffic", "event.module": "balancer", "event.kind": "metric"}
_RHYTHM: Final = (CITIZENS, OFFICE, MACHINES)
SLOTS, SLOT = 288, 5 * MINUTE
_NOISE = 40.0  # shape of the gamma by which a five minutes differ from what the hour expects


def life(today: Today) -> Sheet:
    """Return the day's counts; services without a request in five minutes have no row for it."""
    rng, services = today.rng("traffic"), today.ministry.services
    hours = np.arange(SLOTS) / 12.0
    profiles = np.array([np.interp(hours, np.arange(25), (*RHYTHMS[r], RHYTHMS[r, 0])) for r in _RHYTHM])
    profiles /= profiles.sum(axis=1, keepdims=True)
    part = np.array([1.0 if today.is_working else DAY_OFF[r] for r in _RHYTHM])[services.rhythm]
    mood = stream(today.ministry.seed, "mood", today.number).gamma(120.0, 1 / 120.0, size=len(services))
    expected = (services.volume * part * mood)[:, None] * profiles[services.rhythm]
    requests = rng.poisson(expected * rng.gamma(_NOISE, 1.0 / _NOISE, size=expected.shape))
    service, slot = np.nonzero(requests)
    count = requests[service, slot].astype(np.int64)
    broken = np.where(services.release[service] == today.number, 0.03, 0.006)  # a new release brings some mistakes
    columns = {
        "service.name": Words(codes=service.astype(np.int32), words=services.name),
        "http.requests": count,
        "http.failures": rng.binomial(count, broken).astype(np.int64),
        "http.clients": np.maximum(1, rng.binomial(count, 0.31)).astype(np.int64),
    }
    return sheet("traffic", _CONSTANT, today.midnight + slot.astype(np.int64) * SLOT, columns)
