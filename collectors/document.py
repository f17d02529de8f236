"""An event as an ECS document: nested objects, instants as text, ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from engine.events import Event, Scalar, Value, instant

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json]"


def document(event: Event) -> dict[str, Json]:
    """Return the event as a document, with its id, its original text and where it stood."""
    fields: dict[str, Value] = {
        **event.fields,
        "event.id": event.id,
        "event.original": event.original,
        "log.file.path": event.origin.path,
        "log.file.line": event.origin.number,
        "log.offset": event.origin.offset,
    }
    return nested(fields)


def nested(fields: Mapping[str, Value]) -> dict[str, Json]:
    """Return dotted names as nested objects.

    Where one name is both a value and the parent of another (`a` and `a.b`), the longer keeps its dotted name inside
    the nearest object, so that nothing is lost.
    """
    result: dict[str, Json] = {}
    for name in sorted(fields):
        place, rest = result, name
        while "." in rest:
            first, _, tail = rest.partition(".")
            below = place.setdefault(first, {})
            if not isinstance(below, dict):
                break
            place, rest = below, tail
        place[rest] = plain(fields[name])
    return result


def plain(value: Value) -> Json:
    """Return a value as JSON knows it."""
    if isinstance(value, list | tuple):
        return [_scalar(item) for item in value]
    return _scalar(value)  # type: ignore[arg-type] # a Value that is no sequence is a Scalar


def _scalar(value: Scalar) -> Json:
    return instant(value) if isinstance(value, datetime) else value
