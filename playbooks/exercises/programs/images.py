"""What Sysmon says of a program file: description, company, original name, version and hashes."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from playbooks.exercises.estate import stable_hex

WINDOWS = "Microsoft® Windows® Operating System"
MICROSOFT = "Microsoft Corporation"
SYSTEM32 = "C:\\Windows\\System32\\"


class Image(NamedTuple):
    """The version resource of a program file; `-` where a file has none."""

    description: str
    product: str
    company: str
    original: str
    version: str


_NOTHING = Image("-", "-", "-", "-", "-")
_KNOWN: dict[str, tuple[str, str, str, str]] = {
    "7z.exe": ("7-Zip Console", "7-Zip", "Igor Pavlov", "7z.exe"),
    "acrord32.exe": ("Adobe Acrobat Reader", "Adobe Acrobat Reader", "Adobe Systems Incorporated", "AcroRd32.exe"),
    "advanced_port_scanner.exe": (
        "Advanced Port Scanner", "Advanced Port Scanner", "Famatech Corp.", "advanced_port_scanner.exe"
    ),
    "chrome.exe": ("Google Chrome", "Google Chrome", "Google LLC", "chrome.exe"),
    "csc.exe": ("Visual C# Command Line Compiler", "Microsoft® .NET Framework", MICROSOFT, "csc.exe"),
    "excel.exe": ("Microsoft Excel", "Microsoft Office", MICROSOFT, "Excel.exe"),
    "msedge.exe": ("Microsoft Edge", "Microsoft Edge", MICROSOFT, "msedge.exe"),
    "outlook.exe": ("Microsoft Outlook", "Microsoft Outlook", MICROSOFT, "Outlook.exe"),
    "psexesvc.exe": ("PsExec Service", "Sysinternals PsExec", "Sysinternals - www.sysinternals.com", "psexesvc.exe"),
    "veeamagent.exe": ("Veeam Agent", "Veeam Backup & Replication", "Veeam Software Group GmbH", "VeeamAgent.exe"),
    "winword.exe": ("Microsoft Word", "Microsoft Office", MICROSOFT, "WinWord.exe"),
    "zabbix_agent2.exe": ("Zabbix agent 2", "Zabbix", "Zabbix SIA", "zabbix_agent2.exe"),
}  # fmt: skip
_IN_WINDOWS: dict[str, tuple[str, str]] = {
    "certutil.exe": ("CertUtil.exe", "CertUtil.exe"),
    "cmd.exe": ("Windows Command Processor", "Cmd.Exe"),
    "conhost.exe": ("Console Window Host", "CONHOST.EXE"),
    "hostname.exe": ("Hostname APP", "hostname.exe"),
    "ipconfig.exe": ("IP Configuration Utility", "ipconfig.exe"),
    "lsass.exe": ("Local Security Authority Process", "lsass.exe"),
    "mpcmdrun.exe": ("Microsoft Malware Protection Command Line Utility", "MpCmdRun.exe"),
    "mpsigstub.exe": ("Microsoft Malware Protection Signature Update Stub", "MpSigStub.exe"),
    "msiexec.exe": ("Windows® installer", "msiexec.exe"),
    "mstsc.exe": ("Remote Desktop Connection", "mstsc.exe"),
    "net.exe": ("Net Command", "net.exe"),
    "nltest.exe": ("Microsoft® Logon Server Test Utility", "nltestrk.exe"),
    "powershell.exe": ("Windows PowerShell", "PowerShell.EXE"),
    "reg.exe": ("Registry Console Tool", "reg.exe"),
    "robocopy.exe": ("Microsoft Robocopy", "robocopy.exe"),
    "rundll32.exe": ("Windows host process (Rundll32)", "RUNDLL32.EXE"),
    "schtasks.exe": ("Task Scheduler Configuration Tool", "schtasks.exe"),
    "services.exe": ("Services and Controller app", "services.exe"),
    "splwow64.exe": ("Print driver host for applications", "splwow64.exe"),
    "svchost.exe": ("Host Process for Services", "svchost.exe"),
    "taskhostw.exe": ("Host Process for Windows Tasks", "taskhostw.exe"),
    "taskkill.exe": ("Terminates Processes", "taskkill.exe"),
    "tiworker.exe": ("Windows Modules Installer Worker", "TiWorker.exe"),
    "usoclient.exe": ("UsoClient", "UsoClient"),
    "vssadmin.exe": ("Command Line Interface for Microsoft® Volume Shadow Copy Service", "VSSADMIN.EXE"),
    "w3wp.exe": ("IIS Worker Process", "w3wp.exe"),
    "wevtutil.exe": ("Eventing Command Line Utility", "wevtutil.exe"),
    "whoami.exe": ("whoami - displays logged on user information", "whoami.exe"),
    "wmic.exe": ("WMI Commandline Utility", "wmic.exe"),
    "wmiprvse.exe": ("WMI Provider Host", "Wmiprvse.exe"),
    "wsmprovhost.exe": ("Host process for WinRM plug-ins", "wsmprovhost.exe"),
    "wuauclt.exe": ("Windows Update", "wuauclt.exe"),
}


@cache
def image_of(path: str) -> Image:
    """Return what the file at `path` says of itself, told by its name."""
    name = path.rpartition("\\")[2].lower()
    if name in _IN_WINDOWS:
        description, original = _IN_WINDOWS[name]
        return Image(description, WINDOWS, MICROSOFT, original, "10.0.17763.5576 (WinBuild.160101.0800)")
    if name in _KNOWN:
        return Image(*_KNOWN[name], f"{len(name)}.{len(path) % 10}.2.0")
    if path.startswith(("C:\\Windows\\", "C:\\Program Files")):
        return Image(name.rpartition(".")[0], WINDOWS, MICROSOFT, name, "10.0.17763.1")
    return _NOTHING


@cache
def hashes_of(name: str) -> str:
    """Return Sysmon's list of hashes of a file of that name (all copies of one name are one file)."""
    mark = stable_hex(name.rpartition("\\")[2].lower(), 128).upper()
    return f"SHA1={mark[:40]},MD5={mark[40:72]},SHA256={mark[:64]},IMPHASH={mark[96:128]}"
