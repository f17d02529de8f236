"""Finding a vendor's document in a record: as it is, behind a syslog header, or inside what a shipper wrapped around.

Shippers (Filebeat, Fluent Bit, EventBridge, CloudWatch, Event Hubs consumers) put the vendor's record as an object or
as JSON text under a name of theirs; it is looked for there, two wrappers deep.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

import orjson

from collectors.json_fields import Json, load
from collectors.json_framing import json_objects
from engine.errors import MalformedRecordError

Document: TypeAlias = "dict[str, Json]"
Owns: TypeAlias = "Callable[[Mapping[str, Json]], bool]"

_CARRIERS = (
    "message",
    "detail",
    "_source",
    "log",
    "json",
    "_raw",
    "rawmsg",
    "event",
    "Message",
    "body",
    "record",
    "AuditData",
    "properties",
)
_LONGEST_PREFIX = 1024  # bytes that may stand before the object: a syslog header
_DEEPEST = 3
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_document(raw: bytes, owns: Owns) -> Document:
    """Return the vendor's document that the record holds; raise `MalformedRecordError` where there is none."""
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        parsed = _lenient(raw)
    if not isinstance(parsed, dict):
        raise MalformedRecordError("JSON, but no object")
    if owns(parsed):
        return parsed
    found = _carried(parsed, owns, 1)
    if found is None:
        raise MalformedRecordError("JSON, but none of the fields that this source's records have")
    return found


def _lenient(raw: bytes) -> Json:
    """Read what a strict parser refuses: a header in front, NaN, half surrogate pairs, bytes that are not UTF-8."""
    start = raw.find(b"{", 0, _LONGEST_PREFIX)
    if start == -1:
        raise MalformedRecordError("no JSON object")
    try:
        return _clean(load(raw[start:]))
    except ValueError as error:
        raise MalformedRecordError(str(error)) from error


def _clean(value: Json) -> Json:
    """Make text that UTF-8 can hold of half surrogate pairs and of bytes that are not UTF-8."""
    if isinstance(value, str):
        return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {str(_clean(key)): _clean(item) for key, item in value.items()}
    return value


def _carried(document: Document, owns: Owns, depth: int) -> Document | None:
    if depth > _DEEPEST:
        return None
    for name in _CARRIERS:
        inner = document.get(name)
        if name == "event" and isinstance(inner, dict) and isinstance(inner.get("original"), str):
            inner = inner["original"]
        found = text_document(inner) if isinstance(inner, str) else inner
        if isinstance(found, dict):
            if owns(found):
                return found
            deeper = _carried(found, owns, depth + 1)
            if deeper is not None:
                return deeper
    return None


def text_document(text: str) -> Document | None:
    """Return the JSON object that a text is, or None."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


@lru_cache(maxsize=4)
def first_document(head: bytes) -> Document | None:
    """Return the first whole JSON object of a log's head, taken out of an array or a wrapper (`{"Records": [...]}`).

    None where the head holds none. The answer is shared between sources: do not change it.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith((b"{", b"[")):
        brace = start.find(b"{", 0, _LONGEST_PREFIX)
        if brace == -1 or b"\n" in start[:brace]:
            return None
        start = start[brace:]
    for record in json_objects(io.BytesIO(start)):
        try:
            parsed = orjson.loads(record.raw)
        except orjson.JSONDecodeError:
            return None
        return parsed if isinstance(parsed, dict) else None
    return None


def is_owned(document: Document, owns: Owns) -> bool:
    """Tell whether a document, or what it carries, is one of a source's."""
    return owns(document) or _carried(document, owns, 1) is not None
