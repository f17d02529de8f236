"""Sysmon for Linux: events in Sysmon's own XML, which it writes to the system log, to fields.

The event data are Sysmon's (`Image`, `CommandLine`, ..), so its ECS fields come from the same derivation as on Windows;
only paths are cut at slashes. Source: Sysmon for Linux' event schema, and Elastic's sysmon_linux integration for names.
"""

from __future__ import annotations

from typing import Any, Final

from collectors.source import Options
from collectors.windows.complete import relate
from collectors.windows.fill import datum, extension, put
from collectors.windows.forms import from_document, from_text
from collectors.windows.sysmon import sysmon
from engine.events import Fields, texts

DATASET: Final = "sysmon_linux.log"
PROVIDER: Final = "Linux-Sysmon"
PROGRAMS: Final = frozenset({"sysmon", "sysmonforlinux"})
_START: Final = "<Event"
_END: Final = "</Event>"
# What Sysmon writes for a process that had ended before it could look
_UNKNOWN: Final = frozenset({"<unknown process>", "(null)", "-", ""})
_HAPPENED: Final = frozenset({"1", "3", "5", "11", "23", "26"})  # codes of events that Sysmon logs when they are done
_TEXTS: Final = ("MESSAGE", "message", "Message", "log", "_raw")  # where shippers of JSON keep the line


def event_start(text: str) -> int:
    """Return where the event's XML begins in a line; -1 where the line holds none of Sysmon for Linux'."""
    start = text.find(_START)
    return start if start != -1 and text.find(PROVIDER, start, start + 1024) != -1 else -1


def from_xml(text: str, options: Options) -> Fields:
    """Return the fields of one event; what stands after it is left. Raise `MalformedRecordError` where it is broken."""
    end = text.rfind(_END)
    return _named(from_text(text[: end + len(_END)] if end != -1 else text, options))


def from_json(document: dict[str, Any], options: Options) -> Fields:
    """Return the fields of an event that a shipper put into JSON, as XML in a string or decoded."""
    for name in _TEXTS:
        text = document.get(name)
        if isinstance(text, str) and (start := event_start(text)) != -1:
            fields = from_xml(text[start:], options)
            host = document.get("_HOSTNAME")
            if isinstance(host, str):
                fields.setdefault("host.name", host)
            return fields
    return _named(from_document(document, options))


def _named(fields: Fields) -> Fields:
    fields["event.module"], fields["event.dataset"] = "sysmon_linux", DATASET
    fields["host.os.type"] = "linux"
    fields.setdefault("winlog.channel", "Linux-Sysmon/Operational")
    return fields


def complete_linux(fields: Fields) -> Fields:
    """Add the ECS fields that Sysmon's event implies. Changes its argument."""
    for prefix, name in (("process", "Image"), ("process.parent", "ParentImage")):
        path = datum(fields, name)
        if path is not None and path not in _UNKNOWN:
            put(fields, f"{prefix}.executable", path)
            put(fields, f"{prefix}.name", path.rpartition("/")[2])
    path = datum(fields, "TargetFilename", "Device")
    if path is not None:
        directory, slash, name = path.rpartition("/")
        put(fields, "file.path", path)
        put(fields, "file.name", name)
        put(fields, "file.directory", (directory or "/") if slash else None)
        put(fields, "file.extension", extension(name))
    sysmon(fields)
    for name in ("process.executable", "process.name", "process.parent.executable", "process.parent.name"):
        if fields.get(name) in _UNKNOWN:
            del fields[name]
    if fields.get("event.code") in _HAPPENED:
        fields.setdefault("event.outcome", "success")
    if "host.name" in fields:
        fields.setdefault("host.hostname", fields["host.name"])
    fields["event.category"] = list(texts(fields.get("event.category")))
    fields["event.type"] = list(texts(fields.get("event.type"))) or ["info"]
    relate(fields)
    return fields
