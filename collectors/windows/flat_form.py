"""Flat Windows events to winlogbeat's shape: the envelope and the event's data side by side in one object.

    {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": .., "Image": .., "Message": ..}

So write NXLog (`im_msvistalog`), the OTRF security data sets, Fluent Bit (`winevtlog`), Microsoft Sentinel's tables,
Vector, and `Get-WinEvent | ConvertTo-Json`; OpenTelemetry's receiver and Splunk's forwarder are made so first. What is
not part of the envelope is event data under its own name.

NXLog's field names know no letter case, so its `ProcessID` (of the process that logged) hides the event's own
`ProcessId`, and its `EventType` that of Sysmon; both still stand in the rendered `Message` and are taken from there.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo
from typing import Any, Final

from collectors.source import Options
from collectors.windows.event_form import set_guid, set_keywords, set_number, system_fields
from collectors.windows.message import hidden_data, message_data
from collectors.windows.names import EVENT_DATA, one_text, text
from collectors.windows.system import LEVEL_NAMES, OPCODES, guid_of, moment_of, number_of
from collectors.windows.templates import names_of
from engine.events import Fields

_Object = dict[str, Any]

_ID: Final = ("EventID", "EventId", "event_id", "Id", "eventid", "EventCode")
_CHANNEL: Final = ("Channel", "LogName", "log_name", "EventLog", "channel")
_PROVIDER: Final = (
    "SourceName",
    "ProviderName",
    "source_name",
    "EventSourceName",
    "Provider",
    "Source",
    "provider",
    "provider_name",
)
_COMPUTER: Final = ("Hostname", "HOSTNAME", "Computer", "MachineName", "ComputerName", "computer_name", "computer")
_TIME: Final = (
    "TimeCreated", "TimeGenerated", "SystemTime", "EventTime", "time", "@timestamp", "timestamp", "EventReceivedTime",
)  # fmt: skip
_RECORD: Final = (
    "RecordNumber",
    "EventRecordID",
    "RecordId",
    "record_number",
    "RecordID",
    "EventRecordId",
    "record_id",
)
_PROCESS: Final = ("ExecutionProcessID", "ProcessID", "process_id", "SystemProcessId")
_THREAD: Final = ("ThreadID", "ExecutionThreadID", "ThreadId", "thread_id", "SystemThreadId")
_KEYWORDS: Final = ("Keywords", "keywords")
_GUID: Final = ("ProviderGuid", "ProviderId", "provider_guid")
MESSAGE: Final = ("Message", "message", "RenderedDescription")
_LEVEL: Final = ("Level", "Severity", "LevelDisplayName", "level", "EventLevelName")
_REST: Final = (
    "@metadata", "@version", "AccountName", "AccountType", "ActivityID", "ActivityId", "Bookmark", "Category", "Domain",
    "EventReceivedTime", "EventType", "EventTypeOrignal", "KeywordsDisplayNames", "MatchedQueryIds", "Opcode",
    "OpcodeDisplayName", "OpcodeValue", "Properties", "Qualifiers", "RelatedActivityID", "RelatedActivityId",
    "SeverityValue", "SourceModuleName", "SourceModuleType", "StringInserts", "Task", "TaskDisplayName", "UserID",
    "UserId", "Version", "host", "level_value", "port", "source_type", "tags", "task", "type", "user_id",
)  # fmt: skip
ENVELOPE: Final = frozenset(
    name
    for names in (
        _ID, _CHANNEL, _PROVIDER, _COMPUTER, _TIME, _RECORD, _PROCESS, _THREAD, _KEYWORDS, _GUID, MESSAGE, _LEVEL,
        _REST,
    )
    for name in names
) - {"Id", "Source", "ProviderName", "Level", "time", "ThreadId"}  # fmt: skip
SHARED: Final = (
    *_ID, *_CHANNEL, *_PROVIDER, *_COMPUTER, *_GUID, *_KEYWORDS, *_LEVEL, "AccountName", "AccountType", "Category",
    "Domain", "EventType", "Opcode", "OpcodeValue", "TaskDisplayName", "UserID", "UserId", "Version", "user_id",
)  # fmt: skip
_MOST_TEMPLATES: Final = 20_000  # their keys come from the log
_templates: Final[dict[tuple[object, ...], Fields]] = {}
_SEVERITIES: Final = frozenset(LEVEL_NAMES)
_EVENT_TYPED: Final = frozenset({"12", "13", "14", "17", "18", "19", "20", "21"})
_SOME_DATA: Final = frozenset(
    f"winlog.event_data.{name}"
    for name in (
        "Application", "CallerProcessId", "FilterRTID", "Image", "LayerRTID", "ProcessGuid", "ProviderKey", "RuleId",
        "SourceProcessGUID", "SubjectLogonId", "SubjectUserName", "SubjectUserSid", "TargetSid", "TargetUserName",
        "TargetUserSid", "UtcTime",
    )
)  # fmt: skip
_PROCESS_DATA: Final = frozenset({"winlog.event_data.ProcessId", "winlog.event_data.SourceProcessId"})
_WITH_PROCESS: Final = frozenset(
    {"4611", "4616", "4624", "4625", "4648", "4656", "4657", "4658", "4660", "4661", "4663", "4670", "4673", "4674",
     "4688", "4689", "4690", "4703", "4904", "4905", "4907", "4985"}
)  # fmt: skip


def is_flat(document: _Object) -> bool:
    """Tell whether a decoded object is a flat Windows event."""
    if "EventID" in document or "EventId" in document or "event_id" in document:
        return True
    if "Id" in document or "EventCode" in document:
        return any(name in document for name in (*_CHANNEL, "ProviderName", "SourceName"))
    return False


def from_flat(document: _Object, options: Options) -> Fields:
    """Return the fields of a flat event; raise `MalformedRecordError` where it has no readable event id."""
    fields = _envelope(document, options)
    names = EVENT_DATA
    for name, value in document.items():
        if name in ENVELOPE:
            continue
        if type(value) is str:
            fields[names[name]] = value
        elif value is not None:
            fields[names[name]] = text(value)
    if (kind := own_type(document)) is not None:
        fields["winlog.event_data.EventType"] = kind
    if "StringInserts" in document or "Properties" in document:
        _positional(fields, document)
    dataset, code = str(fields["event.dataset"]), str(fields["event.code"])
    if "message" in fields and is_partial(fields, dataset, code):
        missing = hidden_data if has_data(fields) else message_data
        for name, value in missing(str(fields["message"]), dataset, code):
            fields.setdefault(EVENT_DATA[name], value)
    return fields


def _envelope(document: _Object, options: Options) -> Fields:
    get = document.get
    key = (options.host, *map(get, SHARED))
    try:
        known = _templates.get(key)
    except TypeError:  # an object or a list where a plain value should stand
        fields = template(document, options.host)
    else:
        if known is None:
            known = template(document, options.host)
            if len(_templates) < _MOST_TEMPLATES:
                _templates[key] = known
        fields = known.copy()
    moment = _moment(document, options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    if "SourceModuleType" in document:
        fields["agent.type"] = "nxlog"
    record = number_of(get("RecordNumber") or _one_of(document, _RECORD))
    if record is not None:
        fields["winlog.record_id"] = record
    pid = get("ExecutionProcessID")
    set_number(fields, "winlog.process.pid", pid if pid is not None else _one_of(document, _PROCESS))
    set_number(fields, "winlog.process.thread.id", _one_of(document, _THREAD))
    message = get("Message") or _first(document, MESSAGE)
    if message:
        fields["message"] = message
    activity = get("ActivityID") or get("ActivityId")
    if activity:
        set_guid(fields, "winlog.activity_id", activity)
    return fields


def template(document: _Object, host: str | None) -> Fields:
    """Return what this event shares with all others of its provider, id, machine and user.

    Events share it whose values of `SHARED` are equal; so `false` and 0.0 stand for the 0 that they equal in Python.
    """
    document = {name: _number_as_such(document[name]) for name in SHARED if name in document}
    get = document.get
    fields = system_fields(
        event_id=_id(document),
        channel=_first(document, _CHANNEL),
        provider=_first(document, _PROVIDER),
        computer=_first(document, _COMPUTER) or host or "",
        moment=None,
    )
    guid = _first(document, _GUID)
    if guid:
        fields["winlog.provider_guid"] = guid_of(guid)
    mask = _one_of(document, _KEYWORDS)
    if isinstance(mask, str | int):
        set_keywords(fields, mask)
    _level(fields, document)
    kind = get("EventType")
    if isinstance(kind, str) and kind.startswith("AUDIT_"):
        fields["event.outcome"] = "success" if kind == "AUDIT_SUCCESS" else "failure"  # keywords may have been rounded
    _user(fields, document)
    for name, target in (("Category", "winlog.task"), ("TaskDisplayName", "winlog.task"), ("Opcode", "winlog.opcode")):
        value = get(name)
        if isinstance(value, str) and value:
            fields[target] = value
    opcode = OPCODES.get(number_of(get("OpcodeValue", get("Opcode"))) or 0)
    if opcode:
        fields.setdefault("winlog.opcode", opcode)
    version = number_of(get("Version"))
    if version:
        fields["winlog.version"] = version
    return fields


def _number_as_such(value: object) -> object:
    return int(value) if isinstance(value, bool | float) and value == value // 1 else value


def own_type(document: _Object) -> str | None:
    """Return the event's own `EventType` (Sysmon's), which is not the severity that NXLog writes there."""
    kind = document.get("EventType")
    return kind if isinstance(kind, str) and kind.lower() not in _SEVERITIES else None


def _id(document: _Object) -> object:
    found = document.get("EventID")
    return found if found is not None else _one_of(document, _ID)


def _one_of(document: _Object, names: tuple[str, ...]) -> object:
    for name in names:
        value = document.get(name)
        if value is not None:
            return value
    return None


def _first(document: _Object, names: tuple[str, ...]) -> str:
    value = _one_of(document, names)
    if isinstance(value, dict):
        value = value.get("Name") or value.get("@Name")
    return one_text(value)


def _moment(document: _Object, zone: tzinfo) -> datetime | None:
    """Return the event's instant: the first stamp that names its zone, else the first one, taken in `zone`.

    NXLog's `EventTime` is local and names no zone; a shipper's `@timestamp` beside it does.
    """
    unzoned: object = None
    for name in _TIME:
        value = document.get(name)
        if value is None:
            continue
        if type(value) is str and value[-1:] != "Z" and "+" not in value[10:] and "-" not in value[10:]:
            unzoned = unzoned or value
            continue
        moment = moment_of(value, zone)
        if moment is not None:
            return moment
    return moment_of(unzoned, zone)


def _level(fields: Fields, document: _Object) -> None:
    severity = document.get("Severity")
    if severity is None:
        severity = _one_of(document, _LEVEL)
    level = LEVEL_NAMES.get(str(severity).lower()) if severity is not None else None
    if level is not None:
        fields["log.level"] = level


def is_partial(fields: Collection[str], dataset: str, code: str) -> bool:
    """Tell whether event data that the message shows may be missing: hidden by NXLog's envelope, or all of it."""
    if dataset == "windows.sysmon_operational":
        if code in _EVENT_TYPED and "winlog.event_data.EventType" not in fields:
            return True
        return _PROCESS_DATA.isdisjoint(fields)
    if dataset != "system.security":
        return False
    return (code in _WITH_PROCESS and "winlog.event_data.ProcessId" not in fields) or not has_data(fields)


def can_tell(name: str) -> bool:
    """Tell whether the presence of this field decides what `is_partial` and `has_data` say."""
    return name in _SOME_DATA or name in _PROCESS_DATA


def has_data(fields: Collection[str]) -> bool:
    """Tell whether a Sysmon or Security event has event data at all, so that its message adds only what is hidden."""
    return not _SOME_DATA.isdisjoint(fields)


def _user(fields: Fields, document: _Object) -> None:
    sid = document.get("UserID") or document.get("UserId") or document.get("user_id")
    if isinstance(sid, str) and sid:
        fields["winlog.user.identifier"] = sid
    elif isinstance(sid, dict) and sid.get("Value"):
        fields["winlog.user.identifier"] = str(sid["Value"])
    for name, target in (
        ("AccountName", "winlog.user.name"),
        ("Domain", "winlog.user.domain"),
        ("AccountType", "winlog.user.type"),
    ):
        value = document.get(name)
        if isinstance(value, str) and value:
            fields[target] = value


def _positional(fields: Fields, document: _Object) -> None:
    """Set data that come as a list: Fluent Bit's `StringInserts`, the `Properties` of `Get-WinEvent`.

    Where the event's template is known they have its names, else they are numbered.
    """
    values = document.get("StringInserts") or document.get("Properties")
    if not isinstance(values, list) or not values:
        return
    plain = [one_text(item.get("Value") if isinstance(item, dict) else item) for item in values]
    names = names_of(str(fields["event.dataset"]), str(fields["event.code"]), len(plain))
    if names:
        for name, item in zip(names, plain, strict=True):
            fields.setdefault(EVENT_DATA[name], item)
        return
    for number, item in enumerate(plain, 1):
        fields.setdefault(EVENT_DATA[f"param{number}"], item)
    fields.setdefault("winlog.event_data.Data", plain if len(plain) > 1 else plain[0])
