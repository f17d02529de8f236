"""The second stage: every ECS field that a Windows event implies, by its channel and id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from collectors.windows.fill import put
from collectors.windows.further_channels import (
    application,
    code_integrity,
    dns_client,
    firewall,
    ntlm,
    openssh,
    print_service,
    remote_management,
    smb_server,
)
from collectors.windows.other_channels import (
    applocker,
    bits,
    defender,
    directory_service,
    exchange,
    remote_desktop,
    system_channel,
    tasks,
    wmi,
)
from collectors.windows.powershell import powershell
from collectors.windows.security import security
from collectors.windows.sysmon import sysmon
from engine.events import Fields, texts

_CHANNELS: Final[dict[str, Callable[[Fields], None]]] = {
    "system.security": security,
    "system.system": system_channel,
    "windows.applocker_exe_and_dll": applocker,
    "windows.applocker_msi_and_script": applocker,
    "windows.applocker_packaged_app_deployment": applocker,
    "windows.applocker_packaged_app_execution": applocker,
    "system.application": application,
    "windows.bits_client_operational": bits,
    "windows.codeintegrity_operational": code_integrity,
    "windows.directory_service": directory_service,
    "windows.dns_client_operational": dns_client,
    "windows.msexchange_management": exchange,
    "windows.ntlm_operational": ntlm,
    "windows.openssh_operational": openssh,
    "windows.powershell": powershell,
    "windows.powershell_operational": powershell,
    "windows.powershellcore_operational": powershell,
    "windows.printservice_admin": print_service,
    "windows.printservice_operational": print_service,
    "windows.smbserver_security": smb_server,
    "windows.sysmon_operational": sysmon,
    "windows.taskscheduler_operational": tasks,
    "windows.terminalservices_localsessionmanager_operational": remote_desktop,
    "windows.terminalservices_remoteconnectionmanager_operational": remote_desktop,
    "windows.windows_defender": defender,
    "windows.windows_firewall_with_advanced_security_firewall": firewall,
    "windows.winrm_operational": remote_management,
    "windows.wmi_activity_operational": wmi,
}
_RELATED: Final = {
    "related.user": (
        "user.name",
        "user.target.name",
        "user.effective.name",
        "user.changes.name",
        "source.user.name",
        "destination.user.name",
        "winlog.event_data.SubjectUserName",
    ),
    "related.ip": ("source.ip", "destination.ip", "dns.resolved_ip"),
    "related.hosts": ("host.name", "source.domain", "destination.domain", "dns.question.name"),
    "related.hash": (
        "process.hash.md5",
        "process.hash.sha1",
        "process.hash.sha256",
        "file.hash.md5",
        "file.hash.sha1",
        "file.hash.sha256",
    ),
}
_NOBODY: Final = frozenset({"", "-"})


def complete(fields: Fields) -> Fields:
    """Add everything that ECS asks for; what the event or its shipper says itself stands. Changes its argument."""
    derive = _CHANNELS.get(str(fields.get("event.dataset", "")))
    if derive is not None:
        derive(fields)
    put(fields, "user.id", fields.get("winlog.user.identifier"))
    if "user.name" not in fields:
        put(fields, "user.name", fields.get("winlog.user.name"))
        put(fields, "user.domain", fields.get("winlog.user.domain"))
    _logging_process(fields)
    fields["event.category"] = list(texts(fields.get("event.category")))  # ECS has none for many of Windows' events
    fields["event.type"] = list(texts(fields.get("event.type"))) or ["info"]
    relate(fields)
    return fields


def relate(fields: Fields) -> None:
    """Set `related.*` from the fields that name users, addresses, hosts and hashes."""
    for target, names in _RELATED.items():
        _relate(fields, target, names)


def _logging_process(fields: Fields) -> None:
    """Name the process that wrote a record of NXLog's, as syslog sources do, where the event is about no other process.

    winlogbeat keeps it in `winlog.process` alone, and so do the forms that follow it.
    """
    if fields.get("agent.type") != "nxlog" or "process.executable" in fields or "process.pid" in fields:
        return
    put(fields, "process.pid", fields.get("winlog.process.pid"))
    put(fields, "process.thread.id", fields.get("winlog.process.thread.id"))


def _relate(fields: Fields, target: str, names: tuple[str, ...]) -> None:
    found = list(texts(fields.get(target)))
    for name in names:
        value = fields.get(name)
        for text in texts(value) if value is not None else ():
            if text not in _NOBODY and text not in found:
                found.append(text)
    if found:
        fields[target] = found
