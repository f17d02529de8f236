"""Reading a few bytes with a source, for tests: the events as flat fields, and the dead letters."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.reader import LogReader, Parsed
from collectors.registry import recognise
from collectors.source import Options
from engine.events import DeadLetter

REFERENCE = datetime(2024, 6, 1, tzinfo=UTC)


def read(source: str, data: bytes | str, **options: Any) -> tuple[list[dict[str, Any]], list[DeadLetter]]:
    """Return the completed fields of every event, and the dead letters."""
    raw = data.encode() if isinstance(data, str) else data
    chosen = Options(**{"reference": REFERENCE, **options})
    reader = LogReader(Path("sample.log"), source=source, options=chosen, stream=io.BytesIO(raw))
    events, dead = [], []
    for item in reader.records():
        if isinstance(item, Parsed):
            events.append(dict(reader.event(item).fields))
        else:
            dead.append(item)
    assert reader.tally.records == len(events) + len(dead)
    return events, dead


def one(source: str, data: bytes | str, **options: Any) -> dict[str, Any]:
    """Return the fields of the only event."""
    events, dead = read(source, data, **options)
    assert (len(events), dead) == (1, [])
    return events[0]


def known_as(data: bytes | str, filename: str = "sample.log") -> str | None:
    """Return the name of the source that the bytes are recognised as."""
    source = recognise(data.encode() if isinstance(data, str) else data, filename)
    return source.name if source else None


def at(stamp: str) -> datetime:
    """Return an instant in UTC."""
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
