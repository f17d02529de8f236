"""How one field value is written as text and how it is read back with the type it had.

A value's *code* says its type: `s` text, `i` whole number, `f` fraction, `b` truth value, `d` instant, and `[` followed
by the codes of the elements (one letter where all are alike) for a list. A code is kept only where it differs from
what the column's own type says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from engine.ecs_types import Kind
from engine.events import Fields, Scalar, Value, instant

LIST = "["
_CODES: Mapping[type, str] = {str: "s", int: "i", float: "f", bool: "b", datetime: "d", list: LIST, tuple: LIST}
_BASES: tuple[tuple[type, str], ...] = ((str, "s"), (bool, "b"), (int, "i"), (float, "f"), (datetime, "d"))
NATIVE: Mapping[Kind, str] = {"text": "s", "long": "i", "float": "f", "boolean": "b", "date": "d"}
_LONG = 2**63
_EXACT = 2**53  # up to here every whole number is a float of the same value


def code_of(kind: type) -> str:
    """Return the code of a value's type, "" where it is none that a field may have."""
    code = _CODES.get(kind)
    if code is not None:
        return code
    found = next((code for base, code in _BASES if issubclass(kind, base)), "")
    return found or (LIST if issubclass(kind, Sequence) and kind is not bytes else "")


def plain(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates become visible escapes (`\\ud800`)."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def written(value: object) -> str:
    """Write a scalar as the text that rules and queries see; `restored` reads it back exactly."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _written_instant(value)
    if isinstance(value, int):
        try:
            return str(value)
        except ValueError:  # Python refuses decimal digits of very long numbers: they cost quadratic time
            return hex(value)
    return str(value)


def _written_instant(value: datetime) -> str:
    try:
        return instant(aware(value))
    except OverflowError:  # within hours of the years 1 and 9999, in another zone
        return value.isoformat()


def aware(value: datetime) -> datetime:
    """Return the instant with a zone: one without is taken to be in UTC, never in the machine's own zone."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def restored(text: str, code: str) -> Scalar:
    """Read back what `written` wrote for a value of this code; text that an erasure has left instead stays text."""
    try:
        return _restored(text, code)
    except ValueError:
        return text


def _restored(text: str, code: str) -> Scalar:
    if code == "i":
        return int(text, 16) if "x" in text else int(text)
    if code == "f":
        return float(text)
    if code == "b":
        return text == "true"
    if code == "d":
        return datetime.fromisoformat(text)
    return text


def fitted(kind: Kind, code: str, value: Scalar) -> Scalar | None:
    """Return the value as a column of this kind holds it, None where it does not fit without loss.

    Text that is exactly how the number or truth value is written fits (`"443"` as a long, not `"0443"`).
    """
    if kind == "date":
        return _fitted_date(value) if isinstance(value, datetime) else None
    if kind == "long":
        number = _parsed(value, int) if code == "s" else value
        return number if code in {"i", "s"} and isinstance(number, int) and -_LONG <= number < _LONG else None
    if kind == "float":
        if code == "i":
            return float(value) if isinstance(value, int) and -_EXACT <= value <= _EXACT else None
        return _parsed(value, float) if code == "s" else value if code == "f" else None
    if kind == "boolean":
        return {"true": True, "false": False}.get(str(value)) if code == "s" else value if code == "b" else None
    return None


def _fitted_date(value: datetime) -> datetime | None:
    try:
        return aware(value).astimezone(UTC)
    except OverflowError:
        return None


def _parsed(value: Scalar, kind: type[int | float]) -> int | float | None:
    text = str(value)
    if len(text) > 32:
        return None
    try:
        number = kind(text)
    except ValueError:
        return None
    return number if str(number) == text else None


def list_code(elements: Sequence[object]) -> str:
    """Return the code of a list: `[` alone for an empty one, `[s` where every element is text, `[si` for a mixture."""
    codes = "".join(code_of(type(element)) or "s" for element in elements)
    return LIST + (codes[0] if codes and codes == codes[0] * len(codes) else codes)


def restored_list(texts: Sequence[str], code: str) -> list[Scalar]:
    """Read back the elements of a list from their texts and the list's code."""
    codes = code[1:] or "s"
    if len(codes) == 1:
        return list(texts) if codes == "s" else [restored(text, codes) for text in texts]
    return [restored(text, each) for text, each in zip(texts, codes, strict=True)]


def to_json(fields: Mapping[str, Value]) -> str:
    """Write fields as JSON in ASCII that `from_json` reads back exactly: instants stand as `{"$date": ...}`."""
    try:
        return json.dumps(fields, default=json_default, sort_keys=True, separators=(",", ":"))
    except ValueError:  # a number too long for decimal digits
        return json.dumps({name: _short(value) for name, value in fields.items()}, default=json_default)


def from_json(text: str) -> Fields:
    """Read back what `to_json` wrote."""
    return fields_of(json.loads(text))


def fields_of(document: Mapping[str, object]) -> Fields:
    """Return the fields that a JSON object holds, instants made instants again."""
    return {name: _from_json(value) for name, value in document.items()}


def json_default(value: object) -> object:
    """Write what JSON has no form for: an instant as `{"$date": ...}`."""
    return {"$date": written(value)} if isinstance(value, datetime) else str(value)


def _short(value: Value) -> object:
    return [written(each) for each in value] if isinstance(value, (list, tuple)) else written(value)


def _from_json(value: object) -> Value:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["$date"])
    if isinstance(value, list):
        return [_from_json(each) for each in value]  # type: ignore[misc] # elements are scalars
    return value  # type: ignore[return-value] # what JSON has beside objects and arrays: scalars
