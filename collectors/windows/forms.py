"""Telling the forms of Windows events apart, and reading each: one decoded object in, winlogbeat's shape out."""

from __future__ import annotations

from typing import Any, Final

import orjson

from collectors.source import Options
from collectors.windows.beats_form import from_beats, is_beats
from collectors.windows.event_form import event_document, from_event, set_guid, set_keywords, set_number, system_fields
from collectors.windows.flat_form import from_flat, is_flat
from collectors.windows.message import message_data
from collectors.windows.names import EVENT_DATA, WAZUH_DATA, one_text, text
from collectors.windows.otel_form import flat_of_otel, is_otel
from collectors.windows.system import LEVEL_NAMES, guid_of, moment_of
from collectors.windows.xml_form import decoded_xml
from engine.errors import MalformedRecordError
from engine.events import Fields

_Object = dict[str, Any]
_NESTED_ORDER: Final = ("EventData", "event_data", "Payload")  # what may hold a flat event's data, object or text
NESTED: Final = frozenset(_NESTED_ORDER)
_SYSMON_TITLE: Final = "\nUtcTime: "


def from_text(line: str, options: Options) -> Fields:
    """Return the fields of an event written as XML; raise `MalformedRecordError` where it is none."""
    event = event_document(decoded_xml(line))
    if event is None:
        raise MalformedRecordError("the XML holds no Event with a System element")
    return from_event(event, host=options.host)


def from_document(document: _Object, options: Options) -> Fields:
    """Return the fields of a decoded JSON object, whichever form it has; raise `MalformedRecordError` for others."""
    if is_plainly_flat(document):
        return from_flat(merged(document if not is_otel(document) else flat_of_otel(document)), options)
    if is_beats(document):
        return from_beats(document, options)
    event = event_document(document)
    if event is not None:
        fields = from_event(event, host=options.host)
        if isinstance(document.get("Message"), str):
            fields.setdefault("message", document["Message"])
        return fields
    return _rarer(document, options)


def _rarer(document: _Object, options: Options) -> Fields:
    win = document.get("win") or _inner(document, "data").get("win")
    if isinstance(win, dict) and isinstance(win.get("system"), dict):
        return _wazuh(document, win, options)
    properties = _inner(document, "properties")
    if "RawXml" in properties or "EventId" in properties:
        return _azure(document, properties, options)
    if is_flat(document):
        return from_flat(merged(document), options)
    for wrapper in ("_source", "event", "Event", "message", "EventXml", "xml", "body", "Body"):
        inner = document.get(wrapper)
        if isinstance(inner, dict) and (is_flat(inner) or is_beats(inner) or event_document(inner)):
            return from_document(inner, options)
        if isinstance(inner, str) and "<Event" in inner[:300]:
            return from_text(inner, options)
    return _without_id(document, options)


def _inner(document: _Object, name: str) -> _Object:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def is_plainly_flat(document: _Object) -> bool:
    """Tell whether an object is a flat event at first sight: NXLog's and others', or of winlogbeat before version 7."""
    return "EventID" in document or ("event_data" in document and "event_id" in document)


def merged(document: _Object) -> _Object:
    """Return a flat event with its data beside its envelope; they may stand together, as an object, XML or JSON."""
    if NESTED.isdisjoint(document):
        return document
    name = next(name for name in _NESTED_ORDER if name in document)
    data = document[name]
    if isinstance(data, str):
        data = _data_in_text(data)
    inner = data.get("EventData", data) if isinstance(data, dict) else data
    if inner == "":  # Sentinel's table has an empty one beside columns of the data's own names
        return {key: value for key, value in document.items() if key != name}
    if not isinstance(inner, dict | list):
        return document
    plain = {key: value for key, value in document.items() if key != name}
    plain.update(_named(inner))
    return plain


def _data_in_text(data: str) -> object:
    start = data[:40].lstrip()
    try:
        if start.startswith(("<EventData", "<DataItem", "<UserData")):
            return decoded_xml(data)
        return orjson.loads(data) if start.startswith(('{"EventData"', '{"UserData"')) else data
    except (orjson.JSONDecodeError, MalformedRecordError):
        return data  # event data of that name, as it stands


def _named(data: _Object | list[Any]) -> _Object:
    """Return event data by name, out of `{"Data": [{"@Name": .., "#text": ..}]}` or an object that has the names."""
    items = data if isinstance(data, list) else data.get("Data")
    if not isinstance(items, list):
        return data if isinstance(data, dict) else {}
    found: _Object = {}
    for number, item in enumerate(items, 1):
        name = item.get("@Name", item.get("Name")) if isinstance(item, dict) else None
        value = item.get("#text", item.get("Value", "")) if isinstance(item, dict) else item
        found[str(name) if name else f"param{number}"] = value
    return found


def _wazuh(document: _Object, win: _Object, options: Options) -> Fields:
    """Read Wazuh's `data.win`: `system` and `eventdata`, whose names start with small letters."""
    system = win["system"]
    fields = system_fields(
        event_id=system.get("eventID"),
        channel=one_text(system.get("channel")),
        provider=one_text(system.get("providerName")),
        computer=one_text(system.get("computer")) or options.host or "",
        moment=moment_of(system.get("systemTime") or document.get("@timestamp") or document.get("timestamp")),
    )
    if system.get("providerGuid"):
        fields["winlog.provider_guid"] = guid_of(str(system["providerGuid"]))
    set_number(fields, "winlog.record_id", system.get("eventRecordID"))
    set_number(fields, "winlog.process.pid", system.get("processID"))
    set_number(fields, "winlog.process.thread.id", system.get("threadID"))
    level = LEVEL_NAMES.get(one_text(system.get("level")).lower())
    if level:
        fields["log.level"] = level
    if isinstance(system.get("keywords"), str):
        set_keywords(fields, system["keywords"])
    if isinstance(system.get("message"), str):
        fields["message"] = system["message"].strip('"')
    for part in (_inner(win, "eventdata"), *(value for value in _inner(win, "userdata").values())):
        for name, value in part.items() if isinstance(part, dict) else ():
            if value is not None:
                fields[WAZUH_DATA[name]] = text(value)
    return fields


def _azure(document: _Object, properties: _Object, options: Options) -> Fields:
    """Read Azure Diagnostics' `WindowsEventLogsTable`: the event itself is its `RawXml`."""
    raw = properties.get("RawXml")
    if isinstance(raw, str) and raw.lstrip().startswith("<"):
        fields = from_text(raw, options)
    else:
        fields = from_flat({"time": document.get("time"), **properties}, options)
        set_number(fields, "winlog.process.pid", properties.get("Pid"))
        set_number(fields, "winlog.process.thread.id", properties.get("Tid"))
    moment = moment_of(document.get("time"))
    if moment is not None:
        fields.setdefault("@timestamp", moment)
    if isinstance(properties.get("Description"), str):
        fields.setdefault("message", properties["Description"])
    set_guid(fields, "winlog.activity_id", properties.get("ActivityId"))
    return fields


def _without_id(document: _Object, options: Options) -> Fields:
    """Read an object that shows only by its message, or its shipper, that it is a Windows event."""
    message = next((document[name] for name in ("Message", "message") if isinstance(document.get(name), str)), "")
    sysmon = _SYSMON_TITLE in message.replace("\r", "").replace("\\r\\n", "\n")
    shipper = document.get("SourceModuleType") in ("im_msvistalog", "im_mseventlog")
    if not sysmon and not shipper:
        raise MalformedRecordError("no Windows event: neither EventID nor winlog, Event, win or RawXml")
    fields = from_flat({"EventID": 0, "SourceName": "Microsoft-Windows-Sysmon" if sysmon else "", **document}, options)
    for name in ("event.code", "winlog.event_id"):
        fields.pop(name, None)
    if sysmon:
        code = _SYSMON_TITLES.get(message.partition(":")[0].strip().lower())
        if code:
            fields["event.code"] = fields["winlog.event_id"] = code
        for name, value in message_data(message, str(fields["event.dataset"]), code or ""):
            fields.setdefault(EVENT_DATA[name], value)
    return fields


_SYSMON_TITLES: Final = {
    "process create": "1",
    "file creation time changed": "2",
    "network connection detected": "3",
    "sysmon service state changed": "4",
    "process terminated": "5",
    "driver loaded": "6",
    "image loaded": "7",
    "createremotethread detected": "8",
    "rawaccessread detected": "9",
    "process accessed": "10",
    "file created": "11",
    "registry object added or deleted": "12",
    "registry value set": "13",
    "registry object renamed": "14",
    "file stream created": "15",
    "sysmon config state changed": "16",
    "pipe created": "17",
    "pipe connected": "18",
    "wmieventfilter activity detected": "19",
    "wmieventconsumer activity detected": "20",
    "wmieventconsumertofilter activity detected": "21",
    "dns query": "22",
    "file delete archived": "23",
    "clipboard changed": "24",
    "process tampering": "25",
    "file delete logged": "26",
    "file block executable": "27",
    "file block shredding": "28",
    "file executable detected": "29",
    "error report": "255",
}
