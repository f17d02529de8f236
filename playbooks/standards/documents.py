"""What all formats share: stable ids, instants as they are written, and JSON that no reader or terminal trips over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from engine.errors import InputError

NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:kulla:standards:1")
LARGEST_FILE: Final = 8 * 1024 * 1024
Document = Mapping[str, object]


def identifier(kind: str, *parts: str, namespace: UUID = NAMESPACE) -> str:
    """Return `kind--UUID`, the same for the same parts (version 5); each part is told apart from the next."""
    name = json.dumps([kind, *(clean(part) for part in parts)], ensure_ascii=True, separators=(",", ":"))
    return f"{kind}--{uuid5(namespace, name)}"


def stamp(moment: datetime) -> str:
    """Return an instant as STIX 2.1 and CACAO 2.0 write it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def clean(text: str) -> str:
    """Return a text that UTF-8 can hold: half of a surrogate pair, which logs may carry, becomes U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def as_json(document: object) -> str:
    r"""Return indented JSON in ASCII: control and bidirectional characters of log content stand as `\uXXXX`."""
    return json.dumps(_clean(document), ensure_ascii=True, indent=2, allow_nan=False) + "\n"


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_clean(item) for item in value]
    return value


def read_json(content: bytes, where: str) -> Document:
    """Return the JSON object in `content`; raise `InputError` for anything two readers could read differently.

    Refused are repeated keys, `NaN` and `Infinity`, files that are too large or too deep, and what is no object.
    """
    if len(content) > LARGEST_FILE:
        raise InputError("the file is too large", where=where, hint=f"at most {LARGEST_FILE // 1024 // 1024} MB")
    try:
        found = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise InputError("the document is nested too deeply", where=where, hint="check who made it") from None
    except ValueError as error:
        raise InputError(f"it is not JSON ({error})", where=where, hint="check who made it") from None
    if not isinstance(found, dict):
        raise InputError("it is not a JSON object", where=where, hint="a document begins with {")
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice")
    return found


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is no number")


def mapping(value: object) -> Document:
    """Return `value` where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """Return `value` where it is a list, else an empty one."""
    return value if isinstance(value, list | tuple) else ()


def word(value: object) -> str:
    """Return `value` where it is a text, else the empty one."""
    return value if isinstance(value, str) else ""
