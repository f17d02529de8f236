"""LEEF, IBM QRadar's Log Event Extended Format, of whatever product; behind any header of syslog, or without one.

Specification: "IBM QRadar Log Event Extended Format (LEEF)" 1.0 and 2.0.
"""

from __future__ import annotations

from collectors.network.device import DeviceSource
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.generic import generic_fields
from collectors.network.leef import find_leef, read_leef
from collectors.network.leef_ecs import classify
from collectors.network.values import put
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields


def _read(line: str, options: Options) -> Fields:
    start = find_leef(line)
    leef = read_leef(line[start:]) if start is not None else None
    if start is None or leef is None:
        raise MalformedRecordError("no LEEF message: LEEF:2.0|vendor|product|version|event|attributes")
    fields: Fields = {"event.dataset": "leef.log", "event.module": "leef"}
    for name, text in (
        ("observer.vendor", leef.vendor),
        ("observer.product", leef.product),
        ("observer.version", leef.version),
        ("event.code", leef.event),
    ):
        put(fields, name, text, options.zone)
    fields |= generic_fields(dict(leef.attributes), "leef.", options.zone)
    severity = leef.attributes.get("sev", "")
    if severity.isascii() and severity.isdecimal() and len(severity) < 4:
        fields["event.severity"] = int(severity)
    classify(leef.event, leef.attributes, fields)
    prefix_fields(prefix_header(line, start, options), fields, options)
    return fields


SOURCE = DeviceSource(
    name="leef",
    aliases=("leef.log", "qradar"),
    title="LEEF messages of any product",
    own=lambda line: find_leef(line[:2048]) is not None,
    read=_read,
    weight=85,
)
