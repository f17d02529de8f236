"""Windows events of OpenTelemetry's collector, made flat: its `windowseventlog` receiver nests what belongs together.

    {"event_id": {"id": 4624, "qualifiers": 0}, "provider": {"name": .., "guid": ..}, "channel": .., "computer": ..,
     "system_time": .., "record_id": .., "keywords": ["Audit Success"], "event_data": {"data": [{"Image": ..}]}, ..}

Format: OpenTelemetry collector, "Windows Event Log Receiver", the body of its records; event data stand as an object,
or as a list of objects of one name each, in which data without a name have an empty one.
"""

from __future__ import annotations

from typing import Any, Final

_Object = dict[str, Any]  # a decoded JSON object

_PLAIN: Final = (  # its names, and those of a flat event
    ("channel", "Channel"),
    ("computer", "Computer"),
    ("system_time", "SystemTime"),
    ("record_id", "EventRecordID"),
    ("level", "Severity"),
    ("task", "Category"),
    ("opcode", "Opcode"),
    ("message", "Message"),
    ("version", "Version"),
)
_INNER: Final = (
    ("event_id", "id", "EventID"),
    ("event_id", "qualifiers", "Qualifiers"),
    ("provider", "name", "SourceName"),
    ("provider", "guid", "ProviderGuid"),
    ("execution", "process_id", "ExecutionProcessID"),
    ("execution", "thread_id", "ExecutionThreadID"),
    ("security", "user_id", "UserID"),
    ("correlation", "activity_id", "ActivityID"),
)


def is_otel(document: _Object) -> bool:
    """Tell whether a decoded object is the body of a record of OpenTelemetry's receiver."""
    return type(document.get("event_id")) is dict


def flat_of_otel(document: _Object) -> _Object:
    """Return it as a flat event; what it says more than that is left to its raw text."""
    flat: _Object = {name: document[key] for key, name in _PLAIN if document.get(key) not in {None, ""}}
    for holder, key, name in _INNER:
        inner = document.get(holder)
        if isinstance(inner, dict) and inner.get(key) not in {None, ""}:
            flat[name] = inner[key]
    keywords = document.get("keywords")
    words = keywords if isinstance(keywords, list) else [keywords]
    for word, kind in (("Audit Success", "AUDIT_SUCCESS"), ("Audit Failure", "AUDIT_FAILURE")):
        if word in words:
            flat["EventType"] = kind
    for name, value in _data(document.get("event_data")).items():
        flat.setdefault(name, value)
    return flat


def _data(found: object) -> _Object:
    if not isinstance(found, dict):
        return {}
    items = found.get("data")
    if not isinstance(items, list):
        return {name: value for name, value in found.items() if name != "binary" or value}
    data: _Object = {}
    for item in items:
        for name, value in item.items() if isinstance(item, dict) else ():
            data[str(name) or f"param{len(data) + 1}"] = value
    return data
