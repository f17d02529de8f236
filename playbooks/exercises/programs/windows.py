"""Windows events as collectors ship them: winlogbeat's nested JSON, forwarded ones, and NXLog's flat JSON.

The ministry's collectors cut the messages of Security and Sysmon at their first line (a common setting: the rest of
such a message repeats the event data); all other messages are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import orjson

from playbooks.exercises.estate import DOMAIN, Machine, stable_hex
from playbooks.exercises.moments import iso, spaced
from playbooks.exercises.programs.windows_kinds import KINDS, Kind


class WinEvent(NamedTuple):
    """One event: where, which kind, its event data, the process that wrote it and in whose name."""

    machine: Machine
    kind: str
    data: Mapping[str, str]
    pid: int
    user: tuple[str, str, str] | None = None  # (name, domain, SID) of the user in whose name it was raised


def windows_pen(file: str) -> Callable[[int, object], str]:
    """Return the pen of one file: record numbers count up for each machine and channel, in order of time."""
    numbers: dict[tuple[str, str], int] = {}

    def draw(ms: int, payload: object) -> str:
        if not isinstance(payload, WinEvent):
            raise TypeError(f"{file} takes Windows events")
        kind = KINDS[payload.kind]
        key = (payload.machine.name, kind.channel)
        number = numbers.get(key) or int(stable_hex(str(key), 5), 16)
        numbers[key] = number + 1
        form = _nxlog if payload.machine.form == "nxlog" else _winlogbeat
        return orjson.dumps(form(ms, payload, kind, number)).decode()

    return draw


def _message(kind: Kind, data: Mapping[str, str]) -> str:
    return kind.message.format(**data) if kind.has_fields else kind.message


def _winlogbeat(ms: int, event: WinEvent, kind: Kind, number: int) -> dict[str, object]:
    machine = event.machine
    winlog: dict[str, object] = {
        "api": "wineventlog",
        "channel": kind.channel,
        "computer_name": machine.fqdn,
        "event_id": str(kind.code),
        "opcode": "Info",
        "process": {"pid": event.pid, "thread": {"id": event.pid + 40 + number % 16 * 4}},
        "provider_name": kind.provider,
        "record_id": number,
        "task": kind.task,
    }
    if kind.guid:
        winlog["provider_guid"] = kind.guid
    if kind.version:
        winlog["version"] = kind.version
    if kind.audit:
        winlog["keywords"] = [f"Audit {kind.audit.capitalize()}"]
    if kind.user_data:
        winlog["user_data"] = {"xml_name": kind.user_data, **event.data}
    else:
        # winlogbeat leaves empty values out.
        winlog["event_data"] = {name: text for name, text in event.data.items() if text}
    if event.user:
        name, domain, sid = event.user
        winlog["user"] = {"name": name, "domain": domain, "type": "User", "identifier": sid}
    heading: dict[str, object] = {
        "action": kind.task,
        "code": str(kind.code),
        "created": iso(ms + 900 + number % 700),
        "kind": "event",
        "provider": kind.provider,
    }
    if kind.audit:
        heading["outcome"] = kind.audit
    is_forwarded = machine.form == "forwarded"
    document: dict[str, object] = {
        "@timestamp": iso(ms),
        "agent": _agent("WEF" if is_forwarded else machine.name),
        "ecs": {"version": "8.0.0"},
        "event": heading,
        "host": {"name": machine.fqdn},
        "log": {"level": kind.level},
        "message": _message(kind, event.data),
        "winlog": winlog,
    }
    if is_forwarded:
        document["tags"] = ["forwarded"]
    return document


def _agent(name: str) -> dict[str, str]:
    mark = stable_hex(name, 32)
    identifier = f"{mark[:8]}-{mark[8:12]}-4{mark[13:16]}-8{mark[17:20]}-{mark[20:]}"
    return {"id": identifier, "name": f"{name}.{DOMAIN}", "type": "winlogbeat", "version": "8.17.4"}


_SEVERITY = {"information": (2, "INFO"), "warning": (3, "WARNING"), "error": (4, "ERROR")}


def _nxlog(ms: int, event: WinEvent, kind: Kind, number: int) -> dict[str, object]:
    value, word = _SEVERITY[kind.level]
    if kind.audit == "failure":
        value, word = 4, "ERROR"
    document: dict[str, object] = {
        "EventTime": spaced(ms),
        "Hostname": event.machine.fqdn,
        "Keywords": kind.keywords,
        "EventType": f"AUDIT_{kind.audit.upper()}" if kind.audit else word,
        "SeverityValue": value,
        "Severity": word,
        "EventID": kind.code,
        "SourceName": kind.provider,
        "Version": kind.version,
        "Task": kind.task_number,
        "OpcodeValue": 0,
        "RecordNumber": number,
        "ExecutionProcessID": event.pid,
        "ThreadID": event.pid + 40 + number % 16 * 4,
        "Channel": kind.channel,
        "Message": _message(kind, event.data),
        "Category": kind.task,
        "Opcode": "Info",
    }
    if kind.guid:
        document["ProviderGuid"] = kind.guid.upper()
    if event.user:
        name, domain, sid = event.user
        document |= {"Domain": domain, "AccountName": name, "UserID": sid, "AccountType": "User"}
    # NXLog reads EventData into fields; of UserData only the message tells.
    for name, text in () if kind.user_data else event.data.items():
        # NXLog keeps its own EventType; a Sysmon field of that name is renamed by the usual configuration.
        document["EventTypeOrignal" if name == "EventType" else name] = text
    document |= {
        "EventReceivedTime": spaced(ms + 1000),
        "SourceModuleName": "eventlog",
        "SourceModuleType": "im_msvistalog",
    }
    return document
