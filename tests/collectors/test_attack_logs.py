"""CrowdSec's attack logs: each is recognised as its source, and nothing in them is unparsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.reader import LogReader
from collectors.registry import HEAD, recognise
from collectors.source import Options
from engine.events import DeadLetter
from tests.collectors.reading import REFERENCE

_GENERIC = {"json", "keyvalue"}


@pytest.mark.parametrize("initials", ["abcC", "defghi", "jklmn", "opqrs", "tuvwxyz"])
def test_attack_logs_are_recognised_and_read(shared: Path, initials: str) -> None:
    folder = shared / "logs" / "crowdsec-hub" / ".tests"
    unknown, unread, lines = [], [], 0
    for log in sorted(folder.glob("*/*")):
        if log.parent.name[0] not in initials or log.suffix in {".yaml", ".assert"}:
            continue
        with log.open("rb") as stream:
            source = recognise(stream.read(HEAD), log.name)
        if source is None or source.name in _GENERIC:
            unknown.append(log.name)
            continue
        for item in LogReader(log, source=source.name, options=Options(reference=REFERENCE)).records():
            lines += 1
            if isinstance(item, DeadLetter):
                unread.append(f"{log.name}: {item.reason}")
    assert (unknown, unread) == ([], [])
    assert lines > 100
