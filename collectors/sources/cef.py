"""CEF, ArcSight's Common Event Format, of whatever product; behind any header of syslog, or without one.

Specification: "Implementing ArcSight Common Event Format", version 26. Products that kulla
knows have sources of their own.
"""

from __future__ import annotations

from collectors.network.cef import find_cef, read_cef
from collectors.network.cef_ecs import cef_fields
from collectors.network.device import DeviceSource
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields


def _read(line: str, options: Options) -> Fields:
    start = find_cef(line)
    cef = read_cef(line[start:]) if start is not None else None
    if start is None or cef is None:
        raise MalformedRecordError(
            "no CEF message: its header has seven parts, CEF:0|vendor|product|version|class|name|"
        )
    fields: Fields = {"event.dataset": "cef.log", "event.module": "cef", **cef_fields(cef, options)}
    prefix_fields(prefix_header(line, start, options), fields, options)
    return fields


def _own(line: str) -> bool:
    start = find_cef(line[:2048])
    return start is not None and line[start : start + 4] == "CEF:"


SOURCE = DeviceSource(
    name="cef",
    aliases=("cef.log", "arcsight", "cyberark_pta", "cyberark_pta_events"),
    title="CEF messages of any product",
    own=_own,
    read=_read,
    weight=85,
)
