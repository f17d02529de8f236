"""Made-up ordinary names and questions for them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.anomaly.tables import INSTANT

_FIRST = (
    "adria", "alba", "arben", "bank", "bio", "book", "bota", "city", "clean", "cloud", "data", "deti", "digi", "drin",
    "eko", "fast", "fin", "food", "gjelber", "good", "green", "home", "ilir", "info", "kafe", "kala", "kultur", "lajm",
    "libri", "lumi", "mal", "market", "media", "mobil", "moda", "north", "nova", "one", "online", "park", "plus",
    "port", "pro", "radio", "red", "sky", "smart", "shkolla", "shop", "shtepi", "sport", "star", "tech", "tele",
    "tirana", "travel", "udhe", "ura", "vala", "vera", "web",
)  # fmt: skip
_LAST = ("", "al", "app", "center", "club", "group", "hub", "info", "lab", "line", "net", "news", "shop", "tv", "works")
_ENDS = ("com", "net", "org", "al", "com.al", "gov.al", "info", "eu", "it", "de")
_START = 1_750_000_000_000_000  # microseconds since 1970


def ordinary_names(count: int, chance: np.random.Generator) -> list[str]:
    """Return so many names that a person might have chosen."""
    first = chance.integers(0, len(_FIRST), (count, 2))
    last, ends = chance.integers(0, len(_LAST), count), chance.integers(0, len(_ENDS), count)
    return [
        f"{_FIRST[one]}{_FIRST[two] if one != two else ''}{_LAST[end]}.{_ENDS[zone]}"
        for (one, two), end, zone in zip(first.tolist(), last.tolist(), ends.tolist(), strict=True)
    ]


def question_events(*, seed: int, count: int) -> pa.Table:
    """Return so many questions of 40 hosts over some hours; one in thirty is for a name that does not exist."""
    chance = np.random.default_rng(seed)
    instants = _START + np.sort(chance.integers(0, 12 * 3_600_000_000, count))
    missing = chance.random(count) < 1 / 30
    return pa.table(
        {
            "event.id": [f"question-{seed}-{number}" for number in range(count)],
            "@timestamp": pa.array(instants).cast(INSTANT),
            "source.ip": [f"10.1.2.{number}" for number in chance.integers(1, 41, count)],
            "dns.question.name": [f"www.{name}" for name in ordinary_names(count, chance)],
            "dns.response_code": ["NXDOMAIN" if none else "NOERROR" for none in missing.tolist()],
        }
    )
