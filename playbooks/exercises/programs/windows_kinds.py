"""The Windows events that the exercise knows: channel, provider, number, task and message of each.

Facts from Microsoft's event manifests; messages are the first line of what the Event Viewer shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SECURITY = "Security"
SYSTEM = "System"
SYSMON = "Microsoft-Windows-Sysmon/Operational"
DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
SESSIONS = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
CONNECTIONS = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"
EXCHANGE = "MSExchange Management"

_AUDITING = ("Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-a5ba-3e3b0328c30d}")
_SYSMON = ("Microsoft-Windows-Sysmon", "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}")
_DEFENDER = ("Microsoft-Windows-Windows Defender", "{11cd958a-c507-4ef3-b3f2-5fd9dfbd2c78}")
_EVENTLOG = ("Microsoft-Windows-Eventlog", "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}")
_SERVICES = ("Service Control Manager", "{555908d1-a6d7-4695-8e1e-26931d2012f4}")

Audit = Literal["", "success", "failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of event. `user_data` is the XML name where its data is UserData; `message` may name data in braces."""

    channel: str
    provider: str
    guid: str
    code: int
    task: str
    task_number: int = 0
    message: str
    audit: Audit = ""
    version: int = 0
    level: str = "information"
    keywords: int = -9223372036854775808
    user_data: str = ""
    has_fields: bool = False


def _security(  # noqa: PLR0917 - one row of the table
    code: int, task: str, number: int, message: str, version: int = 0, audit: Literal["success", "failure"] = "success"
) -> Kind:
    return Kind(
        channel=SECURITY,
        provider=_AUDITING[0],
        guid=_AUDITING[1],
        code=code,
        task=task,
        task_number=number,
        message=message,
        version=version,
        audit=audit,
        keywords=-9214364837600034816 if audit == "success" else -9218868437227405312,
    )


def _sysmon(code: int, name: str, rule: str, version: int) -> Kind:
    return Kind(
        channel=SYSMON,
        provider=_SYSMON[0],
        guid=_SYSMON[1],
        code=code,
        task=f"{name} (rule: {rule})",
        task_number=code,
        message=f"{name}:",
        version=version,
    )


def _defender(code: int, message: str, level: str = "information") -> Kind:
    return Kind(
        channel=DEFENDER,
        provider=_DEFENDER[0],
        guid=_DEFENDER[1],
        code=code,
        task="None",
        message=message,
        level=level,
        has_fields=True,
    )


def _sessions(code: int, message: str) -> Kind:
    return Kind(
        channel=SESSIONS,
        provider="Microsoft-Windows-TerminalServices-LocalSessionManager",
        guid="{5d896912-022d-40aa-a3a8-4fa5515c76d7}",
        code=code,
        task="None",
        message="Remote Desktop Services: " + message,
        user_data="EventXML",
        has_fields=True,
    )


_FROM = "{User}\r\nSession ID: {SessionID}\r\nSource Network Address: {Address}"
_LOGON = 12544
KINDS: dict[str, Kind] = {
    "4624": _security(4624, "Logon", _LOGON, "An account was successfully logged on.", 2),
    "4625": _security(4625, "Logon", _LOGON, "An account failed to log on.", 0, "failure"),
    "4634": _security(4634, "Logoff", 12545, "An account was logged off."),
    "4648": _security(4648, "Logon", _LOGON, "A logon was attempted using explicit credentials."),
    "4672": _security(4672, "Special Logon", 12548, "Special privileges assigned to new logon."),
    "4688": _security(4688, "Process Creation", 13312, "A new process has been created.", 2),
    "4720": _security(4720, "User Account Management", 13824, "A user account was created."),
    "4756": _security(
        4756, "Security Group Management", 13826, "A member was added to a security-enabled universal group."
    ),
    "4768": _security(
        4768, "Kerberos Authentication Service", 14339, "A Kerberos authentication ticket (TGT) was requested."
    ),
    "4769": _security(4769, "Kerberos Service Ticket Operations", 14337, "A Kerberos service ticket was requested."),
    "4771": _security(
        4771, "Kerberos Authentication Service", 14339, "Kerberos pre-authentication failed.", 0, "failure"
    ),
    "5140": _security(5140, "File Share", 12808, "A network share object was accessed.", 1),
    "1102": Kind(
        channel=SECURITY,
        provider=_EVENTLOG[0],
        guid=_EVENTLOG[1],
        code=1102,
        task="Log clear",
        task_number=104,
        message=(
            "The audit log was cleared.\r\nSubject:\r\n\tSecurity ID:\t{SubjectUserSid}\r\n"
            "\tAccount Name:\t{SubjectUserName}\r\n\tDomain Name:\t{SubjectDomainName}\r\n"
            "\tLogon ID:\t{SubjectLogonId}"
        ),
        has_fields=True,
        audit="success",
        keywords=4620693217682128896,
        user_data="LogFileCleared",
    ),
    "104": Kind(
        channel=SYSTEM,
        provider=_EVENTLOG[0],
        guid=_EVENTLOG[1],
        code=104,
        task="Log clear",
        task_number=104,
        message="The {Channel} log file was cleared.",
        user_data="LogFileCleared",
        has_fields=True,
    ),
    "7036": Kind(
        channel=SYSTEM,
        provider=_SERVICES[0],
        guid=_SERVICES[1],
        code=7036,
        task="None",
        message="The {param1} service entered the {param2} state.",
        keywords=-9187343239835811840,
        has_fields=True,
    ),
    "7045": Kind(
        channel=SYSTEM,
        provider=_SERVICES[0],
        guid=_SERVICES[1],
        code=7045,
        task="None",
        message=(
            "A service was installed in the system.\r\n\r\nService Name:  {ServiceName}\r\n"
            "Service File Name:  {ImagePath}\r\n"
            "Service Type:  {ServiceType}\r\nService Start Type:  {StartType}\r\nService Account:  {AccountName}"
        ),
        keywords=-9187343239835811840,
        has_fields=True,
    ),
    "sysmon 1": _sysmon(1, "Process Create", "ProcessCreate", 5),
    "sysmon 3": _sysmon(3, "Network connection detected", "NetworkConnect", 5),
    "sysmon 5": _sysmon(5, "Process terminated", "ProcessTerminate", 3),
    "sysmon 6": _sysmon(6, "Driver loaded", "DriverLoad", 4),
    "sysmon 7": _sysmon(7, "Image loaded", "ImageLoad", 3),
    "sysmon 9": _sysmon(9, "RawAccessRead detected", "RawAccessRead", 2),
    "sysmon 10": _sysmon(10, "Process accessed", "ProcessAccess", 3),
    "sysmon 11": _sysmon(11, "File created", "FileCreate", 2),
    "sysmon 12": _sysmon(12, "Registry object added or deleted", "RegistryEvent", 2),
    "sysmon 13": _sysmon(13, "Registry value set", "RegistryEvent", 2),
    "sysmon 22": _sysmon(22, "Dns query", "DnsQuery", 5),
    "defender 1001": _defender(1001, "Microsoft Defender Antivirus scan has finished.\r\n \tScan Type: {Scan Type}"),
    "defender 1116": _defender(
        1116,
        "Microsoft Defender Antivirus has detected malware or other potentially unwanted software.\r\n"
        " \tName: {Threat Name}\r\n \tSeverity: {Severity Name}\r\n \tCategory: {Category Name}\r\n \tPath: {Path}",
        "warning",
    ),
    "defender 1117": _defender(
        1117,
        "Microsoft Defender Antivirus has taken action to protect this machine from malware or other potentially "
        "unwanted software.\r\n \tName: {Threat Name}\r\n \tAction: {Action Name}\r\n \tPath: {Path}",
    ),
    "defender 1151": _defender(
        1151, "Endpoint Protection client health report (time in UTC):\r\n \tPlatform version: {Platform version}"
    ),
    "defender 2000": _defender(
        2000,
        "Microsoft Defender Antivirus security intelligence version updated.\r\n"
        " \tCurrent security intelligence Version: {Current security intelligence Version}\r\n"
        " \tPrevious security intelligence Version: {Previous security intelligence Version}",
    ),
    "defender 5001": _defender(
        5001,
        "Microsoft Defender Antivirus Real-time Protection scanning for malware and other potentially unwanted "
        "software was disabled.",
    ),
    "defender 5007": _defender(
        5007,
        "Microsoft Defender Antivirus Configuration has changed. If this is an unexpected event you should review the "
        "settings as this may be the result of malware.\r\n \tOld value: {Old Value}\r\n \tNew value: {New Value}",
    ),
    "4104": Kind(
        channel=POWERSHELL,
        provider="Microsoft-Windows-PowerShell",
        guid="{a0c1853b-5c40-4b15-8766-3cf1c58f985a}",
        code=4104,
        task="Execute a Remote Command",
        task_number=2,
        message=(
            "Creating Scriptblock text ({MessageNumber} of {MessageTotal}):\r\n{ScriptBlockText}\r\n\r\n"
            "ScriptBlock ID: {ScriptBlockId}\r\nPath: {Path}"
        ),
        version=1,
        has_fields=True,
    ),
    "sessions 21": _sessions(
        21,
        "Session logon succeeded:\r\n\r\nUser: " + _FROM,
    ),
    "sessions 23": _sessions(23, "Session logoff succeeded:\r\n\r\nUser: {User}\r\nSession ID: {SessionID}"),
    "sessions 24": _sessions(
        24,
        "Session has been disconnected:\r\n\r\nUser: " + _FROM,
    ),
    "sessions 25": _sessions(
        25,
        "Session reconnection succeeded:\r\n\r\nUser: " + _FROM,
    ),
    "connections 1149": Kind(
        channel=CONNECTIONS,
        provider="Microsoft-Windows-TerminalServices-RemoteConnectionManager",
        guid="{c76baa63-ae81-421c-b425-340b4b24157f}",
        code=1149,
        task="None",
        message=(
            "Remote Desktop Services: User authentication succeeded:\r\n\r\n"
            "User: {Param1}\r\nDomain: {Param2}\r\nSource Network Address: {Param3}"
        ),
        user_data="EventXML",
        has_fields=True,
    ),
    # The misspelling is Exchange's own.
    "exchange 1": Kind(
        channel=EXCHANGE,
        provider="MSExchange CmdletLogs",
        guid="",
        code=1,
        task="General",
        task_number=1,
        message="Cmdlet suceeded. Cmdlet {param1}, parameters {param2}.",
        keywords=36028797018963968,
        has_fields=True,
    ),
    "exchange 6": Kind(
        channel=EXCHANGE,
        provider="MSExchange CmdletLogs",
        guid="",
        code=6,
        task="General",
        task_number=1,
        message="Cmdlet failed. Cmdlet {param1}, parameters {param2}.",
        keywords=36028797018963968,
        level="error",
        has_fields=True,
    ),
}
