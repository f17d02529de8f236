"""From a JSON object to an event's fields: dotted names, ECS types, instants, and limits that hostile input meets."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import TypeAlias

import orjson

from engine.ecs_types import ARRAY, Kind, kind_of
from engine.errors import MalformedRecordError
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
            lenient: Json = json.loads(raw.decode("utf-8", "surrogateescape"), strict=False)
        except RecursionError:
            raise ValueError("JSON nested too deep") from None
        except ValueError:
            raise ValueError(f"no valid JSON: {strict}") from strict
        return lenient
    return parsed


def load_record(raw: bytes) -> Json:
    """Parse a record that is JSON (see `load`); raise `MalformedRecordError` with the reason where it is none."""
    try:
        return load(raw)
    except ValueError as error:
        raise MalformedRecordError(str(error)) from error


def load_object(raw: bytes) -> dict[str, Json]:
    """Parse a record that is a JSON object; raise `MalformedRecordError` where it is none."""
    document = load_record(raw)
    if not isinstance(document, dict):
        raise MalformedRecordError("JSON, but no object")
    return document


def flatten(document: dict[str, Json]) -> tuple[Fields, dict[str, Json]]:
    """Return the document's leaves under dotted names, typed as ECS asks, and the rest that fits no field.

    Lists of objects become one list for each leaf. Nulls, empty objects and empty lists are no values. The rest holds
    values that are not of their ECS type, that have no name, and what is beyond `MAX_FIELDS`.
    """
    fields: Fields = {}
    rest: dict[str, Json] = {}
    _walk("", document, 1, fields, rest)
    return fields, rest


def _walk(prefix: str, document: dict[str, Json], depth: int, fields: Fields, rest: dict[str, Json]) -> None:
    for key, value in document.items():
        if value is None:
            continue
        name = prefix + key if key.isascii() else prefix + _clean(key)
        if isinstance(value, dict):
            if depth >= MAX_DEPTH:
                _put(name, as_json(value), fields, rest)
            elif value:
                _walk(name + ".", value, depth + 1, fields, rest)
        elif isinstance(value, list):
            _walk_list(name, value, depth, fields, rest)
        else:
            _put(name, value, fields, rest)


def _walk_list(name: str, values: list[Json], depth: int, fields: Fields, rest: dict[str, Json]) -> None:
    for item in values:
        if isinstance(item, dict) and depth < MAX_DEPTH:
            _walk(name + ".", item, depth + 1, fields, rest)
        elif isinstance(item, dict | list):
            _put(name, as_json(item), fields, rest)
        elif item is not None:
            _put(name, item, fields, rest)


def _put(name: str, value: JsonScalar, fields: Fields, rest: dict[str, Json]) -> None:
    """Put one value under its name, beside those that are there already."""
    kind, ecs, array = _nature(name)
    scalar = _CASTS[kind](value) if kind != "text" else (_text(value) if ecs else _native(value))
    there = fields.get(name)
    if scalar is None or not name or name in rest or (there is None and len(fields) >= MAX_FIELDS):
        before = rest.get(name)
        rest[name] = value if before is None else [*before, value] if isinstance(before, list) else [before, value]
    elif isinstance(there, list):
        there.append(scalar)
    elif there is not None:
        fields[name] = [there, scalar]  # type: ignore[list-item] # a value that is no list is a scalar here
    else:
        fields[name] = [scalar] if array else scalar


@lru_cache(maxsize=16384)
def _nature(name: str) -> tuple[Kind, bool, bool]:
    """Return a field's type, whether ECS names it, and whether ECS keeps a list of it."""
    kind = kind_of(name)
    return kind, kind != "text" or name.partition(".")[0] in _ECS_ROOTS, name in ARRAY


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
    """Return text that UTF-8 can hold: bytes that are not UTF-8 and half surrogate pairs become visible escapes."""
    return text if text.isascii() or not _SURROGATE.search(text) else _SURROGATE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


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
