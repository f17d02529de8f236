"""Putting back the event data that winlogbeat's modules moved into ECS fields.

The modules for Sysmon and Security rename `winlog.event_data.Image` to `process.executable` and so on. A Sigma rule
names `Image`; without this, enriched documents would pass under every such rule.
"""

from __future__ import annotations

from typing import Final

from engine.events import Fields, texts

_COMMON: Final = {
    "process.command_line": "CommandLine",
    "process.parent.command_line": "ParentCommandLine",
    "process.working_directory": "CurrentDirectory",
    "process.parent.entity_id": "ParentProcessGuid",
    "process.parent.pid": "ParentProcessId",
    "process.parent.executable": "ParentImage",
    "process.pe.original_file_name": "OriginalFileName",
    "process.pe.company": "Company",
    "process.pe.description": "Description",
    "process.pe.file_version": "FileVersion",
    "process.pe.product": "Product",
    "process.entity_id": "ProcessGuid",
    "process.pid": "ProcessId",
    "process.executable": "Image",
    "file.path": "TargetFilename",
    "registry.path": "TargetObject",
    "dns.question.name": "QueryName",
    "source.ip": "SourceIp",
    "source.port": "SourcePort",
    "source.domain": "SourceHostname",
    "destination.ip": "DestinationIp",
    "destination.port": "DestinationPort",
    "destination.domain": "DestinationHostname",
    "network.transport": "Protocol",
    "rule.name": "RuleName",
    "sysmon.dns.status": "QueryStatus",
}
_LOADED: Final = {"file.path": "ImageLoaded", "file.pe.original_file_name": "OriginalFileName"}
_PIPE: Final = {"file.name": "PipeName"}
_ACCESS: Final = {
    "process.executable": "SourceImage",
    "process.pid": "SourceProcessId",
    "process.entity_id": "SourceProcessGUID",
}
_SYSMON: Final = {
    "6": _LOADED,
    "7": _LOADED,
    "8": _ACCESS,
    "9": {"file.path": "Device"},
    "10": _ACCESS,
    "17": _PIPE,
    "18": _PIPE,
    "20": {"process.executable": "Destination"},
}
_LOGON: Final = {
    "process.executable": "ProcessName",
    "process.pid": "ProcessId",
    "source.ip": "IpAddress",
    "source.port": "IpPort",
    "source.domain": "WorkstationName",
}
_CREATED: Final = {
    "process.executable": "NewProcessName",
    "process.pid": "NewProcessId",
    "process.parent.executable": "ParentProcessName",
    "process.parent.pid": "ProcessId",
    "process.command_line": "CommandLine",
}


def restore(fields: Fields) -> None:
    """Set the event data of Sysmon and Security events from their ECS fields, where they are missing."""
    dataset, code = fields["event.dataset"], str(fields["event.code"])
    if dataset == "windows.sysmon_operational":
        table = {**_COMMON, **_SYSMON.get(code, {})}
        _hashes(fields)
        _user(fields)
    elif dataset == "system.security":
        table = _CREATED if code == "4688" else _LOGON
    else:
        return
    for name, datum in table.items():
        value = fields.get(name)
        if value is not None and (found := texts(value)):
            fields.setdefault(f"winlog.event_data.{datum}", found[0])


def _hashes(fields: Fields) -> None:
    if "winlog.event_data.Hashes" in fields:
        return
    parts = [
        f"{kind.upper()}={texts(value)[0]}"
        for kind in ("md5", "sha1", "sha256", "imphash")
        for name in (f"process.hash.{kind}", f"file.hash.{kind}", f"process.pe.{kind}", f"file.pe.{kind}")
        if (value := fields.get(name))
    ]
    if parts:
        fields["winlog.event_data.Hashes"] = ",".join(dict.fromkeys(parts))


def _user(fields: Fields) -> None:
    name, domain = fields.get("user.name"), fields.get("user.domain")
    if name and domain:
        fields.setdefault("winlog.event_data.User", f"{domain}\\{name}")
