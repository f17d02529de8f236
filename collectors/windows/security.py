"""ECS fields of the Security channel: who did what to whom, from where, with which process.

`user` is who acts; for logons and tickets, who logged on (winlogbeat's rule). `user.target` is the account changed,
in NXLog's form also the one that logged on; `user.effective` the one whose credentials were used, `group` the group
changed.
"""

from __future__ import annotations

from typing import Final

from collectors.network.values import mac_of
from collectors.windows.fill import (
    classify,
    copy,
    datum,
    put,
    put_account,
    put_address,
    put_command,
    put_file,
    put_number,
    put_process,
)
from collectors.windows.security_actions import ACTIONS, GROUP_EVENTS
from collectors.windows.system import number_of
from engine.events import Fields

_LOGON_TYPES: Final = {
    "2": "Interactive",
    "3": "Network",
    "4": "Batch",
    "5": "Service",
    "7": "Unlock",
    "8": "NetworkCleartext",
    "9": "NewCredentials",
    "10": "RemoteInteractive",
    "11": "CachedInteractive",
    "12": "CachedRemoteInteractive",
    "13": "CachedUnlock",
}
_FAILURES: Final = {
    "0xc000005e": "There are currently no logon servers available to service the logon request.",
    "0xc0000064": "User logon with misspelled or bad user account",
    "0xc000006a": "User logon with misspelled or bad password",
    "0xc000006d": "This is either due to a bad username or authentication information",
    "0xc000006e": "Unknown user name or bad password.",
    "0xc000006f": "User logon outside authorized hours",
    "0xc0000070": "User logon from unauthorized workstation",
    "0xc0000071": "User logon with expired password",
    "0xc0000072": "User logon to account disabled by administrator",
    "0xc0000133": "Clocks between DC and other computer too far out of sync",
    "0xc000015b": "The user has not been granted the requested logon type at this machine",
    "0xc0000193": "User logon with expired account",
    "0xc0000224": "User is required to change password at next logon",
    "0xc0000234": "User logon with account locked",
}
_SERVICE_TYPES: Final = {
    "0x1": "Kernel Driver",
    "0x2": "File System Driver",
    "0x8": "Recognizer Driver",
    "0x10": "Win32 Own Process",
    "0x20": "Win32 Share Process",
    "0x110": "Interactive Own Process",
    "0x120": "Interactive Share Process",
}
_LOGGED_ON: Final = frozenset(
    {"4624", "4625", "4634", "4647", "4768", "4769", "4770", "4771", "4776", "4964"}
)  # fmt: skip
_TARGETS: Final = frozenset(
    {"4670", "4720", "4722", "4723", "4724", "4725", "4726", "4738", "4740", "4767", "4798", "4817", "4907"}
)
_NOBODY: Final = "S-1-0-0"
_POLICY_SERVER: Final = frozenset({"6272", "6273", "6274", "6278"})
_PROTOCOLS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp"}
_INBOUND: Final = frozenset({"%%14592", "inbound"})


def security(fields: Fields) -> None:
    """Add the ECS fields of a Security event."""
    code = str(fields.get("event.code", ""))
    action = ACTIONS.get(code)
    if action is not None:
        classify(fields, *action)
    _people(fields, code)
    _source(fields, code)
    if code == "4688":
        _created(fields)
    else:
        put_number(fields, "process.pid", "ProcessId", "ProcessID", "CallerProcessId", "ClientProcessId")
        put_process(fields, "process", datum(fields, "ProcessName", "CallerProcessName"))
    _logon(fields)
    put(fields, "service.name", datum(fields, "ServiceName"))
    put(fields, "service.type", _SERVICE_TYPES.get(datum(fields, "ServiceType") or ""))
    special = _SPECIAL.get(code)
    if special is not None:
        special(fields)


def _people(fields: Fields, code: str) -> None:
    if code in _LOGGED_ON:
        sid = datum(fields, "TargetUserSid", "TargetSid")
        _person(fields, "user", sid)
        if fields.get("agent.type") == "nxlog":
            _person(fields, "user.target", sid)
        return
    put(fields, "user.id", datum(fields, "SubjectUserSid"))
    put(fields, "user.name", datum(fields, "SubjectUserName"))
    put(fields, "user.domain", datum(fields, "SubjectDomainName"))
    if code in GROUP_EVENTS:
        _group(fields)
    elif code in _TARGETS:
        _person(fields, "user.target", datum(fields, "TargetSid"))
    elif code in ("4648", "4688"):
        sid = datum(fields, "TargetUserSid")
        _person(fields, "user.effective", None if sid == _NOBODY else sid)
    elif code in ("4741", "4742", "4743"):
        copy(
            fields,
            {
                "TargetSid": "winlog.computerObject.id",
                "TargetUserName": "winlog.computerObject.name",
                "TargetDomainName": "winlog.computerObject.domain",
            },
        )
    put(fields, "user.name", datum(fields, "AccountName"))
    put(fields, "user.domain", datum(fields, "AccountDomain"))
    put_account(fields, "user", datum(fields, "Requester"))
    put(fields, "user.target.name", datum(fields, "OldTargetUserName"))
    put(fields, "user.changes.name", datum(fields, "NewTargetUserName"))


def _person(fields: Fields, prefix: str, sid: str | None) -> None:
    put(fields, f"{prefix}.id", sid)
    name = datum(fields, "TargetUserName")
    put(fields, f"{prefix}.name", name.partition("@")[0] if name else None)
    put(fields, f"{prefix}.domain", datum(fields, "TargetDomainName"))


def _group(fields: Fields) -> None:
    put(fields, "group.id", datum(fields, "TargetSid", "TargetUserSid"))
    put(fields, "group.name", datum(fields, "TargetUserName"))
    put(fields, "group.domain", datum(fields, "TargetDomainName"))
    member = datum(fields, "MemberName")
    if member is None:
        return
    parts = member.split(",")
    put(fields, "user.target.name", parts[0].partition("=")[2] or parts[0])
    domains = [part.partition("=")[2] for part in parts if part.strip().lower().startswith("dc=")]
    if domains:
        put(fields, "user.target.domain", parts[3].partition("=")[2] if len(parts) > 3 else domains[0])
    for part in ("id", "name", "domain"):
        put(fields, f"user.target.group.{part}", fields.get(f"group.{part}"))


def _source(fields: Fields, code: str) -> None:
    if code in _POLICY_SERVER:
        return  # its "client" is the device that asks for the user
    put_address(fields, "source", datum(fields, "IpAddress", "ClientAddress"))
    port = number_of(datum(fields, "IpPort"))
    if port is not None and 0 <= port <= 65535:
        put(fields, "source.port", port)
    put(fields, "source.domain", datum(fields, "WorkstationName", "Workstation", "ClientName"))


def _created(fields: Fields) -> None:
    put_number(fields, "process.pid", "NewProcessId")
    put_process(fields, "process", datum(fields, "NewProcessName"))
    put_number(fields, "process.parent.pid", "ProcessId", "ProcessID")
    put_process(fields, "process.parent", datum(fields, "ParentProcessName"))
    put_command(fields, "process", datum(fields, "CommandLine"))


def _logon(fields: Fields) -> None:
    put(fields, "winlog.logon.type", _LOGON_TYPES.get(datum(fields, "LogonType") or ""))
    put(fields, "winlog.logon.id", datum(fields, "SubjectLogonId", "TargetLogonId", "LogonID"))
    status = datum(fields, "SubStatus", "Status")
    if status and fields.get("event.code") == "4625":
        if not status[2:].strip("0"):
            status = datum(fields, "Status") or status
        put(fields, "winlog.logon.failure.sub_status", _FAILURES.get(status.lower()))
        put(fields, "event.reason", _FAILURES.get(status.lower()))


def _cleared(fields: Fields) -> None:
    for name, target in (("SubjectUserSid", "id"), ("SubjectUserName", "name"), ("SubjectDomainName", "domain")):
        put(fields, f"user.{target}", fields.get(f"winlog.user_data.{name}"))
    put(fields, "winlog.logon.id", fields.get("winlog.user_data.SubjectLogonId"))


def _filtered(fields: Fields) -> None:
    """Add the connection of the Windows Filtering Platform; its `Source` is this side, whatever the direction."""
    inbound = (datum(fields, "Direction") or "").lower() in _INBOUND
    put(fields, "network.direction", "ingress" if inbound else "egress")
    put_address(fields, "source", datum(fields, "SourceAddress"))
    put_number(fields, "source.port", "SourcePort")
    put_address(fields, "destination", datum(fields, "DestAddress"))
    put_number(fields, "destination.port", "DestPort")
    protocol = datum(fields, "Protocol") or ""
    put(fields, "network.iana_number", protocol)
    put(fields, "network.transport", _PROTOCOLS.get(protocol))
    put_process(fields, "process", datum(fields, "Application"))
    denied = fields.get("event.code") in ("5152", "5155", "5157", "5159")
    kinds = ("info", "connection", "denied" if denied else "allowed")
    packet = "packet-block" if fields.get("event.code") == "5152" else "connection"
    classify(fields, ("network",), kinds, f"windows-firewall-{packet}")


def _share(fields: Fields) -> None:
    detailed = fields.get("event.code") == "5145"
    action = "network-share-object-access-checked" if detailed else "network-share-object-accessed"
    classify(fields, ("network", "file"), ("info", "access"), action)
    relative = datum(fields, "RelativeTargetName") if detailed else None
    relative = (relative or "").strip("\\")
    share = datum(fields, "ShareName")
    put(fields, "file.target_path", f"{share}\\{relative}" if share else None)
    local = (datum(fields, "ShareLocalPath") or "").removeprefix("\\??\\").rstrip("\\")
    put_file(fields, f"{local}\\{relative}" if local and relative else local or None)


def _registry(fields: Fields) -> None:
    key = (datum(fields, "ObjectName") or "").removeprefix("\\REGISTRY\\")
    if not key:
        return
    key = {"MACHINE": "HKLM", "USER": "HKU"}.get(key.partition("\\")[0].upper(), "") + "\\" + key.partition("\\")[2]
    value = datum(fields, "ObjectValueName")
    put(fields, "registry.hive", key.partition("\\")[0])
    put(fields, "registry.key", key.partition("\\")[2])
    put(fields, "registry.value", value)
    put(fields, "registry.path", f"{key}\\{value}" if value else key)
    new = datum(fields, "NewValue")
    put(fields, "registry.data.strings", [new] if new else None)


def _object(fields: Fields) -> None:
    """Add what was asked for: a file, a registry key, or a process, whose name is its program's path."""
    kind = datum(fields, "ObjectType")
    category = _OBJECTS.get(kind or "")
    if category is None:
        return
    classify(fields, (category,), ("access",), "object-access-attempted")
    if kind == "Key":
        _registry(fields)
    else:
        put_file(fields, datum(fields, "ObjectName"))


def _directory(fields: Fields) -> None:
    changes = {"5136": "change", "5137": "creation", "5138": "change", "5139": "change", "5141": "deletion"}
    kind = changes[str(fields["event.code"])]
    classify(fields, _IAM_CONFIGURATION, ("admin", kind), f"directory-service-object-{kind}")


def _policy_server(fields: Fields) -> None:
    """Add who asked for access: from the calling station, by way of a device (the observer), at a server.

    https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/event-6272
    """
    granted = fields.get("event.code") in ("6272", "6278")
    put(fields, "event.outcome", "success" if granted else "failure")
    action = "network-policy-server-access-" + ("granted" if granted else "denied")
    classify(fields, ("authentication",), ("start",), action)
    put_account(fields, "user", datum(fields, "FullyQualifiedSubjectUserName"))
    _station(fields, datum(fields, "CallingStationID"))
    server = datum(fields, "AuthenticationServer")
    put_address(fields, "destination", server)
    if server and "destination.ip" not in fields:
        put(fields, "destination.address", server)
        put(fields, "destination.domain", server)
    put(fields, "observer.ip", datum(fields, "NASIPv4Address", "NASIPv6Address", "ClientIPAddress"))
    put(fields, "observer.name", datum(fields, "ClientName", "NASIdentifier"))


def _station(fields: Fields, station: str | None) -> None:
    """Set the address of a station as RADIUS names it: an IP address, or a MAC address (RFC 3580, section 3.21).

    Those who dial in have a telephone number, which twelve digits alone are taken for (RFC 2865, section 5.31).
    """
    put_address(fields, "source", station)
    if station and not station.isdecimal() and "source.ip" not in fields:
        put(fields, "source.mac", mac_of(station))


def _directory_read(fields: Fields) -> None:
    classify(fields, _IAM_CONFIGURATION, ("admin", "change"), "object-operation-performed")


_IAM_CONFIGURATION: Final = ("iam", "configuration")
_OBJECTS: Final = {"File": "file", "Key": "registry", "Process": "process"}
_SPECIAL: Final = {
    "1102": _cleared,
    "4657": _registry,
    "4656": _object,
    "4662": _directory_read,
    "4663": _object,
    "5136": _directory,
    "5137": _directory,
    "5138": _directory,
    "5139": _directory,
    "5140": _share,
    "5141": _directory,
    "5145": _share,
    "5152": _filtered,
    "5154": _filtered,
    "5155": _filtered,
    "5156": _filtered,
    "5157": _filtered,
    "5158": _filtered,
    "5159": _filtered,
    "6272": _policy_server,
    "6273": _policy_server,
    "6274": _policy_server,
    "6278": _policy_server,
}
