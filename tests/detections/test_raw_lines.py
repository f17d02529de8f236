"""Rules fire on log lines as their systems write them: raw lines through the collectors into the engine.

`tests/detections/raw/` holds, for the rule file of the same name, the lines its test events come from. This shows what
the events in the rule files cannot: that the collectors make such events of the real format.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.reader import LogReader, Parsed
from collectors.source import Options
from detections.catalogue import own_rules_folder, read_evidence
from engine.events import Fields
from engine.sigma.engine import Engine
from engine.sigma.evidence import Prover
from engine.sigma.loader import load_rules

RAW = Path(__file__).parent / "raw"
REFERENCE = datetime(2026, 6, 1, tzinfo=UTC)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _files() -> Iterator[Path]:
    yield from sorted(RAW.rglob("*.yml"))


def _rule_file(raw: Path) -> Path:
    return own_rules_folder() / raw.relative_to(RAW)


def _cases() -> Iterator[object]:
    for path in _files():
        for test in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(path, test, id=f"{path.relative_to(RAW)}: {test['name']}")


def _span(text: str) -> timedelta:
    number = text.rstrip("mshd")
    return timedelta(seconds=int(number) * UNITS[text.removeprefix(number)])


def _read(entry: Mapping[str, Any]) -> Iterator[Fields]:
    """Yield what the source makes of the lines: `repeat` times, {n} in them counted from 1, each time `every` later."""
    times = entry.get("repeat", 1)
    raw = "".join(entry["raw"].replace("{n}", str(step)) for step in range(1, times + 1)).encode()
    options = Options(reference=REFERENCE, host=entry.get("host"))
    reader = LogReader(Path("sample.log"), source=entry["source"], options=options, stream=io.BytesIO(raw))
    records = list(reader.records())
    each, rest = divmod(len(records), times)
    assert rest == 0, "each copy has to give as many events"
    later = _span(entry.get("every", "0s"))
    for number, item in enumerate(records):
        assert isinstance(item, Parsed), item
        fields = dict(reader.event(item).fields)
        stamp = fields["@timestamp"]
        assert isinstance(stamp, datetime)
        yield {**fields, "@timestamp": stamp + later * (number // each)}


def _events(test: Mapping[str, Any]) -> list[Fields]:
    found = [fields for entry in test["events"] for fields in _read(entry)]
    return sorted(found, key=lambda fields: str(fields["@timestamp"]))


@pytest.fixture(scope="module")
def prover() -> Prover:
    """Return what runs tests one after the other, with all of kulla's rules."""
    return Prover(Engine(load_rules([own_rules_folder()])))


@pytest.mark.parametrize(("path", "test"), list(_cases()))
def test_raw_lines(prover: Prover, path: Path, test: Mapping[str, Any]) -> None:
    evidence = read_evidence(_rule_file(path))
    assert evidence is not None
    assert prover.fires(evidence.rule, _events(test)) is test["match"]


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(RAW))) for path in _files()])
def test_events_in_the_rule_file_are_what_the_collectors_make(path: Path) -> None:
    """Each field of a rule file's test event is one that the collector gives for the line, with the same value."""
    evidence = read_evidence(_rule_file(path))
    assert evidence is not None
    raw = {test["name"]: test for test in yaml.safe_load(path.read_text(encoding="utf-8"))}
    for test in evidence.tests:
        made = _events(raw[test.name])
        assert len(made) == len(test.events), test.name
        for told, real in zip(test.events[:3], made[:3], strict=True):
            if len({str(event["@timestamp"]) for event in made}) < len(made):
                continue  # events of one instant may stand in another order
            plain = {name: list(value) if isinstance(value, tuple) else value for name, value in real.items()}
            assert {name: plain.get(name) for name in told} == dict(told), test.name
