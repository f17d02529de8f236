"""Values on which stores like to differ: what a rule says of them is the same in both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from engine.detecting import Detector
from engine.events import Event, Origin, Value, event_id
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.embedded import EmbeddedStore

LONG = "x" * 40_000 + "needle" + "y" * 40_000
CASES: Mapping[str, tuple[Mapping[str, object], list[Mapping[str, Value]]]] = {
    "case folding": (
        {"process.command_line": "STRASSE \u0130\u0131 \u03a3"},
        [
            {"process.command_line": "strasse \u0130\u0131 \u03c3"},
            {"process.command_line": "stra\u00dfe ii \u03c3"},
            {"process.command_line": "STRASSE \u0130\u0131 \u03c2"},
            {"process.command_line": "strasse ii s"},
        ],
    ),
    "wildcards": (
        {"process.command_line": "a?c*\\*end"},
        [{"process.command_line": word} for word in ("abc--*end", "ac*end", "ABC*END", "abc\\*end")],
    ),
    "slashes": (
        {"process.executable|endswith": "\\cmd.exe"},
        [{"process.executable": word} for word in ("C:\\Windows\\cmd.exe", "C:/cmd.exe", "\\CMD.EXE", "cmd.exe")],
    ),
    "empty": (
        {"process.command_line": ""},
        [{"process.command_line": ""}, {"process.command_line": " "}, {"host.name": "x"}],
    ),
    "null": (
        {"process.command_line": None},
        [{"process.command_line": ""}, {"host.name": "x"}, {"process.command_line": "a"}],
    ),
    "arrays": (
        {"process.command_line|contains": "two"},
        [{"process.command_line": ["one", "two"]}, {"process.command_line": []}, {"process.command_line": "one"}],
    ),
    "very long values": (
        {"process.command_line|contains": "needle"},
        [{"process.command_line": LONG}, {"process.command_line": LONG.replace("needle", "")}],
    ),
    "numbers as text": (
        {"process.pid": 443},
        [{"process.pid": 443}, {"process.pid": "443"}, {"process.pid": "0443"}, {"process.pid": 443.0}],
    ),
    "cidr": (
        {"source.ip|cidr": "10.0.0.0/8"},
        [{"source.ip": word} for word in ("10.1.2.3", "11.0.0.1", "no address", "::ffff:10.0.0.1")],
    ),
    "cidr on text": (
        {"winlog.event_data.Peer|cidr": "2001:db8::/32"},
        [{"winlog.event_data.Peer": word} for word in ("2001:DB8::1", "2001:db9::1", "")],
    ),
}


def an_event(number: int, fields: Mapping[str, Value]) -> Event:
    """Make an event of Sysmon: a process, or a connection where there is an address."""
    base: dict[str, Value] = {
        "@timestamp": datetime(2026, 3, 1, 8, tzinfo=UTC) + timedelta(seconds=number),
        "event.dataset": "windows.sysmon",
        "event.code": "3" if "source.ip" in fields else "1",
        "winlog.channel": "Microsoft-Windows-Sysmon/Operational",
        "winlog.provider_name": "Microsoft-Windows-Sysmon",
    }
    original = f"{number}"
    origin = Origin(path="/x.evtx", identity="ab" * 16, offset=number, number=number + 1)
    return Event(
        id=event_id("ab" * 16, number, original.encode()), origin=origin, original=original, fields={**base, **fields}
    )


@pytest.mark.parametrize("name", CASES)
def test_values(name: str, store, tmp_path: Path, now: datetime) -> None:
    selection, rows = CASES[name]
    category = "network_connection" if "source.ip|cidr" in selection else "process_creation"
    rule = {
        "title": name,
        "id": "11111111-2222-4333-8444-555555555555",
        "level": "low",
        "logsource": {"product": "windows", "category": category},
        "detection": {"selection": dict(selection), "condition": "selection"},
    }
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(rule))
    engine = Engine(load_rules([tmp_path / "rule.yml"]))
    events = [an_event(number, fields) for number, fields in enumerate(rows)]
    with EmbeddedStore(tmp_path / "store", lambda: now) as embedded:
        for each in (store, embedded):
            assert each.append(events, []).stored == len(events)
            Detector(engine, each).run()
        found, wanted = ([alert.events[0].source for alert in each.alerts()] for each in (store, embedded))
    assert found == wanted
    assert 0 < len(found) < len(rows), (name, found)
