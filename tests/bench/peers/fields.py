"""What peers need to be told to stand on the same ground: log sources as a pipeline, fields under the rules' names.

Sigma leaves both to its user. kulla brings them along; for a peer the log sources become a processing pipeline (a
documented feature of pySigma and rsigma, in the same YAML), and the events get the fields that rules name and the log
writes otherwise (`Provider_Name` for `SourceName`, `Image` for `NewProcessName` in Security 4688, what older shippers
nest in `event_data`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetection, SigmaRule

from collectors.reader import LogReader, Parsed
from engine.events import Value, texts
from engine.sigma.fieldmap import event_fields
from engine.sigma.logsources import WINDOWS_CATEGORIES, WINDOWS_SERVICES, Kind, covers, kind_of
from engine.sigma.rules import LogSource

SERVICE, CATEGORY = "sigma_service", "sigma_category"


def write_pipeline(target: Path) -> int:
    """Write the pipeline that adds channel and event id to the rules of each log source; return its number of items."""
    items = [_item(f"service_{name}", {"service": name}, channels, ()) for name, channels in WINDOWS_SERVICES.items()]
    for name, parts in WINDOWS_CATEGORIES.items():
        channels = [channel for own, _ in parts for channel in own]
        items.append(_item(f"category_{name}", {"category": name}, channels, [i for _, ids in parts for i in ids]))
    whole = {"name": "Windows log sources", "priority": 10, "transformations": items}
    target.write_text(yaml.safe_dump(whole, sort_keys=False), "utf-8")
    return len(items)


def _item(name: str, source: Mapping[str, str], channels: Iterable[str], ids: Iterable[str]) -> dict[str, Any]:
    conditions: dict[str, Any] = {"Channel": list(channels)}
    if numbers := sorted(int(number) for number in ids):
        conditions["EventID"] = numbers
    return {
        "id": name.replace("-", "_"),
        "type": "add_condition",
        "conditions": conditions,
        "rule_conditions": [{"type": "logsource", "product": "windows", **source}],
    }


def rule_fields(files: Iterable[Path]) -> frozenset[str]:
    """Return every field that the rules name."""
    found: set[str] = set()
    for file in files:
        try:
            rule = SigmaRule.from_yaml(file.read_text("utf-8"))
        except SigmaError:
            continue
        for detection in rule.detection.detections.values():
            _gather(detection, found)
    return frozenset(found)


def _gather(detection: SigmaDetection, found: set[str]) -> None:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            _gather(item, found)
        elif item.field is not None:
            found.add(item.field)


class Names:
    """From kulla's fields of an event to what rules call them."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._fields = sorted(fields)
        self._by_kind: dict[Kind, dict[str, list[str]]] = {}
        self._order: dict[Kind, dict[str, tuple[str, ...]]] = {}

    def values(self, event: Mapping[str, Value]) -> dict[str, str]:
        """Return the event's values under the names of the rules' fields (several values joined by a line break)."""
        kind = kind_of(event)
        if kind not in self._by_kind:
            self._learn(kind)
        known, order = self._by_kind[kind], self._order[kind]
        named = {field for name in event for field in known.get(name, ())}
        return {
            field: "\n".join(texts(next(event[name] for name in order[field] if name in event)))
            for field in sorted(named)
        }

    def _learn(self, kind: Kind) -> None:
        found: defaultdict[str, list[str]] = defaultdict(list)
        order = self._order[kind] = {field: event_fields(field, kind) for field in self._fields}
        for field, names in order.items():
            for name in names:
                found[name].append(field)
        self._by_kind[kind] = dict(found)


def write_events(log: Path, target: Path, names: Names) -> int:
    """Write each event as it is with what is missing of the rules' fields; return the number of fields added.

    Line numbers stay; a record that kulla could not parse is written as it is.
    """
    added = 0
    with target.open("wb") as out:
        for item in LogReader(log).records():
            if not isinstance(item, Parsed):
                out.write(item.raw.rstrip(b"\r\n") + b"\n")
                continue
            event = orjson.loads(item.record.raw)
            more = {name: value for name, value in names.values(item.fields).items() if name not in event}
            added += len(more)
            more |= sources_of(kind_of(item.fields))
            out.write(orjson.dumps(event | more) + b"\n")
    return added


@lru_cache(maxsize=10_000)
def sources_of(kind: Kind) -> Mapping[str, str]:
    """Return the one service and the one category of Sigma's that this kind of event belongs to.

    `none` where there is none: a router that takes an unknown source for any would try every rule. A field is left out
    where there are several (registry events), since a single name would hide rules.
    """
    named = {SERVICE: WINDOWS_SERVICES, CATEGORY: WINDOWS_CATEGORIES}
    found = {
        SERVICE: [name for name in named[SERVICE] if covers(LogSource("windows", "", name), kind)],
        CATEGORY: [name for name in named[CATEGORY] if covers(LogSource("windows", name, ""), kind)],
    }
    return {field: next(iter(names), "none") for field, names in found.items() if len(names) < 2}


def number_events(log: Path, target: Path, field: str) -> None:
    """Write each event with the number of its line in `field`, so that a peer's answers can be compared."""
    with log.open("rb") as lines, target.open("wb") as out:
        for number, line in enumerate(lines, 1):
            out.write(b'{"%s":%d,' % (field.encode(), number) + line.lstrip()[1:])
