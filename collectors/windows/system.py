"""The `System` part of a Windows event: channel, level, keywords, times and numbers, in winlogbeat's shape.

Facts from Microsoft's event schema (the `System` element of the Event schema), and from winlogbeat's exported fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

_LIMIT: Final = 5_000  # distinct channels, keyword masks and provider ids remembered; they come from the log

_CHANNELS: Final = {
    "Application": "system.application",
    "ForwardedEvents": "windows.forwarded",
    "HardwareEvents": "windows.hardwareevents",
    "Microsoft-Windows-AppLocker/EXE and DLL": "windows.applocker_exe_and_dll",
    "Microsoft-Windows-AppLocker/MSI and Script": "windows.applocker_msi_and_script",
    "Microsoft-Windows-AppLocker/Packaged app-Deployment": "windows.applocker_packaged_app_deployment",
    "Microsoft-Windows-AppLocker/Packaged app-Execution": "windows.applocker_packaged_app_execution",
    "Microsoft-Windows-PowerShell/Operational": "windows.powershell_operational",
    "Microsoft-Windows-Sysmon/Operational": "windows.sysmon_operational",
    "Microsoft-Windows-Windows Defender/Operational": "windows.windows_defender",
    "MSExchange Management": "windows.msexchange_management",
    "PowerShellCore/Operational": "windows.powershellcore_operational",
    "Security": "system.security",
    "Setup": "windows.setup",
    "System": "system.system",
    "Windows PowerShell": "windows.powershell",
}
_OPERATIONAL: Final = (
    "Application-Experience/Program-Telemetry",
    "Bits-Client/Operational",
    "CAPI2/Operational",
    "CertificateServicesClient-Lifecycle-System/Operational",
    "CodeIntegrity/Operational",
    "Diagnosis-Scripted/Operational",
    "DNS-Client/Operational",
    "DriverFrameworks-UserMode/Operational",
    "Kernel-Process/Analytic",
    "LDAP-Client/Debug",
    "LSA/Operational",
    "NTLM/Operational",
    "PrintService/Admin",
    "PrintService/Operational",
    "Security-Mitigations/KernelMode",
    "Security-Mitigations/UserMode",
    "Shell-Core/Operational",
    "SmbClient/Connectivity",
    "SmbClient/Security",
    "TaskScheduler/Operational",
    "TerminalServices-LocalSessionManager/Operational",
    "TerminalServices-RemoteConnectionManager/Operational",
    "VHDMP-Operational",
    "Windows Firewall With Advanced Security/Firewall",
    "WinRM/Operational",
    "WMI-Activity/Operational",
)
_PROVIDER_CHANNELS: Final = {
    "microsoft-windows-eventlog": "Security",
    "microsoft-windows-powershell": "Microsoft-Windows-PowerShell/Operational",
    "microsoft-windows-security-auditing": "Security",
    "microsoft-windows-sysmon": "Microsoft-Windows-Sysmon/Operational",
    "microsoft-windows-windows defender": "Microsoft-Windows-Windows Defender/Operational",
    "powershell": "Windows PowerShell",
    "service control manager": "System",
}
LEVELS: Final = {
    0: "information",
    1: "critical",
    2: "error",
    3: "warning",
    4: "information",
    5: "verbose",
}
LEVEL_NAMES: Final = {
    "0": "information",
    "1": "critical",
    "2": "error",
    "3": "warning",
    "4": "information",
    "5": "verbose",
    "audit_failure": "information",
    "audit_success": "information",
    "auditfailure": "information",
    "auditsuccess": "information",
    "critical": "critical",
    "debug": "verbose",
    "error": "error",
    "info": "information",
    "information": "information",
    "informational": "information",
    "logalways": "information",
    "verbose": "verbose",
    "warn": "warning",
    "warning": "warning",
}
OPCODES: Final = {
    0: "Info",
    1: "Start",
    2: "Stop",
    3: "DataCollectionStart",
    4: "DataCollectionStop",
    5: "Extension",
    6: "Reply",
    7: "Resume",
    8: "Suspend",
    9: "Send",
    240: "Receive",
}
_KEYWORDS: Final = (
    (0x0080_0000_0000_0000, "Classic"),
    (0x0040_0000_0000_0000, "Correlation Hint"),
    (0x0020_0000_0000_0000, "Audit Success"),
    (0x0010_0000_0000_0000, "Audit Failure"),
    (0x0008_0000_0000_0000, "SQM"),
    (0x0004_0000_0000_0000, "WDI Diag"),
    (0x0002_0000_0000_0000, "WDI Context"),
    (0x0001_0000_0000_0000, "Response Time"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel in its canonical spelling, with the dataset that its events belong to."""

    name: str
    dataset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """The reserved keywords of a mask, and the outcome (`success`, `failure` or "") that the audit bits state."""

    names: list[str]
    outcome: str


def _slug(channel: str) -> str:
    short = channel.lower().removeprefix("microsoft-windows-").removeprefix("microsoft-")
    return "windows." + "".join(letter if letter.isalnum() else "_" for letter in short).strip("_")


def _known_channels() -> dict[str, Channel]:
    known = {name.lower(): Channel(name=name, dataset=dataset) for name, dataset in _CHANNELS.items()}
    for short in _OPERATIONAL:
        name = f"Microsoft-Windows-{short}"
        known[name.lower()] = Channel(name=name, dataset=_slug(name))
    return known


_channels: Final = _known_channels()
_spellings: Final[dict[str, Channel]] = {}


def channel_of(name: str, provider: str = "") -> Channel:
    """Return the channel called `name`, whatever its letter case; told by the provider where a form leaves it out."""
    found = _spellings.get(name)
    if found is not None and name:
        return found
    wanted = name or _PROVIDER_CHANNELS.get(provider.lower(), "")
    found = _channels.get(wanted.lower())
    if found is None:
        found = Channel(name=wanted, dataset=_slug(wanted) if wanted else "windows.eventlog")
    if name and len(_spellings) < _LIMIT:
        _spellings[name] = found
    return found


_masks: Final[dict[str | int, Keywords]] = {}


def keywords_of(mask: str | int) -> Keywords:
    """Return the reserved keywords of a mask: `0x8020000000000000`, or the same as a signed or unsigned number."""
    found = _masks.get(mask)
    if found is None:
        number = number_of(mask) or 0
        names = [name for bit, name in _KEYWORDS if number & bit]
        outcome = "success" if "Audit Success" in names else "failure" if "Audit Failure" in names else ""
        found = Keywords(names=names, outcome=outcome)
        if len(_masks) < _LIMIT:
            _masks[mask] = found
    return found


def number_of(value: object) -> int | None:
    """Return a number written as int, decimal or `0x` text (a list or an object's `#text` counts as its first)."""
    if type(value) is int:
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, dict):
        return number_of(value.get("#text"))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        return int(value, 16) if value[:2] in ("0x", "0X") else int(value)
    except ValueError:
        return None


_guids: Final[dict[str, str]] = {}


def guid_of(value: str) -> str:
    """Return a GUID in braces and small letters, as winlogbeat writes `winlog.provider_guid`."""
    found = _guids.get(value)
    if found is None:
        found = "{" + value.strip("{}").lower() + "}"
        if len(_guids) < _LIMIT:
            _guids[value] = found
    return found


def moment_of(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Return an instant written in ISO 8601 (or with a blank for `T`), in UTC; `zone` holds where it names none.

    Digits beyond microseconds are cut. Also understands PowerShell 5's `/Date(1573123024226)/` and NXLog's numbers
    (seconds, milliseconds or microseconds since 1970).
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return _odd_moment(value, zone)
    elif isinstance(value, int | float):
        return _epoch(float(value))
    else:
        return None
    try:
        return moment.replace(tzinfo=zone).astimezone(UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return moment.replace(tzinfo=UTC)


def _odd_moment(value: str, zone: tzinfo) -> datetime | None:
    if value.startswith("/Date(") and value[6:].rstrip("/)").lstrip("-").isdigit():
        return _epoch(float(value[6:].rstrip("/)")) / 1000.0)
    shortened = value.strip().replace("/", "-").removesuffix(" UTC")
    if value.endswith(" UTC"):
        shortened += "+00:00"
    if " +" in shortened or " -" in shortened:
        day, _, clock = shortened.partition(" ")
        shortened = f"{day} {clock.replace(' ', '')}"
    return moment_of(shortened, zone) if shortened != value else None


def _epoch(number: float) -> datetime | None:
    for scale in (1.0, 1e3, 1e6, 1e9):
        if abs(number) / scale < 1e11:
            try:
                return datetime.fromtimestamp(number / scale, tz=UTC)
            except (OverflowError, ValueError, OSError):
                return None
    return None
