"""A vendor's document under dotted names, beside the ECS fields: one pass, no copies, bounded."""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite

from collectors.json_fields import MAX_DEPTH, MAX_FIELDS, REST, Json, JsonScalar, as_json
from engine.events import Fields, Scalar

_INT64 = 2**63
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", re.ASCII)
_REMEMBERED = 256  # keys of one object whose names are remembered
_LONGEST_NAME = 512  # characters of a field's name; what is named longer is kept as text under `kulla.rest`


@lru_cache(maxsize=16384)
def snake(name: str) -> str:
    """Return `requestParameters` as `request_parameters`, `ipAddress` as `ip_address`, `MFAUsed` as `mfa_used`."""
    return _HUMP.sub("_", name).lower() if len(name) <= _LONGEST_NAME else name


class _Names(dict[str, str]):
    """The names under which the keys of one object stand; most are asked for again and again."""

    def __init__(self, prefix: str, *, snaked: bool) -> None:
        super().__init__()
        self._prefix, self._snaked = prefix, snaked

    def __missing__(self, key: str) -> str:
        name = self._prefix + (snake(key) if self._snaked else key)
        if len(self) < _REMEMBERED and len(name) <= _LONGEST_NAME:
            self[key] = name
        return name


@lru_cache(maxsize=1024)
def _names(prefix: str, snaked: bool) -> _Names:  # noqa: FBT001 - a cache's key
    return _Names(prefix, snaked=snaked)


def spread(
    prefix: str,
    document: dict[str, Json],
    fields: Fields,
    *,
    snaked: bool = False,
    depth: int = 1,
    skip: frozenset[str] = frozenset(),
) -> None:
    """Put the leaves of a document under `prefix` (which ends in a dot); nulls and empty texts are no values.

    A list of objects gives one list for each leaf. What is nested deeper than `MAX_DEPTH` is kept as JSON text; what is
    beyond `MAX_FIELDS` fields or named too long is kept as text under `kulla.rest`. Keys in `skip` are left out, of
    this object alone.
    """
    names = _names(prefix, snaked)
    for key, value in document.items():
        if value is None or value == "" or key in skip:
            continue
        name = names[key]
        kind = value.__class__
        if kind is str or kind is bool:
            if name in fields or len(fields) >= MAX_FIELDS or len(name) > _LONGEST_NAME:
                put(name, value, fields)  # type: ignore[arg-type] # a text or a truth value, by its class
            else:
                fields[name] = value  # type: ignore[assignment] # as above
        elif isinstance(value, dict):
            if depth < MAX_DEPTH:
                spread(name + ".", value, fields, snaked=snaked, depth=depth + 1)
            else:
                put(name, as_json(value), fields)
        elif isinstance(value, list):
            _spread_list(name, value, fields, snaked=snaked, depth=depth)
        else:
            put(name, _number(value), fields)


def _spread_list(name: str, values: list[Json], fields: Fields, *, snaked: bool, depth: int) -> None:
    is_plain = len(values) > 1 and all(item.__class__ is str for item in values)
    if is_plain and name not in fields and len(fields) < MAX_FIELDS and len(name) <= _LONGEST_NAME:
        fields[name] = values  # type: ignore[assignment] # texts, by their class
        return
    for item in values:
        if isinstance(item, dict) and depth < MAX_DEPTH:
            spread(name + ".", item, fields, snaked=snaked, depth=depth + 1)
        elif isinstance(item, dict | list):
            put(name, as_json(item), fields)
        elif item is not None:
            put(name, _number(item), fields)


def _number(value: JsonScalar) -> Scalar:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value) if abs(value) < 10**300 else hex(value)
    return value if isfinite(value) else str(value)


def put(name: str, value: Scalar, fields: Fields) -> None:
    """Put one value under a name, beside those that stand there already."""
    there = fields.get(name)
    if there is None:
        if len(fields) >= MAX_FIELDS or len(name) > _LONGEST_NAME:
            rest = fields.get(REST, "")
            if len(str(rest)) < 1_000_000:
                fields[REST] = f"{rest}{as_json({name[:_LONGEST_NAME]: str(value)})}\n"
            return
        fields[name] = value
    elif isinstance(there, list):
        there.append(value)
    else:
        fields[name] = [there, value]  # type: ignore[list-item] # a value that is no list is a scalar here
