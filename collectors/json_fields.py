"""From a JSON object to an event's fields: dotted names, ECS types, instants, and limits that hostile input meets."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

import orjson

from engine.ecs_types import ARRAY, kind_of
from engine.events import Fields, Scalar

JsonScalar: TypeAlias = "str | int | float | bool"
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

MAX_FIELDS = 2000  # of one event; what is beyond is kept as text under REST
MAX_DEPTH = 20  # what is nested deeper is kept as JSON text under its name
REST = "kulla.rest"

_INT64 = 2**63
_ECS_ROOTS = frozenset(
    (
        "agent",
        "base",
        "client",
        "cloud",
        "container",
        "data_stream",
        "destination",
        "device",
        "dll",
        "dns",
        "ecs",
        "email",
        "error",
        "event",
        "faas",
        "file",
        "group",
        "hash",
        "host",
        "http",
        "labels",
        "log",
        "message",
        "network",
        "observer",
        "orchestrator",
        "organization",
        "package",
        "process",
        "registry",
        "related",
        "rule",
        "server",
        "service",
        "source",
        "span",
        "tags",
        "threat",
        "tls",
        "trace",
        "transaction",
        "url",
        "user",
        "user_agent",
        "volume",
        "vulnerability",
    )
)
_DATE_TIME = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d")
_COMMON_LOG = re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}")
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?")
_SURROGATE = re.compile("[\ud800-\udfff]")


def load(raw: bytes) -> Json:
    """Parse JSON, also what strict parsers refuse: NaN, integers of any size, half surrogate pairs, bad UTF-8.

    Raise `ValueError` with a reason in plain words; too deep nesting is one.
    """
    try:
        parsed: Json = orjson.loads(raw)
    except orjson.JSONDecodeError as strict:
        try:
            lenient: Json = json.loads(raw.decode("utf-8", "backslashreplace"), strict=False)
        except RecursionError:
            raise ValueError("JSON nested too deep") from None
        except ValueError:
            raise ValueError(f"no valid JSON: {strict}") from strict
        return lenient
    return parsed


def flatten(document: dict[str, Json]) -> tuple[Fields, dict[str, Json]]:
    """Return the document's leaves under dotted names, typed as ECS asks, and the rest that fits no field.

    Lists of objects become one list for each leaf. Nulls, empty objects and empty lists are no values. The rest holds
    values that are not of their ECS type, and what is beyond `MAX_FIELDS`.
    """
    leaves: dict[str, list[Json]] = {}
    rest: dict[str, Json] = {}
    _collect(document, leaves, rest)
    fields: Fields = {}
    for name, values in leaves.items():
        typed = _typed(name, values)
        if typed is None:
            rest[name] = values[0] if len(values) == 1 else values
        else:
            fields[name] = typed[0] if len(typed) == 1 and name not in ARRAY else typed
    return fields, rest


def _collect(document: dict[str, Json], leaves: dict[str, list[Json]], rest: dict[str, Json]) -> None:
    stack: list[tuple[str, Json, int]] = [("", document, 0)]
    while stack:
        name, value, depth = stack.pop()
        if value is None or value in ({}, []):
            continue
        if isinstance(value, dict) and depth < MAX_DEPTH:
            prefix = f"{name}." if depth else ""
            stack.extend((prefix + _clean(key), value[key], depth + 1) for key in reversed(value))
        elif isinstance(value, list) and depth < MAX_DEPTH and any(isinstance(item, dict) for item in value):
            stack.extend((name, item, depth + 1) for item in reversed(value))
        elif name in leaves or len(leaves) < MAX_FIELDS:
            leaves.setdefault(name, []).extend(_items(value))
        else:
            rest[name] = value


def _items(value: Json) -> list[Json]:
    """Return a leaf's scalars; what is nested in them becomes JSON text."""
    if isinstance(value, list):
        return [as_json(item) if isinstance(item, list | dict) else item for item in value if item is not None]
    return [as_json(value) if isinstance(value, dict) else value]


def _typed(name: str, values: list[Json]) -> list[Scalar] | None:
    """Return a leaf's values in the type of its ECS field; None where one can't be that."""
    kind = kind_of(name)
    ecs = kind != "text" or name.partition(".")[0] in _ECS_ROOTS
    typed: list[Scalar] = []
    for value in values:
        if isinstance(value, list | dict) or value is None:
            continue
        scalar = _CASTS[kind](value) if kind != "text" else (_text(value) if ecs else _native(value))
        if scalar is None:
            return None
        typed.append(scalar)
    return typed


def _native(value: JsonScalar) -> Scalar:
    """Return a value that ECS does not name as it is, or as text where it is no ordinary number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else _text(value)
    return _clean(value)


def _text(value: JsonScalar) -> str:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**300:
        return hex(value)  # Python refuses to write very long decimals
    return str(value)


def _clean(text: str) -> str:
    """Return text that UTF-8 can hold: half surrogate pairs become visible escapes."""
    return text if text.isascii() or not _SURROGATE.search(text) else text.encode("utf-8", "backslashreplace").decode()


def _long(value: JsonScalar) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = int(value) if not isinstance(value, str) or len(value) <= 20 else None
    except (ValueError, OverflowError):
        number = None
    if number is None or (isinstance(value, float) and number != value) or not -_INT64 <= number < _INT64:
        return None
    return number


def _float(value: JsonScalar) -> float | None:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _boolean(value: JsonScalar) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(_text(value).lower())


def _date(value: JsonScalar) -> datetime | None:
    return to_instant(value)


_CASTS = {"long": _long, "float": _float, "boolean": _boolean, "date": _date}


def to_instant(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Return a stamp as an instant in UTC: ISO 8601, `10/Oct/2000:13:55:36 -0700`, or an epoch in s, ms, us or ns.

    Stamps without a zone are in `zone`. None where it is no stamp, or only a date or only a time.
    """
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return _epoch(value)
        if not isinstance(value, str) or len(value) > 64:
            return None
        text = value.strip()
        if _DATE_TIME.match(text):
            moment = _iso(text)
        elif _COMMON_LOG.fullmatch(text):
            moment = datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z")
        else:
            return _epoch(float(text)) if _NUMBER.fullmatch(text) else None
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(text: str) -> datetime:
    text = text.replace("/", "-", 2).removesuffix(" UTC").removesuffix(" GMT").replace(",", ".", 1)
    return datetime.fromisoformat(text)


def _epoch(number: float) -> datetime | None:
    """Return an epoch as an instant; its size tells seconds from milli-, micro- and nanoseconds (1973 to 5138)."""
    if not 1e8 <= number < 1e20:
        return None
    power = 0 if number < 1e11 else 3 if number < 1e14 else 6 if number < 1e17 else 9
    if isinstance(number, int):
        micro = number * 10 ** (6 - power) if power <= 6 else number // 1000
        seconds, micro = divmod(micro, 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro)
    return datetime.fromtimestamp(number / 10**power, UTC)


def as_json(value: Json) -> str:
    """Write a value as JSON text that UTF-8 can hold."""
    try:
        return json.dumps(value, ensure_ascii=True, default=str)
    except (ValueError, RecursionError):
        return "(nested too deep to be written)"
