"""The `Event` document of evtx_dump, the `evtx` package, xmltodict and SigmaHQ's samples, to winlogbeat's shape.

    {"Event": {"System": {"Provider": {"#attributes": {"Name": ..}}, "EventID": 1, ..}, "EventData": {..}}}

This is the hot path of EVTX files. Attributes may stand under `#attributes`, as `@Name`, as `Provider_attributes`, or
beside one another; an `EventID` may be a number, text or an object with `#text`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from collectors.windows.names import EVENT_DATA, USER_DATA, one_text, text
from collectors.windows.system import LEVELS, OPCODES, channel_of, guid_of, keywords_of, moment_of, number_of
from engine.errors import MalformedRecordError
from engine.events import Fields

_Object = dict[str, Any]  # a decoded JSON object
_GUID: Final = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}")  # as the evtx package writes GUID values
_NONE: Final[_Object] = {}
_MOST_TEMPLATES: Final = 20_000  # their keys come from the log
_templates: Final[dict[tuple[object, ...], Fields]] = {}


def from_event(event: _Object, *, host: str | None = None) -> Fields:
    """Return the fields of an `Event` object; raise `MalformedRecordError` where it has no `System` or event id."""
    system = event.get("System")
    if not isinstance(system, dict):
        raise MalformedRecordError("a Windows event without a System element")
    fields = _system(system, host)
    data = event.get("EventData")
    if data:
        _event_data(fields, data)
    if len(event) > 2 or not data:
        _other_parts(fields, event)
    return fields


def _system(system: _Object, host: str | None) -> Fields:
    key = shared_key(system, host)
    try:
        known = _templates.get(key)
    except TypeError:  # an EventID with qualifiers is an object
        fields = template(system, host)
    else:
        if known is None:
            known = template(system, host)
            if len(_templates) < _MOST_TEMPLATES:
                _templates[key] = known
        fields = known.copy()
    _own(fields, system)
    return fields


def shared_key(system: _Object, host: str | None) -> tuple[object, ...]:
    """Return all of a `System` part on which `template` rests."""
    get = system.get
    provider = attributes(system, "Provider")
    return (
        provider.get("Name"), provider.get("EventSourceName"), provider.get("Guid"), host, get("EventID"),
        get("Version"), get("Level"), get("Task"), get("Opcode"), get("Keywords"), get("Channel"), get("Computer"),
    )  # fmt: skip


def template(system: _Object, host: str | None) -> Fields:
    """Return what this event shares with all others of its provider, id and machine."""
    provider = attributes(system, "Provider")
    fields = system_fields(
        event_id=system.get("EventID"),
        channel=one_text(system.get("Channel")),
        provider=str(provider.get("Name") or provider.get("EventSourceName") or ""),
        computer=one_text(system.get("Computer")) or host or "",
        moment=None,
    )
    guid = provider.get("Guid")
    if guid:
        fields["winlog.provider_guid"] = guid_of(str(guid))
    level = number_of(system.get("Level"))
    if level is not None:
        fields["log.level"] = LEVELS.get(level, "information")
    mask = system.get("Keywords")
    if isinstance(mask, str | int):
        set_keywords(fields, mask)
    version = number_of(system.get("Version"))
    if version:
        fields["winlog.version"] = version
    opcode = OPCODES.get(number_of(system.get("Opcode")) or 0)
    if opcode is not None:
        fields["winlog.opcode"] = opcode
    task = number_of(system.get("Task"))
    if task:
        fields["winlog.task"] = str(task)
    return fields


def _own(fields: Fields, system: _Object) -> None:
    """Set what is this event's own: its time, record id, process, activity and user."""
    created = attributes(system, "TimeCreated")
    moment = moment_of(created.get("SystemTime") or created.get("RawTime"))
    if moment is not None:
        fields["@timestamp"] = moment
    record = number_of(system.get("EventRecordID"))
    if record is not None:
        fields["winlog.record_id"] = record
    execution = attributes(system, "Execution")
    set_number(fields, "winlog.process.pid", execution.get("ProcessID"))
    set_number(fields, "winlog.process.thread.id", execution.get("ThreadID"))
    correlation = attributes(system, "Correlation")
    if correlation:
        set_guid(fields, "winlog.activity_id", correlation.get("ActivityID"))
        set_guid(fields, "winlog.related_activity_id", correlation.get("RelatedActivityID"))
    user = attributes(system, "Security").get("UserID")
    if user:
        fields["winlog.user.identifier"] = str(user)


def system_fields(*, event_id: object, channel: str, provider: str, computer: str, moment: datetime | None) -> Fields:
    """Return what every Windows event has; raise `MalformedRecordError` where it has no event id."""
    number = number_of(event_id)
    if number is None:
        raise MalformedRecordError("a Windows event without a readable event id")
    known = channel_of(channel, provider)
    code = str(number)
    fields: Fields = {
        "event.module": "windows",
        "event.dataset": known.dataset,
        "event.kind": "event",
        "event.code": code,
        "winlog.event_id": code,
    }
    if moment is not None:
        fields["@timestamp"] = moment
    if known.name:
        fields["winlog.channel"] = known.name
    if provider:
        fields["winlog.provider_name"] = provider
        fields["event.provider"] = provider
    if computer:
        fields["winlog.computer_name"] = computer
        fields["host.name"] = computer
    return fields


def attributes(parent: _Object, name: str) -> _Object:
    """Return the attributes of the element `name` of a decoded event, whichever way the decoder wrote them."""
    element = parent.get(name)
    if isinstance(element, dict):
        found = element.get("#attributes")
        if isinstance(found, dict):
            return found
        if any(key.startswith("@") for key in element):
            return {key.lstrip("@"): value for key, value in element.items()}
        return element
    if isinstance(element, str) and element.strip():
        return {"Name": element, "SystemTime": element}
    apart = parent.get(f"{name}_attributes")
    return apart if isinstance(apart, dict) else _NONE


def set_number(fields: Fields, name: str, value: object) -> None:
    """Set a field to the value's number, where it has one."""
    number = number_of(value)
    if number is not None:
        fields[name] = number


def set_guid(fields: Fields, name: str, value: object) -> None:
    """Set a field to a GUID in braces, where there is one."""
    if value:
        fields[name] = "{" + str(value).strip("{}").lower() + "}"


def set_keywords(fields: Fields, mask: str | int) -> None:
    """Set the keywords of a mask, and the outcome of an audit."""
    keywords = keywords_of(mask)
    if keywords.names:
        fields["winlog.keywords"] = keywords.names
    if keywords.outcome:
        fields["event.outcome"] = keywords.outcome


def _event_data(fields: Fields, data: object) -> None:
    if not isinstance(data, dict):
        _unnamed(fields, data)
        return
    names = EVENT_DATA
    for name, value in data.items():
        if type(value) is str:
            fields[names[name]] = braced(value) if len(value) == 36 else value
        elif type(value) is int:
            fields[names[name]] = str(value)
        elif name == "Data":
            _unnamed(fields, value)
        elif value is not None and not name.startswith("#attributes"):
            fields[names[name]] = text(value)
    if "Data" in data and isinstance(data["Data"], str):
        _unnamed(fields, data["Data"])


def braced(value: str) -> str:
    """Return a GUID in the braces that Windows writes around it; any other text as it is."""
    return "{" + value + "}" if len(value) == 36 and _GUID.fullmatch(value) else value


def _unnamed(fields: Fields, value: object) -> None:
    """Set data without names as winlogbeat does (`param1`, `param2`, ..), and all of them as `Data`, as Sigma does."""
    if isinstance(value, dict):
        inner = value.get("#text", value.get("Data"))
        named = attributes({"Data": value}, "Data").get("Name")
        if named:
            fields[EVENT_DATA[str(named)]] = text(value.get("#text"))
            return
        value = inner
    if value is None:
        return
    items = value if isinstance(value, list) else [value]
    plain: list[str] = []
    for item in items:
        if isinstance(item, dict) and (name := attributes({"Data": item}, "Data").get("Name")):
            fields[EVENT_DATA[str(name)]] = text(item.get("#text"))
        else:
            plain.append(one_text(item))
    for number, item in enumerate(plain, 1):
        fields[EVENT_DATA[f"param{number}"]] = item
    if plain:
        fields["winlog.event_data.Data"] = plain if len(plain) > 1 else plain[0]


def _other_parts(fields: Fields, event: _Object) -> None:
    user_data = event.get("UserData")
    if isinstance(user_data, dict):
        _user_data(fields, user_data)
    binary = event.get("BinaryEventData") or event.get("DebugData")
    if binary:
        fields["winlog.event_data.Binary"] = one_text(binary)
    rendering = event.get("RenderingInfo")
    if isinstance(rendering, dict):
        _rendering(fields, rendering)
    problem = event.get("ProcessingErrorData")
    if isinstance(problem, dict):
        fields["winlog.processing_error"] = one_text(problem)


def _user_data(fields: Fields, user_data: _Object) -> None:
    """Set user data, and the same as event data: a rule's field finds it, whichever element the provider chose."""
    for name, inner in user_data.items():
        if name.startswith(("#", "@")) or name.endswith("_attributes"):
            continue
        if not isinstance(inner, dict):
            fields[USER_DATA[name]] = fields[EVENT_DATA[name]] = text(inner)
            continue
        fields["winlog.user_data.xml_name"] = name
        for key, value in _leaves(inner):
            fields[USER_DATA[key]] = value
            fields.setdefault(EVENT_DATA[key], value)


def _leaves(element: _Object, depth: int = 0) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in element.items():
        if name.startswith(("#", "@")) or name.endswith("_attributes"):
            continue
        if isinstance(value, dict) and "#text" not in value and depth < 8:
            found.extend(_leaves(value, depth + 1))
        else:
            found.append((name, text(value)))
    return found


def _rendering(fields: Fields, rendering: _Object) -> None:
    for name, target in (("Message", "message"), ("Level", ""), ("Task", "winlog.task"), ("Opcode", "winlog.opcode")):
        value = rendering.get(name)
        if value and target:
            fields[target] = one_text(value)


def event_document(document: _Object) -> _Object | None:
    """Return the `Event` object of a decoded document, or None where it holds none."""
    event = document.get("Event", document)
    if isinstance(event, dict) and isinstance(event.get("System"), dict):
        return event
    inner = document.get("Events")
    if isinstance(inner, dict) and isinstance(inner.get("Event"), dict):
        return event_document(inner)
    return None


def sysmon_time(fields: Fields) -> None:
    """Take a Sysmon event's own time (`UtcTime`) as its instant; when it was written down becomes `event.created`."""
    own = fields.get("winlog.event_data.UtcTime")
    if isinstance(own, str) and fields.get("event.provider") == "Microsoft-Windows-Sysmon":
        moment = moment_of(own, UTC)
        if moment is not None:
            written = fields.get("@timestamp")
            fields["@timestamp"] = moment
            if written is not None:
                fields["event.created"] = written
