"""Winlogbeat's and Elastic Agent's documents: nested, dotted, raw or already enriched by their modules.

What the document says beyond the event stays under its own name. The modules move event data to ECS fields (`Image`
to `process.executable`); rules name the event's own data, so these are put back (see `restore`).
"""

from __future__ import annotations

from typing import Any, Final

from collectors.source import Options
from collectors.windows.event_form import set_guid, set_keywords, system_fields
from collectors.windows.names import EVENT_DATA, USER_DATA, one_text, text
from collectors.windows.restore import restore
from collectors.windows.system import guid_of, moment_of, number_of
from engine.events import Fields, Scalar, Value

_Object = dict[str, Any]
_DEPTH: Final = 12
_DATA: Final = "winlog.event_data."
_USER: Final = "winlog.user_data."
_OURS: Final = frozenset(
    {
        "@metadata", "@timestamp", "@version",
        "event.code", "event.dataset", "event.kind", "event.module", "event.original",
        "event.provider", "winlog.channel", "winlog.computer_name", "winlog.event_id", "winlog.provider_guid",
        "winlog.provider_name", "winlog.record_id", "winlog.time_created", "winlog.activity_id", "host.name",
        "winlog.level", "winlog.outcome", "winlog.api",
    }
)  # fmt: skip
_DATES: Final = frozenset(
    {"event.created", "event.end", "event.ingested", "event.start", "file.created", "file.mtime", "process.start"}
)


def is_beats(document: _Object) -> bool:
    """Tell whether a decoded object is a document of winlogbeat or Elastic Agent."""
    if isinstance(document.get("winlog"), dict):
        return True
    return any(name.startswith("winlog.") for name in document)


def from_beats(document: _Object, options: Options) -> Fields:
    """Return the fields of a document; raise `MalformedRecordError` where it has no readable event id."""
    flat: _Object = {}
    _flatten(document, "", flat, 0)
    get = flat.get
    created = get("winlog.time_created") or get("@timestamp") or get("event.created")
    fields = system_fields(
        event_id=get("winlog.event_id") if get("winlog.event_id") is not None else get("event.code"),
        channel=one_text(get("winlog.channel")),
        provider=one_text(get("winlog.provider_name") or get("event.provider")),
        computer=one_text(get("winlog.computer_name") or get("host.name")) or options.host or "",
        moment=moment_of(created, options.zone),
    )
    _winlog(fields, flat)
    for name, value in flat.items():
        if name.startswith(_DATA):
            if value is not None:
                fields[EVENT_DATA[name[18:]]] = text(value)
        elif name.startswith(_USER):
            fields[USER_DATA[name[17:]]] = text(value)
            fields.setdefault(EVENT_DATA[name[17:]], text(value))
        elif name in _DATES:
            moment = moment_of(value, options.zone)
            if moment is not None:
                fields.setdefault(name, moment)
        elif name not in _OURS:
            fields.setdefault(name, _kept(value))
    _positional(fields)
    restore(fields)
    return fields


def _winlog(fields: Fields, flat: _Object) -> None:
    guid = flat.get("winlog.provider_guid")
    if guid:
        fields["winlog.provider_guid"] = guid_of(str(guid))
    record = number_of(flat.get("winlog.record_id"))
    if record is not None:
        fields["winlog.record_id"] = record
    set_guid(fields, "winlog.activity_id", flat.get("winlog.activity_id"))
    level = flat.get("log.level") or flat.get("winlog.level")
    if isinstance(level, str) and level:
        fields["log.level"] = level.lower()
    outcome = flat.get("event.outcome") or flat.get("winlog.outcome")
    if isinstance(outcome, str):
        fields["event.outcome"] = outcome
    keywords = flat.get("winlog.keywords")
    if isinstance(keywords, str) and keywords.startswith("0x"):
        set_keywords(fields, keywords)
    elif "event.outcome" not in fields and isinstance(keywords, list):
        _outcome(fields, keywords)
    if "message" not in flat and isinstance(flat.get("event.original"), str):
        fields["message"] = flat["event.original"]


def _outcome(fields: Fields, keywords: list[object]) -> None:
    for word, outcome in (("Audit Success", "success"), ("Audit Failure", "failure")):
        if word in keywords:
            fields["event.outcome"] = outcome


def _flatten(value: _Object, prefix: str, into: _Object, depth: int) -> None:
    for name, inner in value.items():
        full = prefix + name
        if type(inner) is dict and depth < _DEPTH:
            _flatten(inner, full + ".", into, depth + 1)
        elif type(inner) is list and inner and all(type(item) is dict for item in inner):
            _columns(inner, full + ".", into)
        elif inner is not None:
            into[full] = inner


def _columns(items: list[_Object], prefix: str, into: _Object) -> None:
    """Turn a list of objects into one list for each of their names, as ECS documents are indexed."""
    for item in items:
        flat: _Object = {}
        _flatten(item, prefix, flat, _DEPTH - 2)
        for name, value in flat.items():
            into.setdefault(name, []).append(value)


def _kept(value: object) -> Value:
    if isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list):
        kept: list[Scalar] = [item if isinstance(item, str | int | float | bool) else one_text(item) for item in value]
        return kept
    return one_text(value)


def _positional(fields: Fields) -> None:
    """Give data without names the name `Data` too, as Sigma rules know them."""
    if "winlog.event_data.param1" not in fields or "winlog.event_data.Data" in fields:
        return
    values: list[str] = []
    while (name := f"winlog.event_data.param{len(values) + 1}") in fields:
        values.append(str(fields[name]))
    fields["winlog.event_data.Data"] = values if len(values) > 1 else values[0]
