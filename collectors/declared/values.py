"""Values of user-written sources: types, instants in any format, value tables, conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from collectors.declared.model import FieldRule, Kind, Stamp, Test
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from collectors.syslog import parse_header, year_of
from collectors.web.address import endpoint
from engine.ecs_types import kind_of
from engine.events import Fields, Scalar, Value, texts

EPOCHS: Final[Mapping[str, int]] = {"epoch": 0, "epoch_s": 0, "epoch_ms": 3, "epoch_us": 6, "epoch_ns": 9}
NAMED_FORMATS: Final = ("iso8601", "httpdate", "syslog", *EPOCHS)
_LONGEST_STAMP: Final = 64
_TRUE: Final = frozenset({"true", "1", "yes", "y", "on", "t"})
_FALSE: Final = frozenset({"false", "0", "no", "n", "off", "f"})
_INT64: Final = 2**63


@lru_cache(maxsize=4096)
def natural_kind(name: str) -> Kind:
    """Return the type that ECS gives a field."""
    return "ip" if name.endswith(".ip") else kind_of(name)


def typed(value: Scalar, kind: Kind, zone: tzinfo) -> Scalar | None:
    """Return a value as the type asks; None where it is not one."""
    if kind == "long":
        return _long(value)
    if kind == "float":
        return _float(value)
    if kind == "boolean":
        return _boolean(value)
    if kind == "date":
        return value if isinstance(value, datetime) else to_instant(value, zone)
    text = value if isinstance(value, str) else texts(value)[0]
    if kind == "ip":
        return _unmapped(endpoint(text.strip()).ip)
    return text.lower() if kind == "lower" else text.upper() if kind == "upper" else text


def _unmapped(address: str | None) -> str | None:
    """Return an IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) as what it is, so that it can be compared."""
    if address is None or not address.startswith("::"):
        return address
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped) if mapped is not None else address


def _long(value: Scalar) -> int | None:
    text = str(value).strip()
    if isinstance(value, bool | datetime) or len(text) > 20:
        return None
    try:
        number = int(text) if not isinstance(value, float) else int(value)
    except (ValueError, OverflowError):
        return None
    return number if -_INT64 <= number < _INT64 and (not isinstance(value, float) or number == value) else None


def _float(value: Scalar) -> float | None:
    if isinstance(value, bool | datetime) or len(str(value)) > 64:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if number - number == 0 else None  # neither infinite nor no number


def _boolean(value: Scalar) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def scalars(value: Json) -> list[Scalar]:
    """Return a JSON value's scalars: one, those of a list, none of an object."""
    if isinstance(value, list):
        return [item for part in value for item in scalars(part) if not isinstance(part, list | dict)]
    if isinstance(value, int) and not isinstance(value, bool) and not -_INT64 <= value < _INT64:
        return [hex(value)]
    return [] if value is None or isinstance(value, dict) else [value]


def at_path(document: Mapping[str, Json], path: str) -> Json:
    """Return what stands at `a.b.c` or `list[0].name`; keys with dots are found as well; None where nothing does."""
    if path in document:
        return document[path]
    place = path.find(".")
    while place != -1:
        found = _element(document, path[:place])
        if isinstance(found, dict):
            inner = at_path(found, path[place + 1 :])
            if inner is not None:
                return inner
        elif isinstance(found, list):
            parts = [at_path(item, path[place + 1 :]) for item in found if isinstance(item, dict)]
            if kept := [part for part in parts if part is not None]:
                return list[Json](kept)
        place = path.find(".", place + 1)
    return _element(document, path)


def _element(document: Mapping[str, Json], name: str) -> Json:
    if name in document:
        return document[name]
    key, bracket, index = name.partition("[")
    if not bracket or not index.endswith("]") or not index[:-1].isdecimal() or len(index) > 6:
        return None
    found, number = document.get(key), int(index[:-1])
    return found[number] if isinstance(found, list) and number < len(found) else None


def field_value(rule: FieldRule, found: Sequence[Scalar], zone: tzinfo) -> Value | None:
    """Return a field's value: split, looked up and typed; None where nothing of it is of the field's type."""
    if rule.split is not None:
        found = [part.strip() for item in found for part in str(item).split(rule.split) if part.strip()]
    if rule.lookup is not None:
        return next((rule.lookup[text] for item in found for text in texts(item) if text in rule.lookup), rule.default)
    kind = rule.kind or natural_kind(rule.name)
    values = [value for item in found if (value := typed(item, kind, zone)) is not None]
    if not values:
        return rule.default
    return values if len(values) > 1 or rule.split is not None else values[0]


def instant_of(stamp: Stamp, text: str, options: Options) -> datetime | None:
    """Return the instant that a stamp's text names, by the first format that fits."""
    zone = stamp.zone or options.zone
    text = text.strip()
    if not text or len(text) > _LONGEST_STAMP:
        return None
    return next((moment for form in stamp.formats if (moment := _instant(text, form, zone, options))), None)


def _instant(text: str, form: str, zone: tzinfo, options: Options) -> datetime | None:
    if form in EPOCHS:
        return _epoch(text, EPOCHS[form])
    if form in {"iso8601", "httpdate"}:
        return to_instant(text, zone)
    if form == "syslog":
        return parse_header(f"{text} x", Options(zone=zone, reference=options.reference)).timestamp
    try:
        yearless = not any(mark in form for mark in ("%Y", "%y", "%G", "%c", "%x", "%s"))
        if yearless:  # a leap year, so that 29 February can be read at all
            moment = datetime.strptime(f"2000 {text}", f"%Y {form}")  # noqa: DTZ007 - its zone comes below
            year = year_of(moment.month, moment.day, options.reference, zone)
            if year is None:
                return None
            moment = moment.replace(year=year)
        else:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - its zone comes below
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _epoch(text: str, power: int) -> datetime | None:
    number = _float(text)
    if number is None:
        return None
    try:
        whole = int(text) * 10 ** (9 - power) if text.lstrip("-").isdecimal() else int(number * 10 ** (9 - power))
        seconds, nanos = divmod(whole, 10**9)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000)
    except (ValueError, OverflowError, OSError):
        return None


def holds(test: Test, found: Sequence[str]) -> bool:
    """Tell whether a condition holds of the texts that a value or field has."""
    if test.operator == "exists":
        return bool(found) == bool(test.number)
    if test.operator == "not":
        return not any(text in test.operand for text in found)
    return any(_holds(test, text) for text in found)


def _holds(test: Test, text: str) -> bool:
    operator = test.operator
    if operator == "equals":
        return text in test.operand
    if operator == "matches":
        return test.regex is not None and test.regex.search(text) is not None
    if operator in {"contains", "starts", "ends"}:
        lowered = text.lower()
        how = {"contains": lowered.__contains__, "starts": lowered.startswith, "ends": lowered.endswith}[operator]
        return any(how(word.lower()) for word in test.operand)
    number = _float(text)
    if number is None:
        return False
    return {
        "greater": number > test.number,
        "at_least": number >= test.number,
        "less": number < test.number,
        "at_most": number <= test.number,
    }[operator]


def copy_of(fields: Fields) -> Fields:
    """Return fields whose lists can be changed without changing the originals."""
    return {name: list(value) if isinstance(value, list | tuple) else value for name, value in fields.items()}
